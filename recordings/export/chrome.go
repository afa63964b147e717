package export

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// A chrome writes Chrome trace events, as a JSON object. A front end is a
// process and a connection a thread; a request is a span, with the callback that
// it ran inside it; the rest are marks.
//
// Spans of one thread must lie inside each other or apart, but requests of a
// connection overlap as they like. So a connection has lanes, a thread each,
// and a request takes the first that is free.
type chrome struct {
	w      *bufio.Writer
	r      recordings.Recording
	begun  bool
	comma  bool // an element stands before the next one
	start  plugins.Stamp
	lanes  map[conn][]lane
	inside map[inFlight]int // threads of requests that have come and not gone
	fronts [256]bool        // those that have a name already
	thread int              // the last one given to a lane
}

// A lane is a thread, and the time from which on it is free.
type lane struct {
	thread int
	free   plugins.Stamp
}

// inFlight names a request as the events of its callbacks do.
type inFlight struct {
	conn
	cookie uint64
}

// A traceEvent is one element of traceEvents. Times are in microseconds.
type traceEvent struct {
	Name     string          `json:"name"`
	Category string          `json:"cat,omitempty"`
	Phase    string          `json:"ph"`
	Time     json.RawMessage `json:"ts"`
	Duration json.RawMessage `json:"dur,omitempty"`
	Process  int             `json:"pid"`
	Thread   int             `json:"tid"`
	Scope    string          `json:"s,omitempty"` // of a mark: t thread, g all
	Args     any             `json:"args,omitempty"`
}

// The phases of trace events.
const (
	phaseSpan = "X"
	phaseMark = "i"
	phaseName = "M"
)

// eventArgs are what a viewer shows of a span or a mark that is clicked.
type eventArgs struct {
	Seq        uint64  `json:"seq"`
	PID        uint32  `json:"pid,omitempty"`
	Program    string  `json:"program,omitempty"`
	Cookie     *uint64 `json:"cookie,omitempty"`
	Offset     *uint64 `json:"offset,omitempty"`
	Length     *uint64 `json:"length,omitempty"`
	Flags      string  `json:"flags,omitempty"`
	Fate       string  `json:"fate,omitempty"`
	Rule       uint16  `json:"rule,omitempty"`
	Generation uint32  `json:"generation,omitempty"`
	Result     string  `json:"result,omitempty"`
	Text       string  `json:"text,omitempty"`
}

func newChrome(w *bufio.Writer, r recordings.Recording, _ Options) encoder {
	return &chrome{w: w, r: r, lanes: make(map[conn][]lane), inside: make(map[inFlight]int)}
}

func (c *chrome) encode(m *moment) error {
	request := inFlight{m.conn(), m.Cookie}
	switch {
	case m.end:
		delete(c.inside, request)
	case m.Kind == recordings.Disconnect:
		err := c.mark(m)
		delete(c.lanes, m.conn())
		return err
	case !m.picked:
	case m.isRequest():
		thread, err := c.lane(m, m.ended())
		if err != nil {
			return err
		}
		c.inside[request] = thread
		return c.request(m, thread)
	case m.Kind == recordings.Callback:
		thread, ok := c.inside[request]
		if !ok || m.Op == 0 {
			var err error
			if thread, err = c.lane(m, m.Done); err != nil {
				return err
			}
		}
		return c.span(m, m.Callback.String(), "callback", thread, m.Started, m.Done)
	default:
		return c.mark(m)
	}
	return nil
}

// request writes a request, and what of it the script did.
func (c *chrome) request(m *moment, thread int) error {
	if err := c.span(m, m.Op.String(), "request", thread, m.Received, m.ended()); err != nil {
		return err
	}
	if m.Started == 0 || m.Done == 0 {
		return nil // it never came to the script
	}
	name := m.Op.Callback().String()
	if m.InCallback == 0 {
		name = "emulated " + strings.ToLower(m.Op.String()) // by other callbacks, which have events
	}
	return c.write(&traceEvent{Name: name, Category: "callback", Phase: phaseSpan, Thread: thread,
		Time: c.microseconds(m.Started), Duration: microseconds(m.Done.Sub(m.Started)), Process: int(m.Front),
		Args: eventArgs{Seq: m.Seq, Generation: m.Generation}})
}

func (c *chrome) span(m *moment, name, category string, thread int, from, to plugins.Stamp) error {
	return c.write(&traceEvent{Name: name, Category: category, Phase: phaseSpan, Thread: thread,
		Time: c.microseconds(from), Duration: microseconds(to.Sub(from)), Process: int(m.Front), Args: c.args(m)})
}

