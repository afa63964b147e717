package stdlib

import (
	"fmt"
	"testing"

	"workbench/plugins"
)

// The integers of a buffer have the order of bytes that their names say.
func TestBufferByteOrder(t *testing.T) {
	call := func(b *Buffer, name string, args ...Value) Value {
		t.Helper()
		for i := range BufferMethods {
			if f := &BufferMethods[i]; f.Name == name {
				v, err := f.Invoke(t.Context(), &Invocation{Env: &plugins.Env{}, Self: b, Args: args})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				return v
			}
		}
		t.Fatalf("a buffer has no method %s", name)
		return Value{}
	}
	const value = 0x0102030405060708
	for _, tt := range []struct {
		width  int
		le, be string
	}{
		{16, "\x08\x07", "\x07\x08"},
		{32, "\x08\x07\x06\x05", "\x05\x06\x07\x08"},
		{64, "\x08\x07\x06\x05\x04\x03\x02\x01", "\x01\x02\x03\x04\x05\x06\x07\x08"},
	} {
		for order, want := range map[string]string{"le": tt.le, "be": tt.be} {
			for _, sign := range []string{"u", "i"} {
				name := fmt.Sprintf("%s%d%s", sign, tt.width, order)
				n := Natural(value & (1<<tt.width - 1))
				b := Lend(make([]byte, tt.width/8))
				call(b, "set_"+name, Natural(0), n)
				if got := call(b, "sub", Natural(0)); got.Str != want {
					t.Errorf("set_%s wrote %x, want %x", name, got.Str, want)
				}
				if got := call(b, "get_"+name, Natural(0)); got.Number != n.Number {
					t.Errorf("get_%s read %v, want %v", name, got, n)
				}
			}
		}
	}
}
