package replay

import (
	"container/heap"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// A connID names a recorded connection.
type connID struct {
	front plugins.Front
	conn  uint32
}

func connOf(e *recordings.Event) connID { return connID{e.Front, e.Conn} }

// A step is something to do again: a request, or a connection that is opened
// (Opened) or closed (Disconnect), as its event tells.
type step struct {
	event recordings.Event
	text  string // of an opening: the name of the export
	tls   bool   // of an opening

	// When the script was entered for it and left, or, if it never was, when the
	// request came.
	begin, end plugins.Stamp
}

// lookAhead is how many steps are sorted at a time.
const lookAhead = 4096

// A plan reads the steps of a recording, in the order in which the script was
// entered for them, or in that in which clients asked.
type plan struct {
	rec     recordings.Recording
	next    uint64 // the event to read next
	end     uint64 // where the recording ends
	buffer  [256]recordings.Event
	unread  []recordings.Event // of buffer
	ahead   stepHeap
	only    *connID // the only connection that counts; nil = all do
	asked   bool    // steps come in the order in which the clients asked
	opening map[connID]*opening
}

// An opening is what is known of a connection that comes or goes.
type opening struct {
	tls           bool
	opened, ended plugins.Stamp // when the script's open was entered, and its last callback left
	closed        plugins.Stamp // when its close was entered
}

func newPlan(rec recordings.Recording) *plan {
	p := &plan{rec: rec, opening: map[connID]*opening{}}
	p.next, p.end = rec.Bounds()
	return p
}

// step returns the next step, nil at the end.
func (p *plan) step() *step {
	if p.peek() == nil {
		return nil
	}
	return heap.Pop(&p.ahead).(*step)
}

// peek returns what step will.
func (p *plan) peek() *step {
	for len(p.ahead) < lookAhead {
		e := p.read()
		if e == nil {
			break
		}
		if p.only != nil && connOf(e) != *p.only {
			continue
		}
		if s := p.stepOf(e); s != nil {
			if p.asked {
				s.begin = s.event.Received
			}
			heap.Push(&p.ahead, s)
		}
	}
	if len(p.ahead) == 0 {
		return nil
	}
	return p.ahead[0]
}

// read returns the next event, nil at the end.
func (p *plan) read() *recordings.Event {
	if len(p.unread) == 0 {
		n := 0
		if p.next < p.end {
			n = p.rec.Read(p.buffer[:min(uint64(len(p.buffer)), p.end-p.next)], p.next)
		}
		if n == 0 {
			return nil
		}
		p.unread = p.buffer[:n]
	}
	e := &p.unread[0]
	p.unread = p.unread[1:]
	p.next = e.Seq + 1
	return e
}

// stepOf returns what e asks to be done, nil if that is nothing.
func (p *plan) stepOf(e *recordings.Event) *step {
	switch e.Kind {
	case recordings.Request:
		s := &step{event: *e, begin: e.Started, end: later(e.Started, e.Done)}
		if e.Started == 0 {
			s.begin, s.end = e.Received, e.Received
		}
		return s
	case recordings.Callback:
		if o := p.opening[connOf(e)]; o != nil && e.Op == 0 {
			switch e.Callback {
			case plugins.Open:
				o.opened = e.Started
			case plugins.Close:
				o.closed = e.Started
			}
			o.ended = e.Done
		}
	case recordings.Connect:
		p.opening[connOf(e)] = &opening{}
	case recordings.Negotiate:
		text, _ := p.rec.Text(e)
		if o := p.opening[connOf(e)]; o != nil && !e.Failed() && strings.HasPrefix(text, "STARTTLS") {
			o.tls = true
		}
	case recordings.Opened:
		if e.Failed() {
			return nil // the client is still there, and may try another
		}
		s := &step{event: *e, begin: e.Received, end: e.Received}
		s.text, _ = p.rec.Text(e)
		if o := p.opening[connOf(e)]; o != nil {
			s.tls = o.tls
			if o.opened != 0 {
				s.begin, s.end = o.opened, later(o.opened, o.ended)
			}
		}
		return s
	case recordings.Disconnect:
		s := &step{event: *e, begin: e.Received, end: e.Received}
		if o := p.opening[connOf(e)]; o != nil && o.closed != 0 {
			s.begin = o.closed
		}
		delete(p.opening, connOf(e))
		return s
	}
	return nil
}

// later returns the later of two stamps. Those of a file lie before the start of
// this program, below zero, and zero is never.
func later(a, b plugins.Stamp) plugins.Stamp {
	if a == 0 || b != 0 && b > a {
		return b
	}
	return a
}

// stepHeap has the step first that the script was entered for first.
type stepHeap []*step

func (h stepHeap) Len() int { return len(h) }
func (h stepHeap) Less(i, j int) bool {
	if h[i].begin != h[j].begin {
		return h[i].begin < h[j].begin
	}
	return h[i].event.Seq < h[j].event.Seq
}
func (h stepHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *stepHeap) Push(x any)   { *h = append(*h, x.(*step)) }
func (h *stepHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}
