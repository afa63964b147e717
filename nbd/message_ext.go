package nbd

// This file has the layouts that the extension EXTENDED_HEADERS adds (branch
// extension-ext-header of the specification): headers of 32 bytes in both
// directions, with lengths of 64 bits.

// extRequest is a request under extended headers, but for its payload. The
// length is that of the payload if the flag PAYLOAD_LEN is set; else it is how
// much of the disk is meant, and there is no payload. As it holds whatever the
// shorter header does, the rest of the package knows requests in this form alone.
type extRequest struct {
	flags   commandFlags
	command command
	cookie  uint64
	offset  uint64
	length  uint64
}

func (m *extRequest) fields(c *coder) {
	c.magic32(extRequestMagic)
	u16(c, "command flags", &m.flags)
	u16(c, "command", &m.command)
	u64(c, "cookie", &m.cookie)
	u64(c, "offset", &m.offset)
	u64(c, "length", &m.length)
}

const extRequestSize = 32

// wide returns m in the extended form.
func (m *requestHeader) wide() extRequest {
	return extRequest{m.flags, m.command, m.cookie, m.offset, uint64(m.length)}
}

// narrow returns m in the form of the shorter header, for a length that it holds.
func (m *extRequest) narrow() requestHeader {
	return requestHeader{m.flags, m.command, m.cookie, m.offset, uint32(m.length)}
}

// walk walks the fields of m in the form that was negotiated.
func (m *extRequest) walk(c *coder, extended bool) {
	if extended {
		m.fields(c)
		return
	}
	short := m.narrow()
	short.fields(c)
	*m = short.wide()
}

// requestHeaderSize is the size of a request's header.
func requestHeaderSize(extended bool) int {
	if extended {
		return extRequestSize
	}
	return requestSize
}

// extChunk precedes each part of a reply under extended headers; there are no
// simple replies. As with extRequest, it stands for chunkHeader as well.
type extChunk struct {
	flags  uint16 // chunkDone, or 0
	chunk  chunkType
	cookie uint64
	offset uint64 // that of the request
	length uint64
}

func (m *extChunk) fields(c *coder) {
	c.magic32(extChunkMagic)
	u16(c, "chunk flags", &m.flags)
	u16(c, "chunk type", &m.chunk)
	u64(c, "cookie", &m.cookie)
	u64(c, "offset", &m.offset)
	u64(c, "length", &m.length)
}

const extChunkSize = 32

// walk walks the fields of m in the form that was negotiated; the shorter one
// has no offset.
func (m *extChunk) walk(c *coder, extended bool) {
	if extended {
		m.fields(c)
		return
	}
	short := chunkHeader{m.flags, m.chunk, m.cookie, uint32(m.length)}
	short.fields(c)
	m.flags, m.chunk, m.cookie, m.length = short.flags, short.chunk, short.cookie, uint64(short.length)
}

// blockStatusExt is the beginning of a BLOCK_STATUS_EXT chunk; so many
// descriptors follow, which is also what the length of the chunk says. A server
// may leave the number 0.
type blockStatusExt struct {
	context uint32
	count   uint32
}

func (m *blockStatusExt) fields(c *coder) {
	u32(c, "context id", &m.context)
	u32(c, "descriptor count", &m.count)
}

const blockStatusExtSize = 8

// descriptorExt is one extent of a BLOCK_STATUS_EXT chunk.
type descriptorExt struct {
	length uint64
	status uint64 // base:allocation uses the lower half alone
}

func (m *descriptorExt) fields(c *coder) {
	u64(c, "extent length", &m.length)
	u64(c, "status flags", &m.status)
}

const descriptorExtSize = 16

// statusPayload is the beginning of the payload of a BLOCK_STATUS with
// PAYLOAD_LEN: how much of the disk is meant. The numbers of those contexts
// follow, of the chosen ones, that the client wants to hear of.
type statusPayload struct {
	length uint64
}

func (m *statusPayload) fields(c *coder) { u64(c, "effect length", &m.length) }

// statusFilter is the whole of it for a server that has one context.
type statusFilter struct {
	statusPayload
	context uint32
}

func (m *statusFilter) fields(c *coder) {
	m.statusPayload.fields(c)
	u32(c, "context id", &m.context)
}

const statusFilterSize = 12

// errorOffset follows the text in an ERROR_OFFSET chunk.
type errorOffset struct {
	offset uint64
}

func (m *errorOffset) fields(c *coder) { u64(c, "offset", &m.offset) }

const errorOffsetSize = 8
