package examples_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/plugins/examples"
	"workbench/plugins/lua"
	"workbench/plugins/starlark"
)

func TestListAndFind(t *testing.T) {
	files, err := filepath.Glob("*.[ls]*")
	if err != nil {
		t.Fatal(err)
	}
	list := examples.List()
	if len(list) != len(files) {
		t.Errorf("%d examples, but the files are %v", len(list), files)
	}
	for _, e := range list {
		if found, ok := examples.Find(e.Name); !ok || found != e {
			t.Errorf("Find(%s) = %v, %v", e.Name, found, ok)
		}
		if e.Title == "" || strings.ContainsAny(e.Title[:1], "-# ") || len(e.Title) > 75 {
			t.Errorf("%s has the title %q", e.Name, e.Title)
		}
		rt, err := plugins.FindRuntime(runtimes, "", plugins.Source{Path: e.Name, Text: e.Source})
		if err != nil || rt.Name() != e.Language {
			t.Errorf("%s is said to be %s: %v, %v", e.Name, e.Language, rt, err)
		}
		for i, line := range strings.Split(e.Source, "\n") {
			if len(line) > 90 || strings.TrimRight(line, " \t") != line {
				t.Errorf("%s:%d: too long, or space at its end", e.Name, i+1)
			}
		}
	}
	for _, name := range []string{"", "hello", "nothing.lua", "../examples.go", "examples.go"} {
		if _, ok := examples.Find(name); ok {
			t.Errorf("Find(%q) found something", name)
		}
	}
}

var runtimes = []plugins.Runtime{lua.Runtime{}, starlark.Runtime{}}

// start starts the example of that name.
func start(t *testing.T, name string, env plugins.Env) *plugins.Instance {
	t.Helper()
	e, ok := examples.Find(name)
	if !ok {
		t.Fatalf("no example %s", name)
	}
	src := plugins.Source{Path: e.Name, Text: e.Source}
	rt, err := plugins.FindRuntime(runtimes, "", src)
	if err != nil {
		t.Fatal(err)
	}
	program, err := rt.Compile(src)
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

// open opens a started example.
func open(t *testing.T, in *plugins.Instance) disk {
	t.Helper()
	h, err := in.Open(t.Context(), plugins.OpenParams{})
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
	return string(d.must(plugins.Request{Op: plugins.OpRead, Offset: offset, Length: count}).Data)
}

func write(offset uint64, text string) plugins.Request {
	return plugins.Request{Op: plugins.OpWrite, Offset: offset, Length: uint64(len(text)), Data: []byte(text)}
}

func params(pairs ...plugins.Param) plugins.Env { return plugins.Env{Params: pairs} }

func TestHello(t *testing.T) {
	for _, tt := range []struct{ name, text string }{
		{"hello.lua", "Hello from Lua!\n"},
		{"hello.star", "Hello from Starlark!\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, start(t, tt.name, plugins.Env{}))
			if info := d.Info(); info.Size != 64*1024 || !info.ReadOnly {
				t.Errorf("info %+v", info)
			}
			whole := strings.Repeat(tt.text, 64*1024/len(tt.text)+1)
			for _, at := range [][2]uint64{{0, 1}, {0, 512}, {7, 100}, {uint64(len(tt.text)), 3}, {65535, 1}, {0, 65536}} {
				if got := d.read(at[0], at[1]); got != whole[at[0]:at[0]+at[1]] {
					t.Errorf("%d bytes at %d are wrong: %.40q", at[1], at[0], got)
				}
			}
		})
	}
}

// exercise writes, reads, zeroes and trims a disk that can do everything.
func exercise(d disk) {
	d.t.Helper()
	if info := d.Info(); info.ReadOnly || !info.CanFlush || !info.CanTrim || !info.CanZero || !info.CanExtents || info.FUA != plugins.Emulate {
		d.t.Errorf("info %+v", info)
	}
	d.must(write(4096, "some text"))
	d.must(plugins.Request{Op: plugins.OpFlush})
	if got := d.read(4094, 12); got != "\x00\x00some text\x00" {
		d.t.Errorf("read %q after the write", got)
	}
	d.must(plugins.Request{Op: plugins.OpZero, Offset: 4096, Length: 2})
	d.must(plugins.Request{Op: plugins.OpZero, Flags: plugins.FlagMayTrim, Offset: 4098, Length: 2})
	d.must(plugins.Request{Op: plugins.OpTrim, Offset: 4101, Length: 4})
	if got := d.read(4096, 9); got != "\x00\x00\x00\x00 \x00\x00\x00\x00" {
		d.t.Errorf("read %q after zero and trim", got)
	}
	extents := d.must(plugins.Request{Op: plugins.OpExtents, Length: d.Info().Size}).Extents
	if len(extents) == 0 || extents[len(extents)-1].End() != d.Info().Size {
		d.t.Errorf("extents %v", extents)
	}
}

