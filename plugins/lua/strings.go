package lua

import (
	"fmt"
	"math"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// openStrings replaces the functions of the table string that differ from Lua
// 5.3's, that cannot be interrupted, or that would end the process.
func (s *script) openStrings(table *glua.LTable) {
	table.RawSetString("gfind", glua.LNil)
	s.state.SetFuncs(table, map[string]glua.LGFunction{
		"find":     func(L *glua.LState) int { return s.find(L, true) },
		"match":    func(L *glua.LState) int { return s.find(L, false) },
		"gmatch":   s.gmatch,
		"gsub":     s.gsub,
		"format":   stringFormat,
		"rep":      stringRep,
		"byte":     stringByte,
		"char":     stringChar,
		"lower":    mapBytes('A', 'Z'),
		"upper":    mapBytes('a', 'z'),
		"pack":     stringPack,
		"unpack":   stringUnpack,
		"packsize": stringPackSize,
	})
}

// newMatcher returns a matcher for the subject and the pattern that are the
// first two arguments.
func (s *script) newMatcher(L *glua.LState) *matcher {
	return &matcher{L: L, interrupt: &s.interrupt, subject: L.CheckString(1), pattern: L.CheckString(2)}
}

// begin starts a match anew.
func (m *matcher) begin() { m.depth, m.captures = 0, m.captures[:0] }

// find is string.find(text, pattern[, init[, plain]]) and string.match.
func (s *script) find(L *glua.LState, positions bool) int {
	m := s.newMatcher(L)
	at := startOf(L.OptInt(3, 1), len(m.subject))
	if at > len(m.subject) {
		L.Push(glua.LNil)
		return 1
	}
	if positions && (L.ToBool(4) || !strings.ContainsAny(m.pattern, "^$*+?.([%-")) {
		i := strings.Index(m.subject[at:], m.pattern)
		if i < 0 {
			L.Push(glua.LNil)
			return 1
		}
		L.Push(glua.LNumber(at + i + 1))
		L.Push(glua.LNumber(at + i + len(m.pattern)))
		return 2
	}
	first, anchored := 0, strings.HasPrefix(m.pattern, "^")
	if anchored {
		first = 1
	}
	for ; at <= len(m.subject); at++ {
		m.begin()
		if end := m.match(at, first); end != noMatch {
			if !positions {
				return m.push(at, end)
			}
			L.Push(glua.LNumber(at + 1))
			L.Push(glua.LNumber(end))
			if len(m.captures) == 0 {
				return 2
			}
			return 2 + m.push(at, end)
		}
		if anchored {
			break
		}
	}
	L.Push(glua.LNil)
	return 1
}

// startOf returns the index, from 0 on, that a position stands for; a negative
// one counts from the end.
func startOf(position, length int) int {
	switch {
	case position > 0:
		return position - 1
	case position == 0 || -position > length:
		return 0
	}
	return length + position
}

// gmatch is string.gmatch(text, pattern).
func (s *script) gmatch(L *glua.LState) int {
	m := s.newMatcher(L)
	at, last := 0, noMatch
	L.Push(L.NewFunction(func(L *glua.LState) int {
		m.L = L
		for ; at <= len(m.subject); at++ {
			m.begin()
			if end := m.match(at, 0); end != noMatch && end != last {
				begin := at
				at, last = end, end
				return m.push(begin, end)
			}
		}
		L.Push(glua.LNil)
		return 1
	}))
	return 1
}

// gsub is string.gsub(text, pattern, replacement[, n]).
func (s *script) gsub(L *glua.LState) int {
	m := s.newMatcher(L)
	L.CheckTypes(3, glua.LTString, glua.LTNumber, glua.LTTable, glua.LTFunction)
	replacement, most := L.Get(3), L.OptInt(4, len(m.subject)+1)
	first, anchored := 0, strings.HasPrefix(m.pattern, "^")
	if anchored {
		first = 1
	}
	var out strings.Builder
	at, last, count := 0, noMatch, 0
	for count < most {
		m.begin()
		if end := m.match(at, first); end != noMatch && end != last {
			count++
			m.room = maxString - out.Len()
			text := m.replace(replacement, at, end)
			m.take(len(text))
			out.WriteString(text)
			at, last = end, end
		} else if at < len(m.subject) {
			out.WriteByte(m.subject[at])
			at++
		} else {
			break
		}
		if anchored {
			break
		}
	}
	out.WriteString(m.subject[at:])
	L.Push(glua.LString(out.String()))
	L.Push(glua.LNumber(count))
	return 2
}

// replace returns what is to stand in the place of a match.
func (m *matcher) replace(replacement glua.LValue, begin, end int) string {
	var value glua.LValue
	switch r := replacement.(type) {
	case glua.LString, glua.LNumber:
		return m.fill(r.String(), begin, end)
	case *glua.LTable:
		value = m.L.GetTable(r, m.captured(0, begin, end))
	default:
		m.L.Push(r)
		m.L.Call(m.push(begin, end), 1)
		value = m.L.Get(-1)
		m.L.Pop(1)
	}
	switch value.Type() {
	case glua.LTString, glua.LTNumber:
		return value.String()
	case glua.LTNil:
		return m.subject[begin:end]
	}
	if value == glua.LFalse {
		return m.subject[begin:end]
	}
	m.L.RaiseError("invalid replacement value (a %s)", value.Type())
	return ""
}

// take fails the script if there is no room for n bytes more.
func (m *matcher) take(n int) {
	if n > m.room {
		m.L.RaiseError("string.gsub: the result would be larger than %d bytes", maxString)
	}
}

// fill puts the captures into a replacement: %0 is the match, %1 the first capture.
func (m *matcher) fill(text string, begin, end int) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out.WriteByte(text[i])
			continue
		}
		i++
		switch {
		case i < len(text) && text[i] == '%':
			out.WriteByte('%')
		case i < len(text) && text[i] == '0':
			out.WriteString(m.subject[begin:end])
		case i < len(text) && isDigit(text[i]):
			out.WriteString(m.captured(int(text[i]-'1'), begin, end).String())
		default:
			m.L.RaiseError("invalid use of '%%' in replacement string")
		}
		m.take(out.Len())
	}
	return out.String()
}

