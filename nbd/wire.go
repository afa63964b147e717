package nbd

import (
	"fmt"
	"strings"
	"syscall"
)

// This file has every number of the protocol and its name in the specification
// (proto.md of the NetworkBlockDevice project); message.go has the layouts.

// The magic numbers that open each message.
const (
	nbdMagic         = 0x4e42444d41474943 // "NBDMAGIC"
	optionMagic      = 0x49484156454f5054 // "IHAVEOPT"
	oldstyleMagic    = 0x00420281861253   // where newstyle has "IHAVEOPT"
	optionReplyMagic = 0x0003e889045565a9
	requestMagic     = 0x25609513
	simpleMagic      = 0x67446698
	chunkMagic       = 0x668e33ef
	extRequestMagic  = 0x21e41c71 // these two after EXTENDED_HEADERS
	extChunkMagic    = 0x6e8a278c
)

// Limits of this implementation on what the other side may send.
const (
	maxOptions    = 32       // options in one handshake
	maxOptionData = 1 << 20  // bytes that come with an option; the largest GO that makes sense has 135,172
	maxReplyData  = 64 << 10 // bytes that come with the answer to an option
	maxString     = 4096     // bytes of a name, a query or an error message
	maxDiscard    = 128 << 20
)

// A handshakeFlags is what the server offers in its greeting. The client
// repeats, in 32 bits, the ones that it uses.
type handshakeFlags uint32

const (
	flagFixedNewstyle handshakeFlags = 1 << iota // options other than EXPORT_NAME may be refused
	flagNoZeroes                                 // the answer to EXPORT_NAME is not padded
)

var handshakeFlagNames = [...]string{"FIXED_NEWSTYLE", "NO_ZEROES"}

// String returns the specification's names joined by commas.
func (f handshakeFlags) String() string { return flagNames(uint64(f), handshakeFlagNames[:]) }

// An option is what a client asks for in the handshake.
type option uint32

const (
	optExportName      option = 1
	optAbort           option = 2
	optList            option = 3
	optPeekExport      option = 4 // withdrawn
	optStartTLS        option = 5
	optInfo            option = 6
	optGo              option = 7
	optStructuredReply option = 8
	optListMeta        option = 9
	optSetMeta         option = 10
	optExtendedHeaders option = 11
)

var optionNames = [...]string{
	"", "EXPORT_NAME", "ABORT", "LIST", "PEEK_EXPORT", "STARTTLS", "INFO", "GO",
	"STRUCTURED_REPLY", "LIST_META_CONTEXT", "SET_META_CONTEXT", "EXTENDED_HEADERS",
}

// String returns the specification's name without its NBD_OPT_.
func (o option) String() string { return nameOf(uint64(o), optionNames[:], "option") }

// A replyType says how the server answers an option.
type replyType uint32

const (
	repAck         replyType = 1
	repServer      replyType = 2 // one export of a LIST
	repInfo        replyType = 3 // one fact of an INFO or GO
	repMetaContext replyType = 4

	repError        replyType = 1 << 31 // set in every error
	repErrUnsup               = repError | 1
	repErrPolicy              = repError | 2
	repErrInvalid             = repError | 3
	repErrPlatform            = repError | 4
	repErrTLSReqd             = repError | 5
	repErrUnknown             = repError | 6
	repErrShutdown            = repError | 7
	repErrBlockSize           = repError | 8
	repErrTooBig              = repError | 9
	repErrExtHeader           = repError | 10
)

var replyNames = [...]string{"", "ACK", "SERVER", "INFO", "META_CONTEXT"}

// replyErrors gives each error of an option its name and the errno that it
// amounts to for a program.
var replyErrors = [...]struct {
	name  string
	errno syscall.Errno
}{
	{"", syscall.EIO},
	{"ERR_UNSUP", syscall.ENOTSUP},
	{"ERR_POLICY", syscall.EPERM},
	{"ERR_INVALID", syscall.EINVAL},
	{"ERR_PLATFORM", syscall.EIO},
	{"ERR_TLS_REQD", syscall.EACCES},
	{"ERR_UNKNOWN", syscall.ENOENT},
	{"ERR_SHUTDOWN", syscall.ESHUTDOWN},
	{"ERR_BLOCK_SIZE_REQD", syscall.EINVAL},
	{"ERR_TOO_BIG", syscall.EINVAL},
	{"ERR_EXT_HEADER_REQD", syscall.EINVAL},
}

// String returns the specification's name without its NBD_REP_.
func (r replyType) String() string {
	if n := r &^ repError; r&repError != 0 && int(n) < len(replyErrors) && n > 0 {
		return replyErrors[n].name
	}
	return nameOf(uint64(r), replyNames[:], "reply")
}

// errno returns what an error amounts to for a program.
func (r replyType) errno() syscall.Errno {
	if n := r &^ repError; int(n) < len(replyErrors) {
		return replyErrors[n].errno
	}
	return syscall.EIO
}

// An infoType is a fact about an export that INFO and GO tell.
type infoType uint16

