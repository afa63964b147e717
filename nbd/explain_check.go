package nbd

import "math"

// What Explain can say of a request by itself, and of a reply whose request was
// among the bytes.

// asked is a request that waits for its reply, and what has come of that.
type asked struct {
	command        command
	flags          commandFlags
	offset, length uint64
	come           arrivals // of a READ
	pieces         int      // chunks that brought something
	failed         bool     // a chunk was an error
}

// ask notes a request and says what is odd about it.
func (e *explainer) ask(a asked, cookie uint64) {
	switch {
	case a.command == cmdFlush && (a.offset != 0 || a.length != 0):
		e.note("FLUSH covers the whole disk: its offset and length should be 0")
	case a.command == cmdFlush || a.command == cmdDisc || int(a.command) >= len(wireCommands):
	case a.length == 0:
		e.note("%s of no bytes: the specification leaves open what that does", a.command)
	case a.length > math.MaxUint64-a.offset:
		e.note("offset and length together are more than 64 bits hold: a server answers with an error")
	}
	if e.o.From == FromClient || a.command == cmdDisc { // the reply never comes
		return
	}
	if e.requests == nil {
		e.requests = map[uint64]*asked{}
	}
	e.requests[cookie] = &a
}

// checkChunk holds the header of a chunk, which begins at start, to the request.
func (e *explainer) checkChunk(start int, m *extChunk, isExtended bool) {
	const flags, kind, offset = 4, 6, 16 // where these are in the header
	a := e.of
	if m.chunk == chunkNone && m.flags&chunkDone == 0 {
		e.problem(start+flags, "a NONE chunk must be the last one: expected the flag DONE")
	}
	if a == nil {
		return
	}
	reads := m.chunk == chunkOffsetData || m.chunk == chunkOffsetHole
	maps := m.chunk == chunkBlockStatus || m.chunk == chunkBlockStatusExt
	switch {
	case reads && a.command != cmdRead || maps && a.command != cmdBlockStatus:
		e.problem(start+kind, "a chunk of the type %s in reply to %s", m.chunk, a.command)
	case isExtended && m.offset != a.offset:
		e.problem(start+offset, "the offset of the request was %d: the reply must repeat it", a.offset)
	}
}

// checkPiece holds n bytes of a READ, which are for an offset of the disk, to the
// request. at is where the offset stands.
func (e *explainer) checkPiece(at int, offset, n uint64) {
	a := e.of
	if a == nil || a.command != cmdRead {
		return
	}
	a.pieces++
	if !a.covers(offset, n) {
		e.problem(at, "%d bytes at %d in reply to a READ of %d at %d", n, offset, a.length, a.offset)
		return
	}
	if a.flags&cmdFlagDF != 0 && a.pieces > 1 {
		e.problem(at, "a second piece, although the READ had the flag DF")
	}
	if err := a.come.add(offset-a.offset, n); err != nil {
		e.problem(at, "%d bytes at %d in reply to a READ of %d at %d: %v", n, offset, a.length, a.offset, err)
	}
}

// covers reports whether n bytes at offset belong to the request.
func (a *asked) covers(offset, n uint64) bool {
	at := offset - a.offset
	return offset >= a.offset && at <= a.length && n <= a.length-at
}

// checkExtents holds the lengths of a BLOCK_STATUS, which begin at an offset of
// the input, to the request.
func (e *explainer) checkExtents(at int, lengths []uint64) {
	a := e.of
	if a == nil || a.command != cmdBlockStatus {
		return
	}
	a.pieces++
	if a.flags&cmdFlagReqOne != 0 {
		switch {
		case len(lengths) > 1:
			e.problem(at, "%d extents, although the request had the flag REQ_ONE", len(lengths))
		case len(lengths) == 1 && lengths[0] > a.length:
			e.problem(at, "an extent of %d bytes, although the request had the flag REQ_ONE and was for %d", lengths[0], a.length)
		}
		return
	}
	left := a.length
	for i, n := range lengths {
		if n >= left && i < len(lengths)-1 {
			e.problem(at, "%d extents, of which the first %d fill the request: only the last may reach its end", len(lengths), i+1)
			return
		}
		left -= min(n, left)
	}
}

// checkEnd says what is missing when the last chunk of a reply has come, which
// begins at start.
func (e *explainer) checkEnd(start int) {
	a := e.of
	switch {
	case a == nil || a.failed:
	case a.command == cmdRead && a.come.begin != a.length:
		e.problem(start, "the reply ends here, but not all of the %d bytes have come: the first that is missing is at %d", a.length, a.offset+a.come.begin)
	case a.command == cmdBlockStatus && a.pieces == 0:
		e.problem(start, "the reply to BLOCK_STATUS ends here without an extent")
	}
}
