package stdlib

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// Pack returns the values one after another as the format says, which is that of
// string.pack in Lua 5.3; see [format].
func Pack(layout string, values []Value) ([]byte, error) {
	f := format{text: layout, order: binary.LittleEndian, align: 1}
	var out []byte
	for {
		item, err := f.next(uint64(len(out)))
		if err != nil || item.kind == itemEnd {
			return out, packError("pack", err)
		}
		if uint64(len(out))+item.padding+item.size > MaxBytes {
			return nil, fmt.Errorf("pack: the result would be larger than %d bytes", MaxBytes)
		}
		out = append(out, make([]byte, item.padding)...)
		if item.kind == itemPadding {
			continue
		}
		if len(values) == 0 {
			return nil, fmt.Errorf("pack: the format %q has more items than there are values", layout)
		}
		if out, err = item.put(out, values[0]); err != nil {
			return nil, packError("pack", err)
		}
		if len(out) > MaxBytes {
			return nil, fmt.Errorf("pack: the result would be larger than %d bytes", MaxBytes)
		}
		values = values[1:]
	}
}

// maxValues bounds what Unpack returns: a value takes many times its letter in the
// format, and Lua has no room for more on its stack.
const maxValues = 1 << 19

// Unpack returns the values that Pack made data of, beginning at offset, and
// where they end.
func Unpack(layout string, data []byte, offset uint64) ([]Value, uint64, error) {
	f := format{text: layout, order: binary.LittleEndian, align: 1}
	if offset > uint64(len(data)) {
		return nil, 0, fmt.Errorf("unpack: offset %d is past the end of the data (%d bytes)", offset, len(data))
	}
	var out []Value
	for {
		item, err := f.next(offset)
		if err != nil || item.kind == itemEnd {
			return out, offset, packError("unpack", err)
		}
		left := uint64(len(data)) - offset
		if item.padding > left || item.size > left-item.padding {
			return nil, 0, fmt.Errorf("unpack: the data (%d bytes) end before the format %q does", len(data), layout)
		}
		offset += item.padding
		if item.kind == itemPadding {
			continue
		}
		if len(out) == maxValues {
			return nil, 0, fmt.Errorf("unpack: the format has more than %d items", maxValues)
		}
		v, n, err := item.get(data[offset:])
		if err != nil {
			return nil, 0, packError("unpack", err)
		}
		out = append(out, v)
		offset += n
	}
}

// PackSize returns the size of what Pack makes with a format whose items are all
// of fixed size.
func PackSize(layout string) (uint64, error) {
	f := format{text: layout, order: binary.LittleEndian, align: 1}
	var total uint64
	for {
		item, err := f.next(total)
		if err != nil || item.kind == itemEnd {
			return total, packError("packsize", err)
		}
		if item.kind == itemPrefixed || item.kind == itemZero {
			return 0, fmt.Errorf("packsize: the format %q has an item without a fixed size, s or z", layout)
		}
		total += item.padding + item.size
		if total > math.MaxInt32 {
			return 0, fmt.Errorf("packsize: the format %q is larger than 2^31-1 bytes", layout)
		}
	}
}

func packError(function string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", function, err)
}

