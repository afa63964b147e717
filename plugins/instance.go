package plugins

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"syscall"
)

// An Instance is a running script: loaded, configured and ready to be opened.
// It is a Backend. Its methods may be called from any goroutine.
type Instance struct {
	script Script
	env    Env
	model  ThreadModel
	lane   lane
	calls  sync.Pool // of *Call, so that a request allocates none
}

var _ Backend = (*Instance)(nil)

// Start starts program and takes it through nbdkit's life cycle up to the point
// where clients may come: top level, load, config for each parameter,
// config_complete, thread_model, get_ready, after_fork. If a step fails the
// script is closed again and the error says which callback and line.
func Start(ctx context.Context, program Program, env Env) (*Instance, error) {
	if env.Shelf == nil {
		env.Shelf = &Shelf{}
	}
	script, err := program.Start(ctx, env)
	if err != nil {
		return nil, err
	}
	in := &Instance{script: script, env: env}
	in.calls.New = func() any { return new(Call) }
	if err := in.prepare(ctx); err != nil {
		// The script is told even if ctx is what ended its start.
		return nil, errors.Join(err, in.stop(context.WithoutCancel(ctx)))
	}
	return in, nil
}

// prepare runs the callbacks that precede the first client.
func (in *Instance) prepare(ctx context.Context) error {
	if err := in.checkDefined(); err != nil {
		return err
	}
	if err := in.run(ctx, Load); err != nil {
		return err
	}
	if len(in.env.Params) > 0 && !in.script.Defines(Config) {
		return &Error{File: in.file(), Msg: fmt.Sprintf("this script takes no parameters (it has no config callback), but was given %s", in.env.Params[0])}
	}
	for _, p := range in.env.Params {
		if err := in.call(ctx, &Call{Callback: Config, Key: p.Key, Value: p.Value}); err != nil {
			return fmt.Errorf("parameter %s: %w", p, err)
		}
	}
	if err := in.run(ctx, ConfigComplete); err != nil {
		return err
	}
	if err := in.chooseModel(ctx); err != nil {
		return err
	}
	if err := in.run(ctx, GetReady); err != nil {
		return err
	}
	return in.run(ctx, AfterFork)
}

// checkDefined refuses a script that lacks a callback it cannot do without.
func (in *Instance) checkDefined() error {
	for c := range NumCallbacks {
		if c.Required() && !in.script.Defines(c) {
			return &Error{File: in.file(), Msg: fmt.Sprintf("the script does not define %s: a disk needs open, get_size and pread", c)}
		}
	}
	return nil
}

// chooseModel asks the script for its thread model, which may be tighter than
// the language's but not looser.
func (in *Instance) chooseModel(ctx context.Context) error {
	var loosest ThreadModel
	in.model, loosest = in.script.ThreadModels()
	if in.script.Defines(ThreadModelCallback) {
		c := Call{Callback: ThreadModelCallback}
		if err := in.call(ctx, &c); err != nil {
			return err
		}
		if c.Int < 0 || c.Int > int64(Parallel) {
			return in.wrong(ThreadModelCallback, "returned %d: want one of nbdkit.THREAD_MODEL_*", c.Int)
		}
		in.model = min(loosest, ThreadModel(c.Int))
	}
	if in.model == SerializeConnections {
		return in.wrong(ThreadModelCallback, "%s is not offered: the tightest model is %s", in.model, SerializeAllRequests)
	}
	in.model = SerializeAllRequests // one lock for the instance serves every looser model as well
	in.lane = newLane()
	return nil
}

// ThreadModel returns the model that the instance runs under.
func (in *Instance) ThreadModel() ThreadModel { return in.model }

// Callbacks returns the callbacks that the script defines, in the order of a plugin's life.
func (in *Instance) Callbacks() []Callback {
	var out []Callback
	for c := NoCallback + 1; c < NumCallbacks; c++ {
		if in.script.Defines(c) {
			out = append(out, c)
		}
	}
	return out
}

// SaveState runs before_reload and returns its value, nil if the script does
// not define it.
func (in *Instance) SaveState(ctx context.Context) (any, error) {
	c := Call{Callback: BeforeReload}
	err := in.runCall(ctx, &c)
	return c.State, err
}

// RestoreState runs after_reload with what another generation's SaveState returned.
func (in *Instance) RestoreState(ctx context.Context, state any) error {
	return in.runCall(ctx, &Call{Callback: AfterReload, State: state})
}

// Close ends the script: cleanup, unload. The caller has closed every Handle.
func (in *Instance) Close(ctx context.Context) error {
	if err := in.lane.enter(ctx); err != nil {
		return fmt.Errorf("closing the script while a callback is running: %w", err)
	}
	defer in.lane.leave()
	return errors.Join(in.run(ctx, Cleanup), in.stop(ctx))
}

// stop is the end of every script, also of one that could not be made ready.
func (in *Instance) stop(ctx context.Context) error {
	return errors.Join(in.run(ctx, Unload), in.script.Close())
}

// run calls a callback without arguments, if the script defines it.
func (in *Instance) run(ctx context.Context, cb Callback) error {
	if !in.script.Defines(cb) {
		return nil
	}
	return in.call(ctx, &Call{Callback: cb})
}

// runCall is call under the lane, for a callback that may not be defined.
func (in *Instance) runCall(ctx context.Context, c *Call) error {
	if !in.script.Defines(c.Callback) {
		return nil
	}
	if err := in.lane.enter(ctx); err != nil {
		return err
	}
	defer in.lane.leave()
	return in.call(ctx, c)
}

// call runs one callback: the only place where the program enters a script. It
// takes the times, keeps a panic of the interpreter from going further, and
// tells the observer. The caller holds the lane.
func (in *Instance) call(ctx context.Context, c *Call) (err error) {
	c.Started = Now()
	defer func() {
		if p := recover(); p != nil {
			err = &Error{Errno: syscall.EIO, Callback: c.Callback, File: in.file(),
				Msg: fmt.Sprintf("the interpreter panicked: %v", p), Stack: string(debug.Stack())}
		}
		c.Done = Now()
		if r := c.Request; r != nil {
			r.note(c, err)
		}
		if in.env.Observe != nil {
			in.env.Observe(c, err)
		}
	}()
	return in.script.Call(ctx, c)
}

// note enters the times and the outcome of one callback into the request that
// it was called for.
func (r *Request) note(c *Call, err error) {
	if r.Started == 0 {
		r.Started = c.Started
	}
	r.Done, r.Failed = c.Done, NoCallback
	if err != nil {
		r.Failed = c.Callback
	}
	if c.Callback == r.Op.Callback() {
		r.InCallback += c.Done.Sub(c.Started)
	}
}

// wrong is the error for a callback that ran, but returned what it must not.
func (in *Instance) wrong(cb Callback, format string, args ...any) error {
	file, line := in.script.Position(cb)
	return &Error{Callback: cb, File: file, Line: line, Msg: fmt.Sprintf(format, args...)}
}

// file returns the script's own file.
func (in *Instance) file() string {
	file, _ := in.script.Position(NoCallback)
	return file
}
