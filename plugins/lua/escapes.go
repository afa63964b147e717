package lua

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plainEscapes replaces the escapes that Lua 5.1 does not know in the strings of
// a chunk: "\x41" by "\065", "\u{20AC}" by the bytes of the character, and "\z",
// which skips white space, by nothing. The parser would take the first for "x41"
// without a word. Every line stays in its place, and what follows a string in
// its column, or nearly so.
func plainEscapes(text string) string {
	if !strings.Contains(text, `\x`) && !strings.Contains(text, `\u`) && !strings.Contains(text, `\z`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		length := 1
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "--"):
			if length = longBracket(text[i+2:]); length == 0 {
				length = lineLength(text[i+2:])
			}
			length += 2
		case c == '[':
			length = max(1, longBracket(text[i:]))
		case c == '"' || c == '\'':
			i = escapesOfString(&out, text, i)
			continue
		}
		out.WriteString(text[i : i+length])
		i += length
	}
	return out.String()
}

// escapesOfString copies the quoted string that begins at i and returns where it
// ends: past the closing quote, or at the end of the line if there is none.
func escapesOfString(out *strings.Builder, text string, i int) int {
	quote, after := text[i], "" // what was skipped inside of the string comes after it
	out.WriteByte(quote)
	for i++; i < len(text) && text[i] != quote && text[i] != '\n'; {
		if text[i] != '\\' || i+1 == len(text) {
			out.WriteByte(text[i])
			i++
			continue
		}
		length := 2 // the byte after a backslash never ends the string
		switch text[i+1] {
		case 'x':
			if i+4 <= len(text) {
				if value, err := strconv.ParseUint(text[i+2:i+4], 16, 8); err == nil {
					fmt.Fprintf(out, `\%03d`, value)
					i += 4
					continue
				}
			}
		case 'u':
			if code, n := unicodeEscape(text[i+2:]); n > 0 {
				for _, b := range []byte(code) {
					fmt.Fprintf(out, `\%03d`, b)
				}
				i += 2 + n
				continue
			}
		case 'z':
			rest := strings.TrimLeft(text[i+2:], space)
			skipped := text[i+2 : len(text)-len(rest)]
			after += strings.Repeat("\n", strings.Count(skipped, "\n"))
			i += 2 + len(skipped)
			continue
		}
		out.WriteString(text[i : i+length])
		i += length
	}
	if i < len(text) && text[i] == quote {
		out.WriteByte(quote)
		i++
	}
	out.WriteString(after)
	return i
}

// space is what isspace accepts in C.
const space = " \t\n\v\f\r"

// unicodeEscape returns the bytes of the "{20AC}" that text begins with, and its
// length; 0 if it begins with none.
func unicodeEscape(text string) (code string, length int) {
	end := strings.IndexByte(text, '}')
	if end < 2 || text[0] != '{' {
		return "", 0
	}
	value, err := strconv.ParseUint(text[1:end], 16, 32)
	if err != nil || value > utf8.MaxRune {
		return "", 0
	}
	return string(rune(value)), end + 1
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
