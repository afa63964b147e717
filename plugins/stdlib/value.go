package stdlib

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"syscall"

	"workbench/plugins"
)

// A Kind is what sort of value a Value is.
type Kind uint8

// The kinds.
const (
	None    Kind = iota // nil, None: also an argument that was not given
	Bool                // Number is 0 or 1
	Int                 // Number is an int64
	Uint                // Number is beyond the largest int64
	Float               // Number is the bits of a float64
	Text                // Str, characters or bytes
	Bytes               // Str, bytes; a language with one type for both has Text for it
	Object              // Object is a [Disk] or a *[Buffer]
	Tuple               // Object is a []Value: several results at once
	Extents             // Object is a []plugins.Extent
	Other               // Str says what it is, "a function": no function here takes it
)

// A Value is an argument or a result, as all languages can have it. The zero
// Value is nothing.
type Value struct {
	Kind   Kind
	Number uint64
	Str    string
	Object any
}

// Boolean returns b as a Value.
func Boolean(b bool) Value {
	v := Value{Kind: Bool}
	if b {
		v.Number = 1
	}
	return v
}

// Integer returns n as a Value.
func Integer(n int64) Value { return Value{Kind: Int, Number: uint64(n)} }

// Natural returns n as a Value.
func Natural(n uint64) Value {
	if n > math.MaxInt64 {
		return Value{Kind: Uint, Number: n}
	}
	return Value{Kind: Int, Number: n}
}

// Real returns f as a Value.
func Real(f float64) Value { return Value{Kind: Float, Number: math.Float64bits(f)} }

// Words returns text as a Value.
func Words(text string) Value { return Value{Kind: Text, Str: text} }

// Data returns bytes as a Value.
func Data(bytes string) Value { return Value{Kind: Bytes, Str: bytes} }

// object returns a Disk or a Buffer as a Value.
func object(o any) Value { return Value{Kind: Object, Object: o} }

// Float returns what a Float is.
func (v Value) Float() float64 { return math.Float64frombits(v.Number) }

// describe names the value for a message: "nothing", "a string", the number itself.
func (v Value) describe() string {
	switch v.Kind {
	case None:
		return "nothing"
	case Bool:
		return strconv.FormatBool(v.Number != 0)
	case Int:
		return strconv.FormatInt(int64(v.Number), 10)
	case Uint:
		return strconv.FormatUint(v.Number, 10)
	case Float:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case Text:
		return "a string"
	case Bytes:
		return "bytes"
	case Object:
		if _, ok := v.Object.(Disk); ok {
			return "a disk"
		}
		return "a buffer"
	case Other:
		return v.Str
	}
	return "several values"
}

// maxExact is the largest number up to which a float64 has every integer.
const maxExact = 1 << 53

// whole returns the value as an integer: magnitude and sign, for the range of
// integers goes from -2^63 to 2^64-1. A float is one if it is whole and exact.
func (v Value) whole() (n uint64, negative bool, err error) {
	switch v.Kind {
	case Int:
		return v.Number, int64(v.Number) < 0, nil
	case Uint:
		return v.Number, false, nil
	case Float:
		f := v.Float()
		switch {
		case f != math.Trunc(f) || math.IsInf(f, 0):
		case math.Abs(f) > maxExact:
			return 0, false, fmt.Errorf("%s is beyond 2^53, up to which floating point numbers are exact", v.describe())
		default:
			return uint64(int64(f)), f < 0, nil
		}
	}
	return 0, false, fmt.Errorf("wanted a whole number, got %s", v.describe())
}

// natural returns a whole number that is not negative.
func (v Value) natural() (uint64, error) {
	n, negative, err := v.whole()
	if err == nil && negative {
		err = fmt.Errorf("wanted a whole number from 0 on, got %s", v.describe())
	}
	return n, err
}

// number returns a number of any kind.
func (v Value) number() (float64, error) {
	switch v.Kind {
	case Int:
		return float64(int64(v.Number)), nil
	case Uint:
		return float64(v.Number), nil
	case Float:
		return v.Float(), nil
	}
	return 0, fmt.Errorf("wanted a number, got %s", v.describe())
}

// size returns a number of bytes, which may be a text such as "64M".
func (v Value) size() (uint64, error) {
	if v.Kind == Text {
		n, err := ParseSize(v.Str)
		return uint64(n), err
	}
	n, err := v.natural()
	if err != nil && v.Kind != Int && v.Kind != Uint && v.Kind != Float {
		err = fmt.Errorf("wanted a number of bytes or a text such as \"64M\", got %s", v.describe())
	}
	return n, err
}

// errno returns the error that a script means: a number, of which 0 is none, or
// a name as "ENOSPC".
func (v Value) errno() (syscall.Errno, error) {
	const largest = 4095 // that Linux can return
	switch v.Kind {
	case Int:
		if v.Number > largest {
			return 0, fmt.Errorf("there is no error number %s", v.describe())
		}
		return syscall.Errno(v.Number), nil
	case Text:
		errno, ok := plugins.ParseErrno(v.Str)
		if !ok {
			return 0, fmt.Errorf("no error is called %q: want a name such as \"ENOSPC\", or a number", v.Str)
		}
		return errno, nil
	}
	return 0, fmt.Errorf("wanted a name such as \"ENOSPC\" or a number, got %s", v.describe())
}

// fits reports whether a number of whole fits into so many bits.
func fits(n uint64, negative, signed bool, width int) bool {
	switch {
	case negative:
		return signed && bits.Len64(^n) < width
	case signed:
		return bits.Len64(n) < width
	}
	return bits.Len64(n) <= width
}
