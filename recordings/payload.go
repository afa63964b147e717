package recordings

import (
	"crypto/sha256"
	"encoding/binary"
)

// payloadBytes is how much a block of payloads gathers before it is written.
const payloadBytes = 1 << 20

// knownPayloads is how many payloads are remembered, to write equal ones once.
const knownPayloads = 1 << 16

// A digest names the content of a payload: the first half of its SHA-256.
type digest [16]byte

func digestOf(data []byte) (d digest) {
	sum := sha256.Sum256(data)
	copy(d[:], sum[:])
	return d
}

// A payloadWriter gathers payloads into blocks and numbers them.
type payloadWriter struct {
	writer *blockWriter
	head   blockHead
	body   []byte
	next   uint64 // the number of the next payload

	known  map[digest]uint64 // numbers of recent payloads
	recent []digest          // ring of the same, by number
}

func newPayloadWriter(w *blockWriter) *payloadWriter {
	return &payloadWriter{writer: w, known: map[digest]uint64{}}
}

// add returns the number of a payload, which it keeps unless an equal one is known.
func (p *payloadWriter) add(data []byte) (uint64, error) {
	d := digestOf(data)
	if n, ok := p.known[d]; ok {
		return n, nil
	}
	if len(p.recent) < knownPayloads {
		p.recent = append(p.recent, d)
	} else {
		oldest := &p.recent[p.next%knownPayloads]
		delete(p.known, *oldest)
		*oldest = d
	}
	n := p.next
	p.known[d] = n
	p.next++
	if len(p.body) > 0 && len(p.body)+len(data) > payloadBytes {
		if err := p.flush(); err != nil {
			return 0, err
		}
	}
	if p.head.count == 0 {
		p.head = blockHead{kind: payloadBlock, first: n}
	}
	p.head.count++
	p.body = append(p.body, d[:]...)
	p.body = binary.AppendUvarint(p.body, uint64(len(data)))
	p.body = append(p.body, data...)
	return n, nil
}

// flush writes what was gathered.
func (p *payloadWriter) flush() error {
	if p.head.count == 0 {
		return nil
	}
	err := p.writer.writeBlock(p.head, p.body)
	p.head, p.body = blockHead{}, p.body[:0]
	return err
}

// findPayload returns the payload with a number out of the body of a block.
func findPayload(h *blockHead, body []byte, number uint64) ([]byte, error) {
	r := reader{b: body}
	for n := h.first; ; n++ {
		want := r.skip(len(digest{}))
		data := r.skip(int(r.small(maxBody)))
		if r.err != nil {
			return nil, r.err
		}
		if n < number {
			continue
		}
		if digestOf(data) != digest(want) {
			r.fail("a payload that is not what it is named after")
			return nil, r.err
		}
		return data, nil
	}
}
