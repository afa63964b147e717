package tui

import (
	"strings"
	"testing"
)

// TestMenuListsTable: every command is in the menu, those that can be run first,
// the others with the reason.
func TestMenuListsTable(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 140, 240, log, bench, fixtureOptions())
	s.press("?")
	var all []string
	for _, c := range s.app.commands {
		all = append(all, c.help)
	}
	s.mustShow(all...)
	s.mustShow("only in: request", "there is nothing to go back from", "y s")
	seen := false // a command that cannot be run
	for _, c := range s.app.menu.rows {
		why := s.app.why(c)
		if seen = seen || why != ""; seen && why == "" {
			t.Errorf("%s can be run, and stands below one that cannot", c.id)
		}
	}
	s.press("esc")
	s.mustNotShow("type to narrow")
}

// TestMenuRuns: enter runs the selected command where the menu was opened, if it can be run.
func TestMenuRuns(t *testing.T) {
	for _, tt := range []struct {
		keys string
		is   func(*app) bool
	}{
		{"? " + typed("panel output") + " enter", func(a *app) bool { return a.menu == nil && a.focus == outputPanel }},
		{"7 ? " + typed("newest row") + " enter", func(a *app) bool { return a.menu == nil && !a.panels[outputPanel].rows().follow }},
		{"7 ? " + typed("request open") + " enter", func(a *app) bool { return a.menu != nil && a.detail == nil && a.said.text != "" }},
		{"enter ? " + typed("panel rules") + " enter", func(a *app) bool { return a.detail == nil && a.focus == rulesPanel }},
		{"? down down up enter", func(a *app) bool { return a.prompt != nil && a.prompt.sign == "time: " }},
		{"? " + typed("filter") + " enter", func(a *app) bool { return a.prompt != nil && a.prompt.sign == "/" }},
		{"? x x x x enter", func(a *app) bool { return a.menu != nil && a.menu.selected() == nil }},
		{"? z z z z backspace backspace backspace enter", func(a *app) bool { return a.zoomed }},
		{"? x x ctrl+u esc", func(a *app) bool { return a.menu == nil }},
	} {
		log, bench := fixture()
		s := newScreen(t, 100, 30, log, bench, fixtureOptions())
		if s.press(tt.keys); !tt.is(s.app) {
			t.Errorf("after %q:\n%s", tt.keys, s.text())
		}
	}
}

// TestMenuTellsMore: of the selected command the name, the reason and the shell line.
func TestMenuTellsMore(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	s.press("? " + typed("reload"))
	s.mustShow("commands: reload", ":reload", "$ kill -HUP ")
	s.press("ctrl+u " + typed("held fail"))
	s.mustShow(":held fail ✗ only in: held")
}

// TestReasonsAreSaid: a key whose command cannot be run says why above the footer,
// which keeps its hints, until the next key.
func TestReasonsAreSaid(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("U")
	if said := saidRow(s); !strings.Contains(said, "┗━ there is no generation before this one ━") && !strings.Contains(said, "╰─ there is no generation before this one ─") {
		t.Errorf("the edge is %q", said)
	}
	s.mustShow("enter open  / filter", "? help")
	s.press("j")
	s.mustNotShow("there is no generation")
}

// saidRow returns the lower edge of the panels, where what was done is said.
func saidRow(s *screen) string {
	rows := strings.Split(s.text(), "\n")
	return rows[len(rows)-2]
}

// TestToldLines: what was done by a key is told as a shell line.
func TestToldLines(t *testing.T) {
	for _, tt := range []struct{ keys, want string }{
		{"R", "$ kill -HUP "},
		{"p", "$ workbench mount examples/disk.lua /mnt/disk size=16M latency=200us --rule '=> hold'"},
		{"i " + typed("op:write => drop") + " enter", "--rule 'op:write => drop'"},
		{"/ " + typed("op:write") + " enter", "--headless --filter op:write"},
		{": " + typed("hold op:read") + " enter", "--rule 'op:read => hold'"},
		{": " + typed("filter err") + " enter", "--filter err"},
	} {
		log, bench := fixture()
		s := newScreen(t, 140, 40, log, bench, fixtureOptions())
		s.press(tt.keys)
		if said := saidRow(s); !strings.Contains(said, tt.want) {
			t.Errorf("after %q the edge is %q, want %q", tt.keys, said, tt.want)
		}
		s.mustShow("? help", "/ filter")
	}
	// What went wrong is not told as done.
	log, bench := fixture()
	bench.fails = errFake
	s := newScreen(t, 140, 40, log, bench, fixtureOptions())
	s.press("p")
	s.mustShow("✗ " + errFake.Error())
	s.mustNotShow("$ workbench")
}
