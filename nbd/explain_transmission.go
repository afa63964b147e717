package nbd

import (
	"encoding/binary"
	"strings"
	"syscall"

	"workbench/plugins"
)

// Explain's transmission: requests and replies, with headers of both kinds.

func (e *explainer) request() {
	e.m.Name, e.opened = "request", true
	start := e.pos
	var m extRequest
	isExtended := byMagic(e.data[start:]) != 0 && e.data[start] == extRequestMagic>>24
	if isExtended || byMagic(e.data[start:]) == 0 && e.extended {
		isExtended = true
		e.m.Name = "extended request"
		term := ""
		if b := e.data[start:]; len(b) >= 6 && commandFlags(binary.BigEndian.Uint16(b[4:]))&cmdFlagPayloadLen != 0 {
			term = "payload"
		}
		if !e.header(term, &m) {
			return
		}
	} else {
		var compact requestHeader
		if !e.header("", &compact) {
			return
		}
		m = compact.wide()
		if e.extended {
			e.problem(start, "a compact request, although extended headers were negotiated: expected the magic number %#x", extRequestMagic)
		}
	}
	e.m.Name += " " + m.command.String()
	e.checkFlags(&m, isExtended)
	length := m.length
	switch {
	case m.command == cmdWrite:
		if isExtended && m.flags&cmdFlagPayloadLen == 0 {
			e.problem(start+4, "a WRITE with an extended header must have the flag PAYLOAD_LEN")
		}
		e.payload("the data of this WRITE", m.length, "what is to be written")
	case !isExtended || m.flags&cmdFlagPayloadLen == 0:
	case m.command == cmdBlockStatus:
		e.body("the payload of this BLOCK_STATUS", m.length, func(end int) {
			var p statusPayload
			if e.walk("", end, &p) == nil {
				length = p.length
			}
			for e.m.Problem == nil && e.pos < end {
				if e.walk("", end, &blockStatus{}) != nil {
					return
				}
			}
		})
	default:
		e.payload("the payload of this request", m.length, "a payload that this command does not have")
	}
	e.ask(asked{command: m.command, flags: m.flags, offset: m.offset, length: length}, m.cookie)
}

// checkFlags notes flags that the command does not take.
func (e *explainer) checkFlags(m *extRequest, isExtended bool) {
	if int(m.command) >= len(wireCommands) {
		return
	}
	takes := wireCommands[m.command].flags
	if m.command == cmdDisc {
		takes = cmdFlagFUA
	}
	if isExtended {
		takes |= cmdFlagPayloadLen
	} else {
		takes &^= cmdFlagPayloadLen
	}
	if extra := m.flags &^ takes; extra != 0 {
		e.note("%s does not take the flag %s: a server answers EINVAL", m.command, extra)
	}
}

// payload explains n bytes of the disk, unless they were left out.
func (e *explainer) payload(what string, n uint64, meaning string) {
	if e.o.HeadersOnly {
		return
	}
	e.body(what, n, func(end int) { e.raw("data", end, meaning) })
}

// reply explains a reply of the kind that its magic number says, or that was agreed on.
func (e *explainer) reply() {
	e.opened = true
	magic := e.data[e.pos:]
	magic = magic[:min(len(magic), 4)]
	is := func(want uint32) bool { return strings.HasPrefix(be32(want), string(magic)) }
	switch {
	case is(simpleMagic):
		e.simpleReply()
	case is(chunkMagic):
		e.chunk(false)
	case is(extChunkMagic), e.extended:
		e.chunk(true)
	case e.structured:
		e.chunk(false)
	default:
		e.simpleReply()
	}
}

func (e *explainer) simpleReply() {
	e.m.Name = "simple reply"
	start := e.pos
	var m simpleReply
	if !e.header("", &m) {
		return
	}
	if e.extended {
		e.problem(start, "a simple reply, although extended headers were negotiated: expected the magic number %#x", extChunkMagic)
	}
	of, known := e.requests[m.cookie]
	delete(e.requests, m.cookie)
	if known {
		e.m.Name += " to " + of.command.String()
	}
	if m.errno != 0 {
		e.m.Name += ", " + wireErrno(m.errno).String()
	}
	isRead := known && of.command == cmdRead
	if isRead && e.structured {
		e.problem(start, "a simple reply to READ, although structured replies were negotiated: expected the magic number %#x", chunkMagic)
	}
	const what, meaning = "the data of this reply", "what was read"
	switch {
	case m.errno != 0 || known && !isRead || e.structured:
	case isRead:
		e.payload(what, of.length, meaning)
	case e.pos == len(e.data) || e.o.HeadersOnly: // nothing that it could be
	default:
		e.guessData(what, meaning)
	}
}

// guessData explains what follows a simple reply whose request is not known: the
// data of a READ, or another reply at once.
func (e *explainer) guessData(what, meaning string) {
	n := e.o.ReadLength
	left := uint64(len(e.data) - e.pos)
	follows := func(at int) bool { return at == len(e.data) || e.isNext(at) }
	switch {
	case n > 0 && (n <= left && follows(e.pos+int(n)) || !follows(e.pos)):
		e.payload(what, n, meaning)
		return
	case follows(e.pos):
		return
	}
	end := e.pos + 1
	for !follows(end) {
		end++
	}
	e.raw("data", end, meaning)
	where := "the end of the input"
	if end < len(e.data) {
		where = "the next message"
	}
	e.note("the request is not known: all up to %s is taken for the data of a READ", where)
}

