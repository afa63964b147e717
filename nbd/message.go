package nbd

import "workbench/plugins"

// This file has the layout of every message, in the order of a connection's
// life. The fields methods are the one description of the wire; the sizes beside
// them, for messages that are read before anything of them is known, follow.

// Handshake, both ways.

// greeting is the server's first message.
type greeting struct {
	flags uint16 // handshakeFlags
}

func (m *greeting) fields(c *coder) {
	c.magic64(nbdMagic)
	c.magic64(optionMagic)
	u16(c, "handshake flags", &m.flags)
}

const greetingSize = 18

// oldstyleGreeting is what a server of the oldstyle handshake says, before
// exportNamePadding: there are no options. It can be explained, and no more.
type oldstyleGreeting struct {
	size      uint64
	handshake uint16
	flags     TransmissionFlags
}

func (m *oldstyleGreeting) fields(c *coder) {
	c.magic64(nbdMagic)
	c.magic64(oldstyleMagic)
	u64(c, "export size", &m.size)
	u16(c, "handshake flags", &m.handshake)
	u16(c, "transmission flags", &m.flags)
}

// clientFlags says what the client uses of what the greeting offers.
type clientFlags struct {
	flags handshakeFlags
}

func (m *clientFlags) fields(c *coder) { u32(c, "client flags", &m.flags) }

const clientFlagsSize = 4

// optionHeader precedes what the client sends with an option.
type optionHeader struct {
	option option
	length uint32
}

func (m *optionHeader) fields(c *coder) {
	c.magic64(optionMagic)
	u32(c, "option", &m.option)
	u32(c, "length", &m.length)
}

const optionHeaderSize = 16

// optionReplyHeader precedes what the server sends in answer.
type optionReplyHeader struct {
	option option
	reply  replyType
	length uint32
}

func (m *optionReplyHeader) fields(c *coder) {
	c.magic64(optionReplyMagic)
	u32(c, "option", &m.option)
	u32(c, "reply", &m.reply)
	u32(c, "length", &m.length)
}

const optionReplySize = 20

// exportNameReply answers EXPORT_NAME: it has no header.
type exportNameReply struct {
	size  uint64
	flags TransmissionFlags
}

func (m *exportNameReply) fields(c *coder) {
	u64(c, "export size", &m.size)
	u16(c, "transmission flags", &m.flags)
}

const (
	exportNameReplySize = 10
	exportNamePadding   = 124 // zeroes after it, unless both sides chose NO_ZEROES
)

// textMessage is a message that is all text: the name that comes with
// EXPORT_NAME, the reason that comes with an error.
type textMessage struct {
	text string
}

func (m *textMessage) fields(c *coder) { c.rest("text", &m.text) }

// infoRequest comes with INFO and GO.
type infoRequest struct {
	export string
	infos  []infoType // what the client would like to know
}

func (m *infoRequest) fields(c *coder) {
	c.text("export name", &m.export)
	n := uint16(len(m.infos))
	u16(c, "number of information requests", &n)
	if !c.writing {
		if c.err != nil || int(n)*2 > len(c.buf) {
			c.fail("%d information requests do not fit into %d bytes", n, len(c.buf))
			return
		}
		m.infos = make([]infoType, n)
	}
	for i := range m.infos {
		u16(c, "information type", &m.infos[i])
	}
}

// metaRequest comes with LIST_META_CONTEXT and SET_META_CONTEXT.
type metaRequest struct {
	export  string
	queries []string
}

func (m *metaRequest) fields(c *coder) {
	c.text("export name", &m.export)
	n := uint32(len(m.queries))
	u32(c, "number of queries", &n)
	if !c.writing {
		if c.err != nil || uint64(n)*4 > uint64(len(c.buf)) {
			c.fail("%d queries do not fit into %d bytes", n, len(c.buf))
			return
		}
		m.queries = make([]string, n)
	}
	for i := range m.queries {
		c.text("query", &m.queries[i])
	}
}

// exportEntry is a SERVER reply: one export of a LIST.
type exportEntry struct {
	plugins.Export
}

func (m *exportEntry) fields(c *coder) {
	c.text("export name", &m.Name)
	c.rest("description", &m.Description)
}

// The four messages that follow are INFO replies. The type comes first in each.

// infoHeader is the type alone, to tell which message follows.
type infoHeader struct {
	info infoType
}

