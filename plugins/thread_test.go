package plugins

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// crowd is a script whose preads wait for each other: it knows how many of them
// were in it at once, in all and for one handle.
type crowd struct {
	*fakeScript
	wanted int // a pread waits for so many to be inside, or for its context

	mu      sync.Mutex
	opened  int
	inside  map[any]int
	all     int
	maxAll  int
	maxOne  int
	arrived chan struct{} // closed when wanted were inside
	arrive  sync.Once
	settled []ThreadModel
}

func newCrowd(model ThreadModel, wanted int) *crowd {
	return &crowd{fakeScript: newFake(map[Callback]func(*Call) error{ThreadModelCallback: number(int64(model))}),
		wanted: wanted, inside: map[any]int{}, arrived: make(chan struct{})}
}

func (s *crowd) Start(context.Context, Env) (Script, error) { return s, nil }

func (s *crowd) ThreadModels() (usual, loosest ThreadModel) { return SerializeAllRequests, Parallel }

func (s *crowd) Settle(m ThreadModel) { s.settled = append(s.settled, m) }

func (s *crowd) Call(ctx context.Context, c *Call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.Callback {
	case Open:
		s.opened++
		c.Handle = s.opened
		return nil
	case Pread:
	default:
		return s.callbacks[c.Callback](c)
	}
	s.all++
	s.inside[c.Handle]++
	s.maxAll, s.maxOne = max(s.maxAll, s.all), max(s.maxOne, s.inside[c.Handle])
	if s.all == s.wanted {
		s.arrive.Do(func() { close(s.arrived) })
	}
	s.mu.Unlock()
	var err error
	select {
	case <-s.arrived:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	s.mu.Lock()
	s.all--
	s.inside[c.Handle]--
	c.Data = make([]byte, c.Length)
	return err
}

// TestThreadModels has two connections with two requests each, and counts how
// many of them are in the script at once.
func TestThreadModels(t *testing.T) {
	for _, tc := range []struct {
		model       ThreadModel
		settle      bool
		all, oneOwn int // how many there are at once, in all and of a connection
	}{
		{Parallel, true, 4, 2},
		{SerializeRequests, true, 2, 1},
		{SerializeAllRequests, true, 1, 1},
		{SerializeConnections, true, 1, 1},
		{Parallel, false, 1, 1},
		{SerializeRequests, false, 1, 1},
	} {
		t.Run(tc.model.String(), func(t *testing.T) {
			s := newCrowd(tc.model, tc.all)
			in, err := Start(t.Context(), s, Env{})
			if err != nil {
				t.Fatal(err)
			}
			if in.ThreadModel() != tc.model {
				t.Errorf("thread model %s", in.ThreadModel())
			}
			if tc.settle {
				in.Settle()
				if len(s.settled) != 1 || s.settled[0] != tc.model {
					t.Errorf("the script was settled for %v", s.settled)
				}
			}
			var wg sync.WaitGroup
			var handles []Handle
			for range 2 {
				h, err := in.Open(t.Context(), OpenParams{})
				if err != nil {
					t.Fatal(err)
				}
				handles = append(handles, h)
				for range 2 {
					wg.Go(func() {
						if err := h.Do(t.Context(), &Request{Op: OpRead, Length: 512}); err != nil {
							t.Error(err)
						}
					})
				}
			}
			wg.Wait()
			if s.maxAll != tc.all || s.maxOne != tc.oneOwn {
				t.Errorf("%d at once, %d for one connection: want %d, %d", s.maxAll, s.maxOne, tc.all, tc.oneOwn)
			}
			for _, h := range handles {
				if err := h.Close(); err != nil {
					t.Error(err)
				}
			}
			if err := in.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOneClientAtATime has serialize_connections: who comes second waits for
// the first to leave, and can give up.
func TestOneClientAtATime(t *testing.T) {
	f := newFake(map[Callback]func(*Call) error{Preconnect: succeed, ThreadModelCallback: number(int64(SerializeConnections))})
	in := startFake(t, f, Env{})
	in.Settle()
	leave, err := Admit(t.Context(), in, OpenParams{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Admit(ctx, in, OpenParams{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second client was let in: %v", err)
	}
	second := make(chan error)
	go func() {
		leave, err := Admit(t.Context(), in, OpenParams{})
		if err == nil {
			leave()
		}
		second <- err
	}()
	leave()
	if err := <-second; err != nil {
		t.Error(err)
	}
	if got, want := f.takeTrace(), "thread_model; preconnect readonly=true; preconnect readonly=false"; got != want {
		t.Errorf("ran %s, want %s", got, want)
	}
}

func TestPreconnectRefuses(t *testing.T) {
	no := &Error{Errno: syscall.EACCES, Callback: Preconnect, File: "fake.txt", Line: 3, Msg: "not you"}
	refused := true
	f := newFake(map[Callback]func(*Call) error{
		ThreadModelCallback: number(int64(SerializeConnections)),
		Preconnect: func(*Call) error {
			if refused {
				return no
			}
			return nil
		},
	})
	in := startFake(t, f, Env{})
	if _, err := in.Admit(t.Context(), OpenParams{}); err != no {
		t.Errorf("error %v", err)
	}
	refused = false
	leave, err := in.Admit(t.Context(), OpenParams{}) // who was refused holds no place
	if err != nil {
		t.Fatal(err)
	}
	leave()
}

// spinner is a script whose pread runs until its context ends.
type spinner struct{ *fakeScript }

func (s spinner) Start(context.Context, Env) (Script, error) { return s, nil }

func (s spinner) Call(ctx context.Context, c *Call) error {
	if c.Callback == Pread && c.Offset == 0 {
		<-ctx.Done()
		return &Error{Errno: ErrnoOf(context.Cause(ctx)), Callback: Pread, Msg: "stopped: " + context.Cause(ctx).Error()}
	}
	return s.fakeScript.Call(ctx, c)
}

func TestCallbackTimeout(t *testing.T) {
	in, err := Start(t.Context(), spinner{newFake(nil)}, Env{CallbackTimeout: time.Second / 2})
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(t.Context(), OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the next call is not to blame for the one before
		err = h.Do(t.Context(), &Request{Op: OpRead, Length: 1})
		if ErrnoOf(err) != syscall.EIO || !strings.Contains(err.Error(), "--callback-timeout") {
			t.Errorf("a callback that never returns: %v", err)
		}
		if err := h.Do(t.Context(), &Request{Op: OpRead, Length: 1, Offset: 1}); err != nil {
			t.Errorf("the next one: %v", err)
		}
	}
	gone := errors.New("the client is gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(time.Millisecond, func() { cancel(gone) })
	if err := h.Do(ctx, &Request{Op: OpRead, Length: 1}); !strings.Contains(err.Error(), gone.Error()) {
		t.Errorf("a client that leaves: %v", err)
	}
	if err := errors.Join(h.Close(), in.Close(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestMemoryLimit(t *testing.T) {
	in, err := Start(t.Context(), newFake(nil), Env{MemoryLimit: 40 << 20})
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(t.Context(), OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	read := func() error { return h.Do(t.Context(), &Request{Op: OpRead, Length: 1}) }
	// Each of these is short: it is the look between them that tells.
	var hoard [][]byte
	for err = read(); err == nil && t.Context().Err() == nil; err = read() {
		hoard = append(hoard, make([]byte, 1<<20))
		time.Sleep(time.Millisecond) // so that there is not too much of it before somebody looks
	}
	if ErrnoOf(err) != syscall.ENOMEM || !strings.Contains(err.Error(), "more than the 40.0 MiB") || len(hoard) < 40 {
		t.Errorf("with %d MiB: error %v", len(hoard), err)
	}
	hoard = nil
	for err = read(); err != nil && t.Context().Err() == nil; err = read() {
	}
	if err := errors.Join(h.Close(), in.Close(t.Context())); err != nil {
		t.Error(err)
	}
}

// hanger is a program whose top level never ends by itself.
type hanger struct{}

func (hanger) Start(ctx context.Context, _ Env) (Script, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestTopLevelTimeout(t *testing.T) {
	_, err := Start(t.Context(), hanger{}, Env{CallbackTimeout: 10 * time.Millisecond})
	if ErrnoOf(err) != syscall.EIO || !strings.Contains(err.Error(), "--callback-timeout") {
		t.Errorf("a top level that never ends: %v", err)
	}
}

// TestPanicBesideReads has the interpreter panic under one connection, over and
// over, while another one reads: one callback at a time, and several at once.
func TestPanicBesideReads(t *testing.T) {
	for _, model := range []ThreadModel{SerializeAllRequests, Parallel} {
		t.Run(model.String(), func(t *testing.T) {
			in, err := Start(t.Context(), panicker{newCrowd(model, 1)}, Env{})
			if err != nil {
				t.Fatal(err)
			}
			in.Settle()
			var handles [2]Handle
			for i := range handles {
				if handles[i], err = in.Open(t.Context(), OpenParams{Conn: uint32(i)}); err != nil {
					t.Fatal(err)
				}
			}
			const rounds = 200
			var reading sync.WaitGroup
			reading.Go(func() {
				for range rounds {
					r := Request{Op: OpRead, Length: 512}
					if err := handles[1].Do(t.Context(), &r); err != nil || len(r.Data) != 512 {
						t.Errorf("the neighbour read %d bytes: %v", len(r.Data), err)
					}
				}
			})
			for range rounds {
				err := handles[0].Do(t.Context(), &Request{Op: OpRead, Length: 512, Offset: panicOffset})
				var e *Error
				if !errors.As(err, &e) || e.Errno != syscall.EIO || e.Callback != Pread || e.File != "fake.txt" || !strings.Contains(e.Msg, "panicked: out of luck") || e.Stack == "" {
					t.Fatalf("a panic became %v", err)
				}
			}
			reading.Wait()
			if err := errors.Join(handles[0].Close(), handles[1].Close(), in.Close(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
}

// panicOffset is where reading a panicker's disk makes it panic.
const panicOffset = 4096

// A panicker is a crowd whose interpreter has a bug.
type panicker struct{ *crowd }

func (s panicker) Start(context.Context, Env) (Script, error) { return s, nil }

func (s panicker) Call(ctx context.Context, c *Call) error {
	if c.Callback == Pread && c.Offset == panicOffset {
		panic("out of luck")
	}
	return s.crowd.Call(ctx, c)
}

// TestSerialSession has the front end learn what a thread model means for one connection.
func TestSerialSession(t *testing.T) {
	in := startFake(t, newFake(nil), Env{})
	for model, want := range map[ThreadModel]bool{SerializeConnections: true, SerializeAllRequests: true, SerializeRequests: true, Parallel: false} {
		in.model, in.settled = model, true
		h, err := in.Open(t.Context(), OpenParams{})
		if err != nil {
			t.Fatal(err)
		}
		if got := Serial(h); got != want {
			t.Errorf("under %s Serial is %t", model, got)
		}
		h.Close()
	}
}
