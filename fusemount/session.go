package fusemount

import (
	"context"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// What ends a session.
var (
	errUnmounted = plugins.Errorf(syscall.ESHUTDOWN, "the disk was unmounted")
	errCutOff    = plugins.Errorf(syscall.ESTALE, "the disk was taken away: open the file again to get the new one")
)

// A session is a disk from its opening to its closing: what requests run on. A
// disk has one at a time. Files that programs opened in one do not go over into
// the next, since size and flags may be others: they get ESTALE.
type session struct {
	number uint64 // from 1; the kernel hands it back with each request, as the file handle
	conn   uint32 // in requests and in the Trace
	handle plugins.Handle
	info   plugins.Info
	keeps  bool // the handle would copy what is written
	asked  *callers
	holes  extentCache

	base   context.Context // what the contexts of all requests come from
	cancel context.CancelCauseFunc
	cut    func()      // tells that the session is over
	seen   atomic.Bool // a program has opened the file in it
	closed sync.Once

	mu       sync.Mutex
	free     []*request    // guarded by mu; for reuse
	inFlight int           // guarded by mu
	why      error         // guarded by mu; why no more requests begin, nil if they do
	idle     chan struct{} // closed when no more begin and none is in flight
}

// openSession opens the disk for a client. cut is called when the backend wants
// to be rid of that client: from anywhere, and perhaps before this returns.
func openSession(ctx, base context.Context, b plugins.Backend, p plugins.OpenParams, asked *callers, cut func()) (*session, error) {
	s := &session{conn: p.Conn, asked: asked, cut: cut, idle: make(chan struct{})}
	s.base, s.cancel = context.WithCancelCause(base)
	p.Client.Disconnect = s.disconnect
	handle, err := b.Open(ctx, p)
	if err != nil {
		s.cancel(err)
		return nil, err
	}
	s.handle, s.info, s.keeps = handle, handle.Info(), plugins.Keeps(handle)
	return s, nil
}

// disconnect is plugins.Client.Disconnect.
func (s *session) disconnect(force bool) {
	s.end(errCutOff)
	if force {
		s.cancel(errCutOff)
	}
	s.cut()
}

// close waits for the requests in flight and closes the disk, the first time.
func (s *session) close(why error) (first bool, err error) {
	s.closed.Do(func() {
		s.drain(why)
		s.cancel(why)
		first, err = true, s.handle.Close()
	})
	return first, err
}

// end lets no more requests begin: they fail for the first reason that was given.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return
	}
	s.why = why
	if s.inFlight == 0 {
		close(s.idle)
	}
}

// drain lets no more requests begin and waits for those in flight. Cancelling s
// ends them early.
func (s *session) drain(why error) {
	s.end(why)
	<-s.idle
}

// ended returns why no more requests begin, nil if they do.
func (s *session) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}

// take gets a request that counts as in flight.
func (s *session) take() (*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return nil, s.why
	}
	s.inFlight++
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r, nil
	}
	r := &request{session: s}
	r.ctx, r.cancel = context.WithCancelCause(s.base)
	return r, nil
}

// put takes back a request that has ended.
func (s *session) put(r *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	if s.inFlight == 0 && s.why != nil {
		close(s.idle)
	}
	if r.ctx.Err() == nil { // a context that has ended is of no more use
		s.free = append(s.free, r)
	}
}

// within returns how many of n bytes from offset on lie on the disk.
func (s *session) within(offset, n uint64) uint64 {
	if offset >= s.info.Size {
		return 0
	}
	return min(n, s.info.Size-offset)
}

// begin starts a request for the caller that h names. Each one must be ended.
// When the session has ended there are no more.
func (s *session) begin(op plugins.Op, interrupt <-chan struct{}, h *fuse.InHeader) (*request, fuse.Status) {
	r, err := s.take()
	if err != nil {
		return nil, status(err)
	}
	who := s.asked.find(h.Pid)
	r.Request = plugins.Request{
		Op: op,
		Origin: plugins.Origin{
			Front: plugins.FrontFUSE, Conn: s.conn, Cookie: h.Unique,
			PID: who.pid, Program: who.program,
		},
		Extents: r.Extents[:0],
		Times:   plugins.Times{Received: plugins.Now()},
	}
	r.arm(interrupt, h.Pid)
	return r, fuse.OK
}
