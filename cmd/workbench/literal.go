package main

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes may also come as a program's source or output has them: numbers between
// braces or brackets, as in []byte{0x25, 96}, in unsigned char x[] = { 37 }; and
// in the [37 96 149] that Go prints; or a string like Python's b'%`\x95'. There
// 96 is a decimal number.

// isLiteral reports whether text is such, rather than a dump with a brace in its text.
func isLiteral(text string) bool {
	if isQuoted(text) {
		return true
	}
	at := strings.IndexAny(text, "{[")
	if at < 0 {
		return false
	}
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[begin:], "\n")
	return !xxdLine.MatchString(line) && !hexdumpLine.MatchString(line) && !plainLine.MatchString(line)
}

func isQuoted(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, `b'`) || strings.HasPrefix(text, `b"`)
}

// parseLiteral reads the bytes of a literal.
func parseLiteral(text string) ([]byte, *hexError) {
	if isQuoted(text) {
		return parseQuoted(text)
	}
	start := strings.IndexByte(text, '{')
	closing := "}"
	if start < 0 {
		start, closing = strings.IndexByte(text, '['), "]"
	}
	start++
	end := len(text)
	if i := strings.Index(text[start:], closing); i >= 0 {
		end = start + i
	}
	var out []byte
	for at := start; at < end; {
		if strings.IndexByte(" \t\r\n,", text[at]) >= 0 {
			at++
			continue
		}
		word := text[at:end]
		if i := strings.IndexAny(word, " \t\r\n,"); i >= 0 {
			word = word[:i]
		}
		n, err := strconv.ParseInt(word, 0, 16)
		if err != nil || n < -128 || n > 255 {
			return nil, errorAt(text, at, fmt.Sprintf("%q is no byte: want a number up to 255 or 0xff", shorten(word)))
		}
		if len(out) == maxExplain {
			return nil, errorAt(text, at, tooMuch)
		}
		out = append(out, byte(n))
		at += len(word)
	}
	return out, nil
}

// parseQuoted reads a string of Python's.
func parseQuoted(text string) ([]byte, *hexError) {
	at := strings.Index(text, "b") + 2
	quote := text[at-1]
	var out []byte
	for at < len(text) && text[at] != quote {
		if strings.HasPrefix(text[at:], `\'`) || strings.HasPrefix(text[at:], `\"`) {
			at++
			out = append(out, text[at])
			at++
			continue
		}
		value, _, rest, err := strconv.UnquoteChar(text[at:], 0)
		if err != nil || value > 255 {
			return nil, errorAt(text, at, "no byte of a string is written so")
		}
		out = append(out, byte(value))
		at = len(text) - len(rest)
	}
	if at >= len(text) {
		return nil, errorAt(text, at, fmt.Sprintf("the string does not end: want %c", quote))
	}
	return out, nil
}

// errorAt returns the error at an offset in text.
func errorAt(text string, at int, why string) *hexError {
	before := text[:at]
	return &hexError{strings.Count(before, "\n") + 1, at - strings.LastIndexByte(before, '\n'), why}
}
