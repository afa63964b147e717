package check

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"workbench/plugins"
)

// grace is how long a callback that was interrupted may take to come back. An
// interpreter needs no time for that; what needs longer waits for the system.
const grace = 2 * time.Second

// A guard bounds each run of a script in time. What took too long once is not
// run again, so that a check of a script that hangs comes to an end as well.
type guard struct {
	limit time.Duration // 0 = none

	// canary, if it is not 0, is what a buffer holds that a script is to fill.
	canary atomic.Uint32

	mu     sync.Mutex
	hung   [plugins.NumCallbacks]bool // guarded by mu
	lost   bool                       // a run has not come back at all; guarded by mu
	script plugins.Script             // the last that was started; guarded by mu
}

// errSkipped is the outcome of a callback that is not run, because it, or all of
// the script, hangs. That was reported already.
var errSkipped = errors.New("not run again: it hangs")

// A hangError is a callback that did not come back in time.
type hangError struct {
	callback plugins.Callback
	limit    time.Duration
	lost     bool
	err      error // what the interpreter said when it was stopped; nil if it is lost
}

func (e *hangError) Error() string { return fmt.Sprintf("not done after %s", e.limit) }
func (e *hangError) Unwrap() error { return e.err }

// run runs do, which is in the script, on a goroutine of its own, and waits for
// it as long as the guard allows.
func (g *guard) run(ctx context.Context, cb plugins.Callback, do func(context.Context) error) error {
	if g.isHung(cb) {
		return errSkipped
	}
	stop := context.CancelFunc(func() {})
	tooLong := plugins.Errorf(syscall.ETIMEDOUT, "not done after %s", g.limit)
	if g.limit > 0 {
		ctx, stop = context.WithTimeoutCause(ctx, g.limit, tooLong)
	}
	defer stop()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil { // on this goroutine nobody else would
				done <- &plugins.Error{Callback: cb, Msg: fmt.Sprintf("the interpreter panicked: %v", p)}
			}
		}()
		done <- do(ctx)
	}()
	select {
	case err := <-done:
		return g.judge(ctx, cb, err, tooLong)
	case <-ctx.Done():
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case err := <-done:
		return g.judge(ctx, cb, err, tooLong)
	case <-patience.C:
	}
	g.mu.Lock()
	g.lost = true
	g.mu.Unlock()
	return &hangError{callback: cb, limit: g.limit, lost: true}
}

// judge tells a callback that was stopped for its time from one that failed.
func (g *guard) judge(ctx context.Context, cb plugins.Callback, err, tooLong error) error {
	if err == nil || context.Cause(ctx) != tooLong {
		return err
	}
	g.mu.Lock()
	g.hung[cb] = true
	g.mu.Unlock()
	return &hangError{callback: cb, limit: g.limit, err: err}
}

func (g *guard) isHung(cb plugins.Callback) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lost || g.hung[cb]
}

// isLost reports whether the script is of no more use.
func (g *guard) isLost() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lost
}

// started returns the script that runs, nil if its top level did not end well.
func (g *guard) started() plugins.Script {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.script
}

// A guardedProgram starts scripts under a guard.
type guardedProgram struct {
	plugins.Program
	guard *guard
}

// Start runs the top level. It fails with a *hangError if that takes too long.
func (p guardedProgram) Start(ctx context.Context, env plugins.Env) (plugins.Script, error) {
	var script plugins.Script
	result := make(chan plugins.Script, 1) // not a variable: a lost run may end at any time
	err := p.guard.run(ctx, plugins.NoCallback, func(ctx context.Context) error {
		s, err := p.Program.Start(ctx, env)
		result <- s
		return err
	})
	if err != nil {
		return nil, err
	}
	script = <-result
	p.guard.mu.Lock()
	p.guard.script = script
	p.guard.mu.Unlock()
	return guardedScript{script, p.guard}, nil
}

// A guardedScript runs callbacks under a guard.
type guardedScript struct {
	plugins.Script
	guard *guard
}

// Call runs one callback. It works on a copy of c: one that is lost may go on
// with it when c has long been used for something else.
func (s guardedScript) Call(ctx context.Context, c *plugins.Call) error {
	inner := *c
	if b := byte(s.guard.canary.Load()); b != 0 && c.Callback == plugins.Pread && s.APIVersion() >= 2 {
		for i := range inner.Data {
			inner.Data[i] = b
		}
	}
	err := s.guard.run(ctx, c.Callback, func(ctx context.Context) error { return s.Script.Call(ctx, &inner) })
	if hang, ok := errors.AsType[*hangError](err); ok && hang.lost || errors.Is(err, errSkipped) {
		return err
	}
	*c = inner
	return err
}

// Close frees the script, unless something still runs in it.
func (s guardedScript) Close() error {
	if s.guard.isLost() {
		return nil
	}
	return s.Script.Close()
}
