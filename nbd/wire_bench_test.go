package nbd

import (
	"fmt"
	"testing"
)

// BenchmarkDecode takes the header of a request apart, in both forms.
func BenchmarkDecode(b *testing.B) {
	want := extRequest{command: cmdRead, cookie: 7, offset: 1 << 20, length: 4096}
	for _, extended := range []bool{false, true} {
		w := coder{writing: true}
		sent := want
		sent.walk(&w, extended)
		b.Run(form(extended), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var m extRequest
				c := coder{buf: w.buf}
				m.walk(&c, extended)
				if c.err != nil || m != want {
					b.Fatal(m, c.err)
				}
			}
		})
	}
}

// BenchmarkEncode puts the head of a READ's answer together, in both forms.
func BenchmarkEncode(b *testing.B) {
	for _, extended := range []bool{false, true} {
		b.Run(form(extended), func(b *testing.B) {
			b.ReportAllocs()
			c := coder{writing: true}
			for b.Loop() {
				c.buf = c.buf[:0]
				m := extChunk{chunkDone, chunkOffsetData, 7, 1 << 20, offsetDataSize + 4096}
				m.walk(&c, extended)
				data := offsetData{1 << 20}
				data.fields(&c)
			}
		})
	}
}

func form(extended bool) string {
	if extended {
		return "extended"
	}
	return "short"
}

// BenchmarkWrite writes through client and server over a unix socket.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{4 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			c := benchClient(b, &Server{Backend: nothing{}})
			p := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Write(b.Context(), p, 0, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
