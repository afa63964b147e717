package examples_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

const hole = plugins.ExtentHole | plugins.ExtentZero

// A step is a request and what must come of it: data or extents, or an error
// with a message.
type step struct {
	plugins.Request
	data    string
	extents []plugins.Extent
	errno   syscall.Errno
	msg     string
}

func reads(offset uint64, data string) step {
	return step{Request: read(offset, uint64(len(data))), data: data}
}

func writes(offset uint64, data string) step { return step{Request: write(offset, data)} }

func maps(offset, length uint64, extents ...plugins.Extent) step {
	return step{Request: plugins.Request{Op: plugins.OpExtents, Offset: offset, Length: length}, extents: extents}
}

func ranged(op plugins.Op, offset, length uint64) step {
	return step{Request: plugins.Request{Op: op, Offset: offset, Length: length}}
}

func (s step) fails(errno syscall.Errno, msg string) step {
	s.errno, s.msg = errno, msg
	return s
}

func (s step) with(f plugins.Flags) step {
	s.Flags |= f
	return s
}

func (d disk) take(steps ...step) {
	d.t.Helper()
	for i, s := range steps {
		if s.errno != 0 {
			d.fails(s.Request, s.errno, s.msg)
			continue
		}
		r, err := d.do(s.Request)
		if err != nil {
			d.t.Errorf("step %d, %s at %d: %v", i+1, s.Op, s.Offset, err)
			continue
		}
		if s.Op == plugins.OpRead && string(r.Data) != s.data {
			d.t.Errorf("step %d: read %.80q at %d, want %.80q", i+1, r.Data, s.Offset, s.data)
		}
		if s.extents != nil && !reflect.DeepEqual(r.Extents, s.extents) {
			d.t.Errorf("step %d: extents %v at %d, want %v", i+1, r.Extents, s.Offset, s.extents)
		}
	}
}

