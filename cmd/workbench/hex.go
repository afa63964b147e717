package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxExplain is how many bytes are explained at once. It also bounds what the
// repeated lines of a dump amount to.
const maxExplain = 64 << 20

// Lines of a dump. xxd writes "00000010: 2560 9513  text", hexdump -C and od -tx1z
// "00000010  25 60 95 13  |text|", with the offset alone at the end, and "*" for
// lines like the one before.
var (
	xxdLine     = regexp.MustCompile(`^\s*([0-9a-fA-F]{6,16}): `)
	hexdumpLine = regexp.MustCompile(`^\s*([0-9a-fA-F]{6,16})  ?[0-9a-fA-F]{2} [^|]*[|>]`)
	offsetLine  = regexp.MustCompile(`^\s*([0-9a-fA-F]{6,16})\s*$`)
)

// A hexError is text that is not hex.
type hexError struct {
	line, column int // from 1; column counts bytes
	why          string
}

func (e *hexError) Error() string {
	if e.line > 1 {
		return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.why)
	}
	return fmt.Sprintf("column %d: %s", e.column, e.why)
}

// parseHex reads bytes as people and programs write them: digits with or without
// spaces, colons, commas and 0x or \x between them, or a dump by xxd or hexdump -C.
func parseHex(text string) ([]byte, error) {
	var p hexParser
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if err := p.line(strings.TrimSuffix(line, "\r")); err != nil {
			err.line = i + 1
			return nil, err
		}
		if len(p.out) > maxExplain {
			return nil, fmt.Errorf("more than %d MiB: that is too much at once", maxExplain>>20)
		}
	}
	if p.repeat {
		return nil, &hexError{line: len(lines), column: 1, why: noOffset}
	}
	return p.out, nil
}

const noOffset = "no line with an offset comes after *: how often to repeat is not known"

type hexParser struct {
	out      []byte
	dump     bool // a line of hexdump -C was seen
	previous int  // bytes of the last line that had any
	base     int  // the offset in the dump of the first byte
	repeat   bool // "*" was seen
}

func (p *hexParser) line(line string) *hexError {
	start, end := 0, len(line)
	xxd, hexdump := xxdLine.FindStringSubmatch(line), hexdumpLine.FindStringSubmatch(line)
	switch {
	case strings.TrimSpace(line) == "*" && p.previous > 0:
		p.repeat = true
		return nil
	case xxd != nil:
		start = len(xxd[0])
		if i := strings.Index(line[start:], "  "); i >= 0 {
			end = start + i
		}
		return p.after(xxd[1], line, start, end)
	case hexdump != nil:
		p.dump = true
		start = strings.Index(line, hexdump[1]) + len(hexdump[1])
		end = strings.IndexAny(line, "|>")
		return p.after(hexdump[1], line, start, end)
	}
	if last := offsetLine.FindStringSubmatch(line); last != nil && p.dump {
		return p.after(last[1], line, end, end)
	}
	if p.repeat && strings.TrimSpace(line) != "" {
		return &hexError{column: 1, why: noOffset}
	}
	return p.digits(line, start, end)
}

// after reads a line of a dump, which stands at an offset in it. What "*" left
// out before it is repeated.
func (p *hexParser) after(offset, line string, start, end int) *hexError {
	at, err := strconv.ParseUint(offset, 16, 48)
	if err != nil {
		return &hexError{column: 1, why: "the offset " + offset + " is too large"}
	}
	if len(p.out) == 0 {
		p.base = int(at)
	}
	if p.repeat {
		p.repeat = false
		missing := int(at) - p.base - len(p.out)
		if missing < 0 || missing > maxExplain {
			return &hexError{column: 1, why: fmt.Sprintf("the offset %s does not fit after repeated lines", offset)}
		}
		pattern := p.out[len(p.out)-p.previous:]
		for i := range missing {
			p.out = append(p.out, pattern[i%len(pattern)])
		}
	}
	return p.digits(line, start, end)
}

// digits reads the part of a line that is hex.
func (p *hexParser) digits(line string, start, end int) *hexError {
	before := len(p.out)
	defer func() {
		if n := len(p.out) - before; n > 0 {
			p.previous = n
		}
	}()
	for i := start; i < end; {
		if strings.IndexByte(" \t:,", line[i]) >= 0 {
			i++
			continue
		}
		prefixed := false
		if rest := line[i:end]; strings.HasPrefix(rest, "0x") || strings.HasPrefix(rest, "0X") || strings.HasPrefix(rest, `\x`) {
			prefixed = true
			i += 2
		}
		first := i
		for i < end && isHexDigit(line[i]) && !(i > first && i+1 < end && line[i] == '0' && line[i+1]|0x20 == 'x') {
			i++
		}
		switch n := i - first; {
		case n == 0 && i < end:
			return &hexError{column: i + 1, why: fmt.Sprintf("%q is no hex digit", firstRune(line[i:end]))}
		case n == 0:
			return &hexError{column: i + 1, why: "0x without a digit"}
		case n%2 == 1 && !(prefixed && n == 1):
			if i < end && strings.IndexByte(" \t:,", line[i]) < 0 && line[i] != '\\' {
				return &hexError{column: i + 1, why: fmt.Sprintf("%q is no hex digit", firstRune(line[i:end]))}
			}
			return &hexError{column: i, why: fmt.Sprintf("%q has an odd number of digits: a byte has two", shorten(line[first:i]))}
		}
		for j := first; j < i; j += 2 {
			b, err := strconv.ParseUint(line[j:min(j+2, i)], 16, 8)
			if err != nil {
				return &hexError{column: j + 1, why: err.Error()}
			}
			p.out = append(p.out, byte(b))
		}
	}
	return nil
}

func isHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

func shorten(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}
