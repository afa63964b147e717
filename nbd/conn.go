package nbd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// readBuffer is how much is read from a socket at once: several small writes.
const readBuffer = 64 << 10

// A conn is the server's side of a connection. One goroutine, the reader, has
// it from the first byte to the last; drain and cut may be called from others.
type conn struct {
	server *Server
	num    uint32 // from 1; set by Server.addConn
	nc     net.Conn
	in     *bufio.Reader
	peer   string                  // the client's address in words
	cut    context.CancelCauseFunc // ends the connection at once

	mu       sync.Mutex
	draining bool // guarded by mu, as is the read deadline of nc
}

func newConn(s *Server, nc net.Conn, cut context.CancelCauseFunc) *conn {
	return &conn{server: s, nc: nc, in: bufio.NewReaderSize(nc, readBuffer), peer: peerName(nc), cut: cut}
}

// serve takes the connection through its two phases. It returns nil if it ended in peace.
func (c *conn) serve(ctx context.Context) error {
	h := handshake{conn: c}
	d, err := h.run(ctx)
	if d == nil || err != nil {
		return c.reason(ctx, err)
	}
	c.server.Trace.opened(c.num, d.export, d.info)
	err = c.reason(ctx, newTransmission(c, d).run(ctx))
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

// header reads the n bytes of a header, which are valid until the next read. It
// returns io.EOF as it is if the client hung up before the first of them.
func (c *conn) header(n int, doing string) ([]byte, error) {
	b, err := c.in.Peek(n)
	switch {
	case err == io.EOF && len(b) == 0:
		return nil, err
	case err != nil:
		return nil, hungUp(doing, err)
	}
	_, err = c.in.Discard(n) // cannot fail: they stand in the buffer
	return b, err
}

// drain lets the connection end in peace: nothing more is read from the client,
// and what it has asked for is answered.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if err := c.nc.SetReadDeadline(time.Unix(1, 0)); err != nil {
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
		return c.nc.SetWriteDeadline(until)
	}
	return c.nc.SetDeadline(until)
}