// put appends a value as the item says.
func (it *item) put(out []byte, v Value) ([]byte, error) {
	switch it.kind {
	case itemInteger:
		n, negative, err := v.whole()
		// As in Lua, an unsigned item of 8 bytes or more takes the bits of a negative number.
		bits := negative && !it.signed && it.size >= 8
		if err == nil && it.size <= 8 && !bits && !fits(n, negative, it.signed, int(it.size*8)) {
			err = fmt.Errorf("%s does not fit", v.describe())
		}
		if err != nil {
			return nil, it.wrong(err)
		}
		return it.putInteger(out, n, negative), nil
	case itemFloat:
		f, err := v.number()
		if err != nil {
			return nil, it.wrong(err)
		}
		at := len(out)
		out = append(out, make([]byte, it.size)...)
		if it.size == 4 {
			it.order.PutUint32(out[at:], math.Float32bits(float32(f)))
		} else {
			it.order.PutUint64(out[at:], math.Float64bits(f))
		}
		return out, nil
	}
	if v.Kind != Text && v.Kind != Bytes {
		return nil, it.wrong(fmt.Errorf("wanted a string, got %s", v.describe()))
	}
	length := uint64(len(v.Str))
	switch it.kind {
	case itemFixed:
		if length > it.size {
			return nil, it.wrong(fmt.Errorf("a string of %d bytes is too long", length))
		}
		return append(append(out, v.Str...), make([]byte, it.size-length)...), nil
	case itemPrefixed:
		if !fits(length, false, false, int(min(it.size, 8)*8)) {
			return nil, it.wrong(fmt.Errorf("the length of a string of %d bytes does not fit", length))
		}
		return append(it.putInteger(out, length, false), v.Str...), nil
	}
	if i := bytes.IndexByte(bytesOf(v.Str), 0); i >= 0 {
		return nil, it.wrong(fmt.Errorf("the string has a zero in it, at %d", i))
	}
	return append(append(out, v.Str...), 0), nil
}

// putInteger appends an integer of up to 16 bytes.
func (it *item) putInteger(out []byte, n uint64, negative bool) []byte {
	var wide [16]byte
	if negative {
		for i := range wide {
			wide[i] = 0xff
		}
	}
	b := wide[:it.size]
	if it.order == binary.BigEndian {
		putInteger(it.order, b[max(0, len(b)-8):], n)
	} else {
		putInteger(it.order, b[:min(8, len(b))], n)
	}
	return append(out, b...)
}

// getInteger reads an integer of up to 16 bytes, which must be one of 64 bits.
func (it *item) getInteger(b []byte) (n uint64, negative bool, err error) {
	low, high := b[:min(8, len(b))], b[min(8, len(b)):]
	if it.order == binary.BigEndian {
		low, high = b[max(0, len(b)-8):], b[:max(0, len(b)-8)]
	}
	n = getInteger(it.order, low)
	if it.signed {
		shift := 64 - 8*len(low)
		n = uint64(int64(n<<shift) >> shift)
		negative = int64(n) < 0
	}
	sign := byte(0)
	if negative {
		sign = 0xff
	}
	for _, c := range high {
		if c != sign {
			return 0, false, it.wrong(fmt.Errorf("the integer of %d bytes is larger than 64 bits", len(b)))
		}
	}
	return n, negative, nil
}

// get reads the value that b begins with, and returns how many bytes it takes.
func (it *item) get(b []byte) (Value, uint64, error) {
	switch it.kind {
	case itemInteger:
		n, _, err := it.getInteger(b[:it.size])
		if it.signed {
			return Integer(int64(n)), it.size, err
		}
		return Natural(n), it.size, err
	case itemFloat:
		if it.size == 4 {
			return Real(float64(math.Float32frombits(it.order.Uint32(b)))), 4, nil
		}
		return Real(math.Float64frombits(it.order.Uint64(b))), 8, nil
	case itemFixed:
		return Data(string(b[:it.size])), it.size, nil
	case itemPrefixed:
		n, _, err := it.getInteger(b[:it.size])
		if err == nil && n > uint64(len(b))-it.size {
			err = it.wrong(fmt.Errorf("a string of %d bytes goes past the end of the data", n))
		}
		if err != nil {
			return Value{}, 0, err
		}
		return Data(string(b[it.size : it.size+n])), it.size + n, nil
	}
	end := bytes.IndexByte(b, 0)
	if end < 0 {
		return Value{}, 0, it.wrong(fmt.Errorf("no zero ends the string"))
	}
	return Data(string(b[:end])), uint64(end) + 1, nil
}

func (it *item) wrong(err error) error { return fmt.Errorf("item %q of the format: %w", it.text, err) }
