package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// Options say how to replay.
type Options struct {
	// Speed is how many times as fast as recorded; 0 = as fast as the plugin goes.
	Speed float64

	// ReadOnly opens disks read-only and sends nothing that writes.
	ReadOnly bool

	// Allow is asked before each request, with what it does, and with 0 after a
	// disk was opened: its error ends the replay. nil allows all.
	Allow func(op plugins.Op) error

	// Stats returns what the callbacks of the plugin did; nil = not known.
	Stats func() []recordings.CallbackStats

	// Progress is told now and then how many of the events are done; nil = nobody
	// wants to know. It must not block.
	Progress func(done, total uint64)

	// Limit is how many differences are kept; 0 = 10. All are counted.
	Limit int
}

const (
	// maxFlying is how many requests are in flight at most.
	maxFlying = 1024

	// maxHeld is how many bytes they, and the answers that are still to be judged,
	// may hold, unless it is one alone.
	maxHeld = 256 << 20

	// admitPatience is how long a client may wait to be let in.
	admitPatience = 10 * time.Second

	// progressRest is how many steps are between two reports of progress.
	progressRest = 16
)

// Run does the requests of rec again with b. The error is a replay that did not
// come to its end; the report holds what was found up to there. What differs is
// no error.
func Run(ctx context.Context, rec recordings.Recording, b plugins.Backend, o Options) (*Report, error) {
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	r := &runner{
		rec: rec, backend: b, o: o,
		clients:  map[connID]*client{},
		answered: make(chan *sent, maxFlying),
		readOnly: o.ReadOnly || rec.Header().ReadOnly,
	}
	r.limit = o.Limit
	r.note()
	began := time.Now()
	err := r.run(ctx)
	r.stopped = ctx.Err() != nil
	r.collectAll()
	r.settle(maxStamp)
	if err == nil {
		err = r.failure
	}
	for _, c := range r.clients {
		r.close(c)
	}
	r.wg.Wait()
	r.Took = time.Since(began)
	var is []recordings.CallbackStats
	if o.Stats != nil {
		is = o.Stats()
	}
	r.Callbacks = pairCallbacks(rec.Stats(), is)
	if r.Requests == 0 && err == nil {
		r.Notes = append(r.Notes, "the recording has no requests")
	}
	return r.finish(), err
}

// maxStamp is later than everything.
const maxStamp = plugins.Stamp(1<<63 - 1)

// A runner is one replay. All but the requests themselves happens on the
// goroutine of Run.
type runner struct {
	tally
	rec      recordings.Recording
	backend  plugins.Backend
	o        Options
	readOnly bool

	clients  map[connID]*client
	flying   []*sent    // not answered yet
	recent   []*sent    // begun before the step that is next, and ended after that begins
	answered chan *sent // those in flight, when they are answered
	wg       sync.WaitGroup
	alone    bool  // nothing may begin until the step that is done now is over
	unknown  spans // where it is not known what should stand on the disk
	failure  error // the first of reading the recording
	stopped  bool  // the context has ended: errors may come from that
}

// A client is a connection of the replay.
type client struct {
	id     connID
	handle plugins.Handle // nil if it could not be opened
	leave  func()
}

// A sent is a request of the recording on its way.
type sent struct {
	*step
	client  *client
	request plugins.Request
	err     error
	flies   bool
	meddled bool  // the recorded answer is not the script's
	unknown spans // of what it reads
	verdict verdict
	failure error // the recording could not be read
}

// note says what the header tells about the value of the replay.
func (r *runner) note() {
	h := r.rec.Header()
	if h.Filter != "" {
		r.Notes = append(r.Notes, fmt.Sprintf("only what matches %q was recorded: what the rest did to the disk is missing", h.Filter))
	}
	if first, _ := r.rec.Bounds(); first > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("the first %d events are gone: what they did to the disk is missing", first))
	}
	if n := len(h.Generations); n > 1 {
		r.Notes = append(r.Notes, fmt.Sprintf("the script changed while it was recorded: there are %d generations", n))
	}
}

