package lua

import (
	"context"
	"testing"

	"workbench/plugins"
)

func TestBuffer(t *testing.T) {
	in, out, err := start(t, `API_VERSION = 2
		function open() end
		function get_size() return 4096 end
		function pread(h, buf, offset, flags)
			if kept then print(pcall(kept.get, kept, 0)) end
			kept = buf
			buf:fill(0x2e)
			buf:set(0, "ab")
			buf:set(2, 99)
			buf:set(3, workbench.memory(8):pread(1, 0))
			buf:fill(65, #buf - 1)
			print(#buf, buf:get(0), buf:get(0, 3), buf:sub(14), buf)
			for _, bad in ipairs{{"set", 15, "ab"}, {"set", 16, 1}, {"set", 0, 256}, {"get", 16}, {"get", -1}, {"fill", 300}, {"sub", 17}} do
				local name = table.remove(bad, 1)
				assert(not pcall(buf[name], buf, unpack(bad)), name)
			end
		end`)
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(context.Background(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r := &plugins.Request{Op: plugins.OpRead, Length: 16}
		if err := h.Do(context.Background(), r); err != nil || string(r.Data) != "abc\x00...........A" {
			t.Fatalf("read %q, %v", r.Data, err)
		}
	}
	want := "16\t97\tabc\t.A\t<buffer of 16 bytes>\n"
	if got := out.String(); got != want+"false\tdisk.lua:5: this buffer belonged to a call of pread that has ended: copy what you want to keep with sub(offset, count)\n"+want {
		t.Errorf("printed %s", got)
	}
}
