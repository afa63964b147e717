package recordings

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A badValue is a value that its field cannot be compared with.
type badValue struct{ msg, hint string }

func (e *badValue) Error() string { return e.msg }

// A unit is a suffix and how many of the basic unit it counts.
type unit struct {
	name  string
	count uint64
	help  string
}

// sizeUnits are those of nbdkit's parse_size, the basic one first, and then the
// ones that sizes are written with, ascending.
var sizeUnits = [...]unit{
	{"b", 1, "bytes"},
	{"s", 512, "sectors of 512 bytes"},
	{"k", 1 << 10, "KiB"},
	{"M", 1 << 20, "MiB"},
	{"G", 1 << 30, "GiB"},
	{"T", 1 << 40, "TiB"},
	{"P", 1 << 50, "PiB"},
	{"E", 1 << 60, "EiB"},
}

// timeUnits, ascending.
var timeUnits = [...]unit{
	{"ns", 1, "nanoseconds"},
	{"us", uint64(time.Microsecond), "microseconds, also µs"},
	{"ms", uint64(time.Millisecond), "milliseconds"},
	{"s", uint64(time.Second), "seconds"},
	{"m", uint64(time.Minute), "minutes"},
	{"h", uint64(time.Hour), "hours"},
}

func findUnit(units []unit, name string) (unit, bool) {
	for _, u := range units {
		if u.name == name {
			return u, true
		}
	}
	return unit{}, false
}

// parseNumber reads a plain number, "1200", "1_200" or "0x4b0".
func parseNumber(text string) (uint64, error) {
	digits, rest := cutDigits(text)
	switch {
	case isHex(text):
		return parseHexNumber(text)
	case digits != "" && rest == "":
		return scale(text, digits, 1, "")
	}
	return 0, &badValue{text + " is not a number", "write digits, as 1200, or 0x4b0"}
}

// parseSize reads a number of bytes: "4096", "0x1000", "4k", "1.5M", "8s", "4KiB".
func parseSize(text string) (uint64, error) {
	if isHex(text) {
		return parseHexNumber(text)
	}
	bad := &badValue{text + " is not a size", "write it as 4096, 0x1000, 64k, 1.5M or 8s (sectors)"}
	digits, suffix := cutDigits(text)
	if digits == "" {
		return 0, bad
	}
	if suffix == "" {
		return scale(text, digits, 1, "bytes")
	}
	letter, rest := strings.ToLower(suffix[:1]), strings.ToLower(suffix[1:])
	for _, u := range sizeUnits {
		if strings.ToLower(u.name) != letter {
			continue
		}
		switch {
		case rest == "", u.count >= 1<<10 && (rest == "i" || rest == "ib"):
			return scale(text, digits, u.count, "bytes")
		case u.count >= 1<<10 && rest == "b":
			bad.hint = "write " + digits + u.name + " or " + digits + strings.ToUpper(letter) + "iB for units of 1024"
		}
	}
	return 0, bad
}

// parseDuration reads a time span: "5ms", "1.5s", "1m30s".
func parseDuration(text string) (uint64, error) {
	if text == "0" {
		return 0, nil
	}
	var sum uint64
	for rest := text; ; {
		digits, tail := cutDigits(rest)
		name := tail[:len(tail)-len(strings.TrimLeftFunc(tail, unicode.IsLetter))]
		u, ok := findUnit(timeUnits[:], microsecond(name))
		switch {
		case digits == "":
			return 0, &badValue{text + " is not a time", "write it as 850ns, 41us, 5ms, 1.5s or 1m30s"}
		case name == "":
			likely := "ms"
			if rest != text { // after minutes
				likely = "s"
			}
			return 0, &badValue{text + " is not a time: the unit is missing", didYouMean(text+likely, "")}
		case !ok:
			bad := &badValue{text + " is not a time: there is no unit " + name, "the units are ns, us, ms, s, m (minutes) and h"}
			if _, ok := findUnit(timeUnits[:], microsecond(strings.ToLower(name))); ok {
				bad.hint = didYouMean(strings.ToLower(text), "")
			}
			return 0, bad
		}
		n, err := scale(text, digits, u.count, "nanoseconds")
		if err != nil {
			return 0, err
		}
		if sum += n; n > math.MaxInt64 || sum > math.MaxInt64 {
			return 0, &badValue{text + " is too long", "the longest time is 292 years"}
		}
		if rest = tail[len(name):]; rest == "" {
			return sum, nil
		}
	}
}

// microsecond returns "us" for the ways to write it with either mu.
func microsecond(name string) string {
	if name == "\u00b5s" || name == "\u03bcs" {
		return "us"
	}
	return name
}