// run does the steps one after the other.
func (r *runner) run(ctx context.Context) error {
	p := newPlan(r.rec)
	first, end := r.rec.Bounds()
	began := plugins.Now()
	var start, last plugins.Stamp
	reached := first // steps come in another order than their events
	for done := 0; ; done++ {
		s := p.step()
		if s == nil {
			break
		}
		if start == 0 {
			start = s.event.Received
		}
		last = later(last, later(s.event.Received, s.event.Replied))
		r.Recorded = last.Sub(start)
		if r.o.Speed > 0 {
			due := began + plugins.Stamp(float64(s.event.Received-start)/r.o.Speed)
			if err := r.wait(ctx, due); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.collect(s.begin)
		r.settle(s.begin)
		if r.failure != nil {
			return r.failure
		}
		next := p.peek()
		r.alone = next == nil || s.end <= next.begin
		if err := r.do(ctx, s); err != nil {
			return err
		}
		if r.o.Progress != nil && done%progressRest == 0 {
			reached = max(reached, s.event.Seq)
			r.o.Progress(reached-first, end-first)
		}
	}
	r.collectAll()
	if r.o.Progress != nil {
		r.o.Progress(end-first, end-first)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// wait returns when it is due, and takes answers meanwhile.
func (r *runner) wait(ctx context.Context, due plugins.Stamp) error {
	rest := due - plugins.Now()
	if rest <= 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(rest))
	defer timer.Stop()
	for {
		select {
		case x := <-r.answered:
			r.take(x)
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// collect waits until all are answered that had left the script when the next
// one entered it.
func (r *runner) collect(next plugins.Stamp) {
	waits := func(x *sent) bool { return x.end <= next }
	for slices.ContainsFunc(r.flying, waits) {
		r.take(<-r.answered)
	}
}

// collectAll waits until all are answered.
func (r *runner) collectAll() {
	for len(r.flying) > 0 {
		r.take(<-r.answered)
	}
}

// take takes note of an answer.
func (r *runner) take(x *sent) {
	i := slices.Index(r.flying, x)
	r.flying = slices.Delete(r.flying, i, i+1)
	x.flies = false
	if r.failure == nil {
		r.failure = x.failure
	}
}

// settle judges what was over when the next step began: nothing that is to come
// can have disturbed it.
func (r *runner) settle(next plugins.Stamp) {
	r.recent = slices.DeleteFunc(r.recent, func(x *sent) bool {
		if x.end > next || x.flies {
			return false
		}
		r.judge(x)
		return true
	})
}

// do does one step.
func (r *runner) do(ctx context.Context, s *step) error {
	c := r.clients[connOf(&s.event)]
	switch s.event.Kind {
	case recordings.Opened:
		if c != nil {
			r.end(c)
		}
		return r.open(ctx, s)
	case recordings.Disconnect:
		if c != nil {
			r.end(c)
		}
		return nil
	}
	r.Requests++
	if c == nil {
		// The recording begins in the middle: the default export is a good guess.
		if err := r.open(ctx, &step{event: recordings.Event{Kind: recordings.Opened, Front: s.event.Front, Conn: s.event.Conn}}); err != nil {
			return err
		}
		c = r.clients[connOf(&s.event)]
	}
	return r.send(ctx, c, s)
}

// open opens a disk as s tells. That the plugin refuses is a difference.
func (r *runner) open(ctx context.Context, s *step) error {
	c := &client{id: connOf(&s.event)}
	r.clients[c.id] = c
	r.Connections++
	p := plugins.OpenParams{
		Export: s.text, ReadOnly: r.readOnly, TLS: s.tls, Front: c.id.front, Conn: c.id.conn,
		Client: &plugins.Client{
			Name: fmt.Sprintf("the replay of %s#%d", c.id.front, c.id.conn), PID: -1, UID: -1, GID: -1,
			Disconnect: func(bool) {}, // the recording says when it went
		},
	}
	var err error
	if c.leave, err = r.admit(ctx, p); err == nil {
		c.handle, err = r.backend.Open(ctx, p)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNotAdmitted):
		return fmt.Errorf("%s#%d: %w: the recording has %d clients at once", c.id.front, c.id.conn, err, len(r.clients))
	case err != nil:
		r.differ(Difference{Kind: Refused, Event: s.event, Was: Answer{Text: s.text}, Is: answerOf(err)})
	case s.event.Received != 0 && c.handle.Info().Size != s.event.Length:
		r.differ(Difference{Kind: Size, Event: s.event, Was: Answer{Size: s.event.Length}, Is: Answer{Size: c.handle.Info().Size}})
	}
	return r.allow(0)
}

// errNotAdmitted is a client that is kept waiting for others to leave.
var errNotAdmitted = errors.New("the plugin lets no further client in (perhaps it serves one at a time: serialize_connections)")

// admit asks the plugin to let a client in. One that must wait until another
// leaves would wait for ever: the steps come in the order of the recording.
func (r *runner) admit(ctx context.Context, p plugins.OpenParams) (leave func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, admitPatience, errNotAdmitted)
	defer cancel()
	leave, err = plugins.Admit(ctx, r.backend, p)
	if err != nil && context.Cause(ctx) == errNotAdmitted {
		err = errNotAdmitted
	}
	return leave, err
}

// end closes c in the midst of the replay, when its requests are answered.
func (r *runner) end(c *client) {
	for slices.ContainsFunc(r.flying, func(x *sent) bool { return x.client == c }) {
		r.take(<-r.answered)
	}
	r.close(c)
}

// close closes c, which has nothing in flight.
func (r *runner) close(c *client) {
	delete(r.clients, c.id)
	if c.handle != nil {
		if err := c.handle.Close(); err != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("closing %s#%d: %v", c.id.front, c.id.conn, err))
		}
	}
	if c.leave != nil {
		c.leave()
	}
}

func (r *runner) allow(op plugins.Op) error {
	if r.o.Allow == nil {
		return nil
	}
	return r.o.Allow(op)
}
