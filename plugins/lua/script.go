package lua

import (
	"context"
	"fmt"
	"syscall"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// A script is a program in a state of its own. Its calls come one at a time.
type script struct {
	path      string
	env       plugins.Env
	state     *glua.LState
	version   int
	builtin   [plugins.NumCallbacks]*glua.LFunction // Lua's own functions that have the name of a callback
	callbacks [plugins.NumCallbacks]*glua.LFunction // nil = not defined
	signature [plugins.NumCallbacks]plugins.Signature

	files     []string          // the script's own and those that it loaded, in that order
	protos    map[string]*chunk // of those files
	out       output
	interrupt interrupt

	invocation stdlib.Invocation // of the function of stdlib that runs, for its memory

	// Of the call that runs.
	running *plugins.Call // nil at the top level
	errno   syscall.Errno // what nbdkit.set_error asked for
	length  number        // the one that was passed last: mostly it is the same again

	coroutines int // that run inside of each other
}

var _ plugins.Script = (*script)(nil)

// runTopLevel executes the file itself.
func (s *script) runTopLevel(ctx context.Context, proto *glua.FunctionProto) error {
	s.interrupt.until(ctx)
	s.state.SetContext(&s.interrupt)
	s.state.Push(s.state.NewFunctionFromProto(proto))
	err := s.state.PCall(0, 0, nil)
	s.out.flush()
	if err != nil {
		return s.failure(ctx, plugins.NoCallback, err)
	}
	return nil
}

// functions returns the global functions that have the name of a callback.
func (s *script) functions() (list [plugins.NumCallbacks]*glua.LFunction) {
	for cb := plugins.NoCallback + 1; cb < plugins.NumCallbacks; cb++ {
		list[cb], _ = s.state.G.Global.RawGetString(cb.String()).(*glua.LFunction)
	}
	return list
}

// resolve finds the callbacks: the global functions that were not there before
// the script ran, for Lua has a load of its own.
func (s *script) resolve() {
	s.callbacks = s.functions()
	for cb, fn := range s.builtin {
		if s.callbacks[cb] == fn {
			s.callbacks[cb] = nil
		}
	}
}

// readVersion takes the API version from the global that says it.
func (s *script) readVersion() error {
	s.version = 1
	value := s.state.G.Global.RawGetString("API_VERSION")
	switch value {
	case glua.LNil, glua.LNumber(1):
	case glua.LNumber(2):
		s.version = 2
	default:
		return &plugins.Error{File: s.path, Msg: fmt.Sprintf("API_VERSION is %s: 1 and 2 are there", value)}
	}
	for cb := range plugins.NumCallbacks {
		s.signature[cb] = cb.Signature(s.version)
	}
	return nil
}

// APIVersion returns 1 or 2.
func (s *script) APIVersion() int { return s.version }

// Defines reports whether there is a function of that name: since the top level,
// or since a callback that precedes the first client has put it there, as config
// may (nbdkit's Lua looks a function up when it calls it).
func (s *script) Defines(cb plugins.Callback) bool {
	return cb < plugins.NumCallbacks && s.callbacks[cb] != nil
}

// Position returns where the function of a callback begins.
func (s *script) Position(cb plugins.Callback) (file string, line int) {
	if fn := s.callbacks[cb]; fn != nil && fn.Proto != nil { // else Go supplies it, as in pread = string.rep
		return fn.Proto.SourceName, fn.Proto.LineDefined
	}
	return s.path, 0
}

// ThreadModels returns nbdkit's for Lua: an LState is for one goroutine at a time.
func (s *script) ThreadModels() (usual, loosest plugins.ThreadModel) {
	return plugins.SerializeAllRequests, plugins.SerializeAllRequests
}

// Settle has nothing to do: calls come one at a time.
func (s *script) Settle(plugins.ThreadModel) {}

// Close frees the state.
func (s *script) Close() error {
	s.state.Close()
	return nil
}

// interrupt is the context that the interpreter polls before every instruction.
// It stands for the context of the call that runs, and stays the same for the
// life of the state: a coroutine keeps the context that it was created with,
// and may live longer than the call that created it.
type interrupt struct {
	context.Context
	done <-chan struct{} // taken once, because polling must be cheap
}

// until makes the script run no longer than ctx.
func (i *interrupt) until(ctx context.Context) { i.Context, i.done = ctx, ctx.Done() }

// Done returns the channel of the current call's context.
func (i *interrupt) Done() <-chan struct{} { return i.done }

// check fails the script if it should stop. A Go function that works for long
// calls it now and then.
func (i *interrupt) check(L *glua.LState) {
	select {
	case <-i.done:
		L.RaiseError("%s", i.Err())
	default:
	}
}
