package nbd

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// inTime is a context that ends the test rather than having it hang.
func inTime(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), rawTimeout)
	t.Cleanup(cancel)
	return ctx
}

func TestShutdown(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	s := &Server{Backend: m}
	unix, tcp := serve(t, s, "")
	busy, err := Dial(inTime(t), unix)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	idle, err := Dial(inTime(t), tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	u, err := ParseURI(tcp)
	if err != nil {
		t.Fatal(err)
	}
	haggling, err := u.dial(inTime(t))
	if err != nil {
		t.Fatal(err)
	}
	defer haggling.Close()
	p := &rawPeer{t: t, nc: haggling}
	haggling.SetDeadline(time.Now().Add(rawTimeout))
	p.receive(greetingSize)

	answered := make(chan error)
	go func() { answered <- busy.Write(context.Background(), []byte("abc"), 8, 0) }()
	g.await(t, 1)
	down := make(chan error)
	go func() { down <- s.Shutdown(inTime(t)) }()
	p.wantEOF() // also who is not that far yet is sent away
	for ctx := inTime(t); !s.allDrain(); runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatal("not every connection drains")
		}
	}
	if err := idle.Flush(context.Background()); err == nil {
		t.Error("a request was answered after Shutdown")
	}
	g.release(8, nil)
	if err := <-answered; err != nil {
		t.Errorf("the request in flight failed: %v", err)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown returned %v", err)
	}
	if opened, closed := m.counts(); opened != 2 || closed != 2 {
		t.Errorf("opened %d times, closed %d times", opened, closed)
	}
	if _, err := Dial(inTime(t), tcp); err == nil {
		t.Error("a client was accepted after Shutdown")
	}
	a, b := socketPair(t)
	defer a.Close()
	if err := s.ServeConn(context.Background(), b); err != ErrServerClosed {
		t.Errorf("ServeConn returned %v", err)
	}
}

// allDrain reports whether Shutdown has got to every connection.
func (s *Server) allDrain() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if !c.isDraining() {
			return false
		}
	}
	return true
}

func TestShutdownTimeout(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	s := &Server{Backend: m}
	p, end := connect(t, s)
	p.open(true)
	p.request(requestHeader{command: cmdRead, length: 1}, nil)
	g.await(t, 1)
	ctx, cancel := context.WithCancelCause(context.Background())
	late := errors.New("too late")
	cancel(late)
	if err := s.Shutdown(ctx); err != late {
		t.Errorf("Shutdown returned %v", err)
	}
	if err := end.result(t); err != ErrServerClosed {
		t.Errorf("ServeConn returned %v", err)
	}
	if opened, closed := m.counts(); opened != 1 || closed != 1 || len(m.finished) != 1 {
		t.Errorf("opened %d times, closed %d times, finished %v", opened, closed, m.finished)
	}
}

// TestDeafClient has a client that reads nothing: it holds no more than its
// slots, and does not hold up the end.
func TestDeafClient(t *testing.T) {
	const size = 1 << 20
	m := newMemory(size)
	m.data = bytes.Repeat([]byte{1}, size) // zeroes would be sent as a hole
	s := &Server{Backend: m, Slots: 4}
	p, end := connect(t, s)
	p.open(true)
	p.send(bytes.Repeat(appendMessage(nil, &requestHeader{command: cmdRead, length: size}), 1000))
	for ctx := inTime(t); len(m.requests()) < 4; runtime.Gosched() {
		if ctx.Err() != nil {
			t.Fatalf("%d requests have come, want 4", len(m.requests()))
		}
	}
	s.Close()
	if err := end.result(t); err != ErrServerClosed {
		t.Errorf("ServeConn returned %v", err)
	}
	if n := len(m.requests()); n > 5 { // one may have had its header read
		t.Errorf("%d requests of a client that takes no answer were done", n)
	}
}

func TestServeContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Backend: newMemory(4096)}
	served := make(chan error)
	go func() { served <- s.Serve(ctx, l) }()
	c, err := Dial(inTime(t), AddrURI(l.Addr(), "").String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	why := errors.New("enough")
	cancel(why)
	if err := <-served; err != why {
		t.Errorf("Serve returned %v", err)
	}
	if err := c.Flush(inTime(t)); err == nil {
		t.Error("the connection outlived the context")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestServeFailingListener(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Backend: newMemory(4096)}
	l.Close()
	if err := s.Serve(context.Background(), l); !errors.Is(err, net.ErrClosed) || errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
}

// A flakyListener fails in ways that pass, then has no more clients.
type flakyListener struct {
	net.Listener
	mu   sync.Mutex
	errs []error // guarded by mu
}

func (l *flakyListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		l.mu.Unlock()
		return nil, &net.OpError{Op: "accept", Err: err}
	}
	l.mu.Unlock()
	return l.Listener.Accept()
}

func TestServeTransientErrors(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Backend: newMemory(4096)}
	served := make(chan error)
	go func() {
		served <- s.Serve(context.Background(), &flakyListener{Listener: l, errs: []error{syscall.ECONNABORTED, syscall.EMFILE}})
	}()
	c, err := Dial(inTime(t), AddrURI(l.Addr(), "").String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.Close()
	if err := <-served; err != ErrServerClosed {
		t.Errorf("Serve returned %v", err)
	}
}

// TestConnNumbers checks that numbers are unique over listeners, and that the
// process is known behind those that can tell it.
func TestConnNumbers(t *testing.T) {
	m := newMemory(4096)
	unix, tcp := serve(t, &Server{Backend: m}, "")
	for _, uri := range []string{unix, tcp, unix, tcp} {
		c, err := Dial(inTime(t), uri)
		if err != nil {
			t.Fatal(err)
		}
		var b [1]byte
		if err := c.Read(inTime(t), b[:], 0, 0); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	for i, r := range m.requests() {
		want := plugins.Origin{Front: plugins.FrontNBD, Conn: uint32(i) + 1, Cookie: 1}
		if i%2 == 0 { // over the unix socket
			comm, err := os.ReadFile("/proc/self/comm")
			if err != nil {
				t.Fatal(err)
			}
			want.PID, want.Program = uint32(os.Getpid()), plugins.CommOf(strings.TrimSpace(string(comm)))
		}
		if r.Origin != want {
			t.Errorf("request %d came from %+v: want %+v", i, r.Origin, want)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, p := range m.opened {
		if p.Conn != uint32(i)+1 || p.Client.Name == "" {
			t.Errorf("open %d came from %+v", i, p)
		}
	}
}

// TestPipe serves a connection that is no socket, so that writes are not vectored.
func TestPipe(t *testing.T) {
	m := newMemory(1 << 20)
	copy(m.data, randomBytes(1<<20))
	ours, theirs := net.Pipe()
	s := &Server{Backend: m}
	end := make(chan error)
	go func() { end <- s.ServeConn(context.Background(), theirs) }()
	c, err := NewClient(inTime(t), ours, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 1<<20)
	if err := c.Read(inTime(t), p, 0, 0); err != nil || string(p) != string(m.data) {
		t.Errorf("reading through a pipe: %v", err)
	}
	if err := c.Write(inTime(t), randomBytes(100000), 1, 0); err != nil {
		t.Error(err)
	}
	c.Close()
	if err := <-end; err != nil {
		t.Error(err)
	}
}