func (m *infoHeader) fields(c *coder) { u16(c, "information type", &m.info) }

// exportInfo says what the export is. Every INFO and GO that succeeds tells it.
type exportInfo struct {
	info infoType // infoExport
	exportNameReply
}

func (m *exportInfo) fields(c *coder) {
	u16(c, "information type", &m.info)
	m.exportNameReply.fields(c)
}

// textInfo is a fact in words.
type textInfo struct {
	info infoType // infoName or infoDescription
	text string
}

func (m *textInfo) fields(c *coder) {
	u16(c, "information type", &m.info)
	c.rest("text", &m.text)
}

// blockSizeInfo says what sizes requests should have.
type blockSizeInfo struct {
	info infoType // infoBlockSize
	plugins.BlockSizes
}

func (m *blockSizeInfo) fields(c *coder) {
	u16(c, "information type", &m.info)
	u32(c, "minimum block size", &m.Minimum)
	u32(c, "preferred block size", &m.Preferred)
	u32(c, "maximum payload size", &m.Maximum)
}

// metaContext is a META_CONTEXT reply: a context and the number it has from now on.
type metaContext struct {
	id   uint32
	name string
}

func (m *metaContext) fields(c *coder) {
	u32(c, "context id", &m.id)
	c.rest("context name", &m.name)
}

// Transmission, client to server.

// requestHeader is a request, but for the payload of a WRITE.
type requestHeader struct {
	flags   commandFlags
	command command
	cookie  uint64
	offset  uint64
	length  uint32
}

func (m *requestHeader) fields(c *coder) {
	c.magic32(requestMagic)
	u16(c, "command flags", &m.flags)
	u16(c, "command", &m.command)
	u64(c, "cookie", &m.cookie)
	u64(c, "offset", &m.offset)
	u32(c, "length", &m.length)
}

const requestSize = 28

// Transmission, server to client.

// simpleReply is an answer, but for the payload of a READ that succeeded.
type simpleReply struct {
	errno  uint32 // 0 = success
	cookie uint64
}

func (m *simpleReply) fields(c *coder) {
	c.magic32(simpleMagic)
	u32(c, "error", &m.errno)
	u64(c, "cookie", &m.cookie)
}

const simpleReplySize = 16

// chunkHeader precedes a part of a structured reply.
type chunkHeader struct {
	flags  uint16 // chunkDone, or 0
	chunk  chunkType
	cookie uint64
	length uint32
}

func (m *chunkHeader) fields(c *coder) {
	c.magic32(chunkMagic)
	u16(c, "chunk flags", &m.flags)
	u16(c, "chunk type", &m.chunk)
	u64(c, "cookie", &m.cookie)
	u32(c, "length", &m.length)
}

const chunkHeaderSize = 20

// offsetData is the beginning of an OFFSET_DATA chunk; the data follow.
type offsetData struct {
	offset uint64
}

func (m *offsetData) fields(c *coder) { u64(c, "offset", &m.offset) }

const offsetDataSize = 8

// offsetHole is an OFFSET_HOLE chunk: length zeroes.
type offsetHole struct {
	offset uint64
	length uint32
}

func (m *offsetHole) fields(c *coder) {
	u64(c, "offset", &m.offset)
	u32(c, "hole size", &m.length)
}

const offsetHoleSize = 12

// errorChunk is an ERROR chunk, and the beginning of an ERROR_OFFSET chunk.
type errorChunk struct {
	errno uint32
	text  string
}

func (m *errorChunk) fields(c *coder) {
	u32(c, "error", &m.errno)
	n := uint16(len(m.text))
	u16(c, "message length", &n)
	c.chars("message", uint64(n), &m.text) // not checked: whoever sent it, it is only shown
}

const errorChunkSize = 6 // without the text

// blockStatus is the beginning of a BLOCK_STATUS chunk; descriptors follow to its end.
type blockStatus struct {
	context uint32
}

func (m *blockStatus) fields(c *coder) { u32(c, "context id", &m.context) }

const blockStatusSize = 4

// descriptor is one extent of a BLOCK_STATUS chunk.
type descriptor struct {
	length uint32
	status uint32 // plugins.ExtentType, for base:allocation
}

func (m *descriptor) fields(c *coder) {
	u32(c, "extent length", &m.length)
	u32(c, "status flags", &m.status)
}

const descriptorSize = 8
