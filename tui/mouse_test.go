package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// click clicks on the first cell of a text on the screen, the last one with it.
func (s *screen) click(text string) {
	s.t.Helper()
	rows := strings.Split(s.text(), "\n")
	for y := len(rows) - 1; y >= 0; y-- {
		if before, _, ok := strings.Cut(rows[y], text); ok {
			s.send(tea.MouseMsg{X: width(before), Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
			return
		}
	}
	s.t.Fatalf("%q is not on the screen:\n%s", text, s.text())
}

func (s *screen) wheel(x, y int, b tea.MouseButton) {
	s.send(tea.MouseMsg{X: x, Y: y, Button: b, Action: tea.MouseActionPress})
}

// TestMouseClicks: what can be seen can be clicked.
func TestMouseClicks(t *testing.T) {
	for _, tt := range []struct {
		keys   string
		clicks []string
		is     func(*screen) bool
	}{
		{"", []string{"space pause"}, func(s *screen) bool { return s.app.paused }},
		{"", []string{"? help"}, func(s *screen) bool { return s.app.menu != nil }},
		{"", []string{"q quit", "y quit"}, func(s *screen) bool { return s.quit }},
		{"", []string{"q quit", "esc stay"}, func(s *screen) bool { return !s.quit && !s.app.asking }},
		{"", []string{"3·script"}, func(s *screen) bool { return s.app.focus == scriptPanel }},
		{"", []string{"12:00:11.950"}, func(s *screen) bool { return s.app.requests.list.selected == 398 && s.app.detail == nil }},
		{"", []string{"12:00:11.950", "12:00:11.950"}, func(s *screen) bool { return s.app.detail != nil && s.app.detail.ordinal == 398 }},
		{"2", []string{"12:00:11.975"}, func(s *screen) bool { return s.app.focus == requestsPanel && s.app.detail == nil }},
		{"enter", []string{"esc close"}, func(s *screen) bool { return s.app.detail == nil }},
		{"?", []string{"give the panel the whole", "give the panel the whole"}, func(s *screen) bool { return s.app.zoomed && s.app.menu == nil }},
		{"?", []string{"give the panel the whole"}, func(s *screen) bool { return !s.app.zoomed && s.app.menu != nil }},
		{"y", []string{"copy the event", "copy the event"}, func(s *screen) bool { return strings.HasPrefix(s.copied, "{") }},
		{": " + typed("rul"), []string{"panel rules"}, func(s *screen) bool { return s.app.prompt.text == "panel rules" }},
		{"M", []string{"3·script"}, func(s *screen) bool { return s.app.focus == requestsPanel }},
	} {
		log, bench := fixture()
		s := newScreen(t, 80, 24, log, bench, fixtureOptions())
		s.press(tt.keys)
		for _, text := range tt.clicks {
			s.click(text)
		}
		if !tt.is(s) {
			t.Errorf("%q, then clicks on %q:\n%s", tt.keys, tt.clicks, s.text())
		}
	}
}

// TestMouseWheel: the wheel moves what is under the pointer.
func TestMouseWheel(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.wheel(20, 20, tea.MouseButtonWheelDown) // the callbacks, below
	if l := s.app.panels[callbacksPanel].rows(); l.selected != 3 || s.app.focus != requestsPanel {
		t.Errorf("the wheel selected %d of the callbacks", l.selected)
	}
	s.press("?")
	s.wheel(20, 10, tea.MouseButtonWheelDown)
	if l := s.app.menu.list; l.selected != 3 {
		t.Errorf("the wheel selected %d of the menu", l.selected)
	}
	s.press("esc :")
	s.wheel(20, 20, tea.MouseButtonWheelDown)
	if s.app.prompt.marked != 1 {
		t.Errorf("the wheel marked %d", s.app.prompt.marked)
	}
}

// TestMouseEnters: a click on the selected row does what enter does, also where
// that has another key.
func TestMouseEnters(t *testing.T) {
	log, bench := fixture()
	o := fixtureOptions()
	o.Keys = keysFile(t, `"request.open" = "x"`)
	s := newScreen(t, 80, 24, log, bench, o)
	s.press("k")
	s.click("▸")
	if s.app.detail == nil {
		t.Errorf("the request is not open:\n%s", s.text())
	}
}

// TestMouseGuard: a click on the footer, too, does nothing to a card that has just
// popped up.
func TestMouseGuard(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	bench.refuse()
	s.pulse()
	s.send(tea.MouseMsg{X: footerAt(t, s, "refused.keep"), Y: 39, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	if s.app.reload.folded {
		t.Error("the card was folded before it could be seen")
	}
	s.now += 1000 * ms
	s.send(tea.MouseMsg{X: footerAt(t, s, "refused.keep"), Y: 39, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	if !s.app.reload.folded {
		t.Error("the card was not folded")
	}
}

// footerAt returns where the footer has a command.
func footerAt(t *testing.T, s *screen, id string) int {
	t.Helper()
	for _, h := range s.app.footerHints() {
		if h.command.id == id {
			return h.x
		}
	}
	t.Fatalf("%s is not in the footer:\n%s", id, s.text())
	return 0
}