// mark writes an event that takes no time. One that no client caused is for all.
func (c *chrome) mark(m *moment) error {
	if !m.picked {
		return nil
	}
	thread, ok := c.inside[inFlight{m.conn(), m.Cookie}]
	if !ok || m.Op == 0 { // it was for no request
		var err error
		if thread, err = c.lane(m, 0); err != nil {
			return err
		}
	}
	scope := "t"
	if m.Front == plugins.NoFront {
		scope = "g"
	}
	return c.write(&traceEvent{Name: m.Kind.String(), Category: "event", Phase: phaseMark, Thread: thread, Scope: scope,
		Time: c.microseconds(m.at), Process: int(m.Front), Args: c.args(m)})
}

func (c *chrome) args(m *moment) eventArgs {
	a := eventArgs{
		Seq: m.Seq, Rule: m.Rule, Generation: m.Generation,
		PID: m.PID, Program: strings.ToValidUTF8(m.Program.String(), "\uFFFD"),
		Text: strings.ToValidUTF8(textOf(c.r, &m.Event), "\uFFFD"),
	}
	if m.Op != 0 {
		a.Cookie, a.Offset, a.Length = &m.Cookie, &m.Offset, &m.Length
	} else if m.Kind == recordings.Opened {
		a.Length = &m.Length
	}
	if m.Flags != 0 {
		a.Flags = m.Flags.String()
	}
	if m.Fate != 0 {
		a.Fate = m.Fate.String()
	}
	switch {
	case m.Failed():
		a.Result = plugins.ErrnoName(m.Err())
	case m.isRequest(), m.Kind == recordings.Callback:
		a.Result = "ok"
	}
	return a
}

// lane returns a thread of the connection of m that is free then, and takes it
// until the given time. Who needs it for no time, 0, gets the first one.
func (c *chrome) lane(m *moment, until plugins.Stamp) (int, error) {
	if err := c.begin(m.at); err != nil {
		return 0, err
	}
	lanes := c.lanes[m.conn()]
	for i := range lanes {
		switch {
		case until == 0:
			return lanes[i].thread, nil
		case lanes[i].free <= m.at:
			lanes[i].free = until
			return lanes[i].thread, nil
		}
	}
	c.thread++
	c.lanes[m.conn()] = append(lanes, lane{c.thread, cmp.Or(until, m.at)})
	return c.thread, c.name(m, len(lanes)+1)
}

// name tells how the newest thread and its process are called.
func (c *chrome) name(m *moment, n int) error {
	process := "workbench"
	name := "script"
	if m.Front != plugins.NoFront {
		process = m.Front.String()
		name = fmt.Sprintf("%s#%d", m.Front, m.Conn)
	}
	if n > 1 {
		name += fmt.Sprintf(" (%d)", n)
	}
	type named struct {
		Name string `json:"name"`
	}
	if !c.fronts[m.Front] {
		c.fronts[m.Front] = true
		if err := c.write(&traceEvent{Name: "process_name", Phase: phaseName, Process: int(m.Front), Args: named{process}}); err != nil {
			return err
		}
	}
	return c.write(&traceEvent{Name: "thread_name", Phase: phaseName, Process: int(m.Front), Thread: c.thread, Args: named{name}})
}

// begin writes the head of the object, once. Times count from the first event.
func (c *chrome) begin(at plugins.Stamp) error {
	if c.begun {
		return nil
	}
	c.begun, c.start = true, at
	_, err := fmt.Fprintf(c.w, `{"displayTimeUnit":"ns","otherData":{"program":"workbench","start":%q},"traceEvents":[`,
		at.Time().Format(time.RFC3339Nano))
	return err
}

// write writes one element.
func (c *chrome) write(e *traceEvent) error {
	if e.Time == nil {
		e.Time = json.RawMessage("0")
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if c.comma {
		c.w.WriteByte(',')
	}
	c.comma = true
	c.w.WriteByte('\n')
	_, err = c.w.Write(b) // what was not written before, it tells
	return err
}

func (c *chrome) close() error {
	if err := c.begin(0); err != nil {
		return err
	}
	_, err := c.w.WriteString("\n]}\n")
	return err
}

func (c *chrome) microseconds(at plugins.Stamp) json.RawMessage { return microseconds(at.Sub(c.start)) }

// microseconds returns d to the nanosecond.
func microseconds(d time.Duration) json.RawMessage {
	return strconv.AppendFloat(nil, float64(d)/1e3, 'f', 3, 64)
}
