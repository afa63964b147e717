package nbd

// This file has what the extension of extended headers adds to the protocol
// (proto.md of the branch extension-ext-header): headers of 32 bytes both ways,
// with lengths of 64 bits. EXTENDED_HEADERS chooses it in the handshake.

// The magic numbers of extended headers.
const (
	extendedRequestMagic = 0x21e41c71
	extendedReplyMagic   = 0x6e8a278c
)

const (
	// BlockStatusPayload says that BLOCK_STATUS takes a payload.
	BlockStatusPayload TransmissionFlags = 1 << 12

	// cmdFlagPayloadLen says that the length of a request is that of its payload.
	cmdFlagPayloadLen commandFlags = 1 << 5

	// chunkBlockStatusExt is BLOCK_STATUS with 64 bits for lengths and flags.
	chunkBlockStatusExt chunkType = 6
)

// extendedRequest is a request, but for its payload.
type extendedRequest struct {
	flags   commandFlags
	command command
	cookie  uint64
	offset  uint64
	length  uint64 // of the payload with PAYLOAD_LEN, else of what the request is about
}

func (m *extendedRequest) fields(c *coder) {
	c.magic32(extendedRequestMagic)
	u16(c, "command flags", &m.flags)
	u16(c, "command", &m.command)
	u64(c, "cookie", &m.cookie)
	u64(c, "offset", &m.offset)
	u64(c, "length", &m.length)
}

// extendedReply precedes a part of a reply; all replies are made of such chunks.
type extendedReply struct {
	flags  uint16 // chunkDone, or 0
	chunk  chunkType
	cookie uint64
	offset uint64 // the request's
	length uint64
}

func (m *extendedReply) fields(c *coder) {
	c.magic32(extendedReplyMagic)
	u16(c, "chunk flags", &m.flags)
	u16(c, "chunk type", &m.chunk)
	u64(c, "cookie", &m.cookie)
	u64(c, "offset", &m.offset)
	u64(c, "length", &m.length)
}

// extendedStatus is the beginning of a BLOCK_STATUS_EXT chunk; so many
// descriptors follow to its end.
type extendedStatus struct {
	context uint32
	count   uint32
}

func (m *extendedStatus) fields(c *coder) {
	u32(c, "context id", &m.context)
	u32(c, "number of extents", &m.count)
}

// extendedDescriptor is one extent of a BLOCK_STATUS_EXT chunk.
type extendedDescriptor struct {
	length uint64
	status uint64
}

func (m *extendedDescriptor) fields(c *coder) {
	u64(c, "extent length", &m.length)
	u64(c, "status flags", &m.status)
}

// statusPayload is the beginning of the payload of a BLOCK_STATUS, which says
// how much it is about; the numbers of the contexts that are asked for follow.
type statusPayload struct {
	length uint64
}

func (m *statusPayload) fields(c *coder) { u64(c, "effect length", &m.length) }