// TestTeach sends to each example the requests that show what it is about.
func TestTeach(t *testing.T) {
	const k, m, tera = 1 << 10, 1 << 20, 1 << 40
	const piece = 4<<30 - 64*k // more is not asked of a script at once
	zero := strings.Repeat("\x00", 4096)
	due := func(n int) string { return fmt.Sprintf("request %d is one of those that fail", n) }
	for _, tt := range []struct {
		stem   string
		params []string
		info   plugins.Info
		steps  []step
	}{
		{"pattern", []string{"size=1M"}, plugins.Info{Size: m}, []step{
			reads(0x100, "\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x08"),
			reads(0x1fffe, "\xff\xf8\x00"),
			reads(m-3, "\x0f\xff\xf8"),
			reads(0x7fffd, "\x07\xff\xf8\x00\x00\x00\x00\x00\x08\x00\x00"),
			writes(0x7fffd, "\x07\xff\xf8\x00\x00\x00\x00\x00\x08\x00\x00"),
			writes(0x100, "\x00\x00\x00\x00\x00\x00\x01\x01").fails(syscall.EIO, "this is not the pattern that belongs here"),
		}},
		{"extents", []string{"map=#..0#"}, plugins.Info{Size: 320 * k, ReadOnly: true, CanExtents: true}, []step{
			maps(0, 320*k, plugins.Extent{Length: 64 * k}, plugins.Extent{Offset: 64 * k, Length: 128 * k, Type: hole},
				plugins.Extent{Offset: 192 * k, Length: 64 * k, Type: plugins.ExtentZero}, plugins.Extent{Offset: 256 * k, Length: 64 * k}),
			maps(100*k, 8*k, plugins.Extent{Offset: 100 * k, Length: 8 * k, Type: hole}),
			reads(64*k-2, "##\x00\x00"),
			reads(256*k-2, "\x00\x00##"),
		}},
		{"sparse", nil, plugins.Info{Size: tera, CanTrim: true, CanZero: true, CanExtents: true, CanFastZero: true}, []step{
			reads(tera-4096, zero),
			maps(0, piece, plugins.Extent{Length: piece, Type: hole}),
			writes(tera/2-2, "four"),
			reads(tera/2-3, "\x00four\x00"),
			maps(tera/2-100*k, 200*k, plugins.Extent{Offset: tera/2 - 100*k, Length: 68 * k, Type: hole},
				plugins.Extent{Offset: tera/2 - 32*k, Length: 64 * k}, plugins.Extent{Offset: tera/2 + 32*k, Length: 68 * k, Type: hole}),
			ranged(plugins.OpZero, tera/2-1, 1),
			reads(tera/2-3, "\x00f\x00ur\x00"),
			writes(tera/2, zero[:2]),
			maps(tera/2, 64*k, plugins.Extent{Offset: tera / 2, Length: 64 * k, Type: hole}), // zeroes are not kept
			ranged(plugins.OpTrim, 0, tera),
			maps(0, piece, plugins.Extent{Length: piece, Type: hole}),
		}},
		{"sparse", []string{"size=8P"}, plugins.Info{Size: 1 << 53, CanTrim: true, CanZero: true, CanExtents: true, CanFastZero: true}, []step{
			writes(1<<53-3, "end"),
			reads(1<<53-4, "\x00end"),
			maps(1<<53-32*k, 32*k, plugins.Extent{Offset: 1<<53 - 32*k, Length: 32 * k}),
		}},
		{"fault", []string{"rate=1:3", "error=ENOSPC"}, plugins.Info{Size: 8 * m, CanFlush: true, FUA: plugins.Emulate}, []step{
			writes(0, "a"), reads(0, "a"), ranged(plugins.OpFlush, 0, 0).fails(syscall.ENOSPC, due(3)),
			writes(0, "b"), writes(0, "c"), reads(0, "c").fails(syscall.ENOSPC, due(6)), reads(0, "c"),
		}},
		{"fault", []string{"rate=0"}, plugins.Info{Size: 8 * m, CanFlush: true, FUA: plugins.Emulate}, []step{
			writes(0, "a"), reads(0, "a"), ranged(plugins.OpFlush, 0, 0), reads(0, "a"),
		}},
		{"fault", []string{"rate=200%"}, plugins.Info{Size: 8 * m, CanFlush: true, FUA: plugins.Emulate}, []step{
			writes(0, "a").fails(syscall.EIO, due(1)), reads(0, "a").fails(syscall.EIO, due(2)),
		}},
		{"reload", nil, plugins.Info{Size: 64 * k}, []step{
			writes(0, "begin"), writes(64*k-3, "end"), reads(0, "begin\x00"), reads(64*k-4, "\x00end"),
		}},
	} {
		bothLanguages(t, tt.stem, func(t *testing.T, name string) {
			env := params(tt.params...)
			env.Shelf = &plugins.Shelf{}
			d := open(t, start(t, name, env))
			tt.info.CanFastZero = d.Info().CanFastZero // nbdkit's rule for it is no lesson here
			if info := d.Info(); info != tt.info {
				t.Errorf("info %+v, want %+v", info, tt.info)
			}
			d.take(tt.steps...)
		})
	}
}

