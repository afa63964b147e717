package examples_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/plugins/examples"
	"workbench/plugins/lua"
	"workbench/plugins/starlark"
)

var runtimes = []plugins.Runtime{lua.Runtime{}, starlark.Runtime{}}

// compile compiles the example of that name.
func compile(t *testing.T, name string) plugins.Program {
	t.Helper()
	e, ok := examples.Find(name)
	if !ok {
		t.Fatalf("no example %s", name)
	}
	src := plugins.Source{Path: e.Name, Text: e.Source}
	if e.Language == "lua" {
		src.Text = strict() + src.Text
	}
	rt, err := plugins.FindRuntime(runtimes, "", src)
	if err != nil {
		t.Fatal(err)
	}
	program, err := rt.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// fields are what the contract lets a script set, besides callbacks.
var fields = []string{"API_VERSION", "name", "description", "config_help"}

// strict is Lua, without an end of line, that makes a global an error which is
// neither a field nor a callback: whatever an example forgets to make local.
func strict() string {
	allowed := fields
	for c := plugins.NoCallback + 1; c < plugins.NumCallbacks; c++ {
		allowed = append(allowed, c.String())
	}
	return "do local allowed = {" + strings.Join(allowed, " = true, ") + " = true} " +
		"setmetatable(_G, {__newindex = function(t, k, v) assert(allowed[k], k .. ' is not local') rawset(t, k, v) end}) end "
}

// start starts the example of that name, and lets as many calls into it as it asks for.
func start(t *testing.T, name string, env plugins.Env) *plugins.Instance {
	t.Helper()
	in, err := plugins.Start(t.Context(), compile(t, name), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	in.Settle()
	return in
}

// open opens the default export of a started example.
func open(t *testing.T, in *plugins.Instance) disk {
	t.Helper()
	return openExport(t, in, "")
}

func openExport(t *testing.T, in *plugins.Instance, export string) disk {
	t.Helper()
	h, err := in.Open(t.Context(), plugins.OpenParams{Export: export})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return disk{h, t}
}

// disk is a Handle with methods that are handy in a test.
type disk struct {
	plugins.Handle
	t *testing.T
}

func (d disk) do(r plugins.Request) (*plugins.Request, error) {
	err := d.Do(d.t.Context(), &r)
	return &r, err
}

func (d disk) must(r plugins.Request) *plugins.Request {
	d.t.Helper()
	out, err := d.do(r)
	if err != nil {
		d.t.Fatalf("%s at %d: %v", r.Op, r.Offset, err)
	}
	return out
}

func (d disk) read(offset, count uint64) string {
	d.t.Helper()
	return string(d.must(read(offset, count)).Data)
}

// fails wants a request to fail with errno and message, at a line of the script.
func (d disk) fails(r plugins.Request, errno syscall.Errno, msg string) {
	d.t.Helper()
	_, err := d.do(r)
	e, ok := errors.AsType[*plugins.Error](err)
	if !ok || e.Line == 0 || e.Msg != msg || plugins.ErrnoOf(err) != errno {
		d.t.Errorf("%s at %d: %v (%s), want %s (%s)", r.Op, r.Offset, err, plugins.ErrnoName(plugins.ErrnoOf(err)), msg, plugins.ErrnoName(errno))
	}
}

func read(offset, count uint64) plugins.Request {
	return plugins.Request{Op: plugins.OpRead, Offset: offset, Length: count}
}

func write(offset uint64, text string) plugins.Request {
	return plugins.Request{Op: plugins.OpWrite, Offset: offset, Length: uint64(len(text)), Data: []byte(text)}
}

// params is an environment with parameters, "key=value" each.
func params(words ...string) plugins.Env {
	var env plugins.Env
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		env.Params = append(env.Params, plugins.Param{Key: key, Value: value})
	}
	return env
}

// A printer collects what a script prints.
type printer struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

func (p *printer) print(_ *plugins.Call, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, text)
}

// take returns what was printed since it was called last.
func (p *printer) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	return lines
}

// bothLanguages runs a test for each example called stem.
func bothLanguages(t *testing.T, stem string, test func(t *testing.T, name string)) {
	for _, extension := range []string{".lua", ".star"} {
		t.Run(stem+extension, func(t *testing.T) { test(t, stem+extension) })
	}
}
