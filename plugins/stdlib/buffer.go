package stdlib

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Buffer is bytes that scripts can change, shared by whoever has it. Its
// methods may be called from several goroutines.
type Buffer struct {
	mu    sync.RWMutex
	bytes []byte // guarded by mu
	over  bool   // guarded by mu; see Lend
}

// NewBuffer returns a buffer of n zeroes, which count in held while somebody
// has it; nil does not count.
func NewBuffer(n uint64, held *atomic.Int64) (*Buffer, error) {
	bytes, err := makeBytes(n)
	if err != nil {
		return nil, err
	}
	b := &Buffer{bytes: bytes}
	shareOf(b, held).add(int64(n))
	return b, nil
}

// Lend returns a buffer of the caller's own memory, which it takes back by Revoke.
func Lend(bytes []byte) *Buffer { return &Buffer{bytes: bytes} }

// Revoke takes a buffer that was lent away from the script. When it returns,
// nobody uses the memory.
func (b *Buffer) Revoke() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes, b.over = nil, true
}

// Len returns how many bytes there are, which does not change; 0 after Revoke.
func (b *Buffer) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.bytes)
}

// Read calls visit with the bytes, which it may neither keep nor change.
func (b *Buffer) Read(visit func(bytes []byte) error) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.over {
		return errLent
	}
	return visit(b.bytes)
}

// Change calls visit with the bytes, which it may change but not keep.
func (b *Buffer) Change(visit func(bytes []byte) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return errLent
	}
	return visit(b.bytes)
}

// copyFrom copies a part of another buffer, or of this one.
func (b *Buffer) copyFrom(offset uint64, from *Buffer, at, count uint64, given bool) error {
	move := func(into, source []byte) error {
		source, err := part(source, at, count, given)
		if err != nil {
			return err
		}
		into, err = part(into, offset, uint64(len(source)), true)
		copy(into, source)
		return err
	}
	if b == from {
		return b.Change(func(bytes []byte) error { return move(bytes, bytes) })
	}
	readSource := func(into []byte) error {
		return from.Read(func(source []byte) error { return move(into, source) })
	}
	// Two goroutines that copy between the same two buffers, each in its
	// direction, must take the locks in one order.
	if uintptr(unsafe.Pointer(b)) < uintptr(unsafe.Pointer(from)) {
		return b.Change(readSource)
	}
	return from.Read(func(source []byte) error {
		return b.Change(func(into []byte) error { return move(into, source) })
	})
}
