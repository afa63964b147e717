package starlark_test

import (
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/plugins/starlark"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		path, text string
		want       bool
	}{
		{"disk.star", "", true},
		{"DISK.STAR", "", true},
		{"a/disk.starlark", "", true},
		{"disk", "#!/usr/bin/env starlark\n", true},
		{"disk", "#! /usr/bin/workbench --lang=starlark\nx = 1", true},
		{"disk", "# starlark\n", false},
		{"disk.lua", "", false},
		{"disk.py", "#!/usr/bin/python3\n", false},
	}
	for _, tt := range tests {
		if got := (starlark.Runtime{}).Match(plugins.Source{Path: tt.path, Text: tt.text}); got != tt.want {
			t.Errorf("Match(%s, %q) = %v", tt.path, tt.text, got)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	tests := []struct {
		name, text string
		line, col  int
		msg        string // how the message begins
	}{
		{"syntax", "x = 1\ny = = 2\n", 2, 5, "got '=', want primary expression"},
		{"a line that ends too soon", "x = 1\ndef f() # comment\n    pass\n", 2, 0, "got newline, want ':'"},
		{"after a shebang", "#!/usr/bin/env starlark\n)\n", 2, 1, "unexpected ')'"},
		{"undefined name", "x = 1\ndef f():\n    return disc\n", 3, 12, "undefined: disc"},
		{"the first of several", "x = disc\ny = disk\n", 1, 5, "undefined: disc"},
		{"import", "\nimport nbdkit\n", 2, 1, "got import, want primary expression: Starlark has no import; nbdkit"},
		{"from", "from os import path\n", 1, 1, "got from, want primary expression: Starlark has no import; other files come by load"},
		{"try", "def f():\n    try:\n        pass\n", 2, 5, "got try, want primary expression: Starlark has no exceptions"},
		{"raise", "def f():\n    raise OSError\n", 2, 5, "got raise, want primary expression: Starlark has no exceptions; use nbdkit.error"},
		{"global", "def f():\n    global n\n", 2, 5, "got global, want primary expression: Starlark has no global; keep what changes in a dict"},
		{"slice assignment", "def f(buf):\n    buf[0:2] = b'ab'\n", 2, 5, "can't assign to sliceexpr: Starlark cannot assign to a slice; a buffer has buf.set"},
		{"a load callback", "def load():\n    pass\n", 1, 9, "not an identifier: words of the language cannot be names; there is no load callback"},
		{"no UTF-8 in a string", "x = '\\xff'\n", 1, 5, "non-ASCII hex escape"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := compile(t, tt.text)
			e := scriptError(t, err)
			if e.File != "disk.star" || e.Line != tt.line || e.Column != tt.col || !strings.HasPrefix(e.Msg, tt.msg) {
				t.Errorf("error %d:%d %v\nwant  %d:%d %s...", e.Line, e.Column, e, tt.line, tt.col, tt.msg)
			}
			if e.Excerpt(tt.text) == "" {
				t.Error("no excerpt")
			}
		})
	}
}

// What a Python programmer expects is permitted.
func TestDialect(t *testing.T) {
	open(t, minimal+`
n = 0
while n < 3:
    n += 1
if n == 3:
    n = "again"
s = set([1, 1])
def fib(i): return i if i < 2 else fib(i - 1) + fib(i - 2)
p = struct(x = fib(10), s = len(s))
if (p.x, p.s, json.encode({"a": [1]}), math.floor(1.5), time.parse_duration("1s").seconds) != (55, 1, '{"a":[1]}', 1, 1.0):
    fail("no", p)
`, plugins.Env{})
}
