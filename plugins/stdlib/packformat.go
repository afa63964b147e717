package stdlib

import (
	"encoding/binary"
	"fmt"
)

// A format is read item by item. It is that of string.pack in Lua 5.3 (manual,
// section 6.4.2), for a machine of 64 bits with the lowest byte first:
//
//	<  >  =       from here on the lowest byte first, the highest first, the machine's order
//	![n]          from here on align to n bytes at most (8), 1 in the beginning
//	b B  h H      a signed or unsigned integer of 1, of 2 bytes
//	i[n] I[n]     of n bytes (4), from 1 to 16
//	l L  j J  T   of 8 bytes
//	f  d n        a float of 4, of 8 bytes
//	s[n]          a string with its length before it, in n bytes (8)
//	z             a string with a zero after it
//	cn            a string of n bytes, filled up by zeroes
//	x             a byte of padding
//	Xop           padding that aligns to the item op, which is not packed itself
type format struct {
	text  string
	at    int // of what comes next
	order binary.ByteOrder
	align uint64
}

type itemKind uint8

const (
	itemEnd      itemKind = iota // there is no more
	itemPadding                  // nothing but padding
	itemInteger                  // of size bytes
	itemFloat                    // of 4 or 8
	itemFixed                    // a string of size bytes
	itemPrefixed                 // a string after its length, which has size bytes
	itemZero                     // a string that a zero ends
)

// An item is one value of a format, and the padding before it.
type item struct {
	text    string // as it stands in the format
	kind    itemKind
	size    uint64 // bytes that are there in any case
	padding uint64
	signed  bool
	order   binary.ByteOrder
}

// next returns the item that comes next, for a value that will stand at offset.
func (f *format) next(offset uint64) (item, error) {
	for f.at < len(f.text) {
		it, err := f.option()
		if err != nil {
			return it, err
		}
		switch {
		case it.kind == itemEnd: // a setting
			continue
		case it.text == "X":
			begin := f.at
			next, err := f.option()
			if err != nil || !next.aligned() || begin == len(f.text) {
				return it, fmt.Errorf("X in the format %q must stand before the item to align to", f.text)
			}
			it.padding, err = f.gap(offset, next.size)
			return it, err
		case it.kind == itemPadding: // x
			it.padding = 1
			return it, nil
		case it.aligned():
			it.padding, err = f.gap(offset, it.size)
			return it, err
		}
		return it, nil
	}
	return item{}, nil
}

// aligned reports whether the item, or its length, is a number, which may be aligned.
func (it *item) aligned() bool {
	return it.kind == itemInteger || it.kind == itemFloat || it.kind == itemPrefixed
}

// gap returns how many bytes are missing at offset for an alignment to size.
func (f *format) gap(offset, size uint64) (uint64, error) {
	size = min(size, f.align)
	if size&(size-1) != 0 {
		return 0, fmt.Errorf("an item of %d bytes in the format %q cannot be aligned: that is no power of 2", size, f.text)
	}
	return -offset & (size - 1), nil
}

// option reads one letter and its number. A setting has the kind itemEnd.
func (f *format) option() (item, error) {
	if f.at == len(f.text) {
		return item{}, nil
	}
	begin, letter := f.at, f.text[f.at]
	f.at++
	it := item{order: f.order}
	var err error
	switch letter {
	case '<', '=':
		f.order = binary.LittleEndian
	case '>':
		f.order = binary.BigEndian
	case ' ':
	case '!':
		f.align, err = f.width(8)
	case 'b', 'h', 'l', 'j', 'i':
		it.kind, it.signed = itemInteger, true
	case 'B', 'H', 'L', 'J', 'T', 'I':
		it.kind = itemInteger
	case 'f':
		it.kind, it.size = itemFloat, 4
	case 'd', 'n':
		it.kind, it.size = itemFloat, 8
	case 's':
		it.kind = itemPrefixed
		it.size, err = f.width(8)
	case 'z':
		it.kind = itemZero
	case 'c':
		n, given := f.number()
		if !given {
			return it, fmt.Errorf("c in the format %q wants a number of bytes after it", f.text)
		}
		it.kind, it.size = itemFixed, n
	case 'x', 'X':
		it.kind = itemPadding
	default:
		return it, fmt.Errorf("%q in the format %q is no item: there are < > = ! b B h H i I l L j J T f d n s z c x X", letter, f.text)
	}
	switch letter {
	case 'b', 'B':
		it.size = 1
	case 'h', 'H':
		it.size = 2
	case 'i', 'I':
		it.size, err = f.width(4)
	case 'l', 'L', 'j', 'J', 'T':
		it.size = 8
	}
	it.text = f.text[begin:f.at]
	return it, err
}

// width reads the number of bytes of an integer, which may be left out.
func (f *format) width(usual uint64) (uint64, error) {
	n, given := f.number()
	if !given {
		return usual, nil
	}
	if n < 1 || n > 16 {
		return 0, fmt.Errorf("an integer of %d bytes in the format %q: there are those of 1 to 16", n, f.text)
	}
	return n, nil
}

// number reads the decimal number that may stand next. One that is absurd stops
// growing: it is too large for anything.
func (f *format) number() (n uint64, given bool) {
	for ; f.at < len(f.text) && '0' <= f.text[f.at] && f.text[f.at] <= '9'; f.at++ {
		given = true
		if n <= MaxBytes {
			n = n*10 + uint64(f.text[f.at]-'0')
		}
	}
	return n, given
}
