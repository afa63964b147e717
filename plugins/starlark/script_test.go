package starlark_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/plugins/starlark"
)

// minimal is what a script needs to be a disk; tests add to it.
const minimal = `
def open(readonly): return None
def get_size(h): return 4096
def pread(h, count, offset): return b"\0" * count
`

// compile compiles text as the file "disk.star".
func compile(t testing.TB, text string) (plugins.Program, error) {
	t.Helper()
	return starlark.Runtime{}.Compile(plugins.Source{Path: "disk.star", Text: text})
}

// start runs text up to the point where clients may come.
func start(t testing.TB, text string, env plugins.Env) *plugins.Instance {
	t.Helper()
	program, err := compile(t, text)
	if err != nil {
		t.Fatal(err)
	}
	in, err := plugins.Start(t.Context(), program, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return in
}

// open starts text and opens it.
func open(t testing.TB, text string, env plugins.Env) plugins.Handle {
	t.Helper()
	h, err := start(t, text, env).Open(t.Context(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func do(t testing.TB, h plugins.Handle, r plugins.Request) (*plugins.Request, error) {
	t.Helper()
	if r.Op == plugins.OpWrite {
		r.Length = uint64(len(r.Data))
	}
	err := h.Do(t.Context(), &r)
	return &r, err
}

func read(t testing.TB, h plugins.Handle, offset, count uint64) string {
	t.Helper()
	r, err := do(t, h, plugins.Request{Op: plugins.OpRead, Offset: offset, Length: count})
	if err != nil {
		t.Fatal(err)
	}
	return string(r.Data)
}

// scriptError returns the *plugins.Error in err.
func scriptError(t testing.TB, err error) *plugins.Error {
	t.Helper()
	e, ok := errors.AsType[*plugins.Error](err)
	if !ok {
		t.Fatalf("error %v (%T) is no *plugins.Error", err, err)
	}
	return e
}

func TestRamDiskInAGlobal(t *testing.T) {
	h := open(t, `#!/usr/bin/env starlark
config_of = {}
blocks = {}
def config(key, value): config_of[key] = value
def config_complete(): config_of["bytes"] = nbdkit.parse_size(config_of["size"])
def open(readonly): return {"readonly": readonly}
def get_size(h): return config_of["bytes"]
def pread(h, count, offset): return blocks.get(offset, b"\0" * count)
def pwrite(h, buf, offset): blocks[offset] = buf
`, plugins.Env{Params: []plugins.Param{{Key: "size", Value: "1M"}}})
	if size := h.Info().Size; size != 1<<20 {
		t.Fatalf("size %d", size)
	}
	if got := read(t, h, 512, 512); got != strings.Repeat("\x00", 512) {
		t.Fatalf("read %q before the write", got)
	}
	// The front end uses its buffer again: what the script kept must not change.
	data := bytes.Repeat([]byte{0xff, 0x80}, 256)
	if _, err := do(t, h, plugins.Request{Op: plugins.OpWrite, Offset: 512, Data: data}); err != nil {
		t.Fatal(err)
	}
	clear(data)
	if got := read(t, h, 512, 512); got != strings.Repeat("\xff\x80", 256) {
		t.Fatalf("read %q after the write", got)
	}
}

func TestArguments(t *testing.T) {
	const head = `
got = []
def open(readonly): got.append(("open", readonly)); return "the handle"
def get_size(h): return 1 << 62
`
	const v1 = head + `
def pread(h, count, offset): got.append(("pread", h, count, offset)); return b"x" * count
def pwrite(h, buf, offset): got.append(("pwrite", h, buf, offset))
def flush(h): got.append(("flush", h))
def trim(h, count, offset): got.append(("trim", h, count, offset))
def zero(h, count, offset, may_trim): got.append(("zero", h, count, offset, may_trim))
def cache(h, count, offset, flags): got.append(("cache", h, count, offset, flags))
def extents(h, count, offset, flags): got.append(("extents", h, count, offset, flags)); return [(offset, count, 0)]
def unload(): print(got)
`
	const v2 = head + `
API_VERSION = 2
def can_fua(h): return nbdkit.FUA_NATIVE
def can_fast_zero(h): return True
def pread(h, buf, offset, flags): got.append(("pread", h, len(buf), offset, flags))
def pwrite(h, buf, offset, flags): got.append(("pwrite", h, buf, offset, flags))
def flush(h, flags): got.append(("flush", h, flags))
def trim(h, count, offset, flags): got.append(("trim", h, count, offset, flags))
def zero(h, count, offset, flags): got.append(("zero", h, count, offset, flags))
def unload(): print(got)
`
	const far = 1<<62 - 8
	tests := []struct {
		name, script string
		request      plugins.Request
		want         string
	}{
		{"v1 pread", v1, plugins.Request{Op: plugins.OpRead, Offset: far, Length: 8}, `("pread", "the handle", 8, 4611686018427387896)`},
		{"v1 pwrite", v1, plugins.Request{Op: plugins.OpWrite, Offset: 1, Data: []byte("a\x00\xff")}, `("pwrite", "the handle", b"a\x00\xff", 1)`},
		{"v1 flush", v1, plugins.Request{Op: plugins.OpFlush}, `("flush", "the handle")`},
		{"v1 trim", v1, plugins.Request{Op: plugins.OpTrim, Offset: 3, Length: 5}, `("trim", "the handle", 5, 3)`},
		{"v1 zero", v1, plugins.Request{Op: plugins.OpZero, Offset: 3, Length: 5}, `("zero", "the handle", 5, 3, False)`},
		{"v1 zero may trim", v1, plugins.Request{Op: plugins.OpZero, Flags: plugins.FlagMayTrim, Offset: 3, Length: 5}, `("zero", "the handle", 5, 3, True)`},
		{"v1 cache", v1, plugins.Request{Op: plugins.OpCache, Offset: 3, Length: 5}, `("cache", "the handle", 5, 3, 0)`},
		{"v1 extents", v1, plugins.Request{Op: plugins.OpExtents, Flags: plugins.FlagReqOne, Offset: 3, Length: 5}, `("extents", "the handle", 5, 3, 4)`},
		{"v1 forced write", v1, plugins.Request{Op: plugins.OpWrite, Flags: plugins.FlagFUA, Data: []byte("a")}, `("pwrite", "the handle", b"a", 0), ("flush", "the handle")`},
		{"v2 pread", v2, plugins.Request{Op: plugins.OpRead, Offset: far, Length: 8}, `("pread", "the handle", 8, 4611686018427387896, 0)`},
		{"v2 pwrite", v2, plugins.Request{Op: plugins.OpWrite, Flags: plugins.FlagFUA, Data: []byte("a")}, `("pwrite", "the handle", b"a", 0, 2)`},
		{"v2 flush", v2, plugins.Request{Op: plugins.OpFlush}, `("flush", "the handle", 0)`},
		{"v2 trim", v2, plugins.Request{Op: plugins.OpTrim, Flags: plugins.FlagFUA, Offset: 3, Length: 5}, `("trim", "the handle", 5, 3, 2)`},
		{"v2 zero", v2, plugins.Request{Op: plugins.OpZero, Flags: plugins.FlagMayTrim | plugins.FlagFastZero, Offset: 3, Length: 5}, `("zero", "the handle", 5, 3, 9)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var printed string
			env := plugins.Env{Print: func(_ *plugins.Call, text string) { printed = text }}
			program, err := compile(t, tt.script)
			if err != nil {
				t.Fatal(err)
			}
			in, err := plugins.Start(t.Context(), program, env)
			if err != nil {
				t.Fatal(err)
			}
			h, err := in.Open(t.Context(), plugins.OpenParams{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := do(t, h, tt.request); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(h.Close(), in.Close(t.Context())); err != nil {
				t.Fatal(err)
			}
			if want := `[("open", False), ` + tt.want + `]`; printed != want {
				t.Errorf("the script saw\n%s\nwant\n%s", printed, want)
			}
		})
	}
}

func TestLifeCycleAndPrint(t *testing.T) {
	var said []string
	note := func(c *plugins.Call, text string) {
		where := "top level"
		if c != nil {
			where = c.Callback.String()
		}
		said = append(said, where+": "+text)
	}
	program, err := compile(t, minimal+`
print("loading", 1, b"raw", sep="-")
def config(key, value): print(key, value)
def config_complete(): nbdkit.debug("all", 2)
def thread_model(): return nbdkit.THREAD_MODEL_PARALLEL
def get_ready(): pass
def preconnect(readonly): pass
def list_exports(readonly, tls): print(readonly, tls); return ["a", ("b", "the second")]
def default_export(readonly, tls): return "a"
def export_description(h): return "about " + nbdkit.export_name()
def block_size(h): return 1, 4096, 65536
def cleanup(): print("bye")
def unload(): print("gone")
`)
	if err != nil {
		t.Fatal(err)
	}
	in, err := plugins.Start(t.Context(), program, plugins.Env{Params: []plugins.Param{{Key: "k", Value: ""}}, Print: note, Debug: note})
	if err != nil {
		t.Fatal(err)
	}
	if m := in.ThreadModel(); m != plugins.Parallel {
		t.Errorf("thread model %s", m)
	}
	exports, err := in.Exports(t.Context(), plugins.OpenParams{ReadOnly: true, TLS: true})
	if err != nil || len(exports) != 2 || exports[1] != (plugins.Export{Name: "b", Description: "the second"}) {
		t.Errorf("exports %v, %v", exports, err)
	}
	h, err := in.Open(t.Context(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	about := h.(plugins.Describer)
	if text, err := about.Description(t.Context()); err != nil || text != "about a" {
		t.Errorf("description %q, %v", text, err)
	}
	if sizes, err := about.BlockSizes(t.Context()); err != nil || sizes != (plugins.BlockSizes{Minimum: 1, Preferred: 4096, Maximum: 65536}) {
		t.Errorf("block sizes %v, %v", sizes, err)
	}
	if err := errors.Join(h.Close(), in.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	want := []string{"top level: loading-1-raw", "config: k ", "config_complete: all 2",
		"list_exports: True True", "cleanup: bye", "unload: gone"}
	if strings.Join(said, "\n") != strings.Join(want, "\n") {
		t.Errorf("said %q\nwant %q", said, want)
	}
}

func TestGlobalsThatAreNoFunctionsAreNoCallbacks(t *testing.T) {
	in := start(t, minimal+"config = {}\ncache = [1]\nflush = None\nname = 'x'\n", plugins.Env{})
	if got := fmt.Sprint(in.Callbacks()); got != "[open get_size pread]" {
		t.Errorf("callbacks %s", got)
	}
}

func TestEachStartHasItsOwnGlobals(t *testing.T) {
	program, err := compile(t, `
count = [0]
def open(readonly): count[0] += 1
def get_size(h): return count[0]
def pread(h, count, offset): return b"x" * count
`)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		in, err := plugins.Start(t.Context(), program, plugins.Env{})
		if err != nil {
			t.Fatal(err)
		}
		h, err := in.Open(t.Context(), plugins.OpenParams{})
		if err != nil {
			t.Fatal(err)
		}
		if size := h.Info().Size; size != 1 {
			t.Errorf("size %d: the starts share globals", size)
		}
		if err := errors.Join(h.Close(), in.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInterruption(t *testing.T) {
	entered := make(chan struct{}, 1)
	env := plugins.Env{Print: func(*plugins.Call, string) { entered <- struct{}{} }}
	h := open(t, `
def open(readonly): return None
def get_size(h): return 4096
def pread(h, count, offset):
    if offset == 0:
        print("here")
        while True: offset += 1
    return b"y" * count
`, env)
	reason := errors.New("the client went away")
	for range 20 { // a late cancellation must not reach the next call
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-entered
			cancel(reason)
		}()
		err := h.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 1})
		if !errors.Is(err, reason) {
			t.Fatalf("error %v does not wrap the cause", err)
		}
		// Not every instruction has a position: that of the one before is shown.
		if e := scriptError(t, err); e.Callback != plugins.Pread || e.Line != 6 && e.Line != 7 || e.Msg != "the script was stopped" {
			t.Fatalf("error %+v", e)
		}
		if got := read(t, h, 1, 2); got != "yy" {
			t.Fatalf("read %q after an interruption", got)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := h.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 1})
	if !errors.Is(err, context.DeadlineExceeded) || plugins.ErrnoOf(err) != syscall.ETIMEDOUT {
		t.Errorf("error %v, %s", err, plugins.ErrnoName(plugins.ErrnoOf(err)))
	}
}

func TestInterruptionOfTheTopLevel(t *testing.T) {
	program, err := compile(t, "print()\nn = 0\nwhile True: n += 1\n")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = plugins.Start(ctx, program, plugins.Env{Print: func(*plugins.Call, string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if e := scriptError(t, err); e.Line == 0 || e.Callback != plugins.NoCallback {
		t.Errorf("error %+v", e)
	}
}

// Calls of one script may be made from many goroutines in turn.
func TestManyGoroutines(t *testing.T) {
	h := open(t, `
seen = []
def open(readonly): return None
def get_size(h): return 1 << 20
def pread(h, count, offset): seen.append(offset); return b"x" * count
def can_write(h): return False
`, plugins.Env{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 100 {
				r := plugins.Request{Op: plugins.OpRead, Offset: uint64(i*100 + j), Length: 16}
				if err := h.Do(t.Context(), &r); err != nil || string(r.Data) != strings.Repeat("x", 16) {
					t.Errorf("read %q, %v", r.Data, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkRequest(b *testing.B) {
	const text = `
disk = workbench.memory("1M")
data = b"x" * 4096
def open(readonly): return disk
def get_size(h): return h.size()
def pread(h, count, offset): return h.pread(count, offset)
def pwrite(h, buf, offset): h.pwrite(buf, offset)
def flush(h): pass
`
	background := func(b *testing.B) context.Context { return context.Background() }
	cancellable := func(b *testing.B) context.Context { return b.Context() }
	for _, bb := range []struct {
		name string
		ctx  func(*testing.B) context.Context
		r    plugins.Request
	}{
		{"pread 4K background", background, plugins.Request{Op: plugins.OpRead, Length: 4096}},
		{"pread 4K", cancellable, plugins.Request{Op: plugins.OpRead, Length: 4096}},
		{"pwrite 4K", cancellable, plugins.Request{Op: plugins.OpWrite, Length: 4096, Data: make([]byte, 4096)}},
		{"flush background", background, plugins.Request{Op: plugins.OpFlush}},
		{"flush", cancellable, plugins.Request{Op: plugins.OpFlush}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			h := open(b, text, plugins.Env{})
			ctx := bb.ctx(b)
			b.ReportAllocs()
			for b.Loop() {
				r := bb.r
				if err := h.Do(ctx, &r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
