package host_test

import (
	"context"
	"testing"

	"workbench/plugins"
)

// BenchmarkRule is what a request costs from the front end through gate, rules and
// script to the log, without a rule and with one that does not apply.
func BenchmarkRule(b *testing.B) {
	for _, bench := range []struct{ name, rule string }{
		{"none", ""},
		{"one", "op:write len>=64k => fail EIO"},
	} {
		for _, op := range []plugins.Op{plugins.OpRead, plugins.OpWrite} {
			b.Run(bench.name+"/"+op.String(), func(b *testing.B) {
				h, d, _ := newLive(b, memoryDisk)
				if bench.rule != "" {
					if _, err := h.AddRule(bench.rule); err != nil {
						b.Fatal(err)
					}
				}
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				data := make([]byte, 4096)
				var r plugins.Request // used again, as front ends do
				b.ReportAllocs()
				for b.Loop() {
					r = plugins.Request{Op: op, Length: 4096, Data: data, Times: plugins.Times{Received: plugins.Now()}}
					if err := d.Do(ctx, &r); err != nil {
						b.Fatal(err)
					}
					plugins.Finish(d, &r, nil)
				}
			})
		}
	}
}
