package starlark

import (
	"regexp"
	"strings"
)

// A hint says what to write instead of Python that is not Starlark.
type hint struct {
	msg  string // how the message begins
	line string // a regular expression for the line of the error; "" = whatever
	text string
}

// syntaxHints are for what the parser and the resolver find, tried in order.
var syntaxHints = []hint{
	{"got import,", "", `Starlark has no import; nbdkit, workbench, struct, json, math and time are there already, other files come by load("file.star", "name")`},
	{"got from,", "", `Starlark has no import; other files come by load("file.star", "name")`},
	{"got try,", "", "Starlark has no exceptions; what fails ends the callback"},
	{"got except,", "", "Starlark has no exceptions; what fails ends the callback"},
	{"got finally,", "", "Starlark has no exceptions; what fails ends the callback"},
	{"got raise,", "", `Starlark has no exceptions; use nbdkit.error("EIO", "text") or fail("text")`},
	{"got global,", "", `Starlark has no global; keep what changes in a dict, as in config = {} and config["file"] = value`},
	{"got nonlocal,", "", "Starlark has no nonlocal; keep what changes in a dict or list"},
	{"got with,", "", "Starlark has no with; a file that is opened in open is closed in close"},
	{"got class,", "", "Starlark has no classes; use struct(...) or a dict"},
	{"got async,", "", "Starlark has no async; callbacks run at once if the script allows it by thread_model"},
	{"got await,", "", "Starlark has no await; nbdkit.nanosleep(seconds) waits"},
	{"got yield,", "", "Starlark has no generators; return a list"},
	{"got del,", "", "Starlark has no del; use dict.pop(key) or list.pop(index)"},
	{"got else,", `^\s*else\s+if\b`, "write elif"},
	{"got else,", "", "Starlark has no else for loops; use a variable"},
	{"got is,", "", "Starlark has no is; write == or !=, as in x == None"},
	{"got '**',", "", "Starlark has no power operator; write 1 << n for powers of two, or math.pow(a, b)"},
	{"got '&',", `&&`, "write and"},
	{"got '|',", `\|\|`, "write or"},
	{"got '>',", `<>`, "write !="},
	{"got '-', want ':'", `\)\s*->`, "Starlark has no annotations; leave -> and the type out"},
	{"got ':', want ')'", `:=`, "Starlark has no :=; assign in a line of its own"},
	{"got ':', want", `^\s*(def\b.*)?\w+\s*:\s*\w`, "Starlark has no annotations; leave the colon and the type out"},
	{"got ',', want ':'", `\{`, "Starlark has no braces for sets; write set([1, 2])"},
	{"got for, want ':'", `\{`, "Starlark has no set comprehensions; write set([x for x in y])"},
	{"got '.',", `\.\.\.`, "Starlark has no ...; write pass or None"},
	{"got '=', want newline", "", "an assignment has one target; write a line for each, or a, b = x, x"},
	{"got string literal,", `\b[fF][rR]?["']`, `Starlark has no f-strings; write "%d bytes" % n, or "{} bytes".format(n)`},
	{"got string literal,", `\b(u|U|br|bR|Br|BR)["']`, `there is only r"raw", b"bytes" and rb"raw bytes" before a string`},
	{"got string literal,", `\bprint\s+["']`, "print is a function; write print(...)"},
	{"got string literal,", `["']\s*[rb]*["']`, "strings that stand side by side are not joined; write + between them"},
	{"got identifier,", `\b\d+_\d`, "Starlark has no underscores in numbers; leave them out"},
	{"got identifier,", `\b\d+[lLjJ]\b`, "whole numbers have any size and need no L, complex ones are not there"},
	{"got identifier,", `^\s*assert\b`, `Starlark has no assert; write if not condition: fail("text")`},
	{"got not,", `^\s*assert\b`, `Starlark has no assert; write if not condition: fail("text")`},
	{"got identifier,", `^\s*match\b`, "Starlark has no match; write if and elif"},
	{"got identifier,", `^\s*async\b`, "Starlark has no async"},
	{"got identifier,", `^\s*print\b`, "print is a function; write print(...)"},
	{"got newline,", `(\+\+|--)\s*(#.*)?$`, "Starlark has no ++; write x += 1"},
	{"undefined: assert", "", `Starlark has no assert; write if not condition: fail("text")`},
	{"unexpected input character '@'", `^\s*@`, "Starlark has no decorators"},
	{"unexpected input character '?'", "", "write a if condition else b"},
	{"unexpected input character '!'", "", "write not"},
	{"unexpected input character '`'", "", "write str(x)"},
	{"conditional expression without else", "", "write a if condition else b"},
	{"< does not associate", "", "write a < b and b < c"},
	{"<= does not associate", "", "write a <= b and b <= c"},
	{"> does not associate", "", "write a > b and b > c"},
	{">= does not associate", "", "write a >= b and b >= c"},
	{"not an identifier", `\bload\b`, "words of the language cannot be names; there is no load callback, what it would do stands at the top level"},
	{"not an identifier", `/`, "Starlark has no / among parameters; leave it out"},
	{"not an identifier", "", "words of the language cannot be names"},
	{"can't assign to sliceexpr", "", "Starlark cannot assign to a slice; a buffer has buf.set(offset, data)"},
	{"undefined: isinstance", "", `write type(x) == "int"`},
	{"undefined: bytearray", "", "write workbench.buffer(n)"},
	{"undefined: memoryview", "", "a buffer is one already; write buf.sub(offset, count)"},
	{"undefined: open", "", "files are disks here; write workbench.file(path, mode)"},
	{"undefined: os", "", "Starlark has no import; see nbdkit.realpath and workbench.file"},
	{"undefined: sys", "", "Starlark has no import"},
	{"undefined: errno", "", `errors have names; write "ENOSPC"`},
	{"undefined: sum", "", "write a loop"},
	{"undefined: round", "", "write math.round(x)"},
	{"undefined: pow", "", "write math.pow(a, b)"},
	{"undefined: map", "", "write [f(x) for x in list]"},
	{"undefined: filter", "", "write [x for x in list if f(x)]"},
	{"undefined: input", "", "a script gets its parameters in config(key, value)"},
}

// runtimeHints are for what fails while the script runs.
var runtimeHints = []hint{
	{"unknown binary op: builtin_function_or_method >> ", "", "write print(...)"},
	{"unknown conversion %", "", `% knows no width or precision: there are %s %r %d %o %x %X %e %f %g %c`},
	{"format spec features not supported", "", `format knows no width or precision: write "{}"`},
	{"builtin_function_or_method has no .pack", "", "write workbench.pack(format, ...), whose formats are those of Lua"},
	{"builtin_function_or_method has no .unpack", "", "write workbench.unpack(format, data), whose formats are those of Lua"},
	{"builtin_function_or_method has no .from_bytes", "", "write workbench.unpack(\"<I4\", data)"},
	{"bytes: got int, ", "", `for n zeroes write b"\x00" * n`},
	{"int has no .to_bytes", "", "write workbench.pack(\"<I4\", n)"},
}

// hintFor returns what to write instead, "" if nobody knows.
func hintFor(hints []hint, msg, line string) string {
	for _, h := range hints {
		if !strings.HasPrefix(msg, h.msg) {
			continue
		}
		if fits, err := regexp.MatchString(h.line, line); err == nil && fits {
			return h.text
		}
	}
	return ""
}

// lineOf returns a line of text, "" if it has none of that number.
func lineOf(text string, number int) string {
	lines := strings.Split(text, "\n")
	if number < 1 || number > len(lines) {
		return ""
	}
	return lines[number-1]
}
