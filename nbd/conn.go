package nbd

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"workbench/plugins"
)

const (
	// readBuffer is how much is read from a socket at once: sixteen writes of
	// 4 KiB, and more, which is about what a unix socket holds.
	readBuffer = 128 << 10

	// readPast is from how many bytes on the rest of a payload is read past the
	// buffer: another system call is cheaper than to copy so much.
	readPast = 16 << 10

	// shortAhead is how much is read at once after such a payload: what is read
	// ahead of the next one would have to be copied.
	shortAhead = 4 << 10
)

// A conn is the server's side of a connection. One goroutine, the reader, has
// it from the first byte to the last; drain and cut may be called from others.
type conn struct {
	server   *Server
	num      uint32   // from 1; set by Server.addConn
	socket   net.Conn // for deadlines and the end; never changes
	nc       net.Conn // for messages: the socket, or what encrypts it since STARTTLS
	in       *bufio.Reader
	ahead    int                     // how much is read into it at once
	secure   bool                    // STARTTLS was granted
	requests bool                    // the handshake is over
	urged    bool                    // the socket has a read deadline for the rest of a message
	client   *plugins.Client         // who is at the other end; replaced by STARTTLS, never changed
	cut      context.CancelCauseFunc // ends the connection at once
	leaving  atomic.Bool             // the backend said goodbye: what the client asks for is refused

	mu       sync.Mutex
	draining bool // guarded by mu, as is the read deadline of socket
	waiting  bool // guarded by mu; the backend has not let the client in yet
}

func newConn(s *Server, nc net.Conn, cut context.CancelCauseFunc) *conn {
	c := &conn{server: s, socket: nc, nc: nc, ahead: readBuffer, cut: cut}
	c.in = bufio.NewReaderSize(aheadReader{c}, readBuffer)
	c.client = peerOf(nc)
	c.client.Disconnect = c.disconnect
	return c
}

// serve takes the connection through its two phases. It returns nil if it ended in peace.
func (c *conn) serve(ctx context.Context) error {
	h := handshake{conn: c}
	leave, err := h.admit(ctx)
	if err != nil {
		return c.reason(ctx, err)
	}
	defer leave()
	d, err := h.run(ctx)
	if d == nil || err != nil {
		return c.reason(ctx, err)
	}
	c.requests = true
	c.server.Trace.opened(c.num, d.export, d.info)
	c.server.busy.Add(1)
	err = c.reason(ctx, newTransmission(c, d).run(ctx))
	c.server.busy.Add(-1)
	if cerr := d.handle.Close(); cerr != nil {
		err = errors.Join(err, fmt.Errorf("nbd: closing the export: %w", cerr))
	}
	return err
}

// reason makes of the error that a phase ended with the reason for the end: nil
// if it was in peace.
func (c *conn) reason(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == io.EOF: // not wrapped: between two messages
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded) && c.isDraining():
		return nil
	}
	return err
}

// header reads the n bytes of a header, which are valid until the next read.
func (c *conn) header(n int, doing string) ([]byte, error) {
	b, err := c.peekHeader(n, doing)
	if err == nil {
		c.in.Discard(n) // cannot fail: they stand in the buffer
	}
	return b, err
}

// peekHeader is header for a caller who may leave them to be read again. It
// returns io.EOF as it is if the client hung up before the first of them. For
// that one the client may take for ever once the handshake is over, for the
// others not.
func (c *conn) peekHeader(n int, doing string) ([]byte, error) {
	if c.in.Buffered() >= n {
		return c.in.Peek(n) // as when many come at once
	}
	if err := c.relax(); err != nil {
		return nil, err
	}
	waits := c.in.Buffered() == 0
	b, err := c.in.Peek(1)
	if err == io.EOF {
		return nil, err
	}
	if err == nil && waits && c.isDraining() {
		err = os.ErrDeadlineExceeded // bytes that come together with the deadline may win over it
	}
	if err == nil {
		err = c.urge(n)
	}
	if err == nil {
		b, err = c.in.Peek(n)
	}
	if err != nil {
		return nil, hungUp(doing, err)
	}
	return b, nil
}

// An aheadReader reads from a connection what belongs into its buffer.
type aheadReader struct{ *conn }

func (r aheadReader) Read(p []byte) (int, error) { return r.nc.Read(p[:min(len(p), r.ahead)]) }

// readFull fills p with what comes next.
func (c *conn) readFull(p []byte) error {
	here := min(len(p), c.in.Buffered())
	_, err := io.ReadFull(c.in, p[:here])
	switch rest := p[here:]; {
	case err != nil || len(rest) == 0:
	case len(rest) >= readPast:
		_, err = io.ReadFull(c.nc, rest)
	default:
		_, err = io.ReadFull(c.in, rest)
	}
	return err
}

// disconnect is plugins.Client.Disconnect.
func (c *conn) disconnect(force bool) {
	if force {
		c.cut(errDisconnected)
		c.socket.Close() // now: no answer may leave any more
		return
	}
	c.leaving.Store(true)
}

// drain lets the connection end in peace: nothing more is read from the client,
// and what it has asked for is answered.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if c.waiting {
		c.cut(ErrServerClosed)
	}
	if err := c.socket.SetReadDeadline(time.Unix(1, 0)); err != nil {
		c.cut(ErrServerClosed) // it cannot be woken otherwise
	}
}

func (c *conn) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// limit gives the client d for the next step, or for ever if d is 0.
func (c *conn) limit(d time.Duration) error {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		return c.socket.SetWriteDeadline(until)
	}
	return c.socket.SetDeadline(until)
}

// slowest is how many bytes a second a client must send or take in the midst of
// a message, beside the StallTimeout that it has for each.
const slowest = 64 << 10

// stallLimit is when a message of n bytes must have passed.
func (c *conn) stallLimit(n int) time.Time {
	return time.Now().Add(c.server.stallTimeout() + time.Duration(n/slowest)*time.Second)
}

// urge limits the time for n bytes more of a message that has begun, unless they
// have come already. The handshake has limits of its own.
func (c *conn) urge(n int) error {
	if !c.requests || c.in.Buffered() >= n {
		return nil
	}
	c.urged = true
	return c.limitRead(c.stallLimit(n))
}

// relax takes the limit of urge away, before a new message.
func (c *conn) relax() error {
	if !c.urged || c.in.Buffered() > 0 {
		return nil
	}
	c.urged = false
	return c.limitRead(time.Time{})
}

// limitRead sets the read deadline, unless the connection is draining, which has its own.
func (c *conn) limitRead(until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		return nil
	}
	return c.socket.SetReadDeadline(until)
}

// close ends the connection. An encrypted one says good-bye, for which crypto/tls
// takes 5 seconds at most, so that the client can tell the end from one that
// somebody else made.
func (c *conn) close() {
	if tc, ok := c.nc.(*tls.Conn); ok {
		tc.CloseWrite() // whether it was heard is the client's affair
	}
	c.socket.Close() // nothing that was sent depends on its error
}
