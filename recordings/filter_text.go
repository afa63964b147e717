package recordings

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"workbench/plugins"
)

// quote returns text as a filter quotes it.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// unquote is the opposite. The text ends at the first quote that no backslash
// takes the meaning of; other backslashes are what they are. n is how long it was,
// both quotes included; it is 0 if the second one is missing.
func unquote(text string) (inside string, n int) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), i + 1
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), 0
}

func parseText(_ *field, text string, _ bool) (value, error) {
	if text == "" {
		return value{}, &badValue{"an empty text is in everything", "leave it out"}
	}
	return value{text: text}, nil
}

func parseBytes(_ *field, text string, quoted bool) (value, error) {
	if quoted {
		if text == "" {
			return value{}, &badValue{"there are no bytes to look for", "write some, as 55aa"}
		}
		return longEnough(text)
	}
	digits := strings.ReplaceAll(text, "_", "")
	if isHex(digits) {
		digits = digits[2:]
	}
	b, err := hex.DecodeString(digits)
	switch {
	case err == hex.ErrLength:
		return value{}, &badValue{text + " has an odd number of digits", "two make a byte: did you mean 0" + digits + "?"}
	case err != nil || len(b) == 0:
		return value{}, &badValue{text + " is not hexadecimal", "write 55aa, or a text in quotes"}
	}
	return longEnough(string(b))
}

// longEnough refuses bytes that are more than are kept of any payload.
func longEnough(text string) (value, error) {
	if len(text) > PreviewSize {
		return value{}, &badValue{"so many bytes are never found", "the first 128 of a payload are looked at"}
	}
	return value{text: text}, nil
}

// compileText looks for any of the texts.
func compileText(t *term, _ plugins.Stamp) test {
	var wanted []string
	for _, v := range t.values {
		wanted = append(wanted, strings.ToLower(v.text))
	}
	of := t.field.text
	if of == nil {
		of = textOf
	}
	return func(e *Event, c Contents) bool {
		text, known := of(e, c)
		if !known {
			return false
		}
		text = strings.ToLower(text)
		return slices.ContainsFunc(wanted, func(w string) bool { return strings.Contains(text, w) })
	}
}

// compileBytes looks for any of the bytes; with "=", at the beginning.
func compileBytes(t *term, _ plugins.Stamp) test {
	var wanted [][]byte
	for _, v := range t.values {
		wanted = append(wanted, []byte(v.text))
	}
	find := bytes.Contains
	if t.op == equal {
		find = bytes.HasPrefix
	}
	return func(e *Event, c Contents) bool {
		if c == nil {
			return false
		}
		data, known := c.Data(e)
		return known && slices.ContainsFunc(wanted, func(w []byte) bool { return find(data, w) })
	}
}

func parseProgram(_ *field, text string, _ bool) (value, error) {
	if text == "" {
		return value{}, &badValue{"a program has a name", "write it as prog:dd, or leave it out"}
	}
	return value{text: plugins.CommOf(text).String()}, nil
}

func formatProgram(_ *field, v value) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("-_.", r) || 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
	}
	if strings.TrimFunc(v.text, plain) == "" {
		return v.text
	}
	return quote(v.text)
}

// compileProgram asks for any of the programs.
func compileProgram(t *term, _ plugins.Stamp) test {
	wanted, negate := slices.Clone(t.values), t.op == notEqual
	return func(e *Event, _ Contents) bool {
		n := bytes.IndexByte(e.Program[:], 0)
		if n <= 0 {
			return false
		}
		for i := range wanted {
			if equalFold(wanted[i].text, e.Program[:n]) {
				return !negate
			}
		}
		return negate
	}
}

// equalFold reports whether two names are the same but for the case of letters.
func equalFold(name string, program []byte) bool {
	if len(name) != len(program) {
		return false
	}
	for i := range program {
		a, b := name[i], program[i]
		if a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return false
		}
	}
	return true
}

// textOf returns the text of an event that has one.
func textOf(e *Event, c Contents) (string, bool) {
	if c == nil {
		return "", false
	}
	text, ok := c.Text(e)
	return text, ok && text != ""
}

// markOf returns the sign with which a user marked a request, where that is known.
func markOf(e *Event, c Contents) (string, bool) {
	m, ok := c.(Marks)
	if !ok || e.Kind != Request {
		return "", false
	}
	return m.Mark(e)
}

// lineOf returns the line of the script that the text of a failure names: the
// number between colons in "disk.lua:31: disk full".
func lineOf(e *Event, c Contents) (uint64, bool) {
	if !e.Failed() {
		return 0, false
	}
	text, ok := textOf(e, c)
	for ok {
		_, text, ok = strings.Cut(text, ":")
		digits, rest := cutDigits(text)
		if digits != "" && strings.HasPrefix(rest, ":") {
			n, err := parseNumber(digits)
			return n, err == nil
		}
	}
	return 0, false
}
