package lua

import (
	"context"
	"testing"

	"workbench/plugins"
)

// A script may keep what it was given to write while the front end uses its memory again.
func TestWrittenDataIsCopied(t *testing.T) {
	in, _, err := start(t, skeleton+`
		local kept = {}
		function pwrite(h, buf, offset) kept[offset] = buf end
		function pread(h, count, offset) return kept[offset] end`)
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(context.Background(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("hello")
	if err := h.Do(context.Background(), &plugins.Request{Op: plugins.OpWrite, Data: data, Length: 5}); err != nil {
		t.Fatal(err)
	}
	copy(data, "XXXXX")
	r := &plugins.Request{Op: plugins.OpRead, Length: 5}
	if err := h.Do(context.Background(), r); err != nil || string(r.Data) != "hello" {
		t.Errorf("read %q, %v", r.Data, err)
	}
}

// What one request costs in the script and on the way to it.
func BenchmarkCall(b *testing.B) {
	program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: `
		local disk = workbench.memory("1M")
		function open() return disk end
		function get_size(h) return h:size() end
		function pread(h, count, offset) return h:pread(count, offset) end
		function pwrite(h, buf, offset) h:pwrite(buf, offset) end`})
	if err != nil {
		b.Fatal(err)
	}
	s, err := program.Start(context.Background(), plugins.Env{})
	if err != nil {
		b.Fatal(err)
	}
	c := plugins.Call{Callback: plugins.Open}
	if err := s.Call(context.Background(), &c); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	data := make([]byte, 4096)
	for _, cb := range []plugins.Callback{plugins.Pread, plugins.Pwrite} {
		b.Run(cb.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(4096)
			for b.Loop() {
				call := plugins.Call{Callback: cb, Handle: c.Handle, Length: 4096, Offset: 65536, Data: data}
				if err := s.Call(ctx, &call); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
