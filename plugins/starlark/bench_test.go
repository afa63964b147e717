package starlark_test

import (
	"fmt"
	"testing"

	"workbench/plugins"
)

// BenchmarkBuffers is what a request costs in API version 2, from the instance to
// the script and back.
func BenchmarkBuffers(b *testing.B) {
	const text = `
API_VERSION = 2
blocks = {i: b"x" * 4096 for i in range(512)}
def open(readonly): return None
def get_size(h): return 2097152
def pread(h, buf, offset, flags):
    for at in range(0, len(buf), 4096):
        buf.set(at, blocks[(offset + at) // 4096])
def pwrite(h, buf, offset, flags):
    for at in range(0, len(buf), 4096):
        blocks[(offset + at) // 4096] = buf[at:at + 4096]
`
	for _, size := range []uint64{4 << 10, 256 << 10} {
		for _, op := range []plugins.Op{plugins.OpRead, plugins.OpWrite} {
			b.Run(fmt.Sprintf("%s/%dKiB", op, size>>10), func(b *testing.B) {
				h := open(b, text, plugins.Env{})
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
