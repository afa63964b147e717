package lua

import (
	"fmt"
	"strconv"
	"strings"
)

// decimalEscapes replaces "\x41" in the strings of a chunk by "\065", which
// means the same in Lua 5.1; the parser would take the former for "x41" without
// a word. Both are four bytes long, so no position changes.
func decimalEscapes(text string) string {
	if !strings.Contains(text, `\x`) {
		return text
	}
	out := []byte(text)
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "--"):
			i += 2
			if n := longBracket(text[i:]); n > 0 {
				i += n
			} else {
				i += lineLength(text[i:])
			}
		case c == '[':
			i += max(1, longBracket(text[i:]))
		case c == '"' || c == '\'':
			i = escapesOfString(out, text, i)
		default:
			i++
		}
	}
	return string(out)
}

// escapesOfString rewrites the quoted string that begins at i and returns where
// it ends: past the closing quote, or at the end of the line if there is none.
func escapesOfString(out []byte, text string, i int) int {
	quote := text[i]
	for i++; i < len(text) && text[i] != quote && text[i] != '\n'; i++ {
		if text[i] != '\\' {
			continue
		}
		if i+4 <= len(text) && text[i+1] == 'x' {
			if value, err := strconv.ParseUint(text[i+2:i+4], 16, 8); err == nil {
				copy(out[i:], fmt.Sprintf(`\%03d`, value))
			}
		}
		i++ // the byte after a backslash never ends the string
	}
	return min(i+1, len(text))
}

// longBracket returns the length of the "[[...]]" or "[==[...]==]" that text
// begins with, 0 if it begins with none.
func longBracket(text string) int {
	if !strings.HasPrefix(text, "[") {
		return 0
	}
	level := 1
	for level < len(text) && text[level] == '=' {
		level++
	}
	if level == len(text) || text[level] != '[' {
		return 0
	}
	closing := "]" + text[1:level] + "]"
	end := strings.Index(text, closing)
	if end < 0 {
		return len(text)
	}
	return end + len(closing)
}

// lineLength returns the length of the first line, without its end.
func lineLength(text string) int {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return end
	}
	return len(text)
}
