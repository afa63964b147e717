package plugins

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
)

// An Instance is a running script: loaded, configured and ready to be opened.
// It is a Backend. Its methods may be called from any goroutine.
type Instance struct {
	script  Script
	env     Env
	model   ThreadModel
	globals []Global // what the script had defined when it was started
	settled bool     // the model is in force; until then, one callback runs at a time
	lane    lane     // for one callback at a time
	clients lane     // for one client at a time
	limits  limits   // of every callback
	guards  guards   // of callbacks outside of a session
}

var (
	_ Backend  = (*Instance)(nil)
	_ Admitter = (*Instance)(nil)
)

// Start starts program and takes it through nbdkit's life cycle up to the point
// where clients may come: top level, load, config for each parameter,
// config_complete, thread_model, get_ready, after_fork. If a step fails the
// script is closed again and the error says which callback and line. One
// callback runs at a time until Settle.
func Start(ctx context.Context, program Program, env Env) (*Instance, error) {
	in, err := begin(ctx, program, env)
	if err != nil {
		return nil, err
	}
	g := in.guards.take(ctx)
	defer in.guards.put(g)
	if err := in.prepare(g); err != nil {
		// The script is told even if ctx is what ended its start.
		last := in.guards.take(context.WithoutCancel(ctx))
		defer in.guards.put(last)
		defer in.guards.close()
		return nil, errors.Join(err, in.stop(last))
	}
	return in, nil
}

// begin runs the top level of program.
func begin(ctx context.Context, program Program, env Env) (*Instance, error) {
	if env.Shelf == nil {
		env.Shelf = &Shelf{}
	}
	in := &Instance{env: env, lane: newLane()}
	in.limits.timeout = env.CallbackTimeout
	in.limits.memory.limit, in.limits.memory.held = env.MemoryLimit, env.Held
	in.guards.limits = &in.limits
	g := in.guards.take(ctx)
	defer in.guards.put(g)
	g.enter(Now())
	script, err := program.Start(g, env)
	g.leave()
	if err != nil {
		in.guards.close()
		return nil, err
	}
	in.script = script
	if l, ok := script.(Lister); ok {
		in.globals = l.Globals()
	}
	return in, nil
}

// Settle says that the state of the script is complete and clients come now: from
// here on its thread model is in force. Whoever started the instance calls it
// once, before anybody else has the instance and when no callback runs.
func (in *Instance) Settle() {
	in.script.Settle(in.model)
	in.settled = true
}

// serial reports whether one lane holds for all callbacks.
func (in *Instance) serial() bool { return !in.settled || in.model <= SerializeAllRequests }

// shared returns the lane of callbacks that are not a session's.
func (in *Instance) shared() lane {
	if in.serial() {
		return in.lane
	}
	return nil
}

// prepare runs the callbacks that precede the first client.
func (in *Instance) prepare(g *guard) error {
	if err := in.configure(g); err != nil {
		return err
	}
	if err := in.run(g, ConfigComplete); err != nil {
		return err
	}
	if err := in.chooseModel(g); err != nil {
		return err
	}
	if err := in.run(g, GetReady); err != nil {
		return err
	}
	if err := in.run(g, AfterFork); err != nil {
		return err
	}
	return in.checkDefined() // it may have changed its mind
}

