package starlark

import (
	"context"
	"fmt"
	"sync"

	star "go.starlark.net/starlark"

	"workbench/plugins"
)

// program is a compiled script.
type program struct {
	source plugins.Source
	code   *star.Program
}

// Start runs the top level of the script.
func (p *program) Start(ctx context.Context, env plugins.Env) (plugins.Script, error) {
	if env.Shelf == nil {
		env.Shelf = &plugins.Shelf{}
	}
	s := &script{env: env, file: p.source.Path, methods: newMethods()}
	s.threads.New = func() any { return newThread(s) }

	t := newThread(s)
	loadFrom(t, p.source)
	var globals star.StringDict
	t.obey(ctx)
	defer t.ignore()
	_, err := t.run(ctx, func() (star.Value, error) {
		var err error
		globals, err = p.code.Init(&t.Thread, predeclared)
		return nil, err
	})
	if err != nil {
		return nil, t.explain(err)
	}
	s.globals = append(s.globals, globals)
	if err := s.resolve(globals); err != nil {
		return nil, err
	}
	return s, nil
}

// script is a running script. Nothing in it changes after Settle; what belongs
// to one call hangs on the call's thread.
type script struct {
	env       plugins.Env
	file      string // the script's own
	version   int
	own       star.StringDict // the globals of the script's own file
	callbacks [plugins.NumCallbacks]callback
	globals   []star.StringDict // of the script and of each file that it loaded
	parallel  bool              // calls for one handle may run at once
	threads   sync.Pool         // of *thread
	methods   *methods
}

// callback is a function that the script defines, and how it is called.
type callback struct {
	function star.Callable // nil if the script does not define it
	plugins.Signature
}

// resolve finds the API version and the callbacks among the globals. A global
// that is no function is no callback, whatever its name: config = {} is a good
// place to keep parameters (nbdkit's Python plugin has the same rule).
func (s *script) resolve(globals star.StringDict) error {
	s.version, s.own = 1, globals
	if v, ok := globals["API_VERSION"]; ok {
		if err := star.AsInt(v, &s.version); err != nil || s.version < 1 || s.version > 2 {
			return &plugins.Error{File: s.file, Msg: fmt.Sprintf("API_VERSION is %s: want 1 or 2", v)}
		}
	}
	for name, v := range globals {
		f, isFunction := v.(star.Callable)
		if cb, ok := plugins.ParseCallback(name); ok && isFunction {
			s.callbacks[cb] = callback{f, cb.Signature(s.version)}
		}
	}
	return nil
}

func (s *script) APIVersion() int                 { return s.version }
func (s *script) Defines(c plugins.Callback) bool { return s.callbacks[c].function != nil }
func (s *script) Close() error                    { return nil }

// Position returns where the function of a callback begins.
func (s *script) Position(c plugins.Callback) (file string, line int) {
	if f, ok := s.callbacks[c].function.(*star.Function); ok {
		return f.Position().Filename(), int(f.Position().Line)
	}
	return s.file, 0 // a builtin
}

// ThreadModels returns nbdkit's for Python: one request at a time, unless the
// script asks for more.
func (s *script) ThreadModels() (usual, loosest plugins.ThreadModel) {
	return plugins.SerializeAllRequests, plugins.Parallel
}

// Settle makes constant what several calls can reach at once, which is what
// Starlark demands: the globals and, under the parallel model, handles.
func (s *script) Settle(model plugins.ThreadModel) {
	if model <= plugins.SerializeAllRequests {
		return
	}
	s.parallel = model == plugins.Parallel
	for _, globals := range s.globals {
		globals.Freeze()
	}
	s.globals = nil
}

// thread returns a thread that ends with ctx.
func (s *script) thread(ctx context.Context) *thread {
	t := s.threads.Get().(*thread)
	if !t.obey(ctx) {
		t = newThread(s)
		t.obey(ctx)
	}
	return t
}

// Call runs one callback.
func (s *script) Call(ctx context.Context, c *plugins.Call) error {
	t := s.thread(ctx)
	defer func() { // also after a panic: the buffer must not outlive the call
		t.reset()
		s.threads.Put(t)
	}()
	t.call = c
	err := t.perform(ctx, &s.callbacks[c.Callback])
	if h, ok := c.Handle.(star.Value); ok && err == nil && c.Callback == plugins.Open && s.parallel {
		h.Freeze()
	}
	return err
}
