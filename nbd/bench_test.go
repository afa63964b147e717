package nbd

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"workbench/plugins"
)

// nothing is a disk that is done at once, so that what is measured is ours. What
// it reads is the memory that it is given, but every filled bytes one that is not
// zero; 0 leaves it as it is.
type nothing struct{ filled int }

// Serial has the reader do the requests.
func (nothing) Serial() bool { return true }

func (nothing) Exports(context.Context, plugins.OpenParams) ([]plugins.Export, error) {
	return nil, nil
}
func (n nothing) Open(context.Context, plugins.OpenParams) (plugins.Handle, error) {
	return n, nil
}
func (nothing) Close() error       { return nil }
func (nothing) Info() plugins.Info { return plugins.Info{Size: 1 << 30} }
func (n nothing) Do(_ context.Context, r *plugins.Request) error {
	if n.filled > 0 {
		for i := 0; i < len(r.Data); i += n.filled {
			r.Data[i] = 1
		}
	}
	return n.Info().Check(r)
}

// BenchmarkRead reads through client and server over a unix socket.
func BenchmarkRead(b *testing.B) {
	for _, bm := range []struct{ size, depth, filled int }{
		{4 << 10, 1, 4 << 10}, {4 << 10, 16, 4 << 10}, {256 << 10, 1, 4 << 10}, {256 << 10, 4, 4 << 10}, // data
		{4 << 10, 1, 0}, {256 << 10, 1, 0}, // a hole
	} {
		content := "data"
		if bm.filled == 0 {
			content = "hole"
		}
		b.Run(fmt.Sprintf("%s/%dKiB/depth%d", content, bm.size>>10, bm.depth), func(b *testing.B) {
			c := benchClient(b, &Server{Backend: nothing{bm.filled}})
			b.SetBytes(int64(bm.size))
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for d := range bm.depth {
				wg.Go(func() {
					p := make([]byte, bm.size)
					for range (b.N + d) / bm.depth {
						if err := c.Read(b.Context(), p, 0, 0); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// benchClient returns a client of s over a unix socket, until the benchmark ends.
func benchClient(b *testing.B, s *Server) *Client {
	b.Helper()
	l, err := net.Listen("unix", filepath.Join(b.TempDir(), "sock"))
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve(context.Background(), l) }()
	b.Cleanup(func() { s.Close(); <-served })
	c, err := Dial(b.Context(), AddrURI(l.Addr(), "").String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// BenchmarkHoles compares reads that are answered in pieces with the same ones
// answered in one (DF), to find the shortest hole that pays (minHole).
func BenchmarkHoles(b *testing.B) {
	for _, length := range []int{4 << 10, 16 << 10, 32 << 10, 64 << 10} {
		for _, flags := range []plugins.Flags{0, plugins.FlagDF} {
			b.Run(fmt.Sprintf("%dKiB/%s", length>>10, flags), func(b *testing.B) {
				p, data := make([]byte, 256<<10), make([]byte, 256<<10)
				for i := range data { // as many bytes of data and of zeroes take turns
					data[i] = byte(i / length & 1)
				}
				c := benchClient(b, &Server{Backend: fixed{data: data}})
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					if err := c.Read(b.Context(), p, 0, flags); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// fixed is a disk that answers with memory of its own.
type fixed struct {
	nothing
	data []byte
}

func (f fixed) Open(context.Context, plugins.OpenParams) (plugins.Handle, error) { return f, nil }
func (f fixed) Do(_ context.Context, r *plugins.Request) error {
	r.Data = f.data[:r.Length]
	return nil
}

// BenchmarkUncleared compares the memory that given data are read into with
// memory that is cleared before.
func BenchmarkUncleared(b *testing.B) {
	for _, size := range []int{64 << 10, 256 << 10, 1 << 20} {
		for _, kind := range []struct {
			name string
			get  func(n int) []byte
		}{{"uncleared", plugins.Uncleared}, {"make", func(n int) []byte { return make([]byte, n) }}} {
			b.Run(fmt.Sprintf("%dKiB/%s", size>>10, kind.name), func(b *testing.B) {
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					kind.get(size)
				}
			})
		}
	}
}
