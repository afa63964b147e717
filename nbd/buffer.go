package nbd

import (
	"math/bits"
	"sync"

	"workbench/plugins"
)

// A bufferPool has memory for payloads, in sizes that are powers of two, so that
// neither small requests hold large memory nor large ones clear it anew each time.
// The zero value is ready; it may be used from several goroutines.
type bufferPool struct {
	classes [numClasses]sync.Pool // of *buffer
}

// The smallest class has 4 KiB, the size of most requests, the largest MaxPayload.
const (
	minClassBits = 12
	maxClassBits = 26
	numClasses   = maxClassBits - minClassBits + 1
)

// The largest class holds the largest payload.
const _ = uint(1<<maxClassBits - plugins.MaxPayload)

// A buffer is memory on loan from a bufferPool.
type buffer struct {
	b     []byte
	class int
}

// get returns a buffer of n bytes, at most plugins.MaxPayload. What they hold is anybody's guess.
func (p *bufferPool) get(n uint64) *buffer {
	class := max(bits.Len64(n-1), minClassBits) - minClassBits
	if n == 0 {
		class = 0
	}
	buf, ok := p.classes[class].Get().(*buffer)
	if !ok {
		buf = &buffer{make([]byte, 1<<(class+minClassBits)), class}
	}
	buf.b = buf.b[:n]
	return buf
}

// put takes buf back; nil is nothing.
func (p *bufferPool) put(buf *buffer) {
	if buf != nil {
		p.classes[buf.class].Put(buf)
	}
}
