package nbd

import (
	"bufio"
	"io"
	"net"
)

// A batch gathers messages that leave in one system call. Large payloads are
// not copied: they must stay as they are until reset.
type batch struct {
	coder           // writes headers and small payloads, one after another, into buf
	taken  int      // how much of buf stands in pieces already
	pieces [][]byte // what was gathered, in order, but for buf[taken:]; empty if all is in buf
	large  int      // bytes of the payloads that were not copied
	vector net.Buffers
	gather *bufio.Writer // for what cannot take a vector; nil until it is needed
}

const (
	// batchSize is when a batch is sent rather than filled up further.
	batchSize = 1 << 20

	// copySize is up to what size copying a payload is cheaper than a vector
	// of two for the kernel (measured).
	copySize = 4 << 10

	// gatherSize is how much is copied together for what cannot take a vector:
	// a few of TLS's records, of 16 KiB.
	gatherSize = 64 << 10

	// keepBatch is how much memory a batch keeps for the next one.
	keepBatch = 1 << 20
)

func newBatch() *batch { return &batch{coder: coder{writing: true}} }

// payload appends p.
func (b *batch) payload(p []byte) {
	if len(p) <= copySize {
		b.buf = append(b.buf, p...)
		return
	}
	// If buf has to grow later, pieces go on showing the memory that it leaves.
	b.pieces = append(b.pieces, b.buf[b.taken:], p)
	b.taken = len(b.buf)
	b.large += len(p)
}

// size returns how many bytes were gathered.
func (b *batch) size() int { return len(b.buf) + b.large }

// send writes everything to w: to a socket in one system call. Elsewhere, as in TLS, small pieces go together with what is
// beside them, and large ones as they are.
func (b *batch) send(w io.Writer) error {
	if len(b.pieces) == 0 {
		_, err := w.Write(b.buf)
		return err
	}
	if b.taken < len(b.buf) {
		b.pieces = append(b.pieces, b.buf[b.taken:])
	}
	switch w.(type) {
	case *net.TCPConn, *net.UnixConn:
		b.vector = b.pieces // WriteTo consumes it
		_, err := b.vector.WriteTo(w)
		return err
	}
	if b.gather == nil {
		b.gather = bufio.NewWriterSize(nil, gatherSize)
	}
	b.gather.Reset(w)
	for _, p := range b.pieces {
		if _, err := b.gather.Write(p); err != nil {
			return err
		}
	}
	return b.gather.Flush()
}

// reset makes b empty and lets go of the payloads.
func (b *batch) reset() {
	clear(b.pieces)
	b.pieces, b.vector, b.taken, b.large = b.pieces[:0], nil, 0, 0
	if b.buf = b.buf[:0]; cap(b.buf) > keepBatch {
		b.buf = nil
	}
}
