package lua

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// A directive is one item of a format, as "%-5.2f".
type directive struct {
	flags            string
	width, precision int // precision -1 = none
	verb             byte
}

// stringFormat is string.format, as of Lua 5.3: gopher-lua's is Go's, which
// writes words of its own where a value does not fit, and pads without limit.
func stringFormat(L *glua.LState) int {
	text := L.CheckString(1)
	var out strings.Builder
	arg := 1
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '%' {
			out.WriteByte('%')
			i++
			continue
		}
		d, length := readDirective(L, text[i+1:])
		i += length
		arg++
		if arg > L.GetTop() {
			L.ArgError(arg, "no value")
		}
		out.WriteString(d.format(L, arg))
		if out.Len() > maxString {
			L.RaiseError("string.format: the result would be larger than %d bytes", maxString)
		}
	}
	L.Push(glua.LString(out.String()))
	return 1
}

// readDirective reads what stands after a "%".
func readDirective(L *glua.LState, text string) (d directive, length int) {
	d.precision = -1
	rest := strings.TrimLeft(text, "-+ #0")
	d.flags = text[:len(text)-len(rest)]
	number := func() int {
		end := 0
		for end < len(rest) && isDigit(rest[end]) {
			end++
		}
		if end > 2 || len(d.flags) > 5 {
			L.RaiseError("invalid format (width or precision too long)")
		}
		n, _ := strconv.Atoi(rest[:end]) // none is 0
		rest = rest[end:]
		return n
	}
	d.width = number()
	if strings.HasPrefix(rest, ".") {
		rest = rest[1:]
		d.precision = number()
	}
	if rest == "" || !strings.Contains("diucxXoeEfFgGaAqs", rest[:1]) {
		L.RaiseError("invalid option '%%%.1s' to 'format'", rest)
	}
	d.verb = rest[0]
	return d, len(text) - len(rest) + 1
}

func (d directive) has(flag string) bool { return strings.Contains(d.flags, flag) }

// format writes argument n.
func (d directive) format(L *glua.LState, n int) string {
	switch d.verb {
	case 'd', 'i':
		value := wholeArg(L, n)
		return d.integer(strconv.FormatUint(magnitude(value), 10), value < 0)
	case 'u', 'x', 'X', 'o':
		value, base := uint64(wholeArg(L, n)), map[byte]int{'u': 10, 'x': 16, 'X': 16, 'o': 8}[d.verb]
		digits := strconv.FormatUint(value, base)
		if d.has("#") && base != 10 && value != 0 {
			digits = map[int]string{16: "0x", 8: "0"}[base] + digits
		}
		if d.verb == 'X' {
			digits = strings.ToUpper(digits)
		}
		d.flags = strings.NewReplacer("+", "", " ", "").Replace(d.flags) // for signed ones only
		return d.integer(digits, false)
	case 'c':
		return d.pad(string([]byte{byte(wholeArg(L, n))}))
	case 'q':
		return quoted(L, L.Get(n))
	case 's':
		text := L.ToStringMeta(L.Get(n)).String()
		if d.precision >= 0 && d.precision < len(text) {
			text = text[:d.precision]
		}
		return d.pad(text)
	}
	return d.float(float64(L.CheckNumber(n)))
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// integer writes the digits of a number with its sign and padding.
func (d directive) integer(digits string, negative bool) string {
	if missing := d.precision - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	return d.signed(digits, negative, d.precision < 0)
}

// signed puts the sign before digits and pads them, by zeroes if that is wanted
// and allowed.
func (d directive) signed(digits string, negative, zeroes bool) string {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case d.has("+"):
		sign = "+"
	case d.has(" "):
		sign = " "
	}
	if missing := d.width - len(sign) - len(digits); zeroes && missing > 0 && d.has("0") && !d.has("-") {
		if len(digits) > 1 && digits[0] == '0' && digits[1]|0x20 == 'x' {
			sign, digits = sign+digits[:2], digits[2:]
		}
		return sign + strings.Repeat("0", missing) + digits
	}
	return d.pad(sign + digits)
}

func (d directive) pad(text string) string {
	if missing := d.width - len(text); missing > 0 {
		if d.has("-") {
			return text + strings.Repeat(" ", missing)
		}
		return strings.Repeat(" ", missing) + text
	}
	return text
}

// float writes a number as C does.
func (d directive) float(f float64) string {
	negative := math.Signbit(f)
	f = math.Abs(f)
	verb, precision := d.verb, d.precision
	var digits string
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		digits = "inf"
		if math.IsNaN(f) {
			digits = "nan"
		}
		if verb >= 'A' && verb <= 'Z' {
			digits = strings.ToUpper(digits)
		}
		return d.signed(digits, negative, false)
	case verb == 'a' || verb == 'A':
		digits = strconv.FormatFloat(f, 'x', precision, 64)
		// Go has two digits of exponent at least, C has one.
		if at := strings.IndexByte(digits, 'p') + 2; len(digits) == at+2 && digits[at] == '0' {
			digits = digits[:at] + digits[at+1:]
		}
		if verb == 'A' {
			digits = strings.ToUpper(digits)
		}
	default:
		if precision < 0 {
			precision = 6
		}
		if (verb == 'g' || verb == 'G') && precision == 0 {
			precision = 1
		}
		layout := "%"
		if d.has("#") {
			layout += "#"
		}
		digits = fmt.Sprintf(layout+".*"+string(verb), precision, f)
	}
	return d.signed(digits, negative, true)
}

// quoted is %q: a value as a Lua program would have it.
func quoted(L *glua.LState, value glua.LValue) string {
	switch v := value.(type) {
	case *glua.LNilType, glua.LBool:
		return v.String()
	case glua.LNumber:
		f := float64(v)
		switch {
		case math.IsNaN(f):
			return "(0/0)"
		case math.IsInf(f, 0):
			return strings.Replace(fmt.Sprintf("%+de9999", int(math.Copysign(1, f))), "+", "", 1)
		}
		return v.String()
	case glua.LString:
		var b strings.Builder
		b.WriteByte('"')
		for i := 0; i < len(v); i++ {
			switch c := v[i]; {
			case c == '"' || c == '\\' || c == '\n':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < ' ' || c == 0x7f:
				if i+1 < len(v) && isDigit(v[i+1]) {
					fmt.Fprintf(&b, `\%03d`, c)
				} else {
					fmt.Fprintf(&b, `\%d`, c)
				}
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('"')
		return b.String()
	}
	L.RaiseError("value has no literal form (a %s)", value.Type())
	return ""
}
