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

// A watchdog bounds each run of a script in time. What took too long once is not
// run again, so that a check of a script that hangs comes to an end as well.
type watchdog struct {
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
// it as long as the watchdog allows.
func (d *watchdog) run(ctx context.Context, cb plugins.Callback, do func(context.Context) error) error {
	if d.isHung(cb) {
		return errSkipped
	}
	stop := context.CancelFunc(func() {})
	tooLong := plugins.Errorf(syscall.ETIMEDOUT, "not done after %s", d.limit)
	if d.limit > 0 {
		ctx, stop = context.WithTimeoutCause(ctx, d.limit, tooLong)
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
		return d.judge(ctx, cb, err, tooLong)
	case <-ctx.Done():
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case err := <-done:
		return d.judge(ctx, cb, err, tooLong)
	case <-patience.C:
	}
	d.mu.Lock()
	d.lost = true
	d.mu.Unlock()
	return &hangError{callback: cb, limit: d.limit, lost: true}
}

// judge tells a callback that was stopped for its time from one that failed.
func (d *watchdog) judge(ctx context.Context, cb plugins.Callback, err, tooLong error) error {
	if err == nil || context.Cause(ctx) != tooLong {
		return err
	}
	d.mu.Lock()
	d.hung[cb] = true
	d.mu.Unlock()
	return &hangError{callback: cb, limit: d.limit, err: err}
}

func (d *watchdog) isHung(cb plugins.Callback) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost || d.hung[cb]
}

// isLost reports whether the script is of no more use.
func (d *watchdog) isLost() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// started returns the script that runs, nil if its top level did not end well.
func (d *watchdog) started() plugins.Script {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.script
}

// A watchedProgram starts scripts under a watchdog.
type watchedProgram struct {
	plugins.Program
	watchdog *watchdog
}

// Start runs the top level. It fails with a *hangError if that takes too long.
func (p watchedProgram) Start(ctx context.Context, env plugins.Env) (plugins.Script, error) {
	var script plugins.Script
	result := make(chan plugins.Script, 1) // not a variable: a lost run may end at any time
	err := p.watchdog.run(ctx, plugins.NoCallback, func(ctx context.Context) error {
		s, err := p.Program.Start(ctx, env)
		result <- s
		return err
	})
	if err != nil {
		return nil, err
	}
	script = <-result
	p.watchdog.mu.Lock()
	p.watchdog.script = script
	p.watchdog.mu.Unlock()
	return watchedScript{script, p.watchdog}, nil
}

// A watchedScript runs callbacks under a watchdog.
type watchedScript struct {
	plugins.Script
	watchdog *watchdog
}

// Call runs one callback. It works on a copy of c: one that is lost may go on
// with it when c has long been used for something else.
func (s watchedScript) Call(ctx context.Context, c *plugins.Call) error {
	inner := *c
	if b := byte(s.watchdog.canary.Load()); b != 0 && c.Callback == plugins.Pread && s.APIVersion() >= 2 {
		for i := range inner.Data {
			inner.Data[i] = b
		}
	}
	err := s.watchdog.run(ctx, c.Callback, func(ctx context.Context) error { return s.Script.Call(ctx, &inner) })
	if hang, ok := errors.AsType[*hangError](err); ok && hang.lost || errors.Is(err, errSkipped) {
		return err
	}
	*c = inner
	return err
}

// Close frees the script, unless something still runs in it.
func (s watchedScript) Close() error {
	if s.watchdog.isLost() {
		return nil
	}
	return s.Script.Close()
}
