package stdlib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseSize returns the number of bytes that s stands for, by the grammar of
// nbdkit_parse_size: optional white space, sign and decimal digits, then at most
// one letter in either case: b for bytes, s for sectors of 512 bytes, or
// k m g t p e for powers of 1024. Nothing may follow. The result is never negative.
func ParseSize(s string) (int64, error) {
	number := strings.TrimLeft(s, space)
	digits := 0
	if number != "" && (number[0] == '+' || number[0] == '-') {
		digits = 1
	}
	end := digits
	for end < len(number) && '0' <= number[end] && number[end] <= '9' {
		end++
	}
	if end == digits {
		return 0, fmt.Errorf("%q is not a size: write digits, and after them at most one of the letters b s k m g t p e", s)
	}
	scale, ok := scaleOf(number[end:])
	if !ok {
		return 0, fmt.Errorf("%q is not a size: after the digits stands %q, not one of the letters b s k m g t p e", s, number[end:])
	}
	size, err := strconv.ParseInt(number[:end], 10, 64)
	if size < 0 {
		return 0, fmt.Errorf("%q is not a size: it is negative", s)
	}
	if err != nil || size > math.MaxInt64/scale {
		return 0, fmt.Errorf("%q is too large for a size: the largest is %d", s, math.MaxInt64)
	}
	return size * scale, nil
}

// scaleOf returns what one unit of a suffix counts, in bytes.
func scaleOf(suffix string) (int64, bool) {
	switch strings.ToLower(suffix) {
	case "", "b":
		return 1, true
	case "s":
		return 512, true
	case "k":
		return 1 << 10, true
	case "m":
		return 1 << 20, true
	case "g":
		return 1 << 30, true
	case "t":
		return 1 << 40, true
	case "p":
		return 1 << 50, true
	case "e":
		return 1 << 60, true
	}
	return 0, false
}
