package nbd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"workbench/plugins"
)

// A Server serves the exports of a Backend. Set the fields before the first
// call, and do not copy it afterwards. Its methods may be called from any
// goroutine, but Shutdown and Close, which wait for the connections, not from
// within a Trace or the Backend.
type Server struct {
	// Backend has the disks. It must be set.
	Backend plugins.Backend

	// ReadOnly asks the Backend for read-only disks.
	ReadOnly bool

	// Slots is how many requests of one connection may be in flight, which
	// includes those whose answer the client has not taken. 0 means 16.
	Slots int

	// MaxConns is how many clients may be connected at once. Who comes beyond it
	// is told so by the end of the connection, at once, rather than left to wait
	// for somebody else's end; Trace hears of it. 0 means 1024.
	MaxConns int

	// HandshakeTimeout is how long a client may take over each step of the
	// handshake. 0 means 30 seconds.
	HandshakeTimeout time.Duration

	// HandshakeLimit is how long the steps may take together, the time that the
	// Backend needs left out. 0 means 2 minutes.
	HandshakeLimit time.Duration

	// StallTimeout is how long a client may stand still in the midst of a
	// request, or take nothing of an answer; a large one has a second more for
	// each 64 KiB. Between two requests it may be silent for ever, and the
	// Backend may take for ever over one. 0 means 2 minutes.
	StallTimeout time.Duration

	// TLS, unless it is nil, is offered to clients that ask for it (STARTTLS).
	// LoadCertificates makes one.
	TLS *tls.Config

	// RequireTLS refuses everything but STARTTLS and ABORT to clients that have
	// not asked for encryption. Without TLS it refuses everybody.
	RequireTLS bool

	// NoStructuredReplies refuses them, and with them extended headers, as old
	// servers do.
	NoStructuredReplies bool

	// NoExtendedHeaders refuses them, as most servers do.
	NoExtendedHeaders bool

	// HideFlags are handshake flags not to offer, to look like an older server:
	// 1 hides fixed newstyle, 2 hides NO_ZEROES.
	HideFlags uint16

	// Trace is told of connections. The zero Trace tells nobody.
	Trace Trace

	buffers bufferPool
	busy    atomic.Int32 // connections past the handshake

	mu        sync.Mutex
	closing   bool                      // guarded by mu; no listener or connection is added any more
	lastConn  uint32                    // guarded by mu; the number of the newest connection
	listeners map[net.Listener]struct{} // guarded by mu
	conns     map[*conn]struct{}        // guarded by mu
	ended     sync.WaitGroup            // one for each connection; added to under mu, unless closing
}

// What zero means.
const (
	defaultSlots            = 16
	defaultMaxConns         = 1024
	defaultHandshakeTimeout = 30 * time.Second
	defaultHandshakeLimit   = 2 * time.Minute
	defaultStallTimeout     = 2 * time.Minute
)

// Serve accepts connections on l and serves each one on a goroutine of its own.
// It closes l and never returns nil. After Shutdown or Close it returns
// ErrServerClosed, and after the end of ctx, which cuts the connections, the
// cause of that, in both cases when every connection has ended. If l fails, it
// returns at once; the connections live on. Several Serves may run at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if !s.addListener(l) {
		return ErrServerClosed
	}
	defer s.removeListener(l)
	defer context.AfterFunc(ctx, func() { l.Close() })()

	var conns sync.WaitGroup
	for {
		nc, err := accept(ctx, l)
		switch {
		case err == nil:
			conns.Go(func() { s.ServeConn(ctx, nc) }) // errors go to the Trace
		case ctx.Err() != nil:
			conns.Wait()
			return context.Cause(ctx)
		case s.isClosing():
			conns.Wait()
			return ErrServerClosed
		default:
			return fmt.Errorf("accepting clients on %s: %w", l.Addr(), err)
		}
	}
}

