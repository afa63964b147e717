package nbd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
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
// slot, or a worker for it.
type transmission struct {
	*conn
	*disk
	free     chan *slot  // slots at rest
	made     int         // slots that there are; the reader's
	patience *time.Timer // while no slot is free; the reader's
	work     chan *slot  // to a worker that waits
	workers  int         // workers that there are; the reader's
	running  sync.WaitGroup
	done     chan *slot // done, and to be answered
}

// A slot is a request on its way, and the memory that it needs.
type slot struct {
	plugins.Request
	payload *buffer // holds Data of a write, and of a read unless Do replaced it
	pieces  []piece // of a read: what is data and what is a hole; empty = all data
	err     error   // what Do returned
}

// keepExtents is up to how many extents a slot keeps the memory for.
const keepExtents = 4096

func newTransmission(c *conn, d *disk) *transmission {
	n := c.server.slots()
	return &transmission{
		conn:     c,
		disk:     d,
		free:     make(chan *slot, n),
		patience: time.NewTimer(hangUpPoll),
		work:     make(chan *slot),
		done:     make(chan *slot, n),
	}
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

	readErr := t.read(ctx)
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

// read hands requests to workers. It returns nil after DISC, and io.EOF if the
// client hung up between two requests.
func (t *transmission) read(ctx context.Context) error {
	for ctx.Err() == nil { // more requests may stand in the buffer than should be begun now
		s, err := t.readRequest()
		if s == nil || err != nil {
			return err
		}
		t.dispatch(ctx, s)
	}
	return context.Cause(ctx)
}

// readRequest reads one request with its payload. It returns nil after DISC.
func (t *transmission) readRequest() (*slot, error) {
	// The header comes before the slot, so that a client which hangs up is
	// noticed at once while every slot waits for the backend.
	b, err := t.header(requestHeaderSize(t.extended), "reading a request")
	if err != nil {
		return nil, err
	}
	var m extRequest
	c := coder{buf: b} // not parseMessage: this way m stays on the stack
	m.walk(&c, t.extended)
	if c.err != nil {
		return nil, protocolErrorf("request: %v", c.err)
	}
	if m.command == cmdDisc {
		return nil, nil
	}
	s, err := t.take()
	if err != nil {
		return nil, err
	}
	t.translate(&m, &s.Request)
	if err := t.readPayload(&m, s); err != nil {
		t.release(s)
		return nil, err
	}
	s.Received = plugins.Now()
	return s, nil
}

// payloadSize returns how many bytes follow the header of m: those of a WRITE, and
// with extended headers those that the client says, whatever the command is. A
// WRITE without the flag is the client's fault, but who sends one sends the data,
// so nothing is gained by falling out of step; qemu takes it, too.
func (t *transmission) payloadSize(m *extRequest) uint64 {
	if m.command == cmdWrite || t.extended && m.flags&cmdFlagPayloadLen != 0 {
		return m.length
	}
	return 0
}

// readPayload reads what follows the header of m, or reads past it if the
// request must fail: either way the next header comes next.
func (t *transmission) readPayload(m *extRequest, s *slot) (err error) {
	size := t.payloadSize(m)
	if size > maxDiscard {
		return protocolErrorf("the client wrote %d bytes at once with %s: %d are the most, and %d the most that is read past",
			size, m.command, plugins.MaxPayload, maxDiscard)
	}
	if s.Refuse == nil {
		switch {
		case m.command == cmdWrite && size > plugins.MaxPayload:
			s.Refuse = plugins.Errorf(syscall.ENOMEM, "WRITE of %d bytes: %d is the most at once", size, plugins.MaxPayload)
		case m.command == cmdBlockStatus && size > 0 && size != statusFilterSize:
			s.Refuse = plugins.Errorf(syscall.EINVAL, "BLOCK_STATUS with %d bytes: want a length (8 bytes) and one context (4 bytes), as there are no more", size)
		}
	}
	if err := t.urge(int(size)); err != nil {
		return err
	}
	switch {
	case s.Refuse != nil:
		_, err = io.CopyN(io.Discard, t.in, int64(size))
	case m.command == cmdWrite:
		s.payload = t.server.buffers.get(s.Length)
		s.Data = s.payload.b
		_, err = io.ReadFull(t.in, s.Data)
	case size > 0:
		err = t.readFilter(s)
	}
	if err != nil {
		return hungUp(fmt.Sprintf("reading the %d bytes of a %s", size, m.command), err)
	}
	return nil
}

// readFilter reads the payload of a BLOCK_STATUS.
func (t *transmission) readFilter(s *slot) error {
	b := make([]byte, statusFilterSize)
	if _, err := io.ReadFull(t.in, b); err != nil {
		return err
	}
	var m statusFilter
	if err := parseMessage(b, &m); err != nil {
		return err
	}
	s.Length = m.length
	if m.context != allocationID {
		s.Refuse = plugins.Errorf(syscall.EINVAL, "BLOCK_STATUS names the context %d, which was not negotiated", m.context)
	}
	return nil
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
	select {
	case s := <-t.free:
		return s, nil
	default:
	}
	if t.made < cap(t.free) {
		t.made++
		return new(slot), nil
	}
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
	t.server.buffers.put(s.payload)
	extents := s.Extents[:0]
	if cap(extents) > keepExtents {
		extents = nil
	}
	*s = slot{pieces: s.pieces[:0]}
	s.Extents = extents
	t.free <- s
}

// dispatch gives s to a worker. Workers are reused, because a new one grows its
// stack anew, and started only when all are busy, so that a backend which does
// one thing at a time runs on few of them.
func (t *transmission) dispatch(ctx context.Context, s *slot) {
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

// write answers requests until done is closed. After an error nothing more is
// sent, and it is all over: cancel stops the reader and the requests.
func (t *transmission) write(cancel context.CancelFunc) error {
	var failed error
	b := newBatch()
	var answered []*slot
	for s := range t.done {
		answered = append(answered[:0], s)
		t.answer(b, s)
	more:
		for b.size() < batchSize {
			select {
			case s, ok := <-t.done:
				if !ok {
					break more
				}
				answered = append(answered, s)
				t.answer(b, s)
			default:
				break more
			}
		}
		if failed == nil {
			if err := t.send(b); err != nil {
				failed = fmt.Errorf("nbd: sending replies: %w", err)
				cancel()
				t.socket.Close()
			}
		}
		b.reset()
		for _, s := range answered {
			plugins.Finish(t.handle, &s.Request, s.err)
			t.release(s)
		}
	}
	return failed
}

// send sends b, for which the client must not take for ever.
func (t *transmission) send(b *batch) error {
	if err := t.socket.SetWriteDeadline(t.stallLimit(b.size())); err != nil {
		return err
	}
	if err := b.send(t.nc); err != nil || !t.secure {
		return err
	}
	// TLS writes for itself too, when it has read something, at any time.
	return t.socket.SetWriteDeadline(time.Time{})
}
