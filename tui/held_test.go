package tui

import (
	"errors"
	"slices"
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
	s.mustNotShow("‖")
	bench.set(func(status *host.Status) { status.Held, status.Past = 3, 1 })
	s.pulse()
	s.press("tab") // the reason makes room
	s.mustShow("‖ 3 held", "A let go")
	s.press("A U")
	if bench.released != 3 || bench.undone != 1 {
		t.Errorf("%d requests released, %d generations undone", bench.released, bench.undone)
	}
}

// TestHeldPanel: the panel shows what is held, and its keys do to the selected
// request what they say.
func TestHeldPanel(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("5")
	s.mustShow("No request is held", "[5·held]")
	s.press("a x X enter")
	if len(bench.asked) > 0 || s.app.prompt != nil || s.app.zoomed {
		t.Errorf("asked for %q though nothing is held", bench.asked)
	}
	bench.set(func(*host.Status) { bench.hold() })
	s.pulse()
	s.mustShow("‖ 3 held", "holding: => hold, err => hold after", "held request 3", "before the script", "1m05s")
	s.now += 2000 * ms
	s.pulse()
	s.mustShow("1m07s")
	s.press("j z")
	s.mustShow("held request 4", "EFBIG disk.lua:7: disk full", "it is not what the client sent", "48 65 6c 6c", "WRITE 4 KiB at 0x100000")
	s.press("a")

	// The selection stays with its request when others go.
	bench.set(func(*host.Status) { bench.held = bench.held[1:] })
	s.pulse()
	s.mustShow("held request 4")
	s.press("X x")
	s.mustShow("fail 4 with", "▸ which error?")
	s.press("e n o s p c enter")
	if want := []string{"release 4", "drop 4", "fail 4 ENOSPC"}; !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}
	if s.app.prompt != nil {
		t.Error("the line is still open")
	}
	bench.set(func(status *host.Status) { bench.held, status.Held = nil, 0 })
	s.pulse()
	s.mustShow("No request is held")
}

// TestHeldRefused: what the host would not do is said, until the next key.
func TestHeldRefused(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	bench.fails = errors.New("no request is held under the number 3")
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("5 a")
	s.mustShow("✗ no request is held under the number 3")
	s.press("j")
	s.mustNotShow("✗ no request")
	s.press("k x tab enter")
	s.mustShow("✗ no request is held under the number 3", "fail 3 with EPERM▏")
	s.press("esc")
	s.mustNotShow("fail 3")
}

// TestHold: p adds the rule that holds every request, or removes it.
func TestHold(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	press := func(keys, want string) {
		t.Helper()
		bench.asked = nil
		if s.press(keys); !slices.Equal(bench.asked, []string{want}) {
			t.Errorf("%s asked for %q, want %q", keys, bench.asked, want)
		}
	}
	press("p", "add => hold")
	rule := host.RuleStatus{Number: 9, Text: "=> hold", Action: host.HoldIt, On: true}
	bench.set(func(*host.Status) { bench.rules = []host.RuleStatus{rule} })
	s.pulse()
	s.mustShow("‖ holding: => hold")
	press("p", "remove 9")
	bench.set(func(*host.Status) { bench.rules[0].On = false })
	s.pulse()
	s.mustNotShow("holding")
	press("p", "switch 9 true")

	// While the screen is paused it still says what clients wait for.
	s.press("space")
	bench.set(func(*host.Status) { bench.rules[0].On = true })
	s.pulse()
	s.mustShow("‖ holding: => hold", "paused")
	bench.set(func(status *host.Status) { status.Held = 2 })
	s.pulse()
	s.mustShow("‖ 2 held", "‖ holding: => hold · 2 held: A lets all go")
	bench.set(func(*host.Status) { bench.rules[0].On = false })
	s.pulse()
	s.mustShow("‖ no more to hold · 2 held: A lets all go")
	bench.set(func(*host.Status) { bench.rules[0].On = true })
	s.pulse()
	s.press("A")
	if bench.released != 2 {
		t.Errorf("A let %d requests go while the screen was paused", bench.released)
	}
	press("p", "remove 9")

	recording := newScreen(t, 80, 24, log, nil, fixtureOptions())
	recording.press("p i 6 t D")
	recording.mustShow("No rule.")
}

func TestRules(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("6")
	s.mustShow("[6·rules]", "◌ out", "3 on, 1 off", "○ off", "12k", "op:write off<1M => fail ENOSPC limit=3")
	s.press("j j j t k k D")
	if want := []string{"switch 5 true", "remove 2"}; !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}
	s.press("i " + typed("op:wri"))
	s.mustShow("✗ column 4: op is never wri; did you mean write?")
	s.press("tab space")
	s.mustShow("want WHEN => ACTION", "▸=>")
	s.press("tab space")
	s.mustShow("want an action", "▸fail", "answer with an error")
	s.press("tab space")
	s.mustShow("✗ rule", "want an error, as in fail EIO")
	s.press("E N O S")
	s.mustShow("▸ENOSPC", "no space left on device")
	s.press("tab space l tab 3")
	s.mustShow("rule op:write => fail ENOSPC limit=3▏", "✓ enter adds the rule")

	bench.fails = errors.New("the host says no")
	s.press("enter")
	s.mustShow("✗ the host says no", "limit=3▏")
	s.press("enter") // it cannot be accepted as it is
	bench.fails = nil
	s.press("x backspace enter")
	s.mustNotShow("limit=3▏")
	last := bench.asked[len(bench.asked)-1]
	if want := "add op:write => fail ENOSPC limit=3"; last != want || len(bench.asked) != 4 {
		t.Errorf("asked for %q, the last want %q", bench.asked, want)
	}
	s.press("i up")
	s.mustShow("rule op:write => fail ENOSPC limit=3▏")
}
