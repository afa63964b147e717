package nbd

import (
	"errors"
	"math"
	"syscall"

	"workbench/plugins"
)

// answer appends the reply to s to b. Once structured replies are agreed on, an
// error is always a chunk, as is what a READ or BLOCK_STATUS brings; a success
// that brings nothing stays a simple reply, which is shorter. Under extended
// headers there are chunks only.
func (t *transmission) answer(b *batch, s *slot) {
	errno := plugins.WireErrno(plugins.ErrnoOf(s.err), s.Flags)
	switch {
	case errno != 0 && t.structured:
		t.answerError(b, s, errno)
	case errno == 0 && s.Op == plugins.OpExtents && t.extended:
		t.answerExtentsExt(b, s)
	case errno == 0 && s.Op == plugins.OpExtents:
		t.answerExtents(b, s)
	case errno == 0 && s.Op == plugins.OpRead && t.structured:
		t.answerRead(b, s)
	case t.extended:
		t.chunk(b, s, chunkDone, chunkNone, 0)
	default:
		m := simpleReply{uint32(errno), s.Origin.Cookie}
		m.fields(&b.coder)
		if errno == 0 && s.Op == plugins.OpRead {
			b.payload(s.Data)
		}
	}
}

// chunk appends the header of a chunk with length bytes; flags are chunkDone for
// the last chunk of the reply, else 0.
func (t *transmission) chunk(b *batch, s *slot, flags uint16, chunk chunkType, length int) {
	m := extChunk{flags, chunk, s.Origin.Cookie, s.Offset, uint64(length)}
	m.walk(&b.coder, t.extended)
}

// answerError appends an error in words, and the offset if it is known. That must
// lie in the range of the request.
func (t *transmission) answerError(b *batch, s *slot, errno syscall.Errno) {
	m := errorChunk{uint32(errno), wireText(s.err.Error())}
	chunk, length := chunkError, errorChunkSize+len(m.text)
	at, known := errors.AsType[*plugins.OffsetError](s.err)
	if known = known && at.Offset >= s.Offset && at.Offset-s.Offset < s.Length; known {
		chunk, length = chunkErrorOffset, length+errorOffsetSize
	}
	t.chunk(b, s, chunkDone, chunk, length)
	m.fields(&b.coder)
	if known {
		m := errorOffset{at.Offset}
		m.fields(&b.coder)
	}
}

// answerRead appends what a READ brings, in the pieces that were found in it.
func (t *transmission) answerRead(b *batch, s *slot) {
	if len(s.pieces) == 0 {
		s.pieces = append(s.pieces, piece{len(s.Data), false})
	}
	data, offset := s.Data, s.Offset
	for i, p := range s.pieces {
		flags := uint16(0)
		if i == len(s.pieces)-1 {
			flags = chunkDone
		}
		if p.zero {
			m := offsetHole{offset, uint32(p.length)}
			t.chunk(b, s, flags, chunkOffsetHole, offsetHoleSize)
			m.fields(&b.coder)
		} else {
			m := offsetData{offset}
			t.chunk(b, s, flags, chunkOffsetData, offsetDataSize+p.length)
			m.fields(&b.coder)
			b.payload(data[:p.length])
		}
		data, offset = data[p.length:], offset+uint64(p.length)
	}
}

// maxDescriptor is how much one descriptor of 32 bits may cover: them full,
// rounded down to the largest minimum block size that there is.
const maxDescriptor = math.MaxUint32 &^ (64<<10 - 1)

// countExtents returns how many of r's extents go into the answer: those from the
// start of the request on, of which only the last may go past its end, or with
// REQ_ONE a single one.
func countExtents(r *plugins.Request) int {
	end, n := r.Offset+r.Length, 0
	for pos := r.Offset; pos < end && n < min(len(r.Extents), plugins.MaxExtents); n++ {
		pos = r.Extents[n].End()
		if r.Flags&plugins.FlagReqOne != 0 {
			pos = end
		}
	}
	return n
}

// answerExtents appends what a BLOCK_STATUS brings.
func (t *transmission) answerExtents(b *batch, s *slot) {
	n := countExtents(&s.Request)
	t.chunk(b, s, chunkDone, chunkBlockStatus, blockStatusSize+n*descriptorSize)
	appendExtents(&b.coder, &s.Request, n)
}

// appendExtents appends the content of a BLOCK_STATUS chunk, with n extents of r.
func appendExtents(c *coder, r *plugins.Request, n int) {
	m := blockStatus{allocationID}
	m.fields(c)
	start, end := r.Offset, r.Offset+r.Length
	for _, e := range r.Extents[:n] {
		// What is too long for 32 bits goes past the end of the request, whose
		// length has no more, and so is the last.
		length := min(e.End()-start, max(maxDescriptor, end-start))
		if r.Flags&plugins.FlagReqOne != 0 {
			length = min(length, end-start)
		}
		d := descriptor{uint32(length), uint32(e.Type)}
		d.fields(c)
		start = e.End()
	}
}

// answerExtentsExt is answerExtents with lengths of 64 bits, which hold any
// extent. A server may use the short descriptors under extended headers, too, but
// this way what it answers does not depend on what it finds.
func (t *transmission) answerExtentsExt(b *batch, s *slot) {
	n := countExtents(&s.Request)
	t.chunk(b, s, chunkDone, chunkBlockStatusExt, blockStatusExtSize+n*descriptorExtSize)
	appendExtentsExt(&b.coder, &s.Request, n)
}

// appendExtentsExt appends the content of a BLOCK_STATUS_EXT chunk.
func appendExtentsExt(c *coder, r *plugins.Request, n int) {
	m := blockStatusExt{allocationID, uint32(n)}
	m.fields(c)
	start, end := r.Offset, r.Offset+r.Length
	for _, e := range r.Extents[:n] {
		d := descriptorExt{e.End() - start, uint64(e.Type)}
		if r.Flags&plugins.FlagReqOne != 0 {
			d.length = min(d.length, end-start)
		}
		d.fields(c)
		start = e.End()
	}
}
