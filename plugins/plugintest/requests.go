package plugintest

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

// defaults checks what a missing can_* means.
func defaults(t *testing.T, l Language) {
	for name, want := range map[string]plugins.Info{
		"minimal": {Size: size, ReadOnly: true},
		"ramdisk": {Size: size, CanFlush: true, CanTrim: true, CanZero: true, CanFastZero: true, CanExtents: true, FUA: plugins.Emulate},
		"v2":      {Size: size, CanFlush: true, CanTrim: true, CanZero: true, CanFastZero: true, FUA: plugins.Native},
	} {
		t.Run(name, func(t *testing.T) {
			if got := l.rig(t, name).mustStart().open(plugins.OpenParams{}).Info(); got != want {
				t.Errorf("Info() = %+v\nwant     %+v", got, want)
			}
		})
	}
	t.Run("read-only server", func(t *testing.T) {
		got := l.rig(t, "ramdisk").mustStart().open(plugins.OpenParams{ReadOnly: true}).Info()
		want := plugins.Info{Size: size, ReadOnly: true, CanFlush: true, CanExtents: true}
		if got != want {
			t.Errorf("Info() = %+v\nwant     %+v", got, want)
		}
	})
}

func readOnly(t *testing.T, l Language) {
	r := l.rig(t, "readonly").mustStart()
	d := r.open(plugins.OpenParams{})
	if !d.Info().ReadOnly {
		t.Error("can_write returned false, but the disk can be written")
	}
	r.forget()
	_, err := d.do(plugins.Request{Op: plugins.OpWrite, Data: []byte("x")})
	wantErrno(t, "write", err, syscall.EROFS)
	if calls := r.calls(); len(calls) > 0 {
		t.Errorf("the write reached the script: %v", calls)
	}
}

// data checks that bytes survive both ways, whatever they are.
func data(t *testing.T, l Language) {
	d := l.rig(t, "ramdisk").mustStart().open(plugins.OpenParams{})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, offset := range []uint64{0, 511, 65536 - 100, size - 256} {
		d.write(string(all), offset)
		if got := d.read(256, offset); got != string(all) {
			t.Errorf("at %d: wrote %q, read %q", offset, all, got)
		}
	}
	if got := d.read(size, 0); len(got) != size || strings.Count(got, "\xff") != 4 {
		t.Errorf("the whole disk reads as %d bytes", len(got))
	}
	given := make([]byte, 256, 512)
	q := d.must(plugins.Request{Op: plugins.OpRead, Length: 256, Data: given})
	if string(q.Data) != string(all) {
		t.Errorf("with memory to read into: %q", q.Data)
	}
	d.must(plugins.Request{Op: plugins.OpTrim, Length: 128, Offset: 0})
	d.must(plugins.Request{Op: plugins.OpZero, Length: 64, Offset: 128})
	d.must(plugins.Request{Op: plugins.OpZero, Length: 32, Offset: 192, Flags: plugins.FlagMayTrim})
	if got := d.read(256, 0); got != strings.Repeat("\x00", 224)+string(all[224:]) {
		t.Errorf("after trim and zero: %q", got)
	}
	big := strings.Repeat("0123456789abcdef", 1<<16)
	d.write(big, 0)
	if d.read(size, 0) != big {
		t.Error("one write of the whole disk does not read as it was written")
	}
	d.must(plugins.Request{Op: plugins.OpFlush})
}

// file checks the disk in a file.
func file(t *testing.T, l Language) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	d := l.rig(t, "file").mustStart(plugins.Param{Key: "file", Value: path}).open(plugins.OpenParams{})
	if got := d.Info().Size; got != size {
		t.Errorf("size %d", got)
	}
	d.write("hello", 4096)
	d.must(plugins.Request{Op: plugins.OpFlush})
	text, err := os.ReadFile(path)
	if err != nil || string(text[4096:4101]) != "hello" || d.read(5, 4096) != "hello" {
		t.Errorf("the file holds %q (%v)", text[4096:4101], err)
	}
	d.must(plugins.Request{Op: plugins.OpTrim, Length: 2, Offset: 4096})
	d.must(plugins.Request{Op: plugins.OpZero, Length: 1, Offset: 4100})
	if got := d.read(5, 4096); got != "\x00\x00ll\x00" {
		t.Errorf("after trim and zero: %q", got)
	}
	q := d.must(plugins.Request{Op: plugins.OpExtents, Length: size})
	if last := q.Extents[len(q.Extents)-1]; q.Extents[0].Offset != 0 || last.End() != size {
		t.Errorf("extents %v", q.Extents)
	}

	r := l.rig(t, "file")
	err = r.start(plugins.Param{Key: "file", Value: path + ".none"})
	if err == nil {
		_, err = r.instance.Open(r.ctx, plugins.OpenParams{})
	}
	wantErrno(t, "a missing file", err, syscall.ENOENT)
}