// isNext reports whether a message that can follow a reply begins at an offset.
// Data may have a magic number in them, so a simple reply must make sense as well.
func (e *explainer) isNext(at int) bool {
	b := e.data[at:]
	s := byMagic(b)
	if len(b) < 4 || s != StageReply && s != StageRequest || !e.wanted(s) {
		return false
	}
	if s == StageReply && len(b) >= 8 && string(b[:4]) == be32(simpleMagic) {
		errno := syscall.Errno(binary.BigEndian.Uint32(b[4:]))
		return errno == 0 || plugins.WireErrno(errno, plugins.FlagFastZero|plugins.FlagDF) == errno
	}
	return true
}

// chunk explains a chunk of a structured reply, or one with an extended header.
func (e *explainer) chunk(isExtended bool) {
	start := e.pos
	var m extChunk
	if isExtended {
		e.m.Name = "extended reply"
		if !e.header("chunk", &m) {
			return
		}
	} else {
		e.m.Name = "structured reply"
		var compact chunkHeader
		if !e.header("chunk", &compact) {
			return
		}
		m = extChunk{flags: compact.flags, chunk: compact.chunk, cookie: compact.cookie, length: uint64(compact.length)}
		if e.extended {
			e.problem(start, "a structured reply, although extended headers were negotiated: expected the magic number %#x", extChunkMagic)
		}
	}
	e.m.Name += " " + m.chunk.String()
	if e.of = e.requests[m.cookie]; e.of != nil {
		e.m.Name += " to " + e.of.command.String()
	}
	e.checkChunk(start, &m, isExtended)
	length := m.length
	if m.chunk == chunkOffsetData {
		if length <= offsetDataSize {
			e.problem(start+6, "an OFFSET_DATA chunk of %d bytes: expected more than the %d of its offset", length, offsetDataSize)
		}
		if e.o.HeadersOnly {
			length = min(length, offsetDataSize)
		}
	}
	e.body("this chunk", length, func(end int) { e.content(&m, end) })
	if m.flags&chunkDone != 0 {
		e.checkEnd(start)
		delete(e.requests, m.cookie)
	}
}

// content explains what the chunk m holds.
func (e *explainer) content(m *extChunk, end int) {
	chunk, at := m.chunk, e.pos
	switch {
	case chunk&chunkIsError != 0:
		if e.of != nil {
			e.of.failed = true
		}
		var why errorChunk
		if e.walk("", end, &why) != nil {
			return
		}
		if why.errno == 0 {
			e.problem(at, "the error 0 means success: an error chunk must have another")
		}
		if chunk == chunkErrorOffset {
			at = e.pos
			var where errorOffset
			if e.walk("", end, &where) == nil && e.of != nil && !e.of.covers(where.offset, 1) {
				e.problem(at, "the offset of the error is not in the request, which was for %d bytes at %d", e.of.length, e.of.offset)
			}
		} else if chunk != chunkError {
			e.raw("data", end, "of an error that is not in the specification")
		}
	case chunk == chunkNone:
		if e.pos < end {
			e.problem(e.pos, "a NONE chunk has no data: expected a length of 0")
		}
	case chunk == chunkOffsetData:
		var piece offsetData
		if e.walk("", end, &piece) == nil {
			e.raw("data", end, "what was read")
			e.checkPiece(at, piece.offset, m.length-offsetDataSize)
		}
	case chunk == chunkOffsetHole:
		var hole offsetHole
		if e.walk("", end, &hole) == nil {
			e.checkPiece(at, hole.offset, uint64(hole.length))
		}
	case chunk == chunkBlockStatus:
		var status blockStatus
		if e.walk("", end, &status) == nil {
			var extent descriptor
			e.extents(status.context, end, &extent, func() uint64 { return uint64(extent.length) })
		}
	case chunk == chunkBlockStatusExt:
		var status blockStatusExt
		if e.walk("", end, &status) == nil {
			if want := uint64(status.count) * descriptorExtSize; status.count != 0 && want != uint64(end-e.pos) {
				e.problem(e.pos-4, "%d extents have %d bytes: %d follow", status.count, want, end-e.pos)
			}
			var extent descriptorExt
			e.extents(status.context, end, &extent, func() uint64 { return extent.length })
		}
	default:
		e.raw("data", end, "of a chunk type that is not in the specification")
	}
}

// extents explains the descriptors of a BLOCK_STATUS, each of which extent is
// filled from; length returns the length in it.
func (e *explainer) extents(id uint32, end int, extent message, length func() uint64) {
	context, known := e.contexts[id]
	if !known {
		context = baseAllocation
		e.note("which context has the number %d is not known: %s is assumed", id, baseAllocation)
	}
	if e.pos == end {
		e.problem(end, "no extents: expected one at least")
	}
	at := e.pos
	var lengths []uint64
	for e.pos < end {
		if e.walk(context, end, extent) != nil {
			return
		}
		lengths = append(lengths, length())
	}
	e.checkExtents(at, lengths)
}
