package tui

import (
	"fmt"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// prefix is a log up to an event.
type prefix struct {
	*recordings.Log
	next  uint64
	stats *recordings.Figures
}

func (p prefix) Bounds() (first, next uint64) { return 0, p.next }

func (p prefix) Read(dst []recordings.Event, from uint64) int {
	if from >= p.next {
		return 0
	}
	return p.Log.Read(dst[:min(uint64(len(dst)), p.next-from)], from)
}

func (p prefix) Stats() []recordings.CallbackStats { return p.stats.Stats() }

// TestTravel: a recording as of a request shows what a screen shows that has seen
// no more; esc goes back to the end.
func TestTravel(t *testing.T) {
	log, _ := fixture()
	s := newScreen(t, 200, 60, log, nil, Options{Title: "recorded"})
	end := s.text()
	s.press("[")
	s.mustShow("◀ as of request 399 of 400", "399 requests in", "0 failed")
	for _, steps := range []string{"[ [ [", "g", "] ] ]", "j j j j j", "G", "pgup pgup pgup pgup", "k k"} {
		s.press(steps)
		seq, _ := s.app.requests.selectedSeq(&s.app.scene)
		figures := &recordings.Figures{}
		var chunk [1]recordings.Event
		for n := uint64(0); n <= seq; n++ {
			log.Read(chunk[:], n)
			figures.Add(&chunk[0])
		}
		early := newScreen(t, 200, 60, log, nil, Options{Title: "recorded"})
		p := prefix{log, seq + 1, figures}
		fresh := newApp(Options{Title: "recorded", Events: p, Wall: early.app.scene.wall}, early.app.scene.theme)
		fresh.listen = early.app.listen
		f := &feed{events: p, now: func() plugins.Stamp { return endOf(&chunk[0]) }}
		early.app = fresh
		early.resize(200, 60)
		early.send(f.read())
		for _, panel := range []int{callbacksPanel, connectionsPanel, outputPanel} {
			draw := func(a *app) string {
				sc := a.scene
				a.panels[panel].feed(&sc, 100, 30)
				return fmt.Sprint(a.panels[panel].draw(&sc, 100, 30))
			}
			if got, want := draw(s.app), draw(early.app); got != want {
				t.Errorf("after %q, %s as of event %d:\n%s\nwant\n%s", steps, panelNames[panel], seq, got, want)
			}
		}
		if got, want := s.app.scene.failed, early.app.scene.failed; got != want {
			t.Errorf("after %q %d failed, want %d", steps, got, want)
		}
	}
	s.press("space")
	if s.app.paused {
		t.Error("paused while it shows an earlier moment")
	}
	s.press("esc")
	if got := s.text(); got != end {
		t.Errorf("esc did not go back to the end:\n%s\nwant\n%s", got, end)
	}
}

// TestTravelInDetail: brackets step from request to request, and the screen stays
// as of the one that is shown.
func TestTravelInDetail(t *testing.T) {
	log, _ := fixture()
	s := newScreen(t, 120, 40, log, nil, Options{})
	s.press("enter [ [")
	s.mustShow("READ 4 KiB at 0xd000", "◀ as of request 398 of 400")
	s.press("]")
	s.mustShow("READ 4 KiB at 0xe000", "◀ as of request 399 of 400")
	s.press("esc esc")
	s.mustNotShow("as of")
	s.mustShow("following")
}

// TestTravelStaleResult: a state that comes when the user has gone back is dropped.
func TestTravelStaleResult(t *testing.T) {
	log, _ := fixture()
	s := newScreen(t, 120, 40, log, nil, Options{})
	_, cmd := s.app.Update(keyMsg("["))
	s.app.Update(keyMsg("esc")) // a key message that is "esc"
	s.press("esc")
	s.send(cmd())
	if s.app.scene.state != s.app.live {
		t.Error("the state of an earlier moment is shown")
	}
}

// TestLiveDoesNotTravel: what is live is shown as it is now.
func TestLiveDoesNotTravel(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("[ [")
	s.mustNotShow("as of")
	s.mustShow("✗ 1 failed")
}

// TestEmptyRecording: a recording of nothing does not ask for clients.
func TestEmptyRecording(t *testing.T) {
	s := newScreen(t, 80, 24, emptyLog(), nil, Options{})
	s.mustShow("This recording has no request.")
	s.mustNotShow("Connect a client")
	s.press("[ ] n o m d t T enter")
}

// TestTravelKeepsTheScript: what a recording says of its script holds at all its
// moments.
func TestTravelKeepsTheScript(t *testing.T) {
	log, _ := fixture()
	s := newScreen(t, 200, 60, log, nil, Options{})
	s.app.live.recall(recordings.Header{
		Script: "examples/disk.lua", Language: "lua", Generations: []recordings.Generation{{Number: 2, Text: fixtureSource}},
	})
	s.press("[")
	s.mustShow("◀ as of request 399", "disk.lua", "function pread")
	s.press("esc")
	s.mustNotShow("as of request")
}