// configure runs load, and config for each parameter. A bare word is one whose
// key the script names by magic_config_key.
func (in *Instance) configure(g *guard) error {
	if err := in.checkDefined(); err != nil {
		return err
	}
	if err := in.run(g, Load); err != nil {
		return err
	}
	if len(in.env.Params) > 0 && !in.script.Defines(Config) {
		return &Error{File: in.file(), Msg: fmt.Sprintf("this script takes no parameters (it has no config callback), but was given %s", in.env.Params[0])}
	}
	for _, p := range in.env.Params {
		if p.Key == "" {
			p.Key = in.Setting("magic_config_key")
		}
		if p.Key == "" {
			return &Error{File: in.file(), Msg: fmt.Sprintf("expecting key=value on the command line but got: %s (the script names no magic_config_key for bare words)", p.Value)}
		}
		if err := in.call(g, &Call{Callback: Config, Key: p.Key, Value: p.Value}); err != nil {
			return fmt.Errorf("parameter %s: %w", p, err)
		}
	}
	return nil
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
func (in *Instance) chooseModel(g *guard) error {
	var loosest ThreadModel
	in.model, loosest = in.script.ThreadModels()
	if in.script.Defines(ThreadModelCallback) {
		c := Call{Callback: ThreadModelCallback}
		if err := in.call(g, &c); err != nil {
			return err
		}
		if c.Int < 0 || c.Int > int64(Parallel) {
			return in.wrong(ThreadModelCallback, "returned %d: want one of nbdkit.THREAD_MODEL_*", c.Int)
		}
		in.model = min(loosest, ThreadModel(c.Int))
	}
	if in.model == SerializeConnections {
		in.clients = newLane()
	}
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

// Defines reports whether the script defines cb.
func (in *Instance) Defines(cb Callback) bool { return in.script.Defines(cb) }

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

// Admit waits, if the script serves one client at a time, until the one before
// has left, and runs preconnect, whose error says that the client must not come in.
func (in *Instance) Admit(ctx context.Context, p OpenParams) (leave func(), err error) {
	if err := in.clients.enter(ctx); err != nil {
		return nil, err
	}
	if err := in.Preconnect(ctx, p); err != nil {
		in.clients.leave()
		return nil, err
	}
	return in.clients.leave, nil
}

// Preconnect is Admit for a caller that sees to it that there is one client at a
// time where the script wants that.
func (in *Instance) Preconnect(ctx context.Context, p OpenParams) error {
	return in.runCall(ctx, &Call{Callback: Preconnect, Open: p, ReadOnly: p.ReadOnly})
}

// Close ends the script: cleanup, unload. The caller has closed every Handle.
func (in *Instance) Close(ctx context.Context) error {
	if err := in.shared().enter(ctx); err != nil {
		return fmt.Errorf("closing the script while a callback is running: %w", err)
	}
	defer in.shared().leave()
	defer in.guards.close()
	g := in.guards.take(ctx)
	defer in.guards.put(g)
	return errors.Join(in.run(g, Cleanup), in.stop(g))
}

// stop is the end of every script, also of one that could not be made ready.
func (in *Instance) stop(g *guard) error {
	return errors.Join(in.run(g, Unload), in.script.Close())
}

// run calls a callback without arguments, if the script defines it.
func (in *Instance) run(g *guard, cb Callback) error {
	if !in.script.Defines(cb) {
		return nil
	}
	return in.call(g, &Call{Callback: cb})
}

// runCall is call under the shared lane, for a callback that may not be defined.
func (in *Instance) runCall(ctx context.Context, c *Call) error {
	if !in.script.Defines(c.Callback) {
		return nil
	}
	lane := in.shared()
	if err := lane.enter(ctx); err != nil {
		return err
	}
	defer lane.leave()
	g := in.guards.take(ctx)
	defer in.guards.put(g)
	return in.call(g, c)
}

// call runs one callback: the only place where the program enters a script. It
// takes the times, keeps a panic of the interpreter from going further, and
// tells the observer. The caller has what the thread model demands.
func (in *Instance) call(g *guard, c *Call) (err error) {
	if err := in.limits.memory.admit(); err != nil {
		return err
	}
	c.Started = Now()
	g.enter(c.Started)
	defer func() {
		g.leave()
		if p := recover(); p != nil {
			file, line := in.script.Position(c.Callback) // where the callback begins: nobody knows more
			err = &Error{Errno: syscall.EIO, Callback: c.Callback, File: file, Line: line,
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
	return in.script.Call(g, c)
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
