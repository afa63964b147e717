package starlark_test

import (
	"fmt"
	"strings"
	"testing"

	"workbench/plugins"
)

// wants checks err against how its message must begin; "" wants none. The
// position is that of the function, which stands on line 2.
func wants(t *testing.T, err error, msg string) {
	t.Helper()
	if msg == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	e := scriptError(t, err)
	if !strings.HasPrefix(e.Msg, msg) || e.Line != 2 || e.File != "disk.star" {
		t.Errorf("error %v\nwant line 2, %s", e, msg)
	}
}

// call runs the callback of that name, which returns expr, on a started script.
func call(t *testing.T, callback, params, expr string, c plugins.Call) (plugins.Call, error) {
	t.Helper()
	cb, ok := plugins.ParseCallback(callback)
	if !ok {
		t.Fatalf("no callback %s", callback)
	}
	program, err := compile(t, fmt.Sprintf("\ndef %s(%s):\n    return %s\n", callback, params, expr))
	if err != nil {
		t.Fatal(err)
	}
	script, err := program.Start(t.Context(), plugins.Env{})
	if err != nil {
		t.Fatal(err)
	}
	c.Callback = cb
	err = script.Call(t.Context(), &c)
	return c, err
}

func TestResultBool(t *testing.T) {
	for expr, msg := range map[string]string{
		"True":  "",
		"1 < 2": "",
		"1":     "wanted a bool, got int",
		"None":  "wanted a bool, got NoneType",
		`"yes"`: "wanted a bool, got string",
	} {
		c, err := call(t, "can_write", "h", expr, plugins.Call{})
		wants(t, err, msg)
		if msg == "" && !c.Bool {
			t.Errorf("%s is false", expr)
		}
	}
}

func TestResultInt(t *testing.T) {
	c, err := call(t, "can_fua", "h", "nbdkit.FUA_NATIVE", plugins.Call{})
	if err != nil || c.Int != 2 {
		t.Errorf("%d, %v", c.Int, err)
	}
	for expr, msg := range map[string]string{
		"True":    "wanted an int, got bool",
		"2.0":     "wanted an int, got float",
		"1 << 70": "the number is too large",
	} {
		_, err := call(t, "can_fua", "h", expr, plugins.Call{})
		wants(t, err, msg)
	}
}

func TestResultSize(t *testing.T) {
	tests := []struct {
		expr string
		want int64
		msg  string
	}{
		{"0", 0, ""},
		{"(1 << 63) - 1", 1<<63 - 1, ""},
		{"(1 << 53) + 1", 1<<53 + 1, ""},
		{"1e6", 1000000, ""},
		{"512.9", 512, ""},
		{"'1048576'", 1 << 20, ""},
		{"-1", -1, ""}, // refused by package plugins
		{"1 << 63", 0, "the number is too large: 2^63-1 is the most"},
		{"-(1 << 200)", 0, "the number is too small"},
		{"float('inf')", 0, "+inf is no size"},
		{"float('nan')", 0, "nan is no size"},
		{"9223372036854775808.0", 0, "9.223372036854776e+18 is no size"},
		{"'1M'", 0, `"1M" is no number of bytes (nbdkit.parse_size`},
		{"None", 0, "wanted an int, got NoneType"},
		{"True", 0, "wanted an int, got bool"},
		{"[1]", 0, "wanted an int, got list"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			c, err := call(t, "get_size", "h", tt.expr, plugins.Call{})
			wants(t, err, tt.msg)
			if c.Int != tt.want {
				t.Errorf("%d, want %d", c.Int, tt.want)
			}
		})
	}
}

func TestResultBytes(t *testing.T) {
	tests := []struct{ expr, want, msg string }{
		{`b"\x00\xff"`, "\x00\xff", ""},
		{`"h\u00e9"`, "h\u00e9", ""},
		{`b"longer than it need be"`, "longer than it need be", ""},
		{`b""`, "", ""}, // too short: refused by package plugins
		{`None`, "", "wanted bytes, got NoneType"},
		{`[0] * count`, "", "wanted bytes, got list"},
		{`count`, "", "wanted bytes, got int"},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			c, err := call(t, "pread", "h, count, offset", tt.expr, plugins.Call{Length: 2})
			wants(t, err, tt.msg)
			if string(c.Data) != tt.want {
				t.Errorf("%q, want %q", c.Data, tt.want)
			}
		})
	}
}

func TestShortRead(t *testing.T) {
	h := open(t, `
def open(readonly): return None
def get_size(h): return 4096
def pread(h, count, offset): return b"abc"
`, plugins.Env{})
	if got := read(t, h, 0, 2); got != "ab" {
		t.Errorf("a longer answer is not cut: %q", got)
	}
	_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Length: 4})
	if e := scriptError(t, err); e.Callback != plugins.Pread || !strings.Contains(e.Msg, "3 bytes") {
		t.Errorf("error %v", err)
	}
}

