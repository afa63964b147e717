package tui

import (
	"testing"

	"workbench/plugins/host"
)

// TestHeldAndUndo: the header says that requests are held, A lets them go, and U
// goes back a generation.
func TestHeldAndUndo(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("A U")
	if bench.released != 0 || bench.undone != 0 {
		t.Error("a command ran that has nothing to do")
	}
	s.mustNotShow("held")
	bench.set(func(status *host.Status) { status.Held, status.Past = 3, 1 })
	s.pulse()
	s.mustShow("‖ 3 held", "A let go")
	s.press("A U")
	if bench.released != 3 || bench.undone != 1 {
		t.Errorf("%d requests released, %d generations undone", bench.released, bench.undone)
	}
}
