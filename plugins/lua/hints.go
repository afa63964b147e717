package lua

import (
	"regexp"
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// hints are for what other versions of Lua, or other languages, have: the text
// that stands around the place of the error.
var hints = []struct{ operator, hint string }{
	{"//", "// is Lua 5.3, this is 5.1: write math.floor(a / b); a comment begins with --"},
	{"<<", "<< is Lua 5.3, this is 5.1: write bit32.lshift(a, n), or a * 2^n"},
	{">>", ">> is Lua 5.3, this is 5.1: write bit32.rshift(a, n), or math.floor(a / 2^n)"},
	{"&&", "write and"},
	{"||", "write or"},
	{"!=", "write ~="},
	{"+=", "write a = a + b"},
	{"-=", "write a = a - b"},
	{"*=", "write a = a * b"},
	{"/=", "write a = a / b, or a ~= b"},
	{"++", "write a = a + 1"},
	{"&", "& is Lua 5.3, this is 5.1: write bit32.band(a, b)"},
	{"|", "| is Lua 5.3, this is 5.1: write bit32.bor(a, b)"},
	{"~", "~ is Lua 5.3, this is 5.1: write bit32.bxor(a, b), or bit32.bnot(a)"},
	{"!", "write not"},
}

// attribute is what Lua 5.4 has after the name of a local variable.
var attribute = regexp.MustCompile(`^\s*<\s*(const|close)\s*>`)

// words are hints for the word at the place of the error, or the one before it.
var words = map[string]string{
	"continue": "Lua has no continue: write goto next, and ::next:: at the end of the loop",
	"elif":     "write elseif",
	"null":     "write nil",
	"None":     "write nil",
	"def":      "write function",
	"import":   "write require(\"name\")",
}

// hintFor returns what to write instead, "" if nobody knows.
func hintFor(lines []string, line int, e *parse.Error) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	text := lines[line-1]
	last := e.Pos.Column - 1 // index of the offending byte
	if last < 0 || last >= len(text) {
		return ""
	}
	begin := max(0, last-len(e.Token)+1)
	if attribute.MatchString(text[begin:]) {
		return "attributes such as <const> and <close> are Lua 5.4, this is 5.1: leave them out"
	}
	around := text[max(0, last-1):min(len(text), last+2)]
	for _, h := range hints {
		if at := strings.Index(around, h.operator); at >= 0 && strings.ContainsRune(h.operator, rune(text[last])) {
			return h.hint
		}
	}
	if hint, ok := words[e.Token]; ok {
		return hint
	}
	if before := strings.Fields(text[:begin]); len(before) > 0 {
		return words[before[len(before)-1]]
	}
	// The word may stand at the end of the line before.
	for line--; line > 0; line-- {
		if before := strings.Fields(lines[line-1]); len(before) > 0 {
			return words[before[len(before)-1]]
		}
	}
	return ""
}
