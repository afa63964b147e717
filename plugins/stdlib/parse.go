package stdlib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// space is what isspace accepts in C.
const space = " \t\n\v\f\r"

// ParseBool reports what s says, by the grammar of nbdkit_parse_bool: 1, true, t,
// yes, y, on; 0, false, f, no, n, off; in either case, and nothing around it.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "1", "true", "t", "yes", "y", "on":
		return true, nil
	case "0", "false", "f", "no", "n", "off":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false: write one of true, t, yes, y, on, 1, or false, f, no, n, off, 0", s)
}

// ParseProbability returns the number that s stands for, by the grammar of
// nbdkit_parse_probability: "0.1", "1e-1", "10%", "1:10" or "1/10". It is finite
// and not negative, but may be more than 1.
func ParseProbability(s string) (float64, error) {
	p, rest, ok := cutNumber(s)
	switch {
	case !ok:
	case rest == "%":
		p, rest = p/100, ""
	case strings.HasPrefix(rest, ":"), strings.HasPrefix(rest, "/"):
		var among float64
		among, rest, ok = cutNumber(rest[1:])
		if p != 0 || among != 0 { // 0 of 0 is 0
			p /= among
		}
	}
	if !ok || rest != "" {
		return 0, fmt.Errorf("%q is not a probability: write it as 0.1, 10%%, 1:10 or 1/10", s)
	}
	if p < 0 || math.IsInf(p, 0) {
		return 0, fmt.Errorf("%q is not a probability: it must be finite and not below 0", s)
	}
	return p + 0, nil // not -0
}

// delayUnits are the suffixes of a delay and how many make a second.
var delayUnits = map[string]float64{"": 1, "s": 1, "ms": 1e3, "us": 1e6, "μs": 1e6, "µs": 1e6, "ns": 1e9}

// ParseDelay returns a number of seconds, by the grammar of nbdkit_parse_delay:
// a decimal number and after it s, ms, us, μs or ns; without one it counts
// seconds. The seconds fit into 32 bits, as in C.
func ParseDelay(s string) (seconds float64, err error) {
	n, suffix, ok := cutNumber(s)
	unit, known := delayUnits[suffix]
	switch seconds = n / unit; {
	case !ok || !known:
		return 0, fmt.Errorf("%q is not a delay: write a number and after it s, ms, us or ns, as in 20ms", s)
	case seconds < 0:
		return 0, fmt.Errorf("%q is not a delay: it is negative", s)
	case seconds > math.MaxUint32:
		return 0, fmt.Errorf("%q is too long for a delay: %d seconds are the most", s, uint32(math.MaxUint32))
	}
	return seconds + 0, nil
}

// cutNumber cuts a decimal number off the beginning of s, as scanf's %lg does,
// with white space before it.
func cutNumber(s string) (n float64, rest string, ok bool) {
	s = strings.TrimLeft(s, space)
	end := signEnd(s, 0)
	whole := digitsEnd(s, end)
	digits := whole - end
	end = whole
	if strings.HasPrefix(s[end:], ".") {
		fraction := digitsEnd(s, end+1)
		digits += fraction - end - 1
		end = fraction
	}
	if digits == 0 {
		return 0, s, false
	}
	if strings.HasPrefix(s[end:], "e") || strings.HasPrefix(s[end:], "E") {
		begin := signEnd(s, end+1)
		if exponent := digitsEnd(s, begin); exponent > begin {
			end = exponent
		}
	}
	n, err := strconv.ParseFloat(s[:end], 64) // out of range is infinite
	return n, s[end:], err == nil || math.IsInf(n, 0)
}

// signEnd returns the place after the sign that may stand at i.
func signEnd(s string, i int) int {
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	return i
}

// digitsEnd returns the place after the digits that may stand at i.
func digitsEnd(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}
