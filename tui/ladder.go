package tui

import (
	"cmp"
	"fmt"
	"slices"

	"workbench/plugins"
	"workbench/recordings"
)

// ladder is the panel of what went to and fro between client, server and script
// around the selected request, in the order of time. Selecting in it selects in
// the list of requests, and the other way round.
type ladder struct {
	list     list
	requests *requests
	moments  []moment
	at       momentKey     // that is selected
	asked    uint64        // the request that was selected in the list when it was looked at last
	fed      int           // the row that was selected then
	zero     plugins.Stamp // the arrival of the oldest request of the list
}

// A moment is a row of the ladder.
type moment struct {
	momentKey
	when  plugins.Stamp
	event recordings.Event
	text  string
	open  int // requests between their arrival and their reply, after it
	calls int // callbacks that run, after it
}

// A momentKey tells a moment from others.
type momentKey struct {
	seq  uint64
	step momentStep
}

// A momentStep is what happens at a moment. They are in the order in which those
// of one request come.
type momentStep uint8

const (
	arrives momentStep = iota
	enters
	leaves
	replies
	happens // anything else
)

// ladderSpan is how many events before and after the selected request are looked
// at: the log has them in the order in which they ended.
const ladderSpan = 192

func (p *ladder) rows() *list { return &p.list }

const ladderHead = 1

func (p *ladder) rowAt(y int) int { return p.list.rowAt(y - ladderHead) }

func (p *ladder) note(*scene) string {
	if len(p.moments) == 0 {
		return ""
	}
	return "around event " + fmt.Sprint(p.at.seq)
}

func (p *ladder) feed(sc *scene, _, h int) {
	if p.list.selected != p.fed && p.list.selected < len(p.moments) && p.list.selected >= 0 { // the user moved
		m := &p.moments[p.list.selected]
		if p.at = m.momentKey; m.event.Kind == recordings.Request {
			p.requests.goTo(sc, m.seq)
			p.asked, _ = p.requests.selectedSeq(sc)
		}
	}
	if seq, ok := p.requests.selectedSeq(sc); ok && (seq != p.asked || len(p.moments) == 0) {
		p.asked, p.at = seq, momentKey{seq, arrives}
	}
	if from, next := p.requests.bounds(sc); p.requests.clock == sinceFirst && from < next {
		oldest, _ := readRequest(sc, p.requests.seq(sc, from))
		p.zero = oldest.Received
	}
	p.moments = momentsAround(sc, p.moments[:0], p.at.seq)
	row := max(slices.IndexFunc(p.moments, func(m moment) bool { return m.momentKey == p.at }), 0)
	p.list.top += row - p.list.selected // rows keep their place, though others are looked at
	p.list.selected = row
	p.list.feed(0, len(p.moments), h-ladderHead)
	p.fed = p.list.selected
}

// selectedRequest returns the request of the selected row. ok is false if that is no request.
func (p *ladder) selectedRequest() (seq uint64, ok bool) {
	if p.list.selected < 0 || p.list.selected >= len(p.moments) {
		return 0, false
	}
	m := &p.moments[p.list.selected]
	return m.seq, m.event.Kind == recordings.Request
}

// momentsAround appends the moments of the events around one, in the order of time.
func momentsAround(sc *scene, out []moment, seq uint64) []moment {
	var events [2 * ladderSpan]recordings.Event
	n := sc.events.Read(events[:], seq-min(seq, ladderSpan))
	for i := range events[:n] {
		e := &events[i]
		if e.Seq < sc.next || sc.next == 0 {
			out = appendMoments(sc, out, e)
		}
	}
	if seq+ladderSpan >= sc.next { // the end of the log is seen: what has no answer comes behind it
		out = appendInFlight(sc, out)
	}
	slices.SortStableFunc(out, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.step, b.step), cmp.Compare(a.seq, b.seq))
	})
	open, calls := 0, 0
	for i := range out {
		switch m := &out[i]; m.step {
		case arrives:
			open++
		case enters:
			calls++
		case leaves:
			calls--
		case replies:
			open--
		}
		out[i].open, out[i].calls = open, calls
	}
	return out
}

// appendInFlight appends the arrivals of the requests that have no answer yet,
// under the numbers that events will have next.
func appendInFlight(sc *scene, out []moment) []moment {
	for i := range sc.status.InFlight {
		q := &sc.status.InFlight[i]
		if q.Received == 0 {
			continue
		}
		text := "in flight for " + shortDuration(sc.now.Sub(q.Received))
		switch {
		case q.Rule > 0:
			text += ", " + delayed(sc.state, q)
		case q.Waiting:
			text += ", waits for the reload"
		}
		out = append(out, moment{
			momentKey: momentKey{sc.next + uint64(i), arrives}, when: q.Received, text: text,
			event: recordings.Event{Op: q.Op, Flags: q.Flags, Offset: q.Offset, Length: q.Length, Front: q.Origin.Front, Conn: q.Origin.Conn},
		})
	}
	return out
}

// appendMoments appends the moments of e: up to four of a request.
func appendMoments(sc *scene, out []moment, e *recordings.Event) []moment {
	add := func(step momentStep, when plugins.Stamp) {
		if when != 0 {
			out = append(out, moment{momentKey: momentKey{e.Seq, step}, when: when, event: *e})
		}
	}
	switch e.Kind {
	case recordings.Request:
		add(arrives, e.Received)
		if e.Started != 0 && e.Done != 0 {
			add(enters, e.Started)
			add(leaves, e.Done)
		}
		add(replies, e.Replied)
	case recordings.Callback:
		if e.Started != 0 && e.Done != 0 {
			add(enters, e.Started)
			add(leaves, e.Done)
		}
	default:
		add(happens, e.Received)
		out[len(out)-1].text, _ = sc.events.Text(e)
	}
	return out
}
