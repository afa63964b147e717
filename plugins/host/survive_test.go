package host_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/plugins/lua"
	"workbench/recordings"
)

// tableDisk keeps its blocks in a table, which it hands on itself.
const tableDisk = `
local blocks = {}
function open() return {} end
function get_size() return 65536 end
function pread(h, count, offset)
  assert(count == 512 and offset % 512 == 0)
  return blocks[offset / 512 + 1] or string.rep("\0", 512)
end
function pwrite(h, buf, offset)
  assert(#buf == 512 and offset % 512 == 0)
  for i = #blocks + 1, offset / 512 do blocks[i] = string.rep("\0", 512) end
  blocks[offset / 512 + 1] = buf
end
function before_reload() return blocks end
function after_reload(state) blocks = state end
`

// memoryDisk has the host keep its contents.
const memoryDisk = `
local disk = workbench.memory("disk", 65536)
function open() return disk end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
`

// newLive hosts a Lua script, and returns how to save it.
func newLive(t testing.TB, text string) (h *host.Host, d plugins.Handle, reload func(text string) error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.lua")
	save := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	save(text)
	h, err := host.New(context.Background(), host.Options{Path: path, Runtimes: []plugins.Runtime{lua.Runtime{}}, Log: recordings.NewLog(1 << 20)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	d, err = h.Open(context.Background(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	return h, d, func(text string) error {
		save(text)
		return h.Reload(context.Background())
	}
}

// TestContentsSurvive writes between 50 reloads, and finds all of it in the end.
func TestContentsSurvive(t *testing.T) {
	for name, script := range map[string]string{"before_reload": tableDisk, "workbench.memory": memoryDisk} {
		t.Run(name, func(t *testing.T) {
			_, d, reload := newLive(t, script)
			var model [65536]byte
			do := func(op plugins.Op, block int, data []byte) []byte {
				q := plugins.Request{Op: op, Offset: uint64(block) * 512, Length: 512, Data: data}
				if err := d.Do(t.Context(), &q); err != nil {
					t.Fatal(err)
				}
				return q.Data
			}
			for i := range 50 {
				for range 8 {
					block := rand.IntN(128)
					data := bytes.Repeat([]byte{byte(rand.IntN(256))}, 512)
					copy(model[block*512:], data)
					do(plugins.OpWrite, block, data)
				}
				if err := reload(fmt.Sprintf("%s-- %d", script, i)); err != nil {
					t.Fatal(err)
				}
			}
			for block := range 128 {
				if got := do(plugins.OpRead, block, nil); !bytes.Equal(got, model[block*512:][:512]) {
					t.Fatalf("block %d does not have what was written", block)
				}
			}
		})
	}
}

// BenchmarkReload reloads a script while four clients read, and tells for how
// long the gate was closed.
func BenchmarkReload(b *testing.B) {
	h, d, reload := newLive(b, memoryDisk)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	for range 4 {
		go func() {
			for ctx.Err() == nil {
				if err := d.Do(context.Background(), &plugins.Request{Op: plugins.OpRead, Length: 4096}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	n := 0
	for b.Loop() {
		n++
		if err := reload(memoryDisk + strings.Repeat("-", 2+n%2)); err != nil {
			b.Error(err)
			break
		}
	}
	stop()
	for range 4 {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	closed := h.Status().Closed
	b.ReportMetric(float64(closed.Median)/float64(time.Microsecond), "closed-p50-µs")
	b.ReportMetric(float64(closed.P99)/float64(time.Microsecond), "closed-p99-µs")
}