// acceptPause is how long to wait when the system is short of something that
// a new connection needs: time enough for an old one to end.
const acceptPause = 100 * time.Millisecond

// accept waits for a client. What concerns one client or will pass is tried again.
func accept(ctx context.Context, l net.Listener) (net.Conn, error) {
	for {
		nc, err := l.Accept()
		switch {
		case errors.Is(err, syscall.ECONNABORTED):
			continue
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE),
			errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.ENOBUFS):
			select {
			case <-time.After(acceptPause):
				continue
			case <-ctx.Done():
			}
		}
		return nc, err
	}
}

// ServeConn serves one client and closes nc, whose deadlines must work. It
// returns nil if the connection ended in peace, as Trace.Disconnect has it.
func (s *Server) ServeConn(ctx context.Context, nc net.Conn) error {
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	c := newConn(s, nc, cut)
	if err := s.addConn(c); err != nil {
		nc.Close()
		if c.num != 0 {
			s.Trace.connect(c.num, peerWords(c.client))
			s.Trace.disconnect(c.num, err)
		}
		return err
	}
	defer s.removeConn(c)
	defer context.AfterFunc(ctx, func() { nc.Close() })()

	s.Trace.connect(c.num, peerWords(c.client))
	err := c.serve(ctx)
	c.close()
	s.Trace.disconnect(c.num, err)
	return err
}

// Shutdown takes no more clients, lets requests in flight finish and be
// answered, closes every connection, and returns nil when all of that is done.
// When ctx ends, it cuts what is left as Close does and returns ctx's cause.
func (s *Server) Shutdown(ctx context.Context) error {
	for _, c := range s.stop() {
		c.drain()
	}
	done := make(chan struct{})
	go func() {
		s.ended.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.Close()
		<-done
		return context.Cause(ctx)
	}
}

// Close closes the listeners, cuts every connection and waits for them to end:
// each request in flight has its context cancelled. It returns nil.
func (s *Server) Close() error {
	for _, c := range s.stop() {
		c.cut(ErrServerClosed)
	}
	s.ended.Wait()
	return nil
}

// stop closes the listeners and returns the connections that are left.
func (s *Server) stop() []*conn {
	s.mu.Lock()
	s.closing = true
	var listeners []net.Listener
	for l := range s.listeners {
		listeners = append(listeners, l)
	}
	var conns []*conn
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, l := range listeners {
		l.Close() // the error would be that it is closed already
	}
	return conns
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// addListener reports false if the server is closed.
func (s *Server) addListener(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if s.listeners == nil {
		s.listeners = map[net.Listener]struct{}{}
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) removeListener(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// addConn gives c its number, also if there is no room for it. It fails without
// one if the server is closed.
func (s *Server) addConn(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return ErrServerClosed
	}
	s.lastConn++
	c.num = s.lastConn
	if limit := orDefault(s.MaxConns, defaultMaxConns); len(s.conns) >= limit {
		return fmt.Errorf("nbd: %w: %d are connected, the most at once", ErrTooManyConns, limit)
	}
	if s.conns == nil {
		s.conns = map[*conn]struct{}{}
	}
	s.conns[c] = struct{}{}
	s.ended.Add(1)
	return nil
}

func (s *Server) removeConn(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.ended.Done()
}

func (s *Server) slots() int { return orDefault(s.Slots, defaultSlots) }

func (s *Server) handshakeTimeout() time.Duration {
	return orDefault(s.HandshakeTimeout, defaultHandshakeTimeout)
}

func (s *Server) handshakeLimit() time.Duration {
	return orDefault(s.HandshakeLimit, defaultHandshakeLimit)
}

func (s *Server) stallTimeout() time.Duration {
	return orDefault(s.StallTimeout, defaultStallTimeout)
}

// orDefault returns what a field of the Server means.
func orDefault[T int | time.Duration](field, zero T) T {
	if field > 0 {
		return field
	}
	return zero
}
