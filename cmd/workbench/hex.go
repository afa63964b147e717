package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxExplain is how many bytes are explained at once. It also bounds what the
// repeated lines of a dump amount to.
const maxExplain = 64 << 20

// Lines of a dump. xxd writes "00000010: 2560 9513  text", and tcpdump "0x0010:";
// hexdump -C and od -tx1z write "00000010  25 60 95 13  |text|", with the offset
// alone at the end, and "*" for lines like the one before. od -tx1 and tshark -x
// write the same without a mark before the text, if there is one: that is told
// from plain digits by its offsets alone (radixOf).
var (
	xxdLine     = regexp.MustCompile(`^\s*(?:0[xX])?([0-9a-fA-F]{4,16}):\s+`)
	hexdumpLine = regexp.MustCompile(`^\s*([0-9a-fA-F]{6,16})  ?[0-9a-fA-F]{2} [^|]*[|>]`)
	plainLine   = regexp.MustCompile(`^\s*([0-9a-fA-F]{4,16})( {1,2})((?:[0-9a-fA-F]{2} {1,2}){0,63}[0-9a-fA-F]{2})(?: {2,}.*| ?)$`)
	offsetLine  = regexp.MustCompile(`^\s*([0-9a-fA-F]{6,16})\s*$`)
	wordsLine   = regexp.MustCompile(`^\s*0{7} +([0-9a-fA-F]{3,6}|[0-9a-fA-F]{8}) `)
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
// spaces, colons, commas, dashes and 0x or \x between them, a dump by xxd, hexdump
// -C, od -tx1, tcpdump or tshark, or a literal (parseLiteral).
func parseHex(text string) ([]byte, error) {
	if isLiteral(text) {
		b, err := parseLiteral(text)
		if err != nil {
			return nil, err
		}
		return b, nil
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	p := hexParser{radix: radixOf(lines)}
	for i, line := range lines {
		if err := p.line(line); err != nil {
			err.line = i + 1
			return nil, err
		}
		if len(p.out) > maxExplain {
			return nil, errors.New(tooMuch)
		}
	}
	if p.repeat {
		return nil, &hexError{line: len(lines), column: 1, why: noOffset}
	}
	return p.out, nil
}

var tooMuch = fmt.Sprintf("more than %d MiB: that is too much at once", maxExplain>>20)

const noOffset = "no line with an offset comes after *: how often to repeat is not known"

// radixOf returns the base of the offsets that lines begin with, 8 or 16, which
// show in that each is as much larger than the one before as there are bytes
// between; 0 if lines are no dump, or one whose offsets have a mark behind them.
// Where lines were left out, both may fit: then od's seven digits are octal.
func radixOf(lines []string) int {
	likely := []int{16, 8}
	if m := plainLine.FindStringSubmatch(lines[0]); m != nil && len(m[1]) == 7 {
		likely = []int{8, 16}
	}
	for _, radix := range likely {
		if offsetsFit(lines, radix) {
			return radix
		}
	}
	return 0
}

func offsetsFit(lines []string, radix int) bool {
	var next, dumped uint64
	repeat, certain := false, false
	for _, line := range lines {
		offset, n := "", uint64(0)
		if m := plainLine.FindStringSubmatch(line); m != nil {
			offset, n = m[1], uint64(len(strings.Fields(m[3])))
			certain = certain || strings.Trim(offset, "0") == "" && (len(offset) > 4 || len(m[2]) > 1)
		} else if m := offsetLine.FindStringSubmatch(line); m != nil && dumped > 0 {
			offset = m[1]
		} else if text := strings.TrimSpace(line); text == "" || text == "*" && dumped > 0 {
			repeat = repeat || text == "*"
			continue
		} else {
			return false
		}
		at, err := strconv.ParseUint(offset, radix, 48)
		if err != nil || dumped > 0 && (at < next || at > next && !repeat) {
			return false
		}
		certain = certain || dumped > 0
		next, repeat, dumped = at+n, false, dumped+n
	}
	return certain
}

type hexParser struct {
	radix    int // of the offsets in a dump without marks; 0 = it is not one
	out      []byte
	dump     bool // a line of hexdump -C was seen
	previous int  // bytes of the last line that had any
	base     int  // the offset in the dump of the first byte
	repeat   bool // "*" was seen
}

func (p *hexParser) line(line string) *hexError {
	start, end := 0, len(line)
	if wordsLine.MatchString(line) {
		return &hexError{column: 1, why: "a dump in words, whose bytes stand in the machine's order: use hexdump -C or od -tx1"}
	}
	if plain := plainLine.FindStringSubmatchIndex(line); plain != nil && p.radix != 0 {
		p.dump = true
		return p.after(line[plain[2]:plain[3]], line, plain[6], plain[7])
	}
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
	radix := 16
	if p.radix != 0 {
		radix = p.radix
	}
	at, err := strconv.ParseUint(offset, radix, 48)
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

// separators may stand between digits.
const separators = " \t:,-"

// digits reads the part of a line that is hex.
func (p *hexParser) digits(line string, start, end int) *hexError {
	before := len(p.out)
	defer func() {
		if n := len(p.out) - before; n > 0 {
			p.previous = n
		}
	}()
	for i := start; i < end; {
		if strings.IndexByte(separators, line[i]) >= 0 {
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
			if i < end && strings.IndexByte(separators, line[i]) < 0 && line[i] != '\\' {
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
