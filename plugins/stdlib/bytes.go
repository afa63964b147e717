package stdlib

import (
	"errors"
	"fmt"
	"unsafe"
)

// MaxBytes bounds the bytes that one call of a script may make: an allocation
// that fails would end the process, not the script. It is four times the largest
// request.
const MaxBytes = 256 << 20

// makeBytes returns n zeroes for a call of a script.
func makeBytes(n uint64) ([]byte, error) {
	if n > MaxBytes {
		return nil, fmt.Errorf("%d bytes are too many for one value, %d are the most", n, uint64(MaxBytes))
	}
	return make([]byte, n), nil
}

// bytesOf returns the bytes of a string without copying them. Nobody may change them.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// stringOf returns b as a string without copying it. Nobody changes b from now on.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// part returns count bytes of b from offset on; without count, up to the end.
func part(b []byte, offset uint64, count uint64, given bool) ([]byte, error) {
	size := uint64(len(b))
	if !given {
		count = size - min(offset, size)
	}
	if offset > size || count > size-offset {
		return nil, fmt.Errorf("%d bytes at %d are not inside the buffer of %d bytes", count, offset, size)
	}
	return b[offset : offset+count], nil
}

var errLent = errors.New("this buffer belonged to a call of pread that has ended: copy what you want to keep with sub(offset, count)")