// emulation counts the callbacks that stand for what the script cannot do.
func emulation(t *testing.T, l Language) {
	const fua = plugins.FlagFUA
	for _, c := range []struct {
		name, script string
		request      plugins.Request
		want         []plugins.Callback
	}{
		{"forced write", "ramdisk", plugins.Request{Op: plugins.OpWrite, Data: []byte("a"), Flags: fua}, list(plugins.Pwrite, plugins.Flush)},
		{"forced trim", "ramdisk", plugins.Request{Op: plugins.OpTrim, Length: 9, Flags: fua}, list(plugins.Trim, plugins.Flush)},
		{"forced zero", "ramdisk", plugins.Request{Op: plugins.OpZero, Length: 9, Flags: fua}, list(plugins.Zero, plugins.Flush)},
		{"plain write", "ramdisk", plugins.Request{Op: plugins.OpWrite, Data: []byte("a")}, list(plugins.Pwrite)},
		{"zero by writing", "emulate", plugins.Request{Op: plugins.OpZero, Length: 9}, list(plugins.Zero, plugins.Pwrite)},
		{"forced zero by writing", "emulate", plugins.Request{Op: plugins.OpZero, Length: 9, Flags: fua}, list(plugins.Zero, plugins.Pwrite, plugins.Flush)},
		{"forced write, native", "v2", plugins.Request{Op: plugins.OpWrite, Data: []byte("a"), Flags: fua}, list(plugins.Pwrite)},
		{"extents of a disk that has none", "v2", plugins.Request{Op: plugins.OpExtents, Length: 9}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := l.rig(t, c.script).mustStart()
			d := r.open(plugins.OpenParams{})
			d.must(plugins.Request{Op: plugins.OpWrite, Data: []byte("0123456789")})
			r.forget()
			d.must(c.request)
			if got := r.calls(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("callbacks %v, want %v", got, c.want)
			}
			if got := d.read(10, 0); c.request.Op == plugins.OpZero && got != "\x00\x00\x00\x00\x00\x00\x00\x00\x009" {
				t.Errorf("the disk reads %q", got)
			}
		})
	}
}

func list(cb ...plugins.Callback) []plugins.Callback { return cb }

// version2 checks buffer and flags.
func version2(t *testing.T, l Language) {
	r := l.rig(t, "v2").mustStart()
	d := r.open(plugins.OpenParams{})
	d.write("hello", 100)
	given := make([]byte, 0, 8)
	q := d.must(plugins.Request{Op: plugins.OpRead, Length: 5, Offset: 100, Data: given})
	if string(q.Data) != "hello" {
		t.Errorf("read %q", q.Data)
	}
	if got := d.read(5, 100); got != "hello" {
		t.Errorf("read without memory: %q", got)
	}
	for _, c := range []struct {
		request plugins.Request
		want    string
	}{
		{plugins.Request{Op: plugins.OpWrite, Data: []byte("x")}, "pwrite flags=0"},
		{plugins.Request{Op: plugins.OpWrite, Data: []byte("x"), Flags: plugins.FlagFUA}, "pwrite flags=2"},
		{plugins.Request{Op: plugins.OpFlush}, "flush flags=0"},
		{plugins.Request{Op: plugins.OpTrim, Length: 1, Flags: plugins.FlagFUA}, "trim flags=2"},
		{plugins.Request{Op: plugins.OpZero, Length: 1, Flags: plugins.FlagMayTrim}, "zero flags=1"},
	} {
		r.forget()
		d.must(c.request)
		if out := r.output(); len(out) != 1 || out[0].text != c.want {
			t.Errorf("%s with %s printed %v, want %q", c.request.Op, c.request.Flags, out, c.want)
		}
	}
	r.forget()
	_, err := d.do(plugins.Request{Op: plugins.OpZero, Length: 1, Flags: plugins.FlagFastZero})
	wantErrno(t, "fast zero", err, syscall.ENOTSUP)
	if got := r.calls(); !reflect.DeepEqual(got, list(plugins.Zero)) {
		t.Errorf("fast zero ran %v", got)
	}
}

func extents(t *testing.T, l Language) {
	d := l.rig(t, "extents").mustStart().open(plugins.OpenParams{})
	const hole = plugins.ExtentHole | plugins.ExtentZero
	q := d.must(plugins.Request{Op: plugins.OpExtents, Offset: 100, Length: 10000})
	want := []plugins.Extent{
		{Offset: 100, Length: 8092, Type: hole},
		{Offset: 8192, Length: 8192},
		{Offset: 16384, Length: size - 16384, Type: hole},
	}
	if !reflect.DeepEqual(q.Extents, want) {
		t.Errorf("extents %v, want %v", q.Extents, want)
	}
	_, err := d.do(plugins.Request{Op: plugins.OpExtents, Offset: 524288, Length: 512})
	wantErrno(t, "an empty list", err, syscall.EINVAL)
	_, err = d.do(plugins.Request{Op: plugins.OpExtents, Offset: 786432, Length: 512})
	wantErrno(t, "a gap", err, syscall.ERANGE)

	// A disk of the library says of itself what may be returned as it is.
	d = l.rig(t, "ramdisk").mustStart().open(plugins.OpenParams{})
	d.write("data", 0)
	q = d.must(plugins.Request{Op: plugins.OpExtents, Length: size})
	if n := len(q.Extents); n != 2 || q.Extents[0].Type != 0 || q.Extents[1].Type != hole || q.Extents[1].End() != size {
		t.Errorf("extents of a memory with data at its beginning: %v", q.Extents)
	}
}
