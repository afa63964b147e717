package lua

import (
	"unicode/utf8"

	glua "github.com/yuin/gopher-lua"
)

// utf8Functions is the library utf8 of Lua 5.3. Positions are those of bytes,
// from 1 on.
var utf8Functions = map[string]glua.LGFunction{
	"char":      utf8Char,
	"codes":     utf8Codes,
	"codepoint": utf8Codepoint,
	"len":       utf8Len,
	"offset":    utf8Offset,
}

// utf8Char is utf8.char(...).
func utf8Char(L *glua.LState) int {
	var out []byte
	for i := 1; i <= L.GetTop(); i++ {
		code := wholeArg(L, i)
		if code < 0 || code > utf8.MaxRune {
			L.ArgError(i, "value out of range")
		}
		if code >= 0xd800 && code < 0xe000 { // surrogates, which Go does not encode
			out = append(out, 0xe0|byte(code>>12), 0x80|byte(code>>6)&0xbf, 0x80|byte(code)&0xbf)
			continue
		}
		out = utf8.AppendRune(out, rune(code))
	}
	L.Push(glua.LString(out))
	return 1
}

// decode returns the character that text begins with. As in Lua 5.3, a
// surrogate is one.
func decode(text string) (code rune, length int, ok bool) {
	code, length = utf8.DecodeRuneInString(text)
	if code != utf8.RuneError || length == 3 {
		return code, length, true
	}
	if len(text) >= 3 && text[0] == 0xed && text[1]&0xe0 == 0xa0 && text[2]&0xc0 == 0x80 {
		return 0xd000 | rune(text[1]&0x3f)<<6 | rune(text[2]&0x3f), 3, true
	}
	return 0, 0, false
}

// utf8Codes is utf8.codes(text): for position, code in utf8.codes(text).
func utf8Codes(L *glua.LState) int {
	text := L.CheckString(1)
	L.Push(L.NewFunction(func(L *glua.LState) int {
		at := L.CheckInt(2) // the position before this one; 0 at first
		if at > 0 {
			_, length, _ := decode(text[at-1:])
			at += length - 1
		}
		if at >= len(text) {
			return 0
		}
		code, _, ok := decode(text[at:])
		if !ok {
			L.RaiseError("invalid UTF-8 code")
		}
		L.Push(glua.LNumber(at + 1))
		L.Push(glua.LNumber(code))
		return 2
	}))
	L.Push(glua.LString(text))
	L.Push(glua.LNumber(0))
	return 3
}

// utf8Codepoint is utf8.codepoint(text[, i[, j]]).
func utf8Codepoint(L *glua.LState) int {
	text := L.CheckString(1)
	first := byteIndex(L.OptInt(2, 1), len(text))
	last := byteIndex(L.OptInt(3, first+1), len(text))
	if first < 0 || last >= len(text) {
		L.ArgError(2, "out of range")
	}
	n := 0
	for at := first; at <= last; n++ {
		code, length, ok := decode(text[at:])
		if !ok {
			L.RaiseError("invalid UTF-8 code")
		}
		L.Push(glua.LNumber(code))
		at += length
	}
	return n
}

// utf8Len is utf8.len(text[, i[, j]]): how many characters, or nil and the
// position of the first byte that is wrong.
func utf8Len(L *glua.LState) int {
	text := L.CheckString(1)
	at, last := byteIndex(L.OptInt(2, 1), len(text)), byteIndex(L.OptInt(3, -1), len(text))
	if at < 0 || at > len(text) {
		L.ArgError(2, "initial position out of string")
	}
	if last >= len(text) {
		L.ArgError(3, "final position out of string")
	}
	n := 0
	for ; at <= last; n++ {
		_, length, ok := decode(text[at:])
		if !ok {
			L.Push(glua.LNil)
			L.Push(glua.LNumber(at + 1))
			return 2
		}
		at += length
	}
	L.Push(glua.LNumber(n))
	return 1
}

// utf8Offset is utf8.offset(text, n[, i]): where the n-th character from
// position i on begins.
func utf8Offset(L *glua.LState) int {
	text, n := L.CheckString(1), L.CheckInt(2)
	usual := 1
	if n <= 0 {
		usual = len(text) + 1
	}
	at := byteIndex(L.OptInt(3, usual), len(text))
	if at < 0 || at > len(text) {
		L.ArgError(3, "position out of range")
	}
	inside := func(i int) bool { return i < len(text) && text[i]&0xc0 == 0x80 }
	if n == 0 {
		for at > 0 && inside(at) {
			at--
		}
		L.Push(glua.LNumber(at + 1))
		return 1
	}
	if inside(at) {
		L.RaiseError("initial position is a continuation byte")
	}
	for ; n < 0 && at > 0; n++ {
		for at--; at > 0 && inside(at); at-- {
		}
	}
	if n > 0 {
		for n--; n > 0 && at < len(text); n-- {
			for at++; inside(at); at++ {
			}
		}
	}
	if n != 0 {
		L.Push(glua.LNil)
	} else {
		L.Push(glua.LNumber(at + 1))
	}
	return 1
}

// byteIndex returns the index, from 0 on, that a position stands for; a negative
// one counts from the end. It may be outside of the text.
func byteIndex(position, length int) int {
	if position < 0 {
		return length + position
	}
	return position - 1
}
