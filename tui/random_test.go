package tui

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workbench/recordings"
)

// randomTime bounds TestRandomKeys.
const randomTime = 4 * time.Second

// randomSizes are the sizes between which the terminal changes.
var randomSizes = [][2]int{{20, 10}, {60, 16}, {80, 24}, {100, 30}, {120, 40}, {203, 60}}

// tableKeys returns all keys of the table, and some that are only typed.
func tableKeys() []string {
	keys := []string{"é", "%", "\""}
	for _, c := range commands() {
		keys = append(keys, c.keys...)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	return slices.DeleteFunc(keys, func(k string) bool { return k == "ctrl+z" }) // stops the test
}

// TestRandomKeys: whatever is pressed, the screen has its size, and esc leads back
// to the panels, where q asks whether to quit.
func TestRandomKeys(t *testing.T) {
	t.Chdir(t.TempDir()) // files may be saved
	keys := tableKeys()
	end := time.Now().Add(randomTime)
	rapid.Check(t, func(r *rapid.T) {
		if time.Now().After(end) {
			return
		}
		log, bench := fixture()
		ruled(log)
		switch rapid.SampledFrom([]string{"quiet", "held", "refused", "recording", "empty"}).Draw(r, "host") {
		case "held":
			bench.hold()
		case "refused":
			bench.refuse()
		case "recording":
			bench = nil
		case "empty":
			log = recordings.NewLog(1 << 16)
		}
		s := newScreen(t, 120, 40, log, bench, fixtureOptions())
		w, h := 120, 40
		for _, key := range rapid.SliceOfN(rapid.SampledFrom(append(keys, "resize", "request")), 1, 40).Draw(r, "keys") {
			s.now += 30 * ms
			switch key {
			case "resize":
				size := rapid.SampledFrom(randomSizes).Draw(r, "size")
				w, h = size[0], size[1]
				s.resize(w, h)
			case "request":
				s.more(1)
			case " ":
				s.press("space")
			default:
				s.press(key)
			}
			checkSize(t, key, s.app.View(), w, h)
			if t.Failed() {
				r.Fatalf("after %q", key)
			}
		}
		s.resize(80, 24)
		for range 12 {
			s.now += 1000 * ms // nothing has just popped up
			s.press("esc")
		}
		if back, _ := s.app.canGoBack(); back && bench != nil || s.app.where()&^inReload&inPanels == 0 {
			r.Fatalf("esc does not lead back:\n%s", s.text())
		}
		if s.press("q"); !s.app.asking {
			r.Fatalf("q does not ask:\n%s", s.text())
		}
	})
}
