package plugintest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"workbench/plugins"
)

// A Language is what is put to the test.
type Language struct {
	Runtime plugins.Runtime
	Loosest plugins.ThreadModel // that a script may ask for
	Ext     string              // of a script's file name: ".lua"
	Scripts map[string]string   // the twins: text by name
}

// ReadScripts returns the text of each file in dir that ends in ext, by its
// name without ext.
func ReadScripts(t testing.TB, dir, ext string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+ext))
	if err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		scripts[strings.TrimSuffix(filepath.Base(path), ext)] = string(text)
	}
	return scripts
}

// patience is how long any test may take before it counts as hung.
const patience = 20 * time.Second

// A rig is one script under test, and all that was seen of it.
type rig struct {
	t        *testing.T
	language Language
	name     string
	ctx      context.Context
	env      plugins.Env // what the script is started with; start completes it
	shelf    *plugins.Shelf
	onPrint  func(text string) // may be nil
	instance *plugins.Instance

	mu        sync.Mutex
	debugged  []string           // guarded by mu
	shutdowns []int              // guarded by mu
	printed   []printed          // guarded by mu
	called    []plugins.Callback // guarded by mu
	failed    []error            // guarded by mu; of each callback in called, nil if it went well
}

// printed is what a script printed, and while which callback.
type printed struct {
	callback plugins.Callback
	offset   uint64
	text     string
}

func (l Language) rig(t *testing.T, name string) *rig {
	t.Helper()
	if _, ok := l.Scripts[name]; !ok {
		t.Fatalf("the language has no script %q: see the documentation of plugintest", name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return &rig{t: t, language: l, name: name, ctx: ctx, shelf: &plugins.Shelf{}}
}

func (r *rig) source() plugins.Source {
	return plugins.Source{Path: "scripts/" + r.name + r.language.Ext, Text: r.language.Scripts[r.name]}
}

// start compiles and starts the script.
func (r *rig) start(params ...plugins.Param) error {
	program, err := r.language.Runtime.Compile(r.source())
	if err != nil {
		return err
	}
	env := r.env
	env.Params, env.Shelf = params, r.shelf
	env.Print = func(c *plugins.Call, text string) {
		p := printed{text: text}
		if c != nil {
			p.callback, p.offset = c.Callback, c.Offset
		}
		r.mu.Lock()
		r.printed = append(r.printed, p)
		r.mu.Unlock()
		if r.onPrint != nil {
			r.onPrint(text)
		}
	}
	env.Debug = func(_ *plugins.Call, text string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.debugged = append(r.debugged, text)
	}
	env.Shutdown = func(status int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.shutdowns = append(r.shutdowns, status)
	}
	env.Version = "1.2.3"
	env.Observe = func(c *plugins.Call, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.called = append(r.called, c.Callback)
		r.failed = append(r.failed, err)
	}
	r.instance, err = plugins.Start(r.ctx, program, env)
	return err
}

// mustStart starts the script, which must be fine, and closes it at the end of the test.
func (r *rig) mustStart(params ...plugins.Param) *rig {
	r.t.Helper()
	if err := r.start(params...); err != nil {
		r.t.Fatalf("starting %s: %v", r.name, err)
	}
	r.t.Cleanup(func() {
		if err := r.instance.Close(context.Background()); err != nil {
			r.t.Errorf("closing %s: %v", r.name, err)
		}
	})
	return r
}

// disk is an open handle that fails the test where it should work.
type disk struct {
	plugins.Handle
	t   *testing.T
	ctx context.Context
}

// open opens the script, which must work, and closes it at the end of the test.
func (r *rig) open(p plugins.OpenParams) *disk {
	r.t.Helper()
	h, err := r.instance.Open(r.ctx, p)
	if err != nil {
		r.t.Fatalf("opening %s: %v", r.name, err)
	}
	r.t.Cleanup(func() {
		if err := h.Close(); err != nil {
			r.t.Errorf("closing a handle of %s: %v", r.name, err)
		}
	})
	return &disk{Handle: h, t: r.t, ctx: r.ctx}
}

// do performs a request and returns it with its outcome.
func (d *disk) do(q plugins.Request) (*plugins.Request, error) {
	if q.Op == plugins.OpWrite {
		q.Length = uint64(len(q.Data))
	}
	err := d.Do(d.ctx, &q)
	return &q, err
}

// must performs a request that has to succeed.
func (d *disk) must(q plugins.Request) *plugins.Request {
	d.t.Helper()
	done, err := d.do(q)
	if err != nil {
		d.t.Fatalf("%s of %d bytes at %d: %v", q.Op, q.Length, q.Offset, err)
	}
	return done
}

func (d *disk) read(n, offset uint64) string {
	d.t.Helper()
	return string(d.must(plugins.Request{Op: plugins.OpRead, Length: n, Offset: offset}).Data)
}

func (d *disk) write(text string, offset uint64) {
	d.t.Helper()
	data := []byte(text)
	d.must(plugins.Request{Op: plugins.OpWrite, Data: data, Offset: offset})
	clear(data) // a front end uses its memory again
}

// forget drops what was seen so far.
func (r *rig) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.printed, r.called, r.failed = nil, nil, nil
}

// calls returns the callbacks that ran, in order.
func (r *rig) calls() []plugins.Callback {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]plugins.Callback(nil), r.called...)
}

// output returns what was printed.
func (r *rig) output() []printed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]printed(nil), r.printed...)
}

// line returns the number of the line of the script that ends in mark.
func (r *rig) line(mark string) int {
	r.t.Helper()
	for i, text := range strings.Split(r.source().Text, "\n") {
		if strings.HasSuffix(strings.TrimSpace(text), mark) {
			return i + 1
		}
	}
	r.t.Fatalf("no line of %s is marked %s", r.name, mark)
	return 0
}
