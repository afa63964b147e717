package nbd

import (
	"slices"
	"strconv"
	"strings"
)

// An Offer is a transmission flag and what it means to a client that it is set, or not.
type Offer struct {
	Flag    TransmissionFlags
	Set     bool
	Meaning string
}

// offers says of each flag that a server may set what it means if it is set, and if not.
var offers = [...]struct {
	flag         TransmissionFlags
	set, missing string
}{
	{ReadOnly, "writes are refused", "the client may write"},
	{SendFlush, "FLUSH puts what was written before on stable storage", "there is no FLUSH: the client cannot know when data are on stable storage"},
	{SendFUA, "the client may ask that a write reaches stable storage before its reply", "a write cannot be forced to stable storage by itself"},
	{SendTrim, "the client may say that bytes are needed no longer, so that they become a hole", "the client cannot give space back by TRIM"},
	{SendWriteZeroes, "the client may ask for zeroes without sending them", "the client must send zeroes as data"},
	{SendFastZero, "the client may ask for zeroes on the condition that it is faster than writing them", "zeroes may be as slow as writing them"},
	{SendCache, "the client may ask that bytes are read ahead", "the client cannot ask that bytes are read ahead"},
	{SendDF, "the client may ask for a read in one piece", "a structured reply to a read may come in pieces"},
	{CanMultiConn, "several connections see the same data: a FLUSH on one covers the writes of all", "a client had better use one connection: a FLUSH covers its own writes alone"},
	{Rotational, "the disk turns: the client had better read in order", "the order of reads does not matter"},
	{BlockStatusPayload, "BLOCK_STATUS may name the contexts that it is about", "BLOCK_STATUS is about all contexts that were chosen"},
}

// Offers returns what f means to a client, flag by flag.
func (f TransmissionFlags) Offers() []Offer {
	out := make([]Offer, len(offers))
	for i, o := range offers {
		out[i] = Offer{o.flag, f&o.flag != 0, o.missing}
		if out[i].Set {
			out[i].Meaning = o.set
		}
	}
	return out
}

// Agreed is what the two ends of a connection agreed on. The zero value is
// nothing yet: simple replies, in the clear.
type Agreed struct {
	Opened     string // the option by which the export was opened: "GO"; "" = none was
	Flags      TransmissionFlags
	BlockSizes string // minimum, preferred and maximum as they were told; "" = nobody asked
	Structured bool   // replies in chunks
	Extended   bool   // and headers with lengths of 64 bits
	TLS        string // its version, and who the client is; "" = none
	Context    string // the metadata context that BLOCK_STATUS tells of; "" = none
}

// blockSizesIntro stands before the block sizes in the text of an option.
const blockSizesIntro = "; block sizes "

// With returns a after an option that was granted, by the text that
// [Trace.Option] was told. Texts that it does not know change nothing.
func (a Agreed) With(text string) Agreed {
	name, rest, _ := strings.Cut(text, " ")
	switch strings.TrimSuffix(name, ":") {
	case optStructuredReply.String():
		a.Structured = true
	case optExtendedHeaders.String():
		a.Structured, a.Extended = true, true
	case optStartTLS.String(): // what was agreed on before does not count
		return Agreed{TLS: rest}
	case optSetMeta.String():
		a.Context = ""
		if strings.HasSuffix(rest, ": "+baseAllocation) {
			a.Context = baseAllocation
		}
	case optGo.String(), optExportName.String():
		a.Opened = name
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			a.Flags, a.BlockSizes = parseFacts(rest[len(quoted):])
		}
	}
	return a
}

// parseFacts reads ": 4096 bytes, HAS_FLAGS, SEND_FLUSH; block sizes 1, 4096, 65536".
func parseFacts(text string) (f TransmissionFlags, blockSizes string) {
	text, blockSizes, _ = strings.Cut(text, blockSizesIntro)
	for word := range strings.SplitSeq(text, ", ") {
		if bit := slices.Index(transmissionFlagNames[:], word); bit >= 0 {
			f |= 1 << bit
		}
	}
	return f, blockSizes
}
