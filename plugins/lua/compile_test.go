package lua

import (
	"errors"
	"strings"
	"testing"

	"workbench/plugins"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		name, text   string
		line, column int
		want         string
	}{
		{"plain", "x = = 2", 1, 5, `syntax error near "="`},
		{"word", "\nreturn 1 return 2", 2, 10, "return"},
		{"shebang keeps lines", "#!/usr/sbin/nbdkit lua\nx = =", 2, 5, ""},
		{"end of file", "function f()\n  x = 1\n", 2, 0, "too early"},
		{"open string", "x = 1\ny = 'abc\nz = 2", 2, 8, "unterminated"},
		{"integer division", "x = 7 // 2", 1, 8, "math.floor"},
		{"and", "x = a & b", 1, 7, "bit32.band"},
		{"or", "x = a | b", 1, 7, "bit32.bor"},
		{"xor", "x = a ~ b", 1, 7, "bit32.bxor"},
		{"left", "x = a << b", 1, 8, "bit32.lshift"},
		{"right", "x = a >> b", 1, 8, "bit32.rshift"},
		{"unequal", "x = a != b", 1, 7, "~="},
		{"increment", "x += 1", 1, 3, "write a = a + b"},
		{"goto", "goto nowhere", 2, 0, "nowhere"},
		{"escapes keep columns", `x = "\x41\x42" y = = 1`, 1, 20, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Runtime{}.Compile(plugins.Source{Path: "d/x.lua", Text: c.text})
			var e *plugins.Error
			if !errors.As(err, &e) {
				t.Fatalf("compiled with %v", err)
			}
			if e.File != "d/x.lua" || e.Line != c.line || e.Column != c.column || !strings.Contains(e.Msg, c.want) {
				t.Errorf("%s:%d:%d: %s; want line %d, column %d, %q", e.File, e.Line, e.Column, e.Msg, c.line, c.column, c.want)
			}
		})
	}
}
