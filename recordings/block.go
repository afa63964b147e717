package recordings

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"workbench/plugins"
)

// fileMagic begins a recording. The last byte before the line end is the version.
const fileMagic = "wbrec\x001\n"

// trailerMagic ends a recording that was closed.
const trailerMagic = "wbrecend"

// The sizes of what stands outside of blocks: the magic and the identity of the
// file at the beginning, the place of the footer and the magic at the end.
const (
	prologueSize = 12
	trailerSize  = 16
)

// A blockKind says what a block holds.
type blockKind uint8

const (
	headerBlock     blockKind = iota + 1 // JSON: what was recorded
	generationBlock                      // JSON: one version of the script
	exportBlock                          // JSON: one disk that was opened
	eventBlock
	payloadBlock
	indexBlock  // the blocks since the index before
	footerBlock // JSON: the indexes and the figures
)

// Bounds of what a block may hold, decoded. A reader allocates no more for one
// block, whatever it says of itself.
const (
	maxEventBody   = 2 << 20
	maxIndexBody   = 8 << 20
	maxBody        = 96 << 20 // a request has at most plugins.MaxPayload bytes, and a script 16 MiB
	maxBlockEvents = 1 << 16
	maxNumber      = 1<<62 - 1 // of an event or payload
)

var _ [maxBody - plugins.MaxPayload - 1<<20]struct{} // a payload fits

func (k blockKind) limit() uint32 {
	switch k {
	case eventBlock:
		return maxEventBody
	case indexBlock:
		return maxIndexBody
	}
	return maxBody
}

// compressed is the flag of a block whose body is a zstd frame.
const compressed = 1

// blockHeadSize is the size of a blockHead in a file.
const blockHeadSize = 52

// A blockHead stands before the body of each block. It tells enough for seeking
// without reading bodies.
type blockHead struct {
	kind   blockKind
	flags  uint8
	stored uint32 // bytes of the body in the file
	size   uint32 // bytes of the body, decoded
	sum    uint32 // CRC32C of the body in the file

	count            uint32        // of events or payloads
	first            uint64        // the number of the first of them
	earliest, latest plugins.Stamp // of the events, by Received
}

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// append appends h as it stands in the file with an identity.
func (h *blockHead) append(b []byte, identity uint32) []byte {
	begin := len(b)
	le := binary.LittleEndian
	b = le.AppendUint32(b, identity)
	b = append(b, byte(h.kind), h.flags, 0, 0)
	b = le.AppendUint32(b, h.stored)
	b = le.AppendUint32(b, h.size)
	b = le.AppendUint32(b, h.count)
	b = le.AppendUint32(b, h.sum)
	b = le.AppendUint64(b, h.first)
	b = le.AppendUint64(b, uint64(h.earliest))
	b = le.AppendUint64(b, uint64(h.latest))
	return le.AppendUint32(b, castagnoli(b[begin:]))
}

// errDamaged is what a part of a file is that does not fit its sum, or itself.
var errDamaged = errors.New("damaged")

// parseHead returns the head in b, which has blockHeadSize bytes.
func parseHead(b []byte, identity uint32) (h blockHead, err error) {
	le := binary.LittleEndian
	if le.Uint32(b) != identity || le.Uint32(b[blockHeadSize-4:]) != castagnoli(b[:blockHeadSize-4]) {
		return h, errDamaged
	}
	h = blockHead{
		kind: blockKind(b[4]), flags: b[5],
		stored: le.Uint32(b[8:]), size: le.Uint32(b[12:]), count: le.Uint32(b[16:]), sum: le.Uint32(b[20:]),
		first: le.Uint64(b[24:]), earliest: plugins.Stamp(le.Uint64(b[32:])), latest: plugins.Stamp(le.Uint64(b[40:])),
	}
	return h, h.check()
}

// check reports whether a block may be as h says.
func (h *blockHead) check() error {
	limit := h.kind.limit()
	switch {
	case h.size > limit || h.stored > limit+limit/8+blockHeadSize,
		h.flags&compressed == 0 && h.stored != h.size,
		h.kind == eventBlock && (h.count == 0 || h.count > maxBlockEvents || h.count > h.size),
		h.kind == payloadBlock && (h.count == 0 || h.count > h.size),
		h.first > maxNumber:
		return fmt.Errorf("%w: a block of kind %d with %d bytes and %d entries", errDamaged, h.kind, h.size, h.count)
	}
	return nil
}

// findHead returns where in b a head may begin, or -1.
func findHead(b []byte, identity uint32) int {
	return bytes.Index(b, binary.LittleEndian.AppendUint32(nil, identity))
}
