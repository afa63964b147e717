package starlark

import (
	"context"
	"fmt"
	"syscall"

	star "go.starlark.net/starlark"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// thread is a Starlark thread and what belongs to the call that runs on it.
type thread struct {
	star.Thread
	script *script
	ctx    context.Context // whose end cancels the thread; at rest, that of the last call
	ignore func() bool     // ends that
	call   *plugins.Call   // nil at the top level
	errno  syscall.Errno   // what the script wants a failure of this call to be; 0 = it did not say
	buffer *stdlib.Buffer  // the one that this call fills, nil without

	invocation stdlib.Invocation // of the function of stdlib that runs, for its memory
	args       [4]star.Value     // no callback has more
}

// threadKey is where a predeclared function finds the thread that it runs on.
const threadKey = "workbench"

func newThread(s *script) *thread {
	t := &thread{script: s}
	t.SetLocal(threadKey, t)
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
	value, err := enter()
	if err != nil && ctx.Err() != nil {
		err = &interruptError{cause: context.Cause(ctx), at: err}
	}
	return value, err
}

// obey has the thread cancelled when ctx ends, and reports whether it can be: a
// cancellation on behalf of the context before may be on its way. Calls one
// after another often have the same context, and then there is nothing to do.
func (t *thread) obey(ctx context.Context) bool {
	if t.ctx == ctx {
		return ctx.Err() == nil
	}
	if t.ignore != nil && !t.ignore() {
		return false
	}
	t.ctx = ctx
	t.ignore = context.AfterFunc(ctx, func() { t.Cancel("interrupted") })
	return true
}

// reset forgets the call.
func (t *thread) reset() {
	if t.buffer != nil {
		t.buffer.Revoke()
	}
	t.call, t.errno, t.buffer = nil, 0, nil
	clear(t.args[:])
	clear(t.invocation.Args)
}
