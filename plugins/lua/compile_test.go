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
		{"unary bits", "local x = 5\nlocal y = ~x", 2, 11, "bit32.bnot"},
		{"integer division on the next line", "x = a\n// b", 2, 2, "math.floor"},
		{"constant", "local x <const> = 5", 1, 9, "leave them out"},
		{"close", "do\n  local f <close> = io.open('x')\nend", 2, 11, "leave them out"},
		{"continue", "for i = 1, 3 do\n  continue\nend", 3, 1, "goto next"},
		{"elif", "if a then\nelif b then\nend", 2, 6, "elseif"},
		{"environment", "x = 1\nlocal _ENV = {}\n_ENV.x = 2", 3, 0, "setfenv"},
		{"large integer", "x = {\n  0x7fffffffffffffff}", 2, 0, "0x7fffffffffffffff is not exact"},
		{"large decimal", "return 9007199254740993", 1, 0, "2^53"},
		{"more than 64 bits", "return 0x10000000000000000", 1, 0, "is not exact"},
		{"deep brackets", "x = " + strings.Repeat("{", 1e5) + strings.Repeat("}", 1e5), 1, 0, "nests too deeply"},
		{"many signs", "x = " + strings.Repeat("- ", 1e5) + "1", 1, 0, "nests too deeply"},
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
