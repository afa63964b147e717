package tui

import "testing"

// TestSeek goes to a request by its time, after the first one or of the day.
func TestSeek(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	selected := func() int { return s.app.requests.list.selected - s.app.requests.list.first }
	first, _ := s.app.requests.index(&s.app.scene).bounds()
	at := func(row int) int64 {
		e, _ := readRequest(&s.app.scene, s.app.requests.index(&s.app.scene).seq(first+row))
		return int64(e.Received) - int64(s.app.firstRequest())
	}
	s.press("T " + typed("0s") + " enter")
	if selected() != 0 || s.app.requests.list.follow {
		t.Errorf("0s goes to row %d, following %t", selected(), s.app.requests.list.follow)
	}
	s.press("T " + typed("1h") + " enter")
	if got := selected(); got != s.filteredRows()-1 {
		t.Errorf("1h goes to row %d, want the last", got)
	}
	s.press("T " + typed("100ms"))
	s.mustShow("✓ enter goes to the first request from then on")
	s.press("enter")
	if row := selected(); row == 0 || at(row) < 100e6 || at(row-1) >= 100e6 {
		t.Errorf("100ms goes to row %d, at %d ns", row, at(row))
	}
	s.press("T " + typed("noon"))
	s.mustShow("✗", "want a time after the beginning")
	s.press("esc")
}
