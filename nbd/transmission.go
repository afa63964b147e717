package nbd

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"workbench/plugins"
)

// A transmission is the second phase of a connection: requests and replies.
//
//	reader > work > workers (Handle.Do) > done > writer
//	   ^                                            |
//	   +------------------- free -------------------+
//
// What goes round is a slot, of which there are so many as requests may be in
// flight. A channel never holds up its sender for long: it has room for every
// slot, or a worker for it. The reader does requests itself, and sends their
// replies, while that is quicker than to pass them on: see reader.go.
type transmission struct {
	*conn
	*disk
	origin  plugins.Origin // of its requests, but for the cookie
	free    chan *slot     // slots at rest
	work    chan *slot     // to a worker that waits
	running sync.WaitGroup
	done    chan *slot    // done, and to be answered; nil = look into the outbox
	outbox  chan *outbox  // holds one, unless somebody fills or sends it
	stuck   atomic.Int32  // requests of others that take long, or are expected to
	slow    atomic.Uint32 // a bit for each kind of request of which the last one took long, and one if the last two did
	turn    plugins.Turn
	left    chan error         // holds one; why the reader read no more
	cancel  context.CancelFunc // ends what is in flight; never changes

	// The reader's. They go over to the one who relieves it.
	spare    []*slot       // slots at rest besides free
	made     int           // slots that there are
	patience *time.Timer   // while no slot is free
	workers  int           // workers that there are
	own      *outbox       // with what the reader has answered; nil = somebody else has it
	sent     int           // how many answers the reader sent last
	lingerer *lingerer     // for when the reader waits
	arrived  plugins.Stamp // when the last bytes came
}

// A slot is a request on its way, and the memory that it needs.
type slot struct {
	plugins.Request
	payload *buffer // holds Data of a write, and of a read unless Do replaced it
	pieces  []piece // of a read: what is data and what is a hole; empty = all data
	err     error   // what Do returned
	stuck   bool    // it counts in transmission.stuck
}

// keepExtents is up to how many extents a slot keeps the memory for.
const keepExtents = 4096

func newTransmission(c *conn, d *disk) *transmission {
	n := c.server.slots()
	t := &transmission{
		conn:     c,
		disk:     d,
		origin:   originOf(c.num, c.client),
		free:     make(chan *slot, n),
		patience: time.NewTimer(hangUpPoll),
		work:     make(chan *slot),
		done:     make(chan *slot, n+1), // and a nil
		outbox:   make(chan *outbox, 1),
		left:     make(chan error, 1),
	}
	t.lingerer = newLingerer(c.nc)
	t.outbox <- &outbox{batch: newBatch()}
	return t
}

// run reads requests until the client leaves, and returns when all of them are
// answered. DISC and a server that shuts down let what is in flight finish. A
// client that only closed its own direction may still read, and has hangUpGrace
// for that; one that is gone is not interested, and what is in flight is
// cancelled.
func (t *transmission) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	written := make(chan error)
	go func() { written <- t.write(cancel) }()

	t.cancel = cancel
	t.turn.Watch(func(what uint64) { t.relieve(ctx, what) })
	defer t.turn.Stop()
	t.running.Go(func() { t.lead(ctx) })
	readErr := <-t.left
	draining := errors.Is(readErr, os.ErrDeadlineExceeded) && t.isDraining()
	switch {
	case readErr == nil || draining:
	case readErr == io.EOF && hangUp(t.nc) != hungUpWholly:
		defer time.AfterFunc(hangUpGrace, cancel).Stop()
	default:
		cancel()
	}
	close(t.work)
	t.running.Wait()
	close(t.done)
	writeErr := <-written
	switch {
	case readErr == nil || readErr == io.EOF: // it left: whether the last answer reached it is its affair
		return nil
	case draining || writeErr != nil: // if writing failed, that stopped the reader
		return writeErr
	}
	return readErr
}

