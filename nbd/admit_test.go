package nbd

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// bouncer is a Backend that decides who comes in.
type bouncer struct {
	*memory
	admit func(ctx context.Context, p plugins.OpenParams) (func(), error)
}

func (b bouncer) Admit(ctx context.Context, p plugins.OpenParams) (func(), error) {
	return b.admit(ctx, p)
}

// TestAdmit has clients that are refused, that are let in, and that leave.
func TestAdmit(t *testing.T) {
	refuse := plugins.Errorf(syscall.EACCES, "not you")
	left := make(chan uint32, 1)
	ended := make(chan error, 1)
	m := newMemory(4096)
	s := &Server{
		Backend: bouncer{m, func(_ context.Context, p plugins.OpenParams) (func(), error) {
			if p.Conn > 1 {
				return nil, refuse
			}
			return func() { left <- p.Conn }, nil
		}},
		Trace: Trace{Disconnect: func(_ uint32, err error) { ended <- err }},
	}
	unix, _ := serve(t, s, "")
	c, err := Dial(inTime(t), unix)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-left:
		t.Error("the client is said to have left")
	default:
	}
	c.Close()
	if conn := <-left; conn != 1 {
		t.Errorf("connection %d left", conn)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, closed := m.counts(); closed != 1 {
		t.Error("the client left before its disk was closed")
	}

	u, err := ParseURI(unix)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := u.dial(inTime(t))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	(&rawPeer{t: t, nc: nc}).wantEOF() // not so much as a greeting
	if err := <-ended; !errors.Is(err, refuse) {
		t.Errorf("the connection ended with %v", err)
	}
}

// TestAdmitWaits has clients that wait to be let in until they give up, or the
// server shuts down.
func TestAdmitWaits(t *testing.T) {
	waiting := make(chan struct{}, 1)
	ended := make(chan error, 1)
	s := &Server{
		Backend: bouncer{newMemory(4096), func(ctx context.Context, _ plugins.OpenParams) (func(), error) {
			waiting <- struct{}{}
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}},
		Trace: Trace{Disconnect: func(_ uint32, err error) { ended <- err }},
	}
	unix, _ := serve(t, s, "")
	u, err := ParseURI(unix)
	if err != nil {
		t.Fatal(err)
	}
	come := func() net.Conn {
		nc, err := u.dial(inTime(t))
		if err != nil {
			t.Fatal(err)
		}
		<-waiting
		return nc
	}
	come().Close()
	if err := <-ended; !errors.Is(err, errClientGone) {
		t.Errorf("a client that gave up: %v", err)
	}
	defer come().Close()
	if err := s.Shutdown(inTime(t)); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-ended; !errors.Is(err, ErrServerClosed) {
		t.Errorf("a client that waits at the end: %v", err)
	}
}

// TestDisconnect has a disk that sends its client away while it is asked.
func TestDisconnect(t *testing.T) {
	for _, force := range []bool{false, true} {
		m := newMemory(4096)
		m.before = func(ctx context.Context, r *plugins.Request) error {
			if r.Op == plugins.OpWrite {
				m.mu.Lock()
				client := m.opened[0].Client
				m.mu.Unlock()
				client.Disconnect(force)
			}
			return nil
		}
		ended := make(chan error, 1)
		unix, _ := serve(t, &Server{Backend: m, Trace: Trace{Disconnect: func(_ uint32, err error) { ended <- err }}}, "")
		c, err := Dial(inTime(t), unix)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		err = c.Write(inTime(t), []byte("x"), 0, 0)
		if force {
			if err == nil {
				t.Error("a request was answered on a connection that was cut")
			}
			if err := <-ended; !errors.Is(err, errDisconnected) {
				t.Errorf("ended with %v", err)
			}
			continue
		}
		if err != nil {
			t.Errorf("the request under way: %v", err)
		}
		if err := c.Read(inTime(t), make([]byte, 1), 0, 0); plugins.ErrnoOf(err) != syscall.ESHUTDOWN || !strings.Contains(err.Error(), "plugin") {
			t.Errorf("the next one: %v", err)
		}
		if n := len(m.requests()); n != 2 { // the handle sees it, refused
			t.Errorf("the disk saw %d requests", n)
		}
		c.Close()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	}
}

// TestDisconnectInHandshake has a disk that sends a client away when it is opened.
func TestDisconnectInHandshake(t *testing.T) {
	m := newMemory(4096)
	s := &Server{Backend: bouncer{m, func(_ context.Context, p plugins.OpenParams) (func(), error) {
		p.Client.Disconnect(false)
		return func() {}, nil
	}}}
	unix, _ := serve(t, s, "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := Dial(ctx, unix); err == nil || !strings.Contains(err.Error(), "ERR_SHUTDOWN") {
		t.Errorf("Dial: %v", err)
	}
}
