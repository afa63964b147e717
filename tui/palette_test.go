package tui

import (
	"errors"
	"testing"
)

var errFake = errors.New("the host does not want to")

// TestPalette: what is typed after a colon is done, or it is said why not.
func TestPalette(t *testing.T) {
	for _, tt := range []struct {
		typed string
		shows string // before enter
		is    func(*screen) bool
	}{
		{"panel rules", "enter: panel rules", func(s *screen) bool { return s.app.focus == rulesPanel }},
		{"panel.rules", "✓", func(s *screen) bool { return s.app.focus == rulesPanel }},
		{"output", "enter: panel output", func(s *screen) bool { return s.app.focus == outputPanel }},
		{"filter op:write", "enter shows the requests that match", func(s *screen) bool { return s.app.requests.picked != nil }},
		{"filter op:wriet", "✗ column 11", func(s *screen) bool { return s.app.prompt != nil && s.app.requests.picked == nil }},
		{"filter", "enter asks for more", func(s *screen) bool { return s.app.prompt != nil && s.app.prompt.sign == "/" }},
		{"rule op:write => fail ENOSPC", "enter adds the rule", func(s *screen) bool { return s.bench.did("add op:write => fail ENOSPC") }},
		{"hold op:read", "enter holds the requests", func(s *screen) bool { return s.bench.did("add op:read => hold") }},
		{"hold", "enter: hold", func(s *screen) bool { return s.bench.did("add => hold") }},
		{"goto 3s", "enter goes to the first request", func(s *screen) bool { return s.app.requests.list.selected == 120 }},
		{"goto nonsense", "✗", func(s *screen) bool { return s.app.prompt != nil && s.app.requests.list.selected == 399 }},
		{"zoom now", "✗ zoom: nothing may follow it", func(s *screen) bool { return s.app.prompt != nil && !s.app.zoomed }},
		{"held fail ENOSPC", "✗ held fail: only in: held", func(s *screen) bool { return s.app.prompt != nil && len(s.bench.asked) == 0 }},
		{"undo", "✗ undo: there is no generation", func(s *screen) bool { return s.app.prompt != nil && s.bench.undone == 0 }},
		{"qqqq", "✗ no command is called qqqq", func(s *screen) bool { return s.app.prompt != nil }},
		{"rload", "enter: reload", func(s *screen) bool { return s.bench.reloads == 1 }},
		{"copy json", "enter: copy json", func(s *screen) bool { return s.copied != "" }},
		{"   ", "enter closes this line", func(s *screen) bool { return s.app.prompt == nil }},
	} {
		log, bench := fixture()
		s := newScreen(t, 100, 30, log, bench, fixtureOptions())
		s.press(": " + typed(tt.typed))
		s.mustShow(tt.shows)
		if s.press("enter"); !tt.is(s) {
			t.Errorf("after :%s\n%s", tt.typed, s.text())
		}
	}
}

// TestPaletteOffers: commands are offered with their keys, then what may follow.
func TestPaletteOffers(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	s.press(": " + typed("fil"))
	s.mustShow("filter", "show only the requests that match a filter · /")
	s.press("tab")
	if s.app.prompt.text != "filter " {
		t.Errorf("tab made %q", s.app.prompt.text)
	}
	s.press(typed("op:wri") + " tab")
	if s.app.prompt.text != "filter op:write" {
		t.Errorf("tab made %q", s.app.prompt.text)
	}
	s.press("enter")
	s.press("enter : up") // the request view is open
	if s.app.prompt.text != "filter op:write" {
		t.Errorf("the history has %q", s.app.prompt.text)
	}
	s.press("esc : " + typed("panel map") + " esc : " + typed("und"))
	s.mustShow("✗ there is no generation before this one")
}

// TestPaletteHasAll: every command that is not about what lies over the panels can
// be typed, by its own name.
func TestPaletteHasAll(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	for i := range s.app.commands {
		c := &s.app.commands[i]
		if c.where&(inPanels|inDetail) == 0 && c.where != inCopy {
			continue
		}
		s.press(": " + typed(spoken(c.id)))
		p := s.app.prompt
		if why := s.app.why(c); why == "" && p.problem != nil || why != "" && (p.problem == nil || p.problem.Error() != spoken(c.id)+": "+why) {
			t.Errorf(":%s: %v, want %q", c.id, p.problem, why)
		}
		s.press("esc")
	}
}

// TestPaletteFromRequest: from an open request a command of the list closes it first.
func TestPaletteFromRequest(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	s.press("enter : " + typed("filter op:read") + " enter")
	if s.app.detail != nil || s.app.requests.picked == nil {
		t.Errorf("the filter does not apply:\n%s", s.text())
	}
	s.press("enter : " + typed("reload") + " enter")
	if s.app.detail == nil || bench.reloads != 1 {
		t.Error("reload closed the request")
	}
}

// TestPaletteErrors: what the host says stands at the line, which stays.
func TestPaletteErrors(t *testing.T) {
	log, bench := fixture()
	bench.fails = errFake
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	s.press(": " + typed("rule op:read => drop") + " enter")
	s.mustShow("✗ "+errFake.Error(), "rule op:read => drop")
	s.press("esc")
	s.mustNotShow(errFake.Error())
}

// TestPaletteBlames: what is wrong on the line is drawn in the ink of errors, the
// rest is not.
func TestPaletteBlames(t *testing.T) {
	for typedText, want := range map[string]string{
		"qqqq": "qqqq", "undo": "undo", "filter op:wriet": "wriet", "rule op:write => fial EIO": "", "filter err": "",
	} {
		log, bench := fixture()
		s := newScreen(t, 100, 30, log, bench, fixtureOptions())
		s.press(": " + typed(typedText))
		b := s.app.prompt.blamed()
		if got := typedText[b[0]:b[1]]; got != want {
			t.Errorf(":%s blames %q, want %q", typedText, got, want)
		}
	}
}

func TestCutID(t *testing.T) {
	for _, tt := range []struct {
		text, id, rest string
		ok             bool
	}{
		{"panel map", "panel.map", "", true},
		{" panel   map x", "panel.map", " x", true},
		{"panel.map", "panel.map", "", true},
		{"panelmap", "panel.map", "", false},
		{"panel mapper", "panel.map", "", false},
		{"panel", "panel.map", "", false},
		{"hold op:read", "hold", " op:read", true},
		{"holdop", "hold", "", false},
	} {
		if rest, ok := cutID(tt.text, tt.id); ok != tt.ok || ok && rest != tt.rest {
			t.Errorf("cutID(%q, %q) = %q, %v", tt.text, tt.id, rest, ok)
		}
	}
}
