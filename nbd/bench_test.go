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

// nothing is a disk that is done at once, so that what is measured is ours.
type nothing struct{}

func (nothing) Exports(context.Context, plugins.OpenParams) ([]plugins.Export, error) {
	return nil, nil
}
func (nothing) Open(context.Context, plugins.OpenParams) (plugins.Handle, error) {
	return nothing{}, nil
}
func (nothing) Close() error                                     { return nil }
func (nothing) Info() plugins.Info                               { return plugins.Info{Size: 1 << 30} }
func (n nothing) Do(_ context.Context, r *plugins.Request) error { return n.Info().Check(r) }

// BenchmarkRead reads through client and server over a unix socket.
func BenchmarkRead(b *testing.B) {
	for _, bm := range []struct{ size, depth int }{{4 << 10, 1}, {4 << 10, 16}, {256 << 10, 1}, {256 << 10, 4}} {
		b.Run(fmt.Sprintf("%dKiB/depth%d", bm.size>>10, bm.depth), func(b *testing.B) {
			s := &Server{Backend: nothing{}}
			l, err := net.Listen("unix", filepath.Join(b.TempDir(), "sock"))
			if err != nil {
				b.Fatal(err)
			}
			served := make(chan error)
			go func() { served <- s.Serve(context.Background(), l) }()
			defer func() { s.Close(); <-served }()
			c, err := Dial(b.Context(), AddrURI(l.Addr(), "").String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()

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
