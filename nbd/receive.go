package nbd

import (
	"bytes"
	"fmt"
	"io"
	"syscall"

	"workbench/plugins"
)

// readRequest reads one request with its payload. It returns nil after DISC, and
// errRelieved if another goroutine has begun to read.
//
// Before it waits for the client, it sends what has been answered. That must not
// happen in the midst of a request, with which nobody else could go on.
func (t *transmission) readRequest() (*slot, error) {
	// The header comes before the slot, so that a client which hangs up is
	// noticed at once while every slot waits for the backend.
	size := requestHeaderSize(t.extended)
	waits := t.in.Buffered() < size
	if waits {
		if !t.flush() {
			return nil, errRelieved
		}
		if t.sent > 1 && t.server.busy.Load() == 1 {
			t.lingerer.linger()
		}
		t.sent = 0 // what workers answer, the writer sends
	}
	b, err := t.peekHeader(size, "reading a request")
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
	if uint64(t.in.Buffered()-size) < t.payloadSize(&m) {
		if waits = true; !t.flush() {
			return nil, errRelieved
		}
	}
	t.in.Discard(size) // cannot fail: they stand in the buffer
	s, err := t.take()
	if err != nil {
		return nil, err
	}
	t.translate(&m, &s.Request)
	if err := t.readPayload(&m, s); err != nil {
		t.release(s)
		return nil, err
	}
	t.ahead = readBuffer
	if m.command == cmdWrite && m.length >= readPast {
		t.ahead = shortAhead
	}
	if waits || t.arrived == 0 { // what came by the same read came at the same time
		t.arrived = plugins.Now()
	}
	s.Received = t.arrived
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
		err = t.readData(s)
	case size > 0:
		err = t.readFilter(s)
	}
	if err != nil {
		return hungUp(fmt.Sprintf("reading the %d bytes of a %s", size, m.command), err)
	}
	return nil
}

// readData reads the payload of a WRITE.
func (t *transmission) readData(s *slot) error {
	s.Given = t.keeps
	switch {
	case !t.keeps:
		s.payload = t.server.buffers.get(s.Length)
		s.Data = s.payload.b
	case uint64(t.in.Buffered()) >= s.Length:
		b, err := t.in.Peek(int(s.Length))
		s.Data = bytes.Clone(b) // which does not clear its memory before
		t.in.Discard(len(b))    // cannot fail: they stand in the buffer
		return err
	default:
		s.Data = plugins.Uncleared(int(s.Length))
	}
	return t.readFull(s.Data)
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