const (
	infoExport      infoType = 0 // size and transmission flags
	infoName        infoType = 1
	infoDescription infoType = 2
	infoBlockSize   infoType = 3
)

var infoNames = [...]string{"EXPORT", "NAME", "DESCRIPTION", "BLOCK_SIZE"}

// String returns the specification's name without its NBD_INFO_.
func (i infoType) String() string { return nameOf(uint64(i), infoNames[:], "information type") }

// TransmissionFlags say what an export can do. The zero value is not valid:
// every server sets the lowest bit.
type TransmissionFlags uint16

// The transmission flags (the specification, "Transmission flags").
const (
	HasFlags TransmissionFlags = 1 << iota
	ReadOnly
	SendFlush
	SendFUA
	Rotational
	SendTrim
	SendWriteZeroes
	SendDF
	CanMultiConn
	SendResize // of an extension that nobody implements; never set
	SendCache
	SendFastZero
	BlockStatusPayload // a BLOCK_STATUS may name the contexts that it is about
)

var transmissionFlagNames = [...]string{
	"HAS_FLAGS", "READ_ONLY", "SEND_FLUSH", "SEND_FUA", "ROTATIONAL", "SEND_TRIM", "SEND_WRITE_ZEROES",
	"SEND_DF", "CAN_MULTI_CONN", "SEND_RESIZE", "SEND_CACHE", "SEND_FAST_ZERO", "BLOCK_STATUS_PAYLOAD",
}

// String returns the specification's names joined by commas.
func (f TransmissionFlags) String() string { return flagNames(uint64(f), transmissionFlagNames[:]) }

// A command is what a request does.
type command uint16

const (
	cmdRead        command = 0
	cmdWrite       command = 1
	cmdDisc        command = 2
	cmdFlush       command = 3
	cmdTrim        command = 4
	cmdCache       command = 5
	cmdWriteZeroes command = 6
	cmdBlockStatus command = 7
	cmdResize      command = 8 // of an extension that nobody implements
)

var commandNames = [...]string{"READ", "WRITE", "DISC", "FLUSH", "TRIM", "CACHE", "WRITE_ZEROES", "BLOCK_STATUS", "RESIZE"}

// String returns the specification's name without its NBD_CMD_.
func (c command) String() string { return nameOf(uint64(c), commandNames[:], "command") }

// A commandFlags modifies a request.
type commandFlags uint16

const (
	cmdFlagFUA commandFlags = 1 << iota
	cmdFlagNoHole
	cmdFlagDF
	cmdFlagReqOne
	cmdFlagFastZero
	cmdFlagPayloadLen // the length is that of a payload; with extended headers only
)

var commandFlagNames = [...]string{"FUA", "NO_HOLE", "DF", "REQ_ONE", "FAST_ZERO", "PAYLOAD_LEN"}

// String returns the specification's names joined by commas.
func (f commandFlags) String() string { return flagNames(uint64(f), commandFlagNames[:]) }

// A chunkType says what a chunk of a structured reply holds.
type chunkType uint16

const (
	chunkNone           chunkType = 0
	chunkOffsetData     chunkType = 1
	chunkOffsetHole     chunkType = 2
	chunkBlockStatus    chunkType = 5
	chunkBlockStatusExt chunkType = 6 // lengths of 64 bits; with extended headers only

	chunkIsError     chunkType = 1 << 15 // set in every error
	chunkError                 = chunkIsError | 1
	chunkErrorOffset           = chunkIsError | 2
)

var (
	chunkNames      = [...]string{"NONE", "OFFSET_DATA", "OFFSET_HOLE", "", "", "BLOCK_STATUS", "BLOCK_STATUS_EXT"}
	chunkErrorNames = [...]string{"", "ERROR", "ERROR_OFFSET"}
)

// String returns the specification's name without its NBD_REPLY_TYPE_.
func (t chunkType) String() string {
	if n := t &^ chunkIsError; t&chunkIsError != 0 && n > 0 && int(n) < len(chunkErrorNames) {
		return chunkErrorNames[n]
	}
	return nameOf(uint64(t), chunkNames[:], "chunk type")
}

// chunkDone marks the last chunk of a structured reply.
const chunkDone uint16 = 1

// baseAllocation is the one metadata context that is offered, and
// allocationID the number that the server gives it.
const (
	baseAllocation = "base:allocation"
	allocationID   = 1
)

// nameOf returns the name of n, or what and the number if it has none.
func nameOf(n uint64, names []string, what string) string {
	if n < uint64(len(names)) && names[n] != "" {
		return names[n]
	}
	return fmt.Sprintf("%s %d", what, n)
}

// flagNames returns the names of the bits of n joined by commas, "0" for none.
func flagNames(n uint64, names []string) string {
	if n == 0 {
		return "0"
	}
	var b strings.Builder
	for bit := 0; n>>bit != 0; bit++ {
		if n>>bit&1 == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		if bit < len(names) {
			b.WriteString(names[bit])
		} else {
			fmt.Fprintf(&b, "%#x", uint64(1)<<bit)
		}
	}
	return b.String()
}
