package lua

import (
	"fmt"
	"testing"

	"workbench/plugins"
)

// benchDisks do the same, in three ways of writing it.
var benchDisks = []struct{ name, text string }{
	{"memory", `
		local disk = workbench.memory("2M")
		function open() return disk end
		function get_size(h) return h:size() end
		function pread(h, count, offset) return h:pread(count, offset) end
		function pwrite(h, buf, offset) h:pwrite(buf, offset) end`},
	{"blocks", `
		local blocks = {}
		for i = 0, 511 do blocks[i] = string.rep("x", 4096) end
		function open() return {} end
		function get_size() return 2097152 end
		function pread(h, count, offset)
			local parts = {}
			for at = 0, count - 1, 4096 do parts[#parts + 1] = blocks[(offset + at) / 4096] end
			return table.concat(parts)
		end
		function pwrite(h, buf, offset)
			for at = 0, #buf - 1, 4096 do blocks[(offset + at) / 4096] = buf:sub(at + 1, at + 4096) end
		end`},
	{"buffers", `
		API_VERSION = 2
		local blocks = {}
		for i = 0, 511 do blocks[i] = string.rep("x", 4096) end
		function open() return {} end
		function get_size() return 2097152 end
		function pread(h, buf, offset, flags)
			for at = 0, #buf - 1, 4096 do buf:set(at, blocks[(offset + at) / 4096]) end
		end
		function pwrite(h, buf, offset, flags)
			for at = 0, #buf - 1, 4096 do blocks[(offset + at) / 4096] = buf:sub(at + 1, at + 4096) end
		end`},
}

// BenchmarkRequest is what a request costs from the instance to the script and back.
func BenchmarkRequest(b *testing.B) {
	for _, disk := range benchDisks {
		for _, size := range []uint64{4 << 10, 256 << 10} {
			for _, op := range []plugins.Op{plugins.OpRead, plugins.OpWrite} {
				b.Run(fmt.Sprintf("%s/%s/%dKiB", disk.name, op, size>>10), func(b *testing.B) {
					program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: disk.text})
					if err != nil {
						b.Fatal(err)
					}
					in, err := plugins.Start(b.Context(), program, plugins.Env{})
					if err != nil {
						b.Fatal(err)
					}
					in.Settle()
					h, err := in.Open(b.Context(), plugins.OpenParams{})
					if err != nil {
						b.Fatal(err)
					}
					data := make([]byte, size)
					var r plugins.Request // used again, as front ends do
					b.SetBytes(int64(size))
					b.ReportAllocs()
					for b.Loop() {
						r = plugins.Request{Op: op, Length: size, Offset: 1 << 20, Data: data}
						if err := h.Do(b.Context(), &r); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
