package recordings

import (
	"encoding/binary"

	"workbench/plugins"
)

// An indexEntry is a block and where it begins in the file.
type indexEntry struct {
	at   int64
	head blockHead
}

// end returns where the next block begins.
func (e *indexEntry) end() int64 { return e.at + blockHeadSize + int64(e.head.stored) }

// appendIndex appends the body of an index.
func appendIndex(b []byte, entries []indexEntry) []byte {
	for i := range entries {
		e := &entries[i]
		b = append(b, byte(e.head.kind), e.head.flags)
		for _, v := range [...]uint64{uint64(e.at), uint64(e.head.stored), uint64(e.head.size), uint64(e.head.count), e.head.first} {
			b = binary.AppendUvarint(b, v)
		}
		b = binary.AppendVarint(b, int64(e.head.earliest))
		b = binary.AppendVarint(b, int64(e.head.latest))
		b = binary.LittleEndian.AppendUint32(b, e.head.sum)
	}
	return b
}

// parseIndex returns what appendIndex wrote.
func parseIndex(body []byte) ([]indexEntry, error) {
	var out []indexEntry
	for r := (&reader{b: body}); r.at < len(body); {
		var e indexEntry
		h := &e.head
		h.kind, h.flags = blockKind(r.byte()), r.byte()
		e.at = int64(r.small(1<<62 - 1))
		h.stored, h.size, h.count = uint32(r.small(2*maxBody)), uint32(r.small(maxBody)), uint32(r.small(maxBody))
		h.first = r.small(1<<62 - 1)
		h.earliest = plugins.Stamp(unzigzag(r.uvarint()))
		h.latest = plugins.Stamp(unzigzag(r.uvarint()))
		h.sum = r.uint32()
		if r.err != nil {
			return nil, r.err
		}
		if err := h.check(); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}
