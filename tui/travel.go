package tui

import (
	"fmt"
	"slices"
	"sort"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/recordings"
)

// A travel shows a recording as of the selected request: the state is the fold
// of the events up to it.
type travel struct {
	at      uint64 // the event up to which the state is folded
	folding bool   // a command folds; it has the stops
	stops   []stop // ascending
}

// A stop is the fold of the events before a number, from which folding can go on.
type stop struct {
	next    uint64
	state   *state
	figures *recordings.Figures
}

// travelStops is how many stops there are at most in a log. Between two of them
// the events are folded again.
const travelStops = 16

// arrived is the message that brings the state as of an event.
type arrived struct {
	travel *travel
	at     uint64
	state  *state
	stops  []stop
}

// foldTo returns the state as of the event at, and stops with those that were
// made on the way. It gives up when quit is closed.
func foldTo(quit <-chan struct{}, events Events, stops []stop, at uint64) (*state, []stop) {
	first, next := events.Bounds()
	every := max((next-first)/travelStops, chunkSize)
	from := stop{first, &state{}, &recordings.Figures{}}
	if i := sort.Search(len(stops), func(i int) bool { return stops[i].next > at+1 }); i > 0 {
		from = stops[i-1]
	}
	s, figures := from.state.freeze(), from.figures.Clone()
	chunk, texts := make([]recordings.Event, chunkSize), []string(nil)
	for seq := from.next; seq <= at && !stopped(quit); {
		n := events.Read(chunk[:min(chunkSize, at+1-seq)], seq)
		for n > 0 && chunk[n-1].Seq > at { // it had to go on behind what is damaged
			n--
		}
		if n == 0 {
			break
		}
		var unread int
		texts, unread = appendTexts(texts[:0], events, chunk[:n])
		s.unread += unread
		for i := range chunk[:n] {
			s.add(&chunk[i], texts[i])
			figures.Add(&chunk[i])
		}
		s.requests, s.output = index{}, slices.Clip(s.output) // the model has the requests; stops share the lines
		s.now, seq = endOf(&chunk[n-1]), chunk[n-1].Seq+1
		if extra := len(s.output) - keptOutput; extra > 0 {
			s.output, s.outputGone = s.output[extra:], s.outputGone+extra
		}
		if last := len(stops) - 1; seq >= every+first && (last < 0 || seq >= stops[last].next+every) {
			stops = append(stops, stop{seq, s.freeze(), figures.Clone()})
		}
	}
	s.stats = figures.Stats()
	return s, stops
}

// endOf returns when e was over.
func endOf(e *recordings.Event) plugins.Stamp {
	if e.Kind == recordings.Request && e.Replied != 0 {
		return e.Replied
	}
	return e.Received
}

// moveInTime selects the request so many later, and shows a recording as of it.
func (a *app) moveInTime(by int) {
	if a.detail != nil {
		a.detail.leaveHeld()
	}
	l := &a.requests.list
	l.pause()
	l.move(by)
	if a.bench == nil && a.travel == nil {
		a.travel = &travel{}
	}
}

// travelOn sees to it that the state is that of the selected request.
func (a *app) travelOn() tea.Cmd {
	t := a.travel
	if t == nil || t.folding {
		return nil
	}
	at, ok := a.requests.selectedSeq(&a.scene)
	if !ok || at == t.at && a.scene.state != a.live {
		return nil
	}
	t.folding = true
	events, stops := a.scene.events, t.stops
	return a.beside.command(func(quit <-chan struct{}) tea.Msg {
		s, stops := foldTo(quit, events, stops, at)
		return arrived{t, at, s, stops}
	})
}

// arrive shows the state as of an event.
func (a *app) arrive(msg arrived) {
	if msg.travel != a.travel {
		return // the user went back meanwhile
	}
	t, s := msg.travel, msg.state
	t.folding, t.at, t.stops = false, msg.at, msg.stops
	s.requests, s.marks = a.live.requests, a.live.marks
	s.status, s.versions = a.live.status, a.live.versions
	s.first, s.next, s.missed = a.live.first, a.live.next, a.live.missed
	s.usual = a.live.usual
	a.scene.state = s
}

// goHome ends the travel: the end of the recording is shown again.
func (a *app) goHome() {
	a.travel = nil
	a.scene.state = a.live
	if a.requests.order == nil {
		a.requests.list.end()
	}
}

// asOf says which request the screen is as of, "" if it is as of the end.
func (a *app) asOf() string {
	switch {
	case a.travel == nil:
		return ""
	case a.scene.state == a.live:
		return "◀ going back"
	}
	return fmt.Sprintf("◀ as of request %s of %s", grouped(a.passed()), grouped(len(a.live.requests.seqs)))
}

// passed returns how many requests there are up to the one that the screen is as of.
func (a *app) passed() int {
	x := &a.live.requests
	first, _ := x.bounds()
	return x.place(a.travel.at) - first + 1
}
