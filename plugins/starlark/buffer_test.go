package starlark_test

import (
	"strings"
	"testing"

	"workbench/plugins"
)

func TestBuffer(t *testing.T) {
	h := open(t, equal+`
API_VERSION = 2
kept = []
def open(readonly): return None
def get_size(h): return 1 << 20
def pread(h, buf, offset, flags):
    if kept: # on the second call
        old = kept[0]
        equal(len(old), 0)
        if offset == 1: old.get(0, 1)
        if offset == 2: kept[1](0, b"x")
        if offset == 3: old[0] = 1
    kept.append(buf)
    kept.append(buf.set)
    equal(type(buf), "buffer")
    equal(str(buf), "<buffer of 8 bytes>")
    equal((len(buf), buf.len(), bool(buf)), (8, 8, True))
    buf.fill(0x20)
    buf.set(0, b"\xff\0")
    buf.set(offset = 2, value = "ab")
    buf[7] = 7
    equal((buf[0], buf[-1], buf[6]), (255, 7, 32))
    equal(buf.get(0, 3), b"\xff\0a")
    equal(buf.sub(6, 2), b" \x07")
    equal(buf.get(8, 0), b"")
    equal((buf.get(0), buf.get(7)), (255, 7))
    equal((buf.sub(5), buf.sub(8), buf.sub(2, count = 1)), (b" \x20\x07", b"", b"a"))
    buf.set(6, 6)
    buf.fill(0, 3, 1)
    buf.fill(1, offset = 4, count = 2)
`, plugins.Env{})
	if got := read(t, h, 0, 8); got != "\xff\x00a\x00\x01\x01\x06\x07" {
		t.Errorf("read %q", got)
	}
	for offset, msg := range map[uint64]string{
		1: "this buffer belonged to a call of pread that has ended",
		2: "this buffer belonged to a call of pread that has ended",
		3: "index 0 out of range: empty buffer",
	} {
		_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Offset: offset, Length: 8})
		if e := scriptError(t, err); !strings.HasPrefix(e.Msg, msg) {
			t.Errorf("error %v\nwant %s", e, msg)
		}
	}
}

func TestBufferErrors(t *testing.T) {
	for body, msg := range map[string]string{
		`buf.set(7, "ab")`:          "2 bytes at 7 are not inside the buffer of 8 bytes",
		`buf.set(-1, "a")`:          "offset: wanted a whole number from 0 on, got -1",
		`buf.set(0, 256)`:           "value: wanted a byte, a number from 0 to 255, or a string or a buffer, got 256",
		`buf.get(0, 9)`:             "9 bytes at 0 are not inside",
		`buf.get(1, (1 << 63) - 1)`: "9223372036854775807 bytes at 1 are not inside",
		`buf.get(0, -1)`:            "count: wanted a whole number from 0 on, got -1",
		`buf.set(0, [1])`:           "value: wanted a byte, a number from 0 to 255, or a string or a buffer, got a list",
		`buf.get(8)`:                "1 bytes at 8 are not inside",
		`buf.sub(9)`:                "0 bytes at 9 are not inside",
		`buf.fill(0, 9)`:            "0 bytes at 9 are not inside",
		`buf.fill(256)`:             "byte: wanted a byte, a number from 0 to 255, got 256",
		`buf[8]`:                    "buffer index 8 out of range [-8:7]",
		`h[8]`:                      "buffer index 8 out of range",
		`[buf for buf[0] in [-1]]`:  "-1 out of range",
		`[buf for buf[0] in ["x"]]`: "got string, want int",
		`buf.append(1)`:             "buffer has no .append field or method",
		`{buf: 1}`:                  "unhashable type: buffer",
	} {
		h := open(t, "API_VERSION = 2\ndef open(readonly): pass\ndef get_size(h): return 8\ndef pread(h, buf, offset, flags):\n    h = buf\n    "+body, plugins.Env{})
		_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Length: 8})
		if e := scriptError(t, err); e.Line != 6 || !strings.Contains(e.Msg, msg) {
			t.Errorf("%s: error %v\nwant %s", body, e, msg)
		}
	}
}
