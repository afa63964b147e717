package nbd

import (
	"fmt"
	"math/bits"
	"syscall"

	"workbench/plugins"
)

// This file says in one line what each number of the protocol means (proto.md);
// wire.go has the numbers and their names.

var magicMeanings = map[uint64]string{
	nbdMagic:         "NBDMAGIC: an NBD server begins so",
	optionMagic:      "IHAVEOPT: the newstyle handshake; begins every option",
	oldstyleMagic:    "the oldstyle handshake, which has no options",
	optionReplyMagic: "begins every answer to an option",
	requestMagic:     "begins every request",
	simpleMagic:      "begins a simple reply",
	chunkMagic:       "begins a chunk of a structured reply",
	extRequestMagic:  "begins every request with an extended header",
	extChunkMagic:    "begins a chunk of a reply with an extended header",
}

var handshakeFlagMeanings = map[handshakeFlags]string{
	flagFixedNewstyle: "options may be refused without the connection ending",
	flagNoZeroes:      "the answer to EXPORT_NAME has no 124 zeroes after it",
}

var optionMeanings = map[option]string{
	optExportName:      "open an export and begin transmission; cannot be refused but by hanging up",
	optAbort:           "end the handshake and the connection in peace",
	optList:            "name the exports",
	optPeekExport:      "withdrawn from the specification",
	optStartTLS:        "encrypt from here on",
	optInfo:            "tell about an export, without opening it",
	optGo:              "open an export and begin transmission",
	optStructuredReply: "send replies in chunks",
	optListMeta:        "name the metadata contexts of an export",
	optSetMeta:         "choose the metadata contexts that BLOCK_STATUS will tell of",
	optExtendedHeaders: "use headers of 32 bytes with lengths of 64 bits, and replies in chunks",
}

var replyMeanings = map[replyType]string{
	repAck:          "granted, and nothing more to say",
	repServer:       "one export of a list",
	repInfo:         "one fact about an export",
	repMetaContext:  "one metadata context, and its number",
	repError:        "an error of no known kind",
	repErrUnsup:     "the server does not know this option",
	repErrPolicy:    "the server knows the option but is set up to refuse it",
	repErrInvalid:   "the option is malformed, or makes no sense here",
	repErrPlatform:  "the server's platform cannot do it",
	repErrTLSReqd:   "the server wants encryption first: STARTTLS",
	repErrUnknown:   "there is no such export",
	repErrShutdown:  "the server is shutting down",
	repErrBlockSize: "the client must ask for the block sizes and keep to them",
	repErrTooBig:    "the request, or its answer, is too large",
	repErrExtHeader: "this needs extended headers: EXTENDED_HEADERS first",
}

var infoMeanings = map[infoType]string{
	infoExport:      "size and transmission flags of the export",
	infoName:        "the export's own name",
	infoDescription: "what the export is, for people",
	infoBlockSize:   "what sizes requests may have",
}

var transmissionFlagMeanings = map[TransmissionFlags]string{
	HasFlags:           "always set: the flags are valid",
	ReadOnly:           "writes are refused",
	SendFlush:          "FLUSH is understood",
	SendFUA:            "the command flag FUA is understood",
	Rotational:         "a disk that turns: better read in order",
	SendTrim:           "TRIM is understood",
	SendWriteZeroes:    "WRITE_ZEROES is understood",
	SendDF:             "the command flag DF is understood",
	CanMultiConn:       "several connections see the same data; a FLUSH on one covers all",
	SendResize:         "RESIZE is understood: an extension that nobody implements",
	SendCache:          "CACHE is understood",
	SendFastZero:       "the command flag FAST_ZERO is understood",
	BlockStatusPayload: "BLOCK_STATUS takes a payload that names contexts (extended headers)",
}

var commandMeanings = map[command]string{
	cmdRead:        "send me data",
	cmdWrite:       "keep the data that follow",
	cmdDisc:        "finish what is in flight and hang up; has no reply",
	cmdFlush:       "put on stable storage every write that was answered",
	cmdTrim:        "these data are no longer needed",
	cmdCache:       "these data will be read soon",
	cmdWriteZeroes: "make it zeroes, without sending them",
	cmdBlockStatus: "say what is data, what a hole, and the like",
	cmdResize:      "change the size of the disk: an extension that nobody implements",
}

var commandFlagMeanings = map[commandFlags]string{
	cmdFlagFUA:        "answer when it is on stable storage",
	cmdFlagNoHole:     "zeroes must stay allocated, not become a hole",
	cmdFlagDF:         "do not fragment: all data in one chunk",
	cmdFlagReqOne:     "one extent is enough",
	cmdFlagFastZero:   "fail with ENOTSUP unless it is faster than writing",
	cmdFlagPayloadLen: "the length is that of a payload that follows (extended headers)",
}

var chunkMeanings = map[chunkType]string{
	chunkNone:           "no content: only ends the reply",
	chunkOffsetData:     "data, and the offset where they belong",
	chunkOffsetHole:     "a stretch of zeroes, which are not sent",
	chunkBlockStatus:    "extents of one metadata context",
	chunkBlockStatusExt: "extents of one metadata context, with lengths of 64 bits",
	chunkIsError:        "an error of no known kind",
	chunkError:          "an error, with its reason in words",
	chunkErrorOffset:    "an error, its reason, and the offset where it happened",
}

