package examples_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

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
			env := params("size=1M")
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
			in := start(t, name, params("file="+image))
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
			_, err = d.do(read(8192, 512))
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
				{read(2<<20, 512), syscall.EIO, "the disk is scratched at 2097152"},
				{read(2<<20-512, 512), 0, ""},
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

func TestTour(t *testing.T) {
	var p printer
	env := plugins.Env{Shelf: &plugins.Shelf{}, Print: p.print}
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
	if _, err := d.do(read(5<<20, 512)); plugins.ErrnoOf(err) != syscall.EIO {
		t.Errorf("read of the scratch: %v", err)
	}
	quick := d.must(read(0, 512))
	slow := d.must(read(6<<20, 512))
	if slow.InCallback < 15*time.Millisecond {
		t.Errorf("the slow spot took %v, another %v", slow.InCallback, quick.InCallback)
	}
	again := open(t, start(t, "tour.lua", env))
	if got := again.read(0, 4); got != "kept" {
		t.Errorf("after a reload the disk has %q", got)
	}
	if printed := p.take(); len(printed) < 4 || printed[0] != "a client opened the disk" || !strings.Contains(printed[1], "100 writes so far") {
		t.Errorf("printed %q", printed)
	}
}
