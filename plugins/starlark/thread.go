package starlark

import (
	"context"
	"fmt"
	"syscall"

	star "go.starlark.net/starlark"

	"workbench/plugins"
)

// thread is a Starlark thread and what belongs to the call that runs on it.
type thread struct {
	star.Thread
	script  *script
	ctx     context.Context // of the call; background at rest
	call    *plugins.Call   // nil at the top level
	errno   syscall.Errno   // what the script wants a failure of this call to be; 0 = it did not say
	buffer  *buffer         // the one that this call fills, nil without
	args    [4]star.Value   // no callback has more
	stopped error           // why the interpreter was stopped; nil = it was not
}

// threadKey is where a predeclared function finds the thread that it runs on.
const threadKey = "workbench"

func newThread(s *script) *thread {
	t := &thread{script: s, ctx: context.Background()}
	t.SetLocal(threadKey, t)
	t.OnMaxSteps = t.poll
	t.SetMaxExecutionSteps(pollSteps)
	t.Print = func(_ *star.Thread, text string) {
		if s.env.Print != nil {
			s.env.Print(t.call, text)
		}
	}
	return t
}

// threadOf returns the thread that a predeclared function was called on.
func threadOf(t *star.Thread) *thread { return t.Local(threadKey).(*thread) }

// perform runs the callback of the thread's call: arguments, function, result.
// Its error is a *plugins.Error, or wraps one.
func (t *thread) perform(ctx context.Context, cb *callback) error {
	args, err := t.arguments(cb.Args)
	if err != nil {
		return t.blame(cb.function, err)
	}
	value, err := t.run(ctx, func() (star.Value, error) {
		return star.Call(&t.Thread, cb.function, args, nil)
	})
	if err != nil {
		return t.explain(err)
	}
	if err := takeResult(t.call, cb.Result, value); err != nil {
		return t.blame(cb.function, err)
	}
	if t.call.Callback == plugins.Zero && (t.errno == syscall.ENOTSUP || t.errno == syscall.EOPNOTSUPP) {
		// nbdkit's rule: this asks for writes instead, also from a zero that returns.
		return t.blame(cb.function, fmt.Errorf("set the error to %s", plugins.ErrnoName(t.errno)))
	}
	return nil
}

// run calls enter, which enters the interpreter, and interrupts it when ctx
// ends. Its error is the interpreter's, or an *interruptError.
func (t *thread) run(ctx context.Context, enter func() (star.Value, error)) (star.Value, error) {
	if ctx.Err() != nil {
		return nil, &interruptError{cause: context.Cause(ctx)}
	}
	t.ctx = ctx
	value, err := enter()
	t.ctx = context.Background()
	if err != nil && t.stopped != nil {
		err = &interruptError{cause: t.stopped, at: err}
	}
	return value, err
}

// pollSteps is how many steps the interpreter makes, each a fraction of a
// microsecond, until it looks whether it should stop.
const pollSteps = 2000

// poll is what the interpreter calls every pollSteps steps. Cancelled from here,
// it returns before its next step, and never later.
func (t *thread) poll(*star.Thread) {
	if t.ctx.Err() != nil {
		t.stopped = context.Cause(t.ctx)
		t.Cancel(t.stopped.Error())
	}
	t.SetMaxExecutionSteps(t.Steps + pollSteps)
}

// reset forgets the call.
func (t *thread) reset() {
	if t.buffer != nil {
		t.buffer.cut()
	}
	if t.stopped != nil {
		t.Uncancel()
	}
	t.call, t.errno, t.buffer, t.stopped = nil, 0, nil, nil
	clear(t.args[:])
}
