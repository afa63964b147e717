package starlark

import (
	"sync"
	"testing"
	"time"

	"workbench/plugins"
)

// BenchmarkSleepingReads has 16 readers finish 160 requests whose pread sleeps
// 50 ms: half a second where they run at once, 8 seconds where they do not.
func BenchmarkSleepingReads(b *testing.B) {
	const readers, each = 16, 10
	for _, model := range []string{"PARALLEL", "SERIALIZE_REQUESTS"} {
		b.Run(model, func(b *testing.B) {
			program, err := Runtime{}.Compile(plugins.Source{Path: "disk.star", Text: `
def thread_model(): return nbdkit.THREAD_MODEL_` + model + `
def open(readonly): return None
def get_size(h): return 1 << 20
def pread(h, count, offset):
    nbdkit.nanosleep(0.05)
    return b"x" * count
`})
			if err != nil {
				b.Fatal(err)
			}
			in, err := plugins.Start(b.Context(), program, plugins.Env{})
			if err != nil {
				b.Fatal(err)
			}
			in.Settle()
			var handles []plugins.Handle
			for range readers { // a connection each
				h, err := in.Open(b.Context(), plugins.OpenParams{})
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { h.Close() })
				handles = append(handles, h)
			}
			if model == "PARALLEL" { // all on one connection
				for i := range handles {
					handles[i] = handles[0]
				}
			}
			for b.Loop() {
				began := time.Now()
				var reading sync.WaitGroup
				for _, h := range handles {
					reading.Go(func() {
						for range each {
							if err := h.Do(b.Context(), &plugins.Request{Op: plugins.OpRead, Length: 512}); err != nil {
								b.Error(err)
							}
						}
					})
				}
				reading.Wait()
				b.ReportMetric(time.Since(began).Seconds(), "s/160-requests")
			}
		})
	}
}