func isHex(text string) bool { return strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") }

func parseHexNumber(text string) (uint64, error) {
	n, err := strconv.ParseUint(strings.ReplaceAll(text[2:], "_", ""), 16, 64)
	switch {
	case err == nil:
		return n, nil
	case err.(*strconv.NumError).Err == strconv.ErrRange:
		return 0, tooLarge(text)
	}
	return 0, &badValue{text + " is not a hexadecimal number", "after 0x stand digits and the letters a to f, and no unit"}
}

func tooLarge(text string) *badValue {
	return &badValue{text + " is too large", "the largest number is " + strconv.FormatUint(math.MaxUint64, 10)}
}

// cutDigits cuts text after the decimal number that it begins with: digits, in
// which _ and one point may stand.
func cutDigits(text string) (digits, rest string) {
	end, point := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case '0' <= c && c <= '9':
			end = i + 1
		case c == '_' && end > 0:
		case c == '.' && !point && end == i && i > 0:
			point = true
		default:
			return text[:end], text[end:]
		}
	}
	return text[:end], text[end:]
}

// scale returns how many basic units there are in so many of a larger one.
func scale(text, digits string, count uint64, of string) (uint64, error) {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(digits, "_", ""), ".")
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil {
		return 0, tooLarge(text)
	}
	high, low := bits.Mul64(n, count)
	if high != 0 {
		return 0, tooLarge(text)
	}
	fraction = strings.TrimRight(fraction, "0")
	if fraction == "" {
		return low, nil
	}
	uneven := &badValue{text + " is not a whole number", ""}
	if of != "" {
		uneven.msg += " of " + of
	}
	if len(fraction) > 18 {
		return 0, uneven
	}
	parts, err := strconv.ParseUint(fraction, 10, 64)
	if err != nil {
		return 0, uneven // not reached: there are digits alone, and few
	}
	ten := uint64(1)
	for range fraction {
		ten *= 10
	}
	high, rest := bits.Mul64(parts, count)
	more, remainder := bits.Div64(high, rest, ten)
	switch {
	case remainder != 0:
		return 0, uneven
	case low+more < low:
		return 0, tooLarge(text)
	}
	return low + more, nil
}

// formatUnits returns n in the largest unit of which it is a whole number.
func formatUnits(n uint64, units []unit) string {
	best := unit{"", 1, ""}
	for _, u := range units {
		if n != 0 && n%u.count == 0 {
			best = u
		}
	}
	return strconv.FormatUint(n/best.count, 10) + best.name
}

func formatNumber(n uint64) string   { return strconv.FormatUint(n, 10) }
func formatSize(n uint64) string     { return formatUnits(n, sizeUnits[2:]) }
func formatTimeSpan(n uint64) string { return formatUnits(n, timeUnits[:]) }

// parseSpan reads one number, "a..b", "a.." or "..b". Where open is set, b itself
// does not belong to it.
func parseSpan(text string, open bool, parse func(string) (uint64, error)) (value, error) {
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		n, err := parse(text)
		return value{lo: n, hi: n}, err
	}
	v := value{lo: 0, hi: math.MaxUint64}
	var err error
	if from == "" && to == "" {
		return v, &badValue{"the range .. has neither a beginning nor an end", "write a..b, a.. or ..b"}
	}
	if from != "" {
		if v.lo, err = parse(from); err != nil {
			return v, err
		}
	}
	if to != "" {
		if v.hi, err = parse(to); err != nil {
			return v, err
		}
		switch {
		case v.hi < v.lo:
			return v, &badValue{"the range " + text + " ends before it begins", "did you mean " + to + ".." + from + "?"}
		case open && v.hi == v.lo:
			return v, &badValue{"the range " + text + " is empty", "its end does not belong to it"}
		case open:
			v.hi--
		}
	}
	return v, nil
}

// formatSpan is the opposite of parseSpan.
func formatSpan(v value, open bool, format func(uint64) string) string {
	end := v.hi
	switch {
	case v.lo == v.hi:
		return format(v.lo)
	case v.hi == math.MaxUint64:
		return format(v.lo) + ".."
	case open:
		end++
	}
	return format(v.lo) + ".." + format(end)
}

// ParseSize reads a number of bytes as filters write it: "4096", "0x1000", "4k".
func ParseSize(text string) (uint64, error) {
	n, err := parseSize(text)
	if bad, ok := err.(*badValue); ok {
		return 0, fmt.Errorf("%s: %s", bad.msg, bad.hint)
	}
	return n, err
}
