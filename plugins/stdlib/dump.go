package stdlib

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// maxDump bounds what is dumped at once: text is five times as large.
const maxDump = 16 << 20

// Dump returns the lines that "hexdump -C" prints for data, the first of them
// with the offset given: sixteen bytes a line in hexadecimal and as text. Lines
// that are alike are not left out. The last line has no end.
func Dump(data []byte, offset uint64) (string, error) {
	if len(data) > maxDump {
		return "", fmt.Errorf("hex: %d bytes are too many to dump at once, %d are the most", len(data), maxDump)
	}
	var b strings.Builder
	for at := 0; at < len(data); at += 16 {
		line := data[at:min(at+16, len(data))]
		if at > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%08x  ", offset+uint64(at))
		for i := range 16 {
			if i < len(line) {
				fmt.Fprintf(&b, "%02x ", line[i])
			} else {
				b.WriteString("   ")
			}
			if i == 7 || i == 15 {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('|')
		for _, c := range line {
			if c < ' ' || c > '~' {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteByte('|')
	}
	return b.String(), nil
}

// Undump returns the bytes that stand in text as pairs of hexadecimal digits,
// with or without white space between them.
func Undump(text string) ([]byte, error) {
	digits := strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, text)
	data, err := hex.DecodeString(digits)
	if err != nil {
		return nil, fmt.Errorf("unhex: wanted pairs of hexadecimal digits: %w", err)
	}
	return data, nil
}