// stringRep is string.rep with Lua 5.3's separator.
func stringRep(L *glua.LState) int {
	text, n, separator := L.CheckString(1), float64(L.CheckNumber(2)), L.OptString(3, "")
	if math.IsNaN(n) {
		L.ArgError(2, "number has no integer representation")
	}
	if n < 1 || len(text)+len(separator) == 0 {
		L.Push(glua.LString(""))
		return 1
	}
	if n*float64(len(text)+len(separator)) > maxString {
		L.RaiseError("string.rep: the result would be larger than %d bytes", maxString)
	}
	L.Push(glua.LString(strings.Repeat(text+separator, int(n)-1) + text))
	return 1
}

// stringByte is string.byte(text[, i[, j]]).
func stringByte(L *glua.LState) int {
	text := L.CheckString(1)
	first := L.OptInt(2, 1)
	begin := startOf(first, len(text))
	end := min(byteIndex(L.OptInt(3, first), len(text)), len(text)-1)
	if end-begin >= maxUnpack {
		L.RaiseError("string slice too long")
	}
	for i := begin; i <= end; i++ {
		L.Push(glua.LNumber(text[i]))
	}
	return max(0, end-begin+1)
}

// stringChar is string.char(...).
func stringChar(L *glua.LState) int {
	out := make([]byte, L.GetTop())
	for i := range out {
		code := wholeArg(L, i+1)
		if code < 0 || code > 255 {
			L.ArgError(i+1, "value out of range")
		}
		out[i] = byte(code)
	}
	L.Push(stringOf(out))
	return 1
}

// mapBytes turns the letters of one case into the other. gopher-lua's take the
// string for UTF-8 and spoil one that is not.
func mapBytes(from, to byte) glua.LGFunction {
	return func(L *glua.LState) int {
		out := []byte(L.CheckString(1))
		for i, c := range out {
			if from <= c && c <= to {
				out[i] = c ^ 0x20
			}
		}
		L.Push(stringOf(out))
		return 1
	}
}

// wholeArg returns an argument that must be a whole number, as an integer of 64 bits.
func wholeArg(L *glua.LState, n int) int64 {
	f := float64(L.CheckNumber(n))
	switch {
	case f != math.Trunc(f) || math.IsInf(f, 0):
		L.ArgError(n, "number has no integer representation")
	case math.Abs(f) > maxExact:
		L.ArgError(n, fmt.Sprintf("%.0f is beyond 2^53, up to which the numbers of Lua are exact", f))
	}
	return int64(f)
}
