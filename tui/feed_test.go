package tui

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// A listener runs the command that waits for pulses, in a bubble where time
// passes only while everybody waits.
type listener struct {
	f     *feed
	lane  chan struct{}
	start time.Time
	got   chan tea.Msg
}

func newListener(log Events, bench host.Control) *listener {
	l := &listener{lane: make(chan struct{}, 1), start: time.Now(), got: make(chan tea.Msg, 1)}
	l.f = &feed{events: log, bench: bench, now: func() plugins.Stamp { return 1 + plugins.Stamp(time.Since(l.start)) }}
	return l
}

func (l *listener) listen(ctx context.Context, idle bool) {
	cmd := l.f.listen(ctx, l.lane, idle)
	go func() { l.got <- cmd() }()
}

// pulse waits for the message and returns it with the time that it took.
func (l *listener) pulse() (*pulse, time.Duration) {
	start := time.Now()
	p, _ := (<-l.got).(*pulse)
	return p, time.Since(start)
}

// silent fails if there is a message within d.
func (l *listener) silent(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case m := <-l.got:
		t.Fatalf("a message came: %T", m)
	case <-time.After(d):
	}
}

func requestNow(l *listener) recordings.Event {
	now := l.f.now()
	return recordings.Event{
		Kind: recordings.Request, Op: plugins.OpRead, Generation: 1, Length: 512,
		Times: plugins.Times{Received: now, Started: now, Done: now + 1, Replied: now + 2, InCallback: 1},
	}
}

func TestFeedIsSilentWhenIdle(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bench host.Control
	}{{"recording", nil}, {"live", &fakeBench{}}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				log := emptyLog()
				l := newListener(log, tt.bench)
				l.listen(ctx, true)
				l.silent(t, time.Hour)

				log.Append(requestNow(l), "", nil)
				if p, d := l.pulse(); p == nil || d != gatherTime || len(p.events) != 1 || len(p.stats) != 1 {
					t.Fatalf("after %v: %+v", d, p)
				}
				l.listen(ctx, true)
				l.silent(t, time.Hour)
				cancel()
				if _, ok := (<-l.got).(tea.QuitMsg); !ok {
					t.Error("the end of the context does not quit")
				}
			})
		})
	}
}

func TestFeedGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		log := recordings.NewLog(1 << 20)
		l := newListener(log, nil)
		var seen, pulses, stats int
		for range 20 { // a second of a request each 5 ms
			l.listen(ctx, false)
			for range 9 {
				log.Append(requestNow(l), "", nil)
				time.Sleep(5 * time.Millisecond)
			}
			p, _ := l.pulse()
			seen += len(p.events)
			pulses++
			if p.stats != nil {
				stats++
			}
		}
		if seen != 180 || pulses != 20 {
			t.Errorf("%d events in %d pulses, want 180 in 20", seen, pulses)
		}
		if stats > 5 {
			t.Errorf("figures were asked for %d times in a second, want at most 4 and the first", stats)
		}

		// Figures that were not due come later, without another event.
		l.listen(ctx, true)
		p, d := l.pulse()
		if p.stats == nil || p.stats[0].Count != 180 || d > statsTime {
			t.Errorf("after %v: %+v", d, p.stats)
		}
		l.listen(ctx, true)
		l.silent(t, time.Hour)
		cancel()
		<-l.got
	})
}

func TestFeedTicksWhileFiguresRunOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := newListener(emptyLog(), &fakeBench{})
		l.listen(ctx, false)
		if p, d := l.pulse(); p == nil || d != settleTime {
			t.Errorf("a pulse after %v, want %v", d, settleTime)
		}
		cancel()
	})
}

func TestFeedSeesTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		bench := &fakeBench{}
		l := newListener(emptyLog(), bench)
		for _, change := range []func(*host.Status){
			func(s *host.Status) { s.State = host.Building },
			func(s *host.Status) { s.State, s.Problem = host.Serving, errors.New("no") },
			func(s *host.Status) { s.Problem = errors.New("still no") },
			func(s *host.Status) { s.Problem, s.Generation = nil, 2 },
			func(s *host.Status) { s.InFlight = inFlight() },
		} {
			l.listen(ctx, true)
			l.silent(t, time.Hour)
			bench.set(change)
			if p, d := l.pulse(); p == nil || d > pollTime {
				t.Errorf("a pulse after %v, want one within %v", d, pollTime)
			}
		}
		// While a request is in flight its age is shown.
		l.listen(ctx, true)
		if _, d := l.pulse(); d != pollTime {
			t.Errorf("a pulse after %v, want %v", d, pollTime)
		}
		cancel()
	})
}

// TestFeedLetsTheHostRest: a host that does nothing is not looked at, unless
// somebody who did something to it says so.
func TestFeedLetsTheHostRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		bench := &fakeBench{}
		l := newListener(emptyLog(), bench)
		l.f.nudged = make(chan struct{}, 1)
		l.listen(ctx, true)
		l.silent(t, time.Hour)
		if n := bench.looked(); n > restPolls+2 {
			t.Errorf("in an hour of rest the host was looked at %d times", n)
		}
		l.f.nudge()
		l.silent(t, time.Hour)
		if n := bench.looked(); n < restPolls || n > restPolls+2 {
			t.Errorf("after a nudge the host was looked at %d times", n)
		}
		bench.mu.Lock()
		bench.status.Handles++
		bench.mu.Unlock()
		l.f.nudge()
		if p, d := l.pulse(); p == nil || d != pollTime {
			t.Errorf("a pulse after %v, want %v", d, pollTime)
		}
		cancel()
	})
}

func TestFeedCountsWhatItMissed(t *testing.T) {
	log := recordings.NewLog(1) // 16 events
	f := &feed{events: log, now: func() plugins.Stamp { return 1 }}
	for i := range 100 {
		log.Append(request(i, ms), "", nil)
	}
	first, _ := log.Bounds()
	p := f.read()
	if p.missed != first || p.first != first || uint64(len(p.events)) != 100-first {
		t.Errorf("missed %d, first %d, %d events, want %d missed", p.missed, p.first, len(p.events), first)
	}
	if p = f.read(); p.missed != 0 || len(p.events) != 0 {
		t.Errorf("nothing came, yet %d missed and %d events", p.missed, len(p.events))
	}
}

func TestFeedReadsInBatches(t *testing.T) {
	log := recordings.NewLog(0)
	const total = batchSize + 100
	for i := range total {
		log.Append(request(i, ms), "", nil)
	}
	f := &feed{events: log, now: func() plugins.Stamp { return 1 }}
	first, second := len(f.read().events), len(f.read().events)
	if first < batchSize || first >= batchSize+chunkSize || first+second != total {
		t.Errorf("%d and %d events, want %d in all", first, second, total)
	}
}

// failingEvents cannot be waited for.
type failingEvents struct{ Events }

func (failingEvents) Wait(context.Context, uint64) error { return errors.New("the disk is gone") }

func TestFeedSourceFails(t *testing.T) {
	f := &feed{events: failingEvents{emptyLog()}, bench: &fakeBench{}, now: plugins.Now}
	msg := f.listen(t.Context(), make(chan struct{}, 1), true)()
	if c, ok := msg.(crash); !ok || c.err.Error() != "the disk is gone" {
		t.Errorf("%#v", msg)
	}
}
