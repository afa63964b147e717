package nbd

import (
	"math"

	"workbench/plugins"
)

// answer appends the reply to s to b. Once structured replies are agreed on, an
// error is always a chunk, as is what a READ or BLOCK_STATUS brings; a success
// that brings nothing stays a simple reply, which is shorter.
func (t *transmission) answer(b *batch, s *slot) {
	errno := plugins.WireErrno(plugins.ErrnoOf(s.err), s.Flags)
	switch {
	case errno != 0 && t.structured:
		m := errorChunk{uint32(errno), wireText(s.err.Error())}
		b.chunk(s, chunkError, errorChunkSize+len(m.text))
		m.fields(&b.coder)
	case errno != 0 || s.Op != plugins.OpRead && s.Op != plugins.OpExtents:
		b.simple(s, uint32(errno))
	case s.Op == plugins.OpExtents:
		t.answerExtents(b, s)
	case t.structured:
		m := offsetData{s.Offset}
		b.chunk(s, chunkOffsetData, offsetDataSize+len(s.Data))
		m.fields(&b.coder)
		b.payload(s.Data)
	default:
		b.simple(s, 0)
		b.payload(s.Data)
	}
}

// simple appends a simple reply.
func (b *batch) simple(s *slot, errno uint32) {
	m := simpleReply{errno, s.Origin.Cookie}
	m.fields(&b.coder)
}

// chunk appends the header of the only chunk of a structured reply.
func (b *batch) chunk(s *slot, chunk chunkType, length int) {
	m := chunkHeader{chunkDone, chunk, s.Origin.Cookie, uint32(length)}
	m.fields(&b.coder)
}

// maxDescriptor is how much one descriptor may cover: 32 bits full, rounded
// down to the largest minimum block size that there is.
const maxDescriptor = math.MaxUint32 &^ (64<<10 - 1)

// answerExtents appends what a BLOCK_STATUS brings: descriptors from the start
// of the request on, of which only the last may go past its end, or with
// REQ_ONE a single one that does not.
func (t *transmission) answerExtents(b *batch, s *slot) {
	start, end := s.Offset, s.Offset+s.Length
	n := 0
	for pos := start; pos < end && n < min(len(s.Extents), plugins.MaxExtents); n++ {
		pos = s.Extents[n].End()
		if s.Flags&plugins.FlagReqOne != 0 {
			pos = end
		}
	}
	m := blockStatus{allocationID}
	b.chunk(s, chunkBlockStatus, blockStatusSize+n*descriptorSize)
	m.fields(&b.coder)
	for _, e := range s.Extents[:n] {
		// What is too long for 32 bits goes past the end of the request, whose
		// length has no more, and so is the last.
		length := min(e.End()-start, max(maxDescriptor, end-start))
		if s.Flags&plugins.FlagReqOne != 0 {
			length = min(length, end-start)
		}
		d := descriptor{uint32(length), uint32(e.Type)}
		d.fields(&b.coder)
		start = e.End()
	}
}
