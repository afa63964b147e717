package stdlib

import (
	"context"
	"encoding/binary"
	"fmt"
)

// BufferMethods are the methods of a [Buffer]. Offsets begin with 0, as those of
// a disk. For integers of a fixed size there is a pair of methods each, as
// get_u32le(offset) and set_u32le(offset, value): u without and i with a sign, 8,
// 16, 32 or 64 bits, le and be for the order of the bytes (u8 and i8 have none).
var BufferMethods = append([]Function{
	{"len", nil, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Natural(uint64(in.buffer().Len())), nil
	}},
	{"get", []Param{natural("offset"), optional(natural("count"))}, false, func(_ context.Context, in *Invocation) (v Value, err error) {
		if in.given(1) {
			return sub(in)
		}
		err = in.buffer().Read(func(bytes []byte) error {
			bytes, err := part(bytes, in.natural(0), 1, true)
			if err == nil {
				v = Natural(uint64(bytes[0]))
			}
			return err
		})
		return v, err
	}},
	{"sub", []Param{natural("offset"), optional(natural("count"))}, false, func(_ context.Context, in *Invocation) (Value, error) {
		return sub(in)
	}},
	{"set", []Param{natural("offset"), value("value")}, false, set},
	{"fill", []Param{natural("byte"), optional(natural("offset")), optional(natural("count"))}, false, func(_ context.Context, in *Invocation) (Value, error) {
		b, err := oneByte(in.Args[0])
		if err != nil {
			return Value{}, fmt.Errorf("byte: %w", err)
		}
		return Value{}, in.buffer().Change(func(bytes []byte) error {
			bytes, err := part(bytes, in.natural(1), in.natural(2), in.given(2))
			for i := range bytes {
				bytes[i] = b
			}
			return err
		})
	}},
	{"copy", []Param{natural("offset"), value("from"), optional(natural("at")), optional(natural("count"))}, false, copyPart},
}, integerMethods()...)

func (in *Invocation) buffer() *Buffer { return in.Self.(*Buffer) }

// sub(offset[, count]) is a copy of a part.
func sub(in *Invocation) (v Value, err error) {
	err = in.buffer().Read(func(bytes []byte) error {
		bytes, err := part(bytes, in.natural(0), in.natural(1), in.given(1))
		v = Data(string(bytes))
		return err
	})
	return v, err
}

// set(offset, value) puts a byte there, or copies a string or another buffer.
func set(_ context.Context, in *Invocation) (Value, error) {
	offset, v := in.natural(0), in.Args[1]
	if from, ok := v.Object.(*Buffer); ok {
		return Value{}, in.buffer().copyFrom(offset, from, 0, 0, false)
	}
	data := bytesOf(v.Str)
	if v.Kind != Text && v.Kind != Bytes {
		b, err := oneByte(v)
		if err != nil {
			return Value{}, fmt.Errorf("value: wanted a byte, a number from 0 to 255, or a string or a buffer, got %s", v.describe())
		}
		data = []byte{b}
	}
	return Value{}, in.buffer().Change(func(bytes []byte) error {
		bytes, err := part(bytes, offset, uint64(len(data)), true)
		copy(bytes, data)
		return err
	})
}

// copyPart is copy(offset, from[, at[, count]]): a part of a buffer or of a string.
func copyPart(_ context.Context, in *Invocation) (Value, error) {
	v := in.Args[1]
	from, ok := v.Object.(*Buffer)
	switch {
	case ok:
	case v.Kind == Text || v.Kind == Bytes:
		from = Lend(bytesOf(v.Str)) // which is only read
	default:
		return Value{}, fmt.Errorf("from: wanted a buffer or a string, got %s", v.describe())
	}
	return Value{}, in.buffer().copyFrom(in.natural(0), from, in.natural(2), in.natural(3), in.given(3))
}

// oneByte returns a number from 0 to 255.
func oneByte(v Value) (byte, error) {
	n, err := v.natural()
	if err != nil || n > 255 {
		return 0, fmt.Errorf("wanted a byte, a number from 0 to 255, got %s", v.describe())
	}
	return byte(n), nil
}

// integerMethods returns the methods for integers of a fixed size.
func integerMethods() []Function {
	var list []Function
	for _, order := range []struct {
		suffix string
		binary.ByteOrder
	}{{"le", binary.LittleEndian}, {"be", binary.BigEndian}} {
		for width := 8; width <= 64; width *= 2 {
			for _, sign := range []string{"u", "i"} {
				name := fmt.Sprintf("%s%d%s", sign, width, order.suffix)
				if width == 8 {
					if order.suffix == "be" {
						continue
					}
					name = sign + "8"
				}
				list = append(list, getter(name, order.ByteOrder, width, sign == "i"), setter(name, order.ByteOrder, width, sign == "i"))
			}
		}
	}
	return list
}

func getter(name string, order binary.ByteOrder, width int, signed bool) Function {
	return Function{"get_" + name, []Param{natural("offset")}, false, func(_ context.Context, in *Invocation) (v Value, err error) {
		err = in.buffer().Read(func(bytes []byte) error {
			bytes, err := part(bytes, in.natural(0), uint64(width/8), true)
			if err != nil {
				return err
			}
			n := getInteger(order, bytes)
			if signed {
				v = Integer(int64(n<<(64-width)) >> (64 - width))
			} else {
				v = Natural(n)
			}
			return nil
		})
		return v, err
	}}
}

func setter(name string, order binary.ByteOrder, width int, signed bool) Function {
	return Function{"set_" + name, []Param{natural("offset"), integer("value")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		n, negative, _ := in.Args[1].whole()
		if !fits(n, negative, signed, width) {
			return Value{}, fmt.Errorf("value: %s does not fit into %s", in.Args[1].describe(), name)
		}
		return Value{}, in.buffer().Change(func(bytes []byte) error {
			bytes, err := part(bytes, in.natural(0), uint64(width/8), true)
			if err == nil {
				putInteger(order, bytes, n)
			}
			return err
		})
	}}
}

// getInteger returns the integer of 1 to 8 bytes that stands in b.
func getInteger(order binary.ByteOrder, b []byte) (n uint64) {
	for i := range b {
		if order == binary.BigEndian {
			n = n<<8 | uint64(b[i])
		} else {
			n |= uint64(b[i]) << (8 * i)
		}
	}
	return n
}

// putInteger is the inverse of getInteger.
func putInteger(order binary.ByteOrder, b []byte, n uint64) {
	for i := range b {
		at := i
		if order == binary.BigEndian {
			at = len(b) - 1 - i
		}
		b[at] = byte(n >> (8 * i))
	}
}