func TestResultText(t *testing.T) {
	tests := []struct {
		expr, want string
		missing    bool
		msg        string
	}{
		{`"a disk"`, "a disk", false, ""},
		{`""`, "", false, ""},
		{`b"raw"`, "raw", false, ""},
		{`None`, "", true, ""},
		{`1`, "", false, "wanted a string, got int"},
	}
	for _, tt := range tests {
		c, err := call(t, "export_description", "h", tt.expr, plugins.Call{})
		wants(t, err, tt.msg)
		if c.Text != tt.want || c.Missing != tt.missing {
			t.Errorf("%s: %q, missing %v", tt.expr, c.Text, c.Missing)
		}
	}
}

func TestResultExtents(t *testing.T) {
	tests := []struct{ name, expr, want, msg string }{
		{"tuples", "[(0, 512, 0), (512, 1 << 40, nbdkit.EXTENT_HOLE | nbdkit.EXTENT_ZERO)]", "[{0 512 0} {512 1099511627776 3}]", ""},
		{"lists in a tuple", "([0, 1, 2],)", "[{0 1 2}]", ""},
		{"dicts", `[{"offset": 1, "length": 2, "type": 3}]`, "[{1 2 3}]", ""},
		{"structs", `[struct(offset = 1, length = 2, type = 3)]`, "[{1 2 3}]", ""},
		{"a comprehension", "[(i, 1, i % 2) for i in range(2)]", "[{0 1 0} {1 1 1}]", ""},
		{"none", "[]", "[]", ""},
		{"nothing", "None", "", "wanted a list of extents, got NoneType"},
		{"not a list of records", "[1]", "", "extent 0: wanted a tuple, got int"},
		{"a string", "['abc']", "", "extent 0: wanted a tuple, got string"},
		{"no type is data", "[(0, 1), {'offset': 1, 'length': 2}]", "[{0 1 0} {1 2 0}]", ""},
		{"too few members", "[(0, 1, 0), (1,)]", "", "extent 1: want (offset, length, type)"},
		{"no such type", "[(0, 1, 4)]", "", "extent 0: type 4 is not made of"},
		{"too many", "[(0, 1, 0, 4)]", "", "extent 0: 4 members"},
		{"a member missing", `[{"offset": 1}]`, "", "extent 0: want (offset"},
		{"a field missing", `[struct(length = 1)]`, "", "extent 0: want (offset"},
		{"negative", "[(-1, 1, 0)]", "", "extent 0: -1 out of range"},
		{"no number", "[(0, '1', 0)]", "", "extent 0: got string, want int"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := call(t, "extents", "h, count, offset, flags", tt.expr, plugins.Call{})
			wants(t, err, tt.msg)
			if got := fmt.Sprint(c.Extents); tt.msg == "" && got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestResultExports(t *testing.T) {
	tests := []struct{ name, expr, want, msg string }{
		{"names", `["a", ""]`, "[{a } { }]", ""},
		{"pairs", `[("a", "first"), ["b", None], ("c",)]`, "[{a first} {b } {c }]", ""},
		{"records", `[{"name": "a"}, struct(name = "b", description = "second")]`, "[{a } {b second}]", ""},
		{"nothing", "None", "", "wanted a list of exports, got NoneType"},
		{"a name", "'a'", "", "wanted a list of exports, got string"},
		{"a number", "[1]", "", "export 0: wanted a tuple, got int"},
		{"no name", `["a", {}]`, "", "export 1: has no name"},
		{"a bad name", `[(1, "x")]`, "", "export 0: wanted a string, got int"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := call(t, "list_exports", "readonly, is_tls", tt.expr, plugins.Call{})
			wants(t, err, tt.msg)
			if got := fmt.Sprint(c.Exports); tt.msg == "" && got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestResultBlockSizes(t *testing.T) {
	tests := []struct{ expr, want, msg string }{
		{"(1, 4096, 0xffffffff)", "{1 4096 4294967295}", ""},
		{"[512, 512, 512]", "{512 512 512}", ""},
		{"struct(minimum = 1, preferred = 2, maximum = 3)", "{1 2 3}", ""},
		{"(1, 2)", "", "want three numbers"},
		{"(1, 2, 1 << 32)", "", "4294967296 out of range"},
		{"4096", "", "wanted a tuple, got int"},
	}
	for _, tt := range tests {
		c, err := call(t, "block_size", "h", tt.expr, plugins.Call{})
		wants(t, err, tt.msg)
		if got := fmt.Sprint(c.BlockSizes); tt.msg == "" && got != tt.want {
			t.Errorf("%s: %s, want %s", tt.expr, got, tt.want)
		}
	}
}
