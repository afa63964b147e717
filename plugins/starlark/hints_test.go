package starlark_test

import (
	"fmt"
	"strings"
	"testing"

	"workbench/plugins"
)

// Python that is not Starlark is told the Starlark way, with its line.
func TestSyntaxHints(t *testing.T) {
	for text, want := range map[string]string{
		"import os":               "no import; nbdkit, workbench, struct",
		"from x import y":         "load(\"file.star\", \"name\")",
		"def f(): global n":       "config = {}",
		"def f(): nonlocal n":     "keep what changes in a dict or list",
		"def f(): raise OSError":  "nbdkit.error(\"EIO\", \"text\")",
		"def f(): try: pass":      "no exceptions",
		"except OSError:":         "no exceptions",
		"finally:":                "no exceptions",
		"with open(x) as y: pass": "no with",
		"class A: pass":           "no classes",
		"x = f'a{b}'":             "no f-strings",
		"x = f\"a\"":              "no f-strings",
		"y[0:2] = [1]":            "buf.set(offset, data)",
		"y = x is None":           "write == or !=",
		"y = x is not None":       "write == or !=",
		"async def f(): pass":     "no async",
		"await x":                 "nbdkit.nanosleep",
		"def f(): yield 1":        "no generators",
		"x = 1_000":               "leave them out",
		"if (x := 5): pass":       "no :=",
		"del x['a']":              "dict.pop(key)",
		"assert x":                "if not condition: fail",
		"assert not x":            "if not condition: fail",
		"assert(x)":               "if not condition: fail",
		"print 'a'":               "print(...)",
		"x = 2 ** 3":              "1 << n",
		"x = y = 1":               "a line for each",
		"y = 1 < x < 3":           "a < b and b < c",
		"def f(a: int): pass":     "no annotations",
		"def f() -> int: pass":    "no annotations",
		"x: int = 5":              "no annotations",
		"@dec":                    "no decorators",
		"x = {1, 2}":              "set([1, 2])",
		"x = {i for i in [1]}":    "set([x for x in y])",
		"def f(a, /): pass":       "leave it out",
		"x = 'a' 'b'":             "write +",
		"x++":                     "x += 1",
		"x = 10L":                 "need no L",
		"x = u'abc'":              "r\"raw\"",
		"match x:":                "if and elif",
		"else if x:":              "elif",
		"y = x ? 1 : 2":           "a if condition else b",
		"y = !x":                  "write not",
		"y = x && x":              "write and",
		"y = x || x":              "write or",
		"y = x <> 1":              "write !=",
		"y = 1 if x":              "a if condition else b",
		"y = ...":                 "pass or None",
		"isinstance(x, int)":      "type(x) == \"int\"",
		"bytearray(5)":            "workbench.buffer",
		"open('x')":               "workbench.file",
		"os.path.getsize('x')":    "nbdkit.realpath",
		"sum([1])":                "a loop",
		"def load(): pass":        "no load callback",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := compile(t, "x = 1\n\n"+text+"\n")
			e := scriptError(t, err)
			if e.Line != 3 || !strings.Contains(e.Msg, want) {
				t.Errorf("error in line %d: %s; want line 3: %s", e.Line, e.Msg, want)
			}
		})
	}
	if _, err := compile(t, "x = 1\nx = unknown\n"); strings.Contains(err.Error(), ": undefined: unknown:") {
		t.Errorf("a hint for a name that nobody knows: %v", err)
	}
}

func TestRuntimeHints(t *testing.T) {
	for expr, want := range map[string]string{
		"print >> 5":          "write print(...)",
		"'%5.2f' % 1.5":       "% knows no width",
		"'{:>5}'.format(1)":   "format knows no width",
		"struct.pack('i', 1)": "workbench.pack",
		"int.from_bytes(b'')": "workbench.unpack",
		"(5).to_bytes(2)":     "workbench.pack",
		"bytes(count)":        `write b"\x00" * n`,
	} {
		t.Run(expr, func(t *testing.T) {
			h := open(t, fmt.Sprintf("def open(r): pass\ndef get_size(h): return 512\ndef pread(h, count, offset):\n    return %s\n", expr), plugins.Env{})
			_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Length: 1})
			if e := scriptError(t, err); e.Line != 4 || !strings.Contains(e.Msg, want) {
				t.Errorf("error in line %d: %s; want line 4: %s", e.Line, e.Msg, want)
			}
		})
	}
}

// What looks like Python and is Starlark needs no hint.
func TestWhatIsThere(t *testing.T) {
	start(t, minimal+`
def f(*args, a = 1, **kw): return len(args) + a
g = lambda x, y = 2: x + y
if (f(1, 2), g(1), "%s %d %x %r" % ("a", 5, 255, "b"), "{} {0} {n}".replace("{0} ", "").format(1, n = 2)) != (3, 3, "a 5 ff \"b\"", "1 2"):
    fail("no", f(1, 2), g(1))
while True:
    break
s = set([1, 2]) | set([3])
s.add(4)
if len(s) != 4 or 7 // 2 != 3 or 1 << 70 >> 70 != 1 or rb"\n" != b"\\n":
    fail("no")
`, plugins.Env{})
}