// A chunkFlags is the flags of a chunk.
type chunkFlags uint16

func (f chunkFlags) String() string { return flagNames(uint64(f), []string{"DONE"}) }

var chunkFlagMeanings = map[chunkFlags]string{
	chunkFlags(chunkDone): "the last chunk of this reply",
}

// A wireErrno is an error as it is sent: Linux's number, whatever the system.
type wireErrno uint32

func (e wireErrno) String() string {
	if e == 0 {
		return "success"
	}
	if plugins.WireErrno(syscall.Errno(e), plugins.FlagFastZero|plugins.FlagDF) == syscall.Errno(e) {
		return plugins.ErrnoName(syscall.Errno(e))
	}
	return fmt.Sprintf("error %d", uint32(e))
}

var errorMeanings = map[wireErrno]string{
	0:                            "it was done",
	wireErrno(syscall.EPERM):     "not permitted: the export is read-only",
	wireErrno(syscall.EIO):       "the disk failed",
	wireErrno(syscall.ENOMEM):    "the server has no memory for it",
	wireErrno(syscall.EINVAL):    "the request makes no sense here",
	wireErrno(syscall.ENOSPC):    "no space left, or past the end",
	wireErrno(syscall.EOVERFLOW): "too much for one chunk: ask again without DF",
	wireErrno(syscall.ENOTSUP):   "would be no faster than writing (FAST_ZERO)",
	wireErrno(syscall.ESHUTDOWN): "the server is shutting down",
}

// An allocationFlags is the status of an extent in base:allocation.
type allocationFlags uint64

func (f allocationFlags) String() string { return flagNames(uint64(f), []string{"HOLE", "ZERO"}) }

var allocationMeanings = map[allocationFlags]string{
	allocationFlags(plugins.ExtentHole): "not allocated",
	allocationFlags(plugins.ExtentZero): "reads as zeroes",
}

// A named number has a name in the specification.
type named interface {
	~uint16 | ~uint32 | ~uint64
	fmt.Stringer
}

// A wording puts the value of a field in words. more is what the value means;
// flags are the bits that are set, if it consists of such.
type wording func(n uint64) (value, more string, flags []Flag)

const unknownMeaning = "not in the specification"

// symbol words a number that stands for something.
func symbol[T named](meanings map[T]string) wording {
	return func(n uint64) (string, string, []Flag) {
		more, ok := meanings[T(n)]
		if !ok {
			more = unknownMeaning
		}
		return fmt.Sprintf("%s (%s)", T(n), code(n)), more, nil
	}
}

// code writes the number of a symbol: the top bit of errors is easier to see in hex.
func code(n uint64) string {
	if n >= 1<<15 {
		return fmt.Sprintf("%#x", n)
	}
	return fmt.Sprint(n)
}

// flagSet words a number whose bits stand for something.
func flagSet[T named](meanings map[T]string) wording {
	return func(n uint64) (string, string, []Flag) {
		if n == 0 {
			return "0", "none set", nil
		}
		flags := make([]Flag, 0, bits.OnesCount64(n))
		for rest := n; rest != 0; rest &= rest - 1 {
			bit := bits.TrailingZeros64(rest)
			more, ok := meanings[T(1)<<bit]
			if !ok {
				more = unknownMeaning
			}
			flags = append(flags, Flag{Bit: bit, Name: (T(1) << bit).String(), Meaning: more})
		}
		return fmt.Sprintf("%s (%#x)", T(n), n), "", flags
	}
}

// allocationWording words the status of an extent, where no flag is news as well.
func allocationWording(n uint64) (string, string, []Flag) {
	if n == 0 {
		return "0", "data", nil
	}
	return flagSet(allocationMeanings)(n)
}

func magicWording(n uint64) (string, string, []Flag) {
	more, ok := magicMeanings[n]
	if !ok {
		more = "no magic number of NBD"
	}
	return fmt.Sprintf("%#x", n), more, nil
}

func countWording(n uint64) (string, string, []Flag) { return fmt.Sprint(n), "", nil }
func hexWording(n uint64) (string, string, []Flag)   { return fmt.Sprintf("%#x", n), "", nil }
func sizeWording(n uint64) (string, string, []Flag)  { return sizeText(n), "", nil }

// offsetWording words a place on the disk.
func offsetWording(n uint64) (string, string, []Flag) {
	if n < 10 {
		return fmt.Sprint(n), "", nil
	}
	return fmt.Sprintf("%d (%#x)", n, n), "", nil
}

// maximumWording words the largest payload, where all ones is no limit.
func maximumWording(n uint64) (string, string, []Flag) {
	if n == 0xffffffff {
		return "0xffffffff", "no limit", nil
	}
	return sizeWording(n)
}

// sizeText writes a number of bytes exactly, and in the unit that suits it.
func sizeText(n uint64) string {
	if n == 1 {
		return "1 byte"
	}
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	unit := (bits.Len64(n) - 1) / 10
	name := "KMGTPE"[unit-1]
	size := uint64(1) << (10 * unit)
	if n%size == 0 {
		return fmt.Sprintf("%d bytes (%d %ciB)", n, n/size, name)
	}
	return fmt.Sprintf("%d bytes (%.1f %ciB)", n, float64(n)/float64(size), name)
}