func TestRamdiskAndStarter(t *testing.T) {
	for _, name := range []string{"ramdisk.lua", "ramdisk.star", "starter.lua", "starter.star"} {
		t.Run(name, func(t *testing.T) {
			env := params(plugins.Param{Key: "size", Value: "1M"})
			env.Shelf = &plugins.Shelf{}
			d := open(t, start(t, name, env))
			if size := d.Info().Size; size != 1<<20 {
				t.Errorf("size %d", size)
			}
			exercise(d)
			d.must(write(0, "kept"))
			if got := open(t, start(t, name, env)).read(0, 4); got != "kept" {
				t.Errorf("after a reload the disk has %q", got)
			}
			if size := open(t, start(t, name, plugins.Env{})).Info().Size; size != 8<<20 {
				t.Errorf("size %d without a parameter", size)
			}
		})
	}
}

func TestFile(t *testing.T) {
	for _, name := range []string{"file.lua", "file.star"} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "disk.img")
			if err := os.WriteFile(image, make([]byte, 1<<20), 0o644); err != nil {
				t.Fatal(err)
			}
			in := start(t, name, params(plugins.Param{Key: "file", Value: image}))
			d := open(t, in)
			if info := d.Info(); info.Size != 1<<20 || info.ReadOnly || !info.CanFlush {
				t.Errorf("info %+v", info)
			}
			d.must(write(4096, "some text"))
			d.must(plugins.Request{Op: plugins.OpFlush})
			d.must(plugins.Request{Op: plugins.OpZero, Offset: 4096, Length: 4})
			if got := d.read(4096, 9); got != "\x00\x00\x00\x00 text" {
				t.Errorf("read %q", got)
			}
			text, err := os.ReadFile(image)
			if err != nil || string(text[4096:4105]) != "\x00\x00\x00\x00 text" {
				t.Errorf("the file has %q, %v", text[4096:4105], err)
			}
			if name == "file.star" {
				exercise(d)
			}

			// A client that only reads must be able to where writing is not permitted.
			h, err := in.Open(t.Context(), plugins.OpenParams{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (disk{h, t}).do(write(0, "x")); plugins.ErrnoOf(err) != syscall.EROFS {
				t.Errorf("error %v", err)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}

			// Truncated under the script: the error has its line.
			if err := os.Truncate(image, 4096); err != nil {
				t.Fatal(err)
			}
			_, err = d.do(plugins.Request{Op: plugins.OpRead, Offset: 8192, Length: 512})
			if e, ok := errors.AsType[*plugins.Error](err); !ok || e.Line == 0 || plugins.ErrnoOf(err) != syscall.EIO {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, name := range []string{"errors.lua", "errors.star"} {
		t.Run(name, func(t *testing.T) {
			d := open(t, start(t, name, plugins.Env{}))
			for _, tt := range []struct {
				r     plugins.Request
				errno syscall.Errno
				msg   string
			}{
				{write(1<<20-4, "full"), 0, ""},
				{write(1<<20-4, "fuller"), syscall.ENOSPC, "there is space up to 1048576 only"},
				{plugins.Request{Op: plugins.OpRead, Offset: 2 << 20, Length: 512}, syscall.EIO, "the disk is scratched at 2097152"},
				{plugins.Request{Op: plugins.OpRead, Offset: 2<<20 - 512, Length: 512}, 0, ""},
				{plugins.Request{Op: plugins.OpTrim, Length: 512}, syscall.EPERM, "what is written cannot be trimmed"},
				{plugins.Request{Op: plugins.OpTrim, Offset: 1 << 20, Length: 512}, 0, ""},
				{plugins.Request{Op: plugins.OpZero, Length: 512}, 0, ""}, // falls back to writes
				{plugins.Request{Op: plugins.OpZero, Offset: 1 << 20, Length: 512}, syscall.ENOSPC, "there is space up to 1048576 only"},
			} {
				_, err := d.do(tt.r)
				if errno := plugins.ErrnoOf(err); errno != tt.errno {
					t.Errorf("%s at %d: %v (%s), want %s", tt.r.Op, tt.r.Offset, err, plugins.ErrnoName(errno), plugins.ErrnoName(tt.errno))
				}
				if err == nil {
					continue
				}
				if e, ok := errors.AsType[*plugins.Error](err); !ok || e.File != name || e.Line == 0 || e.Msg != tt.msg {
					t.Errorf("%s at %d: %v, want %s", tt.r.Op, tt.r.Offset, err, tt.msg)
				}
			}
		})
	}
}

func TestParameterErrors(t *testing.T) {
	for _, name := range []string{"ramdisk.lua", "ramdisk.star", "file.lua", "file.star", "starter.lua", "starter.star"} {
		e, _ := examples.Find(name)
		src := plugins.Source{Path: e.Name, Text: e.Source}
		rt, err := plugins.FindRuntime(runtimes, "", src)
		if err != nil {
			t.Fatal(err)
		}
		program, err := rt.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		_, err = plugins.Start(t.Context(), program, params(plugins.Param{Key: "colour", Value: "red"}))
		if err == nil || !strings.Contains(err.Error(), "there is no parameter colour") {
			t.Errorf("%s: error %v", name, err)
		}
		if strings.HasPrefix(name, "file") {
			_, err = plugins.Start(t.Context(), program, plugins.Env{})
			if err == nil || !strings.Contains(err.Error(), "which file? Give file=disk.img") {
				t.Errorf("%s: error %v", name, err)
			}
		}
	}
}

func TestTour(t *testing.T) {
	var mu sync.Mutex
	var printed []string
	env := plugins.Env{Shelf: &plugins.Shelf{}, Print: func(_ *plugins.Call, text string) {
		mu.Lock()
		defer mu.Unlock()
		printed = append(printed, text)
	}}
	d := open(t, start(t, "tour.lua", env))
	if size := d.Info().Size; size != 8<<20 {
		t.Errorf("size %d", size)
	}
	exercise(d)
	failed := 0
	for range 200 {
		_, err := d.do(write(0, "kept"))
		switch plugins.ErrnoOf(err) {
		case 0:
		case syscall.ENOSPC:
			failed++
		default:
			t.Fatal(err)
		}
	}
	if failed != 5 {
		t.Errorf("%d of 200 writes failed", failed)
	}
	if _, err := d.do(plugins.Request{Op: plugins.OpRead, Offset: 5 << 20, Length: 512}); plugins.ErrnoOf(err) != syscall.EIO {
		t.Errorf("read of the scratch: %v", err)
	}
	quick := d.must(plugins.Request{Op: plugins.OpRead, Offset: 0, Length: 512})
	slow := d.must(plugins.Request{Op: plugins.OpRead, Offset: 6 << 20, Length: 512})
	if slow.InCallback < 15*time.Millisecond {
		t.Errorf("the slow spot took %v, another %v", slow.InCallback, quick.InCallback)
	}
	again := open(t, start(t, "tour.lua", env))
	if got := again.read(0, 4); got != "kept" {
		t.Errorf("after a reload the disk has %q", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(printed) < 4 || printed[0] != "a client opened the disk" || !strings.Contains(printed[1], "100 writes so far") {
		t.Errorf("printed %q", printed)
	}
}

// The examples that say so are plugins for the real nbdkit as well.
func TestNbdkitRunsThem(t *testing.T) {
	for _, program := range []string{"nbdkit", "nbdcopy"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	image := filepath.Join(t.TempDir(), "disk.img")
	content := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	if err := os.WriteFile(image, content, 0o644); err != nil {
		t.Fatal(err)
	}
	nbdkit := func(args ...string) []byte {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, "nbdkit", append([]string{"--exit-with-parent", "-U", "-", "lua"}, args...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, stderr.Bytes())
		}
		return out
	}
	d := open(t, start(t, "hello.lua", plugins.Env{}))
	if out := nbdkit("hello.lua", "--run", `nbdcopy "$uri" -`); string(out) != d.read(0, 65536) {
		t.Errorf("hello.lua is another disk under nbdkit: %.80q", out)
	}
	if out := nbdkit("file.lua", "file="+image, "--run", `nbdcopy "$uri" -`); !bytes.Equal(out, content) {
		t.Errorf("file.lua reads something else under nbdkit: %.80q", out)
	}
	nbdkit("file.lua", "file="+image, "--run", `printf 'from nbdkit' | nbdcopy - "$uri"`)
	f := open(t, start(t, "file.lua", params(plugins.Param{Key: "file", Value: image})))
	if got := f.read(0, 16); got != "from nbdkitbcdef" {
		t.Errorf("file.lua wrote %q under nbdkit", got)
	}
}
