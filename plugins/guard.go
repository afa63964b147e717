package plugins

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// guardTick is how often a guard looks at a callback that takes long. Most
// callbacks end before it looks even once.
const guardTick = 20 * time.Millisecond

// A guard is the context that callbacks run under. It ends with the context of
// the front end, when a callback runs for longer than Env.CallbackTimeout, and
// when one runs while the program holds more memory than Env.MemoryLimit.
//
// It serves one goroutine at a time and many calls, one after another: a context
// and a timer for each call would cost more than many a call. Its timer runs
// while there are calls and stands still when there are none.
type guard struct {
	context.Context
	cancel context.CancelCauseFunc
	front  context.Context // what Context was derived from
	limits *limits

	call Call // for who has the guard to use again, so that a request allocates none

	timer   *time.Timer
	armed   atomic.Bool  // the timer runs
	started atomic.Int64 // the Stamp at which the running call began, or one of those below
}

// What guard.started says besides.
const (
	atRest    = 0  // no call runs
	condemned = -1 // the call that runs was stopped: the guard is of no more use
)

// limits are what the callbacks of an instance are held to.
type limits struct {
	timeout time.Duration // 0 = none
	memory  memoryMeter
}

func newGuard(front context.Context, l *limits) *guard {
	g := &guard{front: front, limits: l}
	g.Context, g.cancel = context.WithCancelCause(front)
	g.armed.Store(true)
	g.timer = time.AfterFunc(guardTick, g.look) // which may run at once on a busy machine
	return g
}

// enter says that a call begins.
func (g *guard) enter(now Stamp) {
	g.started.Store(int64(now))
	if !g.armed.Load() {
		g.arm()
	}
}

// leave says that it has ended.
func (g *guard) leave() {
	for {
		began := g.started.Load()
		if began == condemned || g.started.CompareAndSwap(began, atRest) {
			return
		}
	}
}

func (g *guard) arm() {
	if g.armed.CompareAndSwap(false, true) {
		g.timer.Reset(guardTick)
	}
}

// look is what the timer calls.
func (g *guard) look() {
	began := g.started.Load()
	if began == condemned {
		return
	}
	if began != atRest {
		if err := g.limits.check(Now().Sub(Stamp(began))); err != nil {
			// If the call has just ended, it is not to blame, nor is the next one.
			if g.started.CompareAndSwap(began, condemned) {
				g.cancel(err)
				if ErrnoOf(err) == syscall.ENOMEM {
					g.limits.memory.stop()
				}
				return
			}
		}
		g.timer.Reset(guardTick)
		return
	}
	g.limits.memory.look()
	// A call that begins now sees that the timer is not armed, or is seen here.
	g.armed.Store(false)
	if g.started.Load() != atRest {
		g.arm()
	}
}

// check returns why a call that has run for so long must stop, nil if it need not.
func (l *limits) check(running time.Duration) error {
	if l.timeout > 0 && running > l.timeout {
		return Errorf(syscall.EIO, "it ran for longer than %s (--callback-timeout)", l.timeout)
	}
	return l.memory.check(running > guardTick)
}

// usable reports whether g can serve another call. One that is condemned will end
// at any moment.
func (g *guard) usable() bool { return g.started.Load() != condemned && g.Context.Err() == nil }

// end frees what g holds.
func (g *guard) end() {
	g.timer.Stop()
	g.cancel(nil)
}

// guards are guards at rest, to be used again.
type guards struct {
	limits *limits
	last   atomic.Pointer[guard] // the one used last, as long as it rests: nearly always the one wanted next
	closed atomic.Bool           // nothing is kept any more; set under mu
	mu     sync.Mutex
	idle   []*guard // guarded by mu
}

// maxIdle is how many guards are kept, one for each request that may be in flight
// and each context that a front end uses again.
const maxIdle = 64

// take returns a guard that ends with front.
func (s *guards) take(front context.Context) *guard {
	if g := s.last.Swap(nil); g != nil {
		if g.front == front && g.usable() {
			return g
		}
		s.keep(g)
	}
	s.mu.Lock()
	for i, g := range slices.Backward(s.idle) {
		if g.front == front {
			s.idle = slices.Delete(s.idle, i, i+1)
			s.mu.Unlock()
			if g.usable() {
				return g
			}
			g.end()
			return newGuard(front, s.limits)
		}
	}
	s.mu.Unlock()
	return newGuard(front, s.limits)
}

// put takes a guard back.
func (s *guards) put(g *guard) {
	if !s.last.CompareAndSwap(nil, g) {
		s.keep(g)
		return
	}
	// Who closes the guards after this has seen g, or is seen here.
	if s.closed.Load() && s.last.CompareAndSwap(g, nil) {
		g.end()
	}
}

// keep puts a guard to the others at rest.
func (s *guards) keep(g *guard) {
	s.mu.Lock()
	var dropped *guard
	switch {
	case s.closed.Load() || !g.usable():
		dropped = g
	case len(s.idle) == maxIdle:
		dropped = s.idle[0]
		s.idle = append(slices.Delete(s.idle, 0, 1), g)
	default:
		s.idle = append(s.idle, g)
	}
	s.mu.Unlock()
	if dropped != nil {
		dropped.end()
	}
}

// close frees the guards at rest; those in use are freed when they come back.
func (s *guards) close() {
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.closed.Store(true)
	s.mu.Unlock()
	if g := s.last.Swap(nil); g != nil {
		g.end()
	}
	for _, g := range idle {
		g.end()
	}
}
