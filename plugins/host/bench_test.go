package host

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"workbench/plugins"
	"workbench/plugins/lua"
	"workbench/plugins/starlark"
	"workbench/recordings"
)

// The disks of BenchmarkRequest: a table of blocks in each language, that is,
// next to nothing beside what a request costs us.
const (
	blocksLua = `
local zeroes, blocks = string.rep("\0", 4096), {}
function open() return 1 end
function get_size() return 64 * 1024 * 1024 end
function pread(h, count, offset) return blocks[offset / 4096] or zeroes end
function pwrite(h, buf, offset) blocks[offset / 4096] = buf end
`
	blocksStarlark = `
zeroes, blocks = b"\x00" * 4096, {}
def open(readonly): return 1
def get_size(h): return 64 * 1024 * 1024
def pread(h, count, offset): return blocks.get(offset // 4096, zeroes)
def pwrite(h, buf, offset): blocks[offset // 4096] = buf
`
)

// BenchmarkRequest has a request of 4 KiB go from the front end through the
// script into the log.
func BenchmarkRequest(b *testing.B) {
	for _, script := range []struct{ file, text string }{{"blocks.lua", blocksLua}, {"blocks.star", blocksStarlark}} {
		for _, op := range []plugins.Op{plugins.OpRead, plugins.OpWrite} {
			b.Run(script.file+"/"+op.String(), func(b *testing.B) {
				path := filepath.Join(b.TempDir(), script.file)
				if err := os.WriteFile(path, []byte(script.text), 0o644); err != nil {
					b.Fatal(err)
				}
				h, err := New(b.Context(), Options{Path: path, Runtimes: []plugins.Runtime{lua.Runtime{}, starlark.Runtime{}}, Log: recordings.NewLog(0)})
				if err != nil {
					b.Fatal(err)
				}
				d, err := h.Open(b.Context(), plugins.OpenParams{})
				if err != nil {
					b.Fatal(err)
				}
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				data := make([]byte, 4096)
				b.ReportAllocs()
				n, r := uint64(0), &plugins.Request{}
				for b.Loop() {
					n++
					*r = plugins.Request{Op: op, Offset: n % 1024 * 4096, Length: 4096, Data: data}
					r.Received = plugins.Now()
					err := d.Do(ctx, r)
					plugins.Finish(d, r, err)
					if err != nil {
						b.Fatal(err)
					}
				}
				if err := d.Close(); err != nil {
					b.Fatal(err)
				}
				if err := h.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// TestRequestAllocates holds gate, instance, script and log to what Lua itself
// needs for a request: the number that the offset is. (That of the length is kept.)
func TestRequestAllocates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks.lua")
	if err := os.WriteFile(path, []byte(blocksLua), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := New(t.Context(), Options{Path: path, Runtimes: []plugins.Runtime{lua.Runtime{}}, Log: recordings.NewLog(1 << 20)})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close(t.Context())
	d, err := h.Open(t.Context(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx := t.Context()
	for _, op := range []plugins.Op{plugins.OpRead, plugins.OpWrite} {
		data, r, most := make([]byte, 4096), &plugins.Request{}, 1.0
		if op == plugins.OpWrite {
			most = 2 // and the value that the string is
		}
		n := testing.AllocsPerRun(1000, func() {
			*r = plugins.Request{Op: op, Offset: 1 << 20, Length: 4096, Data: data, Given: true}
			err := d.Do(ctx, r)
			plugins.Finish(d, r, err)
			if err != nil {
				t.Fatal(err)
			}
		})
		if n > most {
			t.Errorf("%s: %v allocations, want %v", op, n, most)
		}
	}
}
