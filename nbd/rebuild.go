package nbd

import (
	"fmt"
	"syscall"

	"workbench/plugins"
)

// A Form is what two sides agreed on, as far as requests and replies look other
// for it.
type Form struct {
	Structured bool // STRUCTURED_REPLY
	Extended   bool // EXTENDED_HEADERS
}

// RequestHeader returns the header of r as a client sends it: 28 bytes, or 32
// under extended headers. It fails if the protocol has no such command, or no
// room for the length.
func RequestHeader(r *plugins.Request, f Form) ([]byte, error) {
	command := commandOf(r.Op)
	if command < 0 {
		return nil, fmt.Errorf("the protocol has no command for %s", r.Op)
	}
	if !f.Extended && r.Length > 1<<32-1 {
		return nil, fmt.Errorf("a length of %d bytes needs extended headers", r.Length)
	}
	m := wireRequest(r, f.Extended)
	m.cookie = r.Origin.Cookie
	c := coder{writing: true}
	m.walk(&c, f.Extended)
	return c.buf, nil
}

// ReplyHeader returns what goes before the data of the reply to r, as this
// package's server sends it if the data of a READ go in one piece; after an
// error that is the whole reply, and for a BLOCK_STATUS, of whose answer r has the
// extents. It is nil for one without, and for one without structured replies,
// which there cannot be. errno is the plugin's, text its reason.
func ReplyHeader(r *plugins.Request, errno syscall.Errno, text string, f Form) []byte {
	structured := f.Structured || f.Extended
	c := coder{writing: true}
	wire := plugins.WireErrno(errno, r.Flags)
	chunk := func(kind chunkType, length uint64, content message) []byte {
		m := extChunk{chunkDone, kind, r.Origin.Cookie, r.Offset, length}
		m.walk(&c, f.Extended)
		if content != nil {
			content.fields(&c)
		}
		return c.buf
	}
	switch {
	case wire != 0 && structured:
		m := errorChunk{uint32(wire), wireText(text)}
		return chunk(chunkError, uint64(errorChunkSize+len(m.text)), &m)
	case wire == 0 && structured && r.Op == plugins.OpRead:
		return chunk(chunkOffsetData, offsetDataSize+r.Length, &offsetData{r.Offset})
	case wire == 0 && r.Op == plugins.OpExtents:
		n := countExtents(r)
		switch {
		case n == 0 || !structured:
			return nil
		case f.Extended:
			chunk(chunkBlockStatusExt, uint64(blockStatusExtSize+n*descriptorExtSize), nil)
			appendExtentsExt(&c, r, n)
		default:
			chunk(chunkBlockStatus, uint64(blockStatusSize+n*descriptorSize), nil)
			appendExtents(&c, r, n)
		}
		return c.buf
	case f.Extended:
		return chunk(chunkNone, 0, nil)
	}
	m := simpleReply{uint32(wire), r.Origin.Cookie}
	m.fields(&c)
	return c.buf
}