func writeImage(t *testing.T, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestIso(t *testing.T) {
	bothLanguages(t, "iso", func(t *testing.T, name string) {
		d := open(t, start(t, name, params("file="+writeImage(t, strings.Repeat("CD001\n", 1000)))))
		want := plugins.Info{Size: 6000, ReadOnly: true, CanExtents: true, MultiConn: true, Rotational: true}
		if info := d.Info(); info != want {
			t.Errorf("info %+v, want %+v", info, want)
		}
		sizes, err := d.Handle.(plugins.Describer).BlockSizes(t.Context())
		if want := (plugins.BlockSizes{Minimum: 1, Preferred: 2048, Maximum: 1 << 20}); err != nil || sizes != want {
			t.Errorf("block sizes %+v, %v", sizes, err)
		}
		d.take(reads(5994, "CD001\n"), reads(3, "01\nCD"))
		if _, err := d.do(write(0, "x")); plugins.ErrnoOf(err) != syscall.EROFS {
			t.Errorf("error %v", err)
		}
	})
}

func TestExports(t *testing.T) {
	bothLanguages(t, "exports", func(t *testing.T, name string) {
		in := start(t, name, plugins.Env{})
		list, err := in.Exports(t.Context(), plugins.OpenParams{})
		want := []plugins.Export{{Name: "small", Description: "a floppy disk, nearly"},
			{Name: "large", Description: "a hard disk of long ago"}, {Name: "huge", Description: "as large as yours"}}
		if err != nil || !reflect.DeepEqual(list, want) {
			t.Errorf("exports %v, %v", list, err)
		}
		for i, size := range []uint64{1 << 20, 1 << 30, 1 << 40} {
			d := openExport(t, in, want[i].Name)
			text, err := d.Handle.(plugins.Describer).Description(t.Context())
			if err != nil || text != want[i].Description || d.Info().Size != size {
				t.Errorf("%s has %d bytes and the description %q, %v", want[i].Name, d.Info().Size, text, err)
			}
			d.take(reads(0, "\x00\x00"), writes(0, want[i].Name), reads(0, want[i].Name))
		}
		open(t, in).take(reads(0, "small"))
		_, err = in.Open(t.Context(), plugins.OpenParams{Export: "none"})
		if plugins.ErrnoOf(err) != syscall.ENOENT || !strings.Contains(err.Error(), "there is no disk none: nbdinfo --list shows all") {
			t.Errorf("error %v", err)
		}
	})
}

func TestStatistics(t *testing.T) {
	bothLanguages(t, "statistics", func(t *testing.T, name string) {
		in := start(t, name, plugins.Env{})
		d := open(t, in)
		first := "1 clients so far, 0 reads\n\x00\x00"
		d.take(reads(0, first), reads(5, first[5:9]), reads(64<<10-4, "\x00\x00\x00\x00"), reads(0, first))
		open(t, in).take(reads(0, "2 clients so far, 4 reads\nof 4 bytes: 2\nof 28 bytes: 2\n\x00"))
	})
}

func TestReload(t *testing.T) {
	content := string(binary.BigEndian.AppendUint64(nil, 0xff00c328_80fe0a00)) // no text in any encoding
	bothLanguages(t, "reload", func(t *testing.T, name string) {
		var p printer
		env := plugins.Env{Print: p.print}
		was := start(t, name, env)
		open(t, was).take(writes(100, content))
		for n := 1; n <= 2; n++ {
			state, err := was.SaveState(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			in := start(t, name, env)
			if err := in.RestoreState(t.Context(), state); err != nil {
				t.Fatal(err)
			}
			open(t, in).take(reads(100, content))
			if got, want := p.take(), fmt.Sprintf("reload %d: 65536 bytes were handed on", n); len(got) != 1 || got[0] != want {
				t.Errorf("printed %q, want %q", got, want)
			}
			was = in
		}
		next := start(t, name, env)
		err := next.RestoreState(t.Context(), map[string]any{"data": "short", "reloads": int64(1)})
		if err == nil || !strings.Contains(err.Error(), "the size has changed") {
			t.Errorf("error %v", err)
		}
	})
}

// A restart with the same shelf is what the example says a saved file is: a power cut.
func TestBuffers(t *testing.T) {
	bothLanguages(t, "buffers", func(t *testing.T, name string) {
		var p printer
		env := plugins.Env{Shelf: &plugins.Shelf{}, Print: p.print}
		d := open(t, start(t, name, env))
		if info := d.Info(); info.FUA != plugins.Native || !info.CanFlush {
			t.Errorf("info %+v", info)
		}
		cut := func() disk { return open(t, start(t, name, env)) }
		d.take(writes(0, "first"), writes(3, "--"), reads(0, "fir--\x00"), reads(4, "-"), reads(1, "ir"))
		cut().take(reads(0, "\x00\x00\x00\x00\x00"))
		d.take(writes(5, "!").with(plugins.FlagFUA))
		cut().take(reads(0, "fir--!"))
		d.take(writes(4096, "second"), ranged(plugins.OpFlush, 0, 0), writes(8192, "third"))
		cut().take(reads(4096, "second"), reads(8192, "\x00\x00\x00\x00\x00"))
		for range 31 {
			d.take(writes(0, "f"))
		}
		cut().take(reads(8192, "third"))
		want := []string{"FUA: 3 writes are safe now", "flush: 1 writes are safe now", "full: 32 writes are safe now"}
		if got := p.take(); !reflect.DeepEqual(got, want) {
			t.Errorf("printed %q, want %q", got, want)
		}
	})
}

func TestOverlay(t *testing.T) {
	const block, size = 64 << 10, 3*64<<10 + 1000 // the last block is a short one
	bothLanguages(t, "overlay", func(t *testing.T, name string) {
		content := strings.Repeat("base", size/4)
		path := writeImage(t, content)
		var p printer
		env := params("file=" + path)
		env.Shelf, env.Print = &plugins.Shelf{}, p.print
		d := open(t, start(t, name, env))
		d.take(reads(0, content), writes(block-2, "over"), reads(block-4, "baover"+"se"),
			writes(size-4, "last"), reads(size-8, "baselast"), reads(block*2, content[:block]))
		if got := fmt.Sprint(p.take()); got != "[block 0 is in memory now block 1 is in memory now block 3 is in memory now]" {
			t.Errorf("printed %s", got)
		}
		open(t, start(t, name, env)).take(reads(block-4, "baoverse"), reads(size-8, "baselast"))
		if now, err := os.ReadFile(path); err != nil || string(now) != content {
			t.Errorf("the file below has changed: %v", err)
		}
	})
}

func TestChecksums(t *testing.T) {
	const size = 3*4096 + 100
	bothLanguages(t, "checksums", func(t *testing.T, name string) {
		path := writeImage(t, strings.Repeat("x", size))
		d := open(t, start(t, name, params("file="+path)))
		d.take(reads(0, strings.Repeat("x", size)), writes(4090, "across the blocks"), reads(4088, "xxacross the blocksxx"),
			writes(size-3, "end"), reads(size-4, "xend"), writes(0, strings.Repeat("y", 8192)), ranged(plugins.OpFlush, 0, 0))

		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("X"), 5000); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		good := strings.Repeat("y", 4096)
		bad := good[:5000-4096] + "X" + good[5000-4095:]
		damaged := fmt.Sprintf("block 1 is damaged: it has %08x, not %08x", crc32.ChecksumIEEE([]byte(bad)), crc32.ChecksumIEEE([]byte(good)))
		d.take(reads(5000, "X").fails(syscall.EIO, damaged), reads(0, good), reads(8192, "xx"),
			writes(4096, "part").fails(syscall.EIO, damaged), writes(4096, strings.Repeat("z", 4096)), reads(4095, "yz"), reads(8191, "zx"))
	})
}

func TestDelay(t *testing.T) {
	bothLanguages(t, "delay", func(t *testing.T, name string) {
		in := start(t, name, params("rdelay=20ms", "wdelay=0.01"))
		d := open(t, in)
		d.take(writes(0, "slow"), reads(0, "slow"), ranged(plugins.OpFlush, 0, 0))
		if r := d.must(read(0, 4)); r.InCallback < 20*time.Millisecond {
			t.Errorf("a read took %v", r.InCallback)
		}
		if r := d.must(write(0, "slow")); r.InCallback < 10*time.Millisecond {
			t.Errorf("a write took %v", r.InCallback)
		}
		const readers = 10
		var wg sync.WaitGroup
		var reads [readers]*plugins.Request
		for i := range reads {
			wg.Go(func() {
				var err error
				if reads[i], err = d.do(read(0, 4)); err != nil || string(reads[i].Data) != "slow" {
					t.Errorf("read %q, %v", reads[i].Data, err)
				}
			})
		}
		wg.Wait()
		together := false // some of them
		for _, a := range reads {
			for _, b := range reads {
				together = together || a != b && a.Started <= b.Started && b.Started < a.Done
			}
		}
		if parallel := in.ThreadModel() == plugins.Parallel; parallel != (name == "delay.star") || parallel != together {
			t.Errorf("the thread model is %s; reads ran at the same time: %t", in.ThreadModel(), together)
		}
	})
}