const (
	// hangUpPoll is how often it is looked whether a client that has filled its
	// slots is still there.
	hangUpPoll = 250 * time.Millisecond

	// hangUpGrace is how long a client that closed its own direction waits for
	// the next answer: over TCP it cannot be told from one that is gone.
	hangUpGrace = time.Second
)

// take returns a slot, when there is one, or io.EOF if the client hung up before.
func (t *transmission) take() (*slot, error) {
	if last := len(t.spare) - 1; last >= 0 {
		s := t.spare[last]
		t.spare = t.spare[:last]
		return s, nil
	}
	select {
	case s := <-t.free:
		return s, nil
	default:
	}
	if t.made < cap(t.free) {
		t.made++
		return new(slot), nil
	}
	t.yield() // what is answered has slots, too
	defer t.patience.Stop()
	for halfClosed := time.Duration(0); halfClosed < hangUpGrace; {
		t.patience.Reset(hangUpPoll)
		select {
		case s := <-t.free:
			return s, nil
		case <-t.patience.C:
		}
		switch hangUp(t.nc) {
		case hungUpWholly:
			return nil, io.EOF
		case hungUpHalf:
			halfClosed += hangUpPoll
		}
	}
	return nil, io.EOF
}

// release cleans s up and puts it to rest.
func (t *transmission) release(s *slot) {
	t.clean(s)
	t.free <- s
}

// clean makes s ready for another request.
func (t *transmission) clean(s *slot) {
	t.server.buffers.put(s.payload)
	extents := s.Extents[:0]
	if cap(extents) > keepExtents {
		extents = nil
	}
	*s = slot{pieces: s.pieces[:0]}
	s.Extents = extents
}

// dispatch gives s to a worker. Workers are reused, because a new one grows its
// stack anew, and started only when all are busy, so that a backend which does
// one thing at a time runs on few of them.
func (t *transmission) dispatch(ctx context.Context, s *slot) {
	if s.stuck = t.isSlow(s.Op); s.stuck {
		t.stuck.Add(1)
	}
	select {
	case t.work <- s:
		return
	default:
	}
	if t.workers == cap(t.free) {
		t.work <- s // there are as many workers as slots: one is about to wait for work
		return
	}
	t.workers++
	t.running.Go(func() {
		for s, ok := s, true; ok; s, ok = <-t.work {
			t.do(ctx, s)
			if s.stuck {
				t.stuck.Add(-1)
			}
			t.done <- s
		}
	})
}

// do has the backend do one request.
func (t *transmission) do(ctx context.Context, s *slot) {
	if s.Op == plugins.OpRead && t.info.Check(&s.Request) == nil { // no memory for what will be refused
		s.payload = t.server.buffers.get(s.Length)
		s.Data = s.payload.b
	}
	s.err = t.handle.Do(ctx, &s.Request)
	t.learn(s)
	if s.err == nil {
		s.err = t.checkAnswer(s)
	}
	if s.Op == plugins.OpRead && s.err == nil && t.structured { // here rather than in the writer, which all requests share
		s.pieces = findHoles(s.pieces[:0], s.Data, s.Offset, s.Flags&plugins.FlagDF == 0)
	}
}

// checkAnswer holds the backend to its contract, where a breach would put the
// reply out of step.
func (t *transmission) checkAnswer(s *slot) error {
	switch s.Op {
	case plugins.OpRead:
		if uint64(len(s.Data)) != s.Length {
			return plugins.Errorf(syscall.EIO, "the backend answered a READ of %d bytes with %d", s.Length, len(s.Data))
		}
	case plugins.OpExtents:
		next := s.Offset
		for i, e := range s.Extents {
			if e.End() <= next || e.Offset != next && (i > 0 || e.Offset > next) {
				next = s.Offset
				break
			}
			next = e.End()
		}
		if next == s.Offset {
			return plugins.Errorf(syscall.EIO, "the backend answered BLOCK_STATUS with extents that are not one after another from offset %d", s.Offset)
		}
	}
	return nil
}
