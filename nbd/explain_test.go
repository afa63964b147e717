package nbd

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"workbench/plugins"
)

// explainAll explains data and checks what holds for every explanation: the
// messages and their fields cover all bytes, in order and without a gap.
func explainAll(t *testing.T, data []byte, o ExplainOptions) []Message {
	t.Helper()
	messages := slices.Collect(Explain(data, o))
	pos := 0
	for _, m := range messages {
		if m.Offset != pos || m.Size < 1 {
			t.Fatalf("%q begins at %d and has %d bytes: want it at %d", m.Name, m.Offset, m.Size, pos)
		}
		for _, f := range m.Fields {
			if f.Offset != pos || len(f.Bytes) == 0 && f.Value != `""` || !bytes.Equal(f.Bytes, data[pos:pos+len(f.Bytes)]) {
				t.Fatalf("%q of %q stands at %d with %d bytes: want it at %d", f.Name, m.Name, f.Offset, len(f.Bytes), pos)
			}
			if f.Name == "" || f.Value == "" {
				t.Fatalf("a field of %q has no name or no value: %+v", m.Name, f)
			}
			pos += len(f.Bytes)
		}
		if pos != m.Offset+m.Size || len(m.Fields) > maxFields+1 {
			t.Fatalf("%q ends at %d, its %d fields at %d", m.Name, m.Offset+m.Size, len(m.Fields), pos)
		}
		if p := m.Problem; p != nil && (p.Offset < m.Offset || p.Offset > pos || p.Text == "") {
			t.Fatalf("%q has a problem outside of it: %v", m.Name, p)
		}
		if m.Name == "" && m.Problem == nil {
			t.Fatalf("bytes %d to %d were not explained, without a reason", m.Offset, pos)
		}
	}
	if pos != len(data) {
		t.Fatalf("%d of %d bytes were explained", pos, len(data))
	}
	return messages
}

// fieldText writes the fields of a message as "name = value", but for its magic number.
func fieldText(m Message) string {
	var lines []string
	for _, f := range m.Fields {
		if f.Name != "magic" {
			lines = append(lines, f.Name+" = "+f.Value)
		}
	}
	return strings.Join(lines, "\n")
}

// parts joins messages and raw bytes.
func parts(list ...any) []byte {
	var b []byte
	for _, x := range list {
		switch x := x.(type) {
		case message:
			b = appendMessage(b, x)
		case string:
			b = append(b, x...)
		case []byte:
			b = append(b, x...)
		}
	}
	return b
}

func optionBytes(o option, m ...any) []byte {
	data := parts(m...)
	return parts(&optionHeader{o, uint32(len(data))}, data)
}

func replyBytes(o option, r replyType, m ...any) []byte {
	data := parts(m...)
	return parts(&optionReplyHeader{o, r, uint32(len(data))}, data)
}

func chunkBytes(flags uint16, c chunkType, cookie uint64, m ...any) []byte {
	data := parts(m...)
	return parts(&chunkHeader{flags, c, cookie, uint32(len(data))}, data)
}

func extendedBytes(flags uint16, c chunkType, cookie uint64, m ...any) []byte {
	data := parts(m...)
	return parts(&extChunk{flags, c, cookie, 512, uint64(len(data))}, data)
}

// roundTrips have each message of the protocol, and what its fields must say.
var roundTrips = []struct {
	name   string
	bytes  []byte
	o      ExplainOptions
	fields string
}{
	{"greeting", parts(&greeting{3}), ExplainOptions{}, "handshake flags = FIXED_NEWSTYLE, NO_ZEROES (0x3)"},
	{"oldstyle greeting", parts(&oldstyleGreeting{4096, 0, HasFlags}, make([]byte, 124)), ExplainOptions{},
		"export size = 4096 bytes (4 KiB)\nhandshake flags = 0\ntransmission flags = HAS_FLAGS (0x1)\npadding = 124 bytes, all 0x00"},
	{"client flags", parts(&clientFlags{1}), ExplainOptions{}, "client flags = FIXED_NEWSTYLE (0x1)"},
	{"option EXPORT_NAME", optionBytes(optExportName, &textMessage{"disk"}), ExplainOptions{},
		"option = EXPORT_NAME (1)\nlength = 4 bytes\ntext = \"disk\""},
	{"option ABORT", optionBytes(optAbort, "x"), ExplainOptions{}, "option = ABORT (2)\nlength = 1 byte\ndata = 1 byte, all 0x78"},
	{"option LIST", optionBytes(optList), ExplainOptions{}, "option = LIST (3)\nlength = 0 bytes"},
	{"option PEEK_EXPORT", optionBytes(optPeekExport, "xy"), ExplainOptions{}, "option = PEEK_EXPORT (4)\nlength = 2 bytes\ndata = 2 bytes"},
	{"option STARTTLS", optionBytes(optStartTLS), ExplainOptions{}, "option = STARTTLS (5)\nlength = 0 bytes"},
	{"option INFO", optionBytes(optInfo, &infoRequest{"", nil}), ExplainOptions{},
		"option = INFO (6)\nlength = 6 bytes\nexport name length = 0 bytes\nexport name = \"\"\nnumber of information requests = 0"},
	{"option GO", optionBytes(optGo, &infoRequest{"a\n", []infoType{infoBlockSize, 9}}), ExplainOptions{},
		"option = GO (7)\nlength = 12 bytes\nexport name length = 2 bytes\nexport name = \"a\\n\"\nnumber of information requests = 2\n" +
			"information type = BLOCK_SIZE (3)\ninformation type = information type 9 (9)"},
	{"option STRUCTURED_REPLY", optionBytes(optStructuredReply), ExplainOptions{}, "option = STRUCTURED_REPLY (8)\nlength = 0 bytes"},
	{"option LIST_META_CONTEXT", optionBytes(optListMeta, &metaRequest{"d", nil}), ExplainOptions{},
		"option = LIST_META_CONTEXT (9)\nlength = 9 bytes\nexport name length = 1 byte\nexport name = \"d\"\nnumber of queries = 0"},
	{"option SET_META_CONTEXT", optionBytes(optSetMeta, &metaRequest{"d", []string{"base:allocation"}}), ExplainOptions{},
		"option = SET_META_CONTEXT (10)\nlength = 28 bytes\nexport name length = 1 byte\nexport name = \"d\"\nnumber of queries = 1\n" +
			"query length = 15 bytes\nquery = \"base:allocation\""},
	{"option EXTENDED_HEADERS", optionBytes(optExtendedHeaders), ExplainOptions{}, "option = EXTENDED_HEADERS (11)\nlength = 0 bytes"},
	{"option 77", optionBytes(77, "xyz"), ExplainOptions{}, "option = option 77 (77)\nlength = 3 bytes\ndata = 3 bytes"},

	{"ACK reply to LIST", replyBytes(optList, repAck), ExplainOptions{}, "option = LIST (3)\nreply = ACK (1)\nlength = 0 bytes"},
	{"SERVER reply to LIST", replyBytes(optList, repServer, &exportEntry{plugins.Export{Name: "a", Description: "b c"}}), ExplainOptions{},
		"option = LIST (3)\nreply = SERVER (2)\nlength = 8 bytes\nexport name length = 1 byte\nexport name = \"a\"\ndescription = \"b c\""},
	{"INFO EXPORT reply to GO", replyBytes(optGo, repInfo, &exportInfo{infoExport, exportNameReply{1536, HasFlags | SendDF}}), ExplainOptions{},
		"option = GO (7)\nreply = INFO (3)\nlength = 12 bytes\ninformation type = EXPORT (0)\nexport size = 1536 bytes (1.5 KiB)\n" +
			"transmission flags = HAS_FLAGS, SEND_DF (0x81)"},
	{"INFO NAME reply to INFO", replyBytes(optInfo, repInfo, &textInfo{infoName, "n"}), ExplainOptions{},
		"option = INFO (6)\nreply = INFO (3)\nlength = 3 bytes\ninformation type = NAME (1)\ntext = \"n\""},
	{"INFO DESCRIPTION reply to INFO", replyBytes(optInfo, repInfo, &textInfo{infoDescription, strings.Repeat("d", 300)}), ExplainOptions{},
		"option = INFO (6)\nreply = INFO (3)\nlength = 302 bytes\ninformation type = DESCRIPTION (2)\ntext = \"" + strings.Repeat("d", 200) + "\"… (300 bytes)"},
	{"INFO BLOCK_SIZE reply to GO", replyBytes(optGo, repInfo, &blockSizeInfo{infoBlockSize, plugins.BlockSizes{Minimum: 1, Preferred: 4096, Maximum: 0xffffffff}}), ExplainOptions{},
		"option = GO (7)\nreply = INFO (3)\nlength = 14 bytes\ninformation type = BLOCK_SIZE (3)\nminimum block size = 1 byte\n" +
			"preferred block size = 4096 bytes (4 KiB)\nmaximum payload size = 0xffffffff"},
	{"INFO information type 7 reply to GO", replyBytes(optGo, repInfo, &infoHeader{7}, "abc"), ExplainOptions{},
		"option = GO (7)\nreply = INFO (3)\nlength = 5 bytes\ninformation type = information type 7 (7)\ndata = 3 bytes"},
	{"META_CONTEXT reply to SET_META_CONTEXT", replyBytes(optSetMeta, repMetaContext, &metaContext{1, "base:allocation"}), ExplainOptions{},
		"option = SET_META_CONTEXT (10)\nreply = META_CONTEXT (4)\nlength = 19 bytes\ncontext id = 1\ncontext name = \"base:allocation\""},
	{"ERR_UNKNOWN reply to GO", replyBytes(optGo, repErrUnknown, "no"), ExplainOptions{},
		"option = GO (7)\nreply = ERR_UNKNOWN (0x80000006)\nlength = 2 bytes\ntext = \"no\""},
	{"reply 9 reply to LIST", replyBytes(optList, 9, "abc"), ExplainOptions{}, "option = LIST (3)\nreply = reply 9 (9)\nlength = 3 bytes\ndata = 3 bytes"},
	{"reply to EXPORT_NAME", parts(&exportNameReply{1 << 20, HasFlags | ReadOnly}, make([]byte, 124)), ExplainOptions{From: FromServer},
		"export size = 1048576 bytes (1 MiB)\ntransmission flags = HAS_FLAGS, READ_ONLY (0x3)\npadding = 124 bytes, all 0x00"},

	{"request READ", parts(&requestHeader{cmdFlagDF, cmdRead, 0xabc, 512, 4096}), ExplainOptions{},
		"command flags = DF (0x4)\ncommand = READ (0)\ncookie = 0xabc\noffset = 512 (0x200)\nlength = 4096 bytes (4 KiB)"},
	{"request WRITE", parts(&requestHeader{cmdFlagFUA, cmdWrite, 1, 0, 3}, "abc"), ExplainOptions{},
		"command flags = FUA (0x1)\ncommand = WRITE (1)\ncookie = 0x1\noffset = 0\nlength = 3 bytes\ndata = 3 bytes"},
	{"request BLOCK_STATUS", parts(&requestHeader{cmdFlagReqOne, cmdBlockStatus, 1, 5, 3}), ExplainOptions{},
		"command flags = REQ_ONE (0x8)\ncommand = BLOCK_STATUS (7)\ncookie = 0x1\noffset = 5\nlength = 3 bytes"},
	{"request command 99", parts(&requestHeader{1 << 9, 99, 1, 5, 3}), ExplainOptions{},
		"command flags = 0x200 (0x200)\ncommand = command 99 (99)\ncookie = 0x1\noffset = 5\nlength = 3 bytes"},
	{"simple reply", parts(&simpleReply{0, 1}), ExplainOptions{}, "error = success (0)\ncookie = 0x1"},
	{"simple reply, ENOSPC", parts(&simpleReply{28, 1}), ExplainOptions{}, "error = ENOSPC (28)\ncookie = 0x1"},
	{"simple reply, error 77", parts(&simpleReply{77, 1}), ExplainOptions{}, "error = error 77 (77)\ncookie = 0x1"},
	{"structured reply NONE", chunkBytes(1, chunkNone, 2), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = NONE (0)\ncookie = 0x2\nlength = 0 bytes"},
	{"structured reply OFFSET_DATA", chunkBytes(0, chunkOffsetData, 2, &offsetData{4096}, "abc"), ExplainOptions{},
		"chunk flags = 0\nchunk type = OFFSET_DATA (1)\ncookie = 0x2\nlength = 11 bytes\noffset = 4096 (0x1000)\ndata = 3 bytes"},
	{"structured reply OFFSET_HOLE", chunkBytes(1, chunkOffsetHole, 2, &offsetHole{16, 512}), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = OFFSET_HOLE (2)\ncookie = 0x2\nlength = 12 bytes\noffset = 16 (0x10)\nhole size = 512 bytes"},
	{"structured reply BLOCK_STATUS", chunkBytes(1, chunkBlockStatus, 2, &blockStatus{1}, &descriptor{512, 3}, &descriptor{512, 0}), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = BLOCK_STATUS (5)\ncookie = 0x2\nlength = 20 bytes\ncontext id = 1\n" +
			"extent length = 512 bytes\nstatus flags = HOLE, ZERO (0x3)\nextent length = 512 bytes\nstatus flags = 0"},
	{"structured reply ERROR", chunkBytes(1, chunkError, 2, &errorChunk{5, "disk"}), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = ERROR (0x8001)\ncookie = 0x2\nlength = 10 bytes\nerror = EIO (5)\nmessage length = 4 bytes\nmessage = \"disk\""},
	{"structured reply ERROR_OFFSET", chunkBytes(1, chunkErrorOffset, 2, &errorChunk{5, ""}, &offsetData{9}), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = ERROR_OFFSET (0x8002)\ncookie = 0x2\nlength = 14 bytes\nerror = EIO (5)\nmessage length = 0 bytes\nmessage = \"\"\noffset = 9"},
	{"structured reply chunk type 32777", chunkBytes(1, 0x8009, 2, &errorChunk{5, "x"}, "?"), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = chunk type 32777 (0x8009)\ncookie = 0x2\nlength = 8 bytes\nerror = EIO (5)\nmessage length = 1 byte\nmessage = \"x\"\ndata = 1 byte, all 0x3f"},
	{"structured reply chunk type 9", chunkBytes(1, 9, 2, "ab"), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = chunk type 9 (9)\ncookie = 0x2\nlength = 2 bytes\ndata = 2 bytes"},

	{"extended request READ", parts(&extRequest{0, cmdRead, 1, 0, 1 << 40}), ExplainOptions{},
		"command flags = 0\ncommand = READ (0)\ncookie = 0x1\noffset = 0\nlength = 1099511627776 bytes (1 TiB)"},
	{"extended request WRITE", parts(&extRequest{cmdFlagPayloadLen, cmdWrite, 1, 0, 2}, "ab"), ExplainOptions{},
		"command flags = PAYLOAD_LEN (0x20)\ncommand = WRITE (1)\ncookie = 0x1\noffset = 0\nlength = 2 bytes\ndata = 2 bytes"},
	{"extended request BLOCK_STATUS", parts(&extRequest{cmdFlagPayloadLen, cmdBlockStatus, 1, 0, 16}, &statusPayload{512}, &blockStatus{3}, &blockStatus{4}), ExplainOptions{},
		"command flags = PAYLOAD_LEN (0x20)\ncommand = BLOCK_STATUS (7)\ncookie = 0x1\noffset = 0\nlength = 16 bytes\neffect length = 512 bytes\ncontext id = 3\ncontext id = 4"},
	{"extended request TRIM", parts(&extRequest{cmdFlagPayloadLen, cmdTrim, 1, 0, 2}, "ab"), ExplainOptions{},
		"command flags = PAYLOAD_LEN (0x20)\ncommand = TRIM (4)\ncookie = 0x1\noffset = 0\nlength = 2 bytes\ndata = 2 bytes"},
	{"extended reply NONE", extendedBytes(1, chunkNone, 2), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = NONE (0)\ncookie = 0x2\noffset = 512 (0x200)\nlength = 0 bytes"},
	{"extended reply BLOCK_STATUS_EXT", extendedBytes(1, chunkBlockStatusExt, 2, &blockStatusExt{1, 1}, &descriptorExt{1 << 33, 1}), ExplainOptions{},
		"chunk flags = DONE (0x1)\nchunk type = BLOCK_STATUS_EXT (6)\ncookie = 0x2\noffset = 512 (0x200)\nlength = 24 bytes\ncontext id = 1\ndescriptor count = 1\n" +
			"extent length = 8589934592 bytes (8 GiB)\nstatus flags = HOLE (0x1)"},
}

// TestExplainRoundTrip has the fields of each message back in words, and each
// beginning of it cut off with a reason.
func TestExplainRoundTrip(t *testing.T) {
	for _, tt := range roundTrips {
		t.Run(tt.name, func(t *testing.T) {
			messages := explainAll(t, tt.bytes, tt.o)
			if len(messages) != 1 {
				t.Fatalf("%d messages: want 1: %+v", len(messages), messages)
			}
			m := messages[0]
			if m.Name != tt.name || m.Problem != nil || fieldText(m) != tt.fields {
				t.Errorf("%q, %v:\n%s\nwant:\n%s", m.Name, m.Problem, fieldText(m), tt.fields)
			}
			for n := 1; n < len(tt.bytes); n++ {
				o := tt.o
				o.Stage = m.Stage
				cut := explainAll(t, tt.bytes[:n], o)
				if len(cut) != 1 || cut[0].Stage != m.Stage {
					t.Fatalf("%d bytes are %+v", n, cut)
				}
				// Without its zeroes, the answer to EXPORT_NAME is as complete as with them.
				bare := m.Stage == StageExportName && n == exportNameReplySize
				if p := cut[0].Problem; !bare && (p == nil || p.Offset != n || !strings.HasPrefix(p.Text, "the input ends here: ")) {
					t.Errorf("after %d bytes: %v", n, p)
				}
			}
		})
	}
}

// TestExplainEveryCommand has each command with each flag, in both forms.
func TestExplainEveryCommand(t *testing.T) {
	for cmd := range wireCommands {
		length := uint32(1)
		if command(cmd) == cmdFlush || command(cmd) == cmdDisc {
			length = 0
		}
		for bit := range commandFlagNames {
			flag := commandFlags(1) << bit
			m := explainAll(t, parts(&requestHeader{flag, command(cmd), 1, 0, length}), ExplainOptions{From: FromClient, HeadersOnly: true})[0]
			if f := m.Fields[1]; m.Name != "request "+commandNames[cmd] || len(f.Flags) != 1 ||
				f.Flags[0] != (Flag{bit, commandFlagNames[bit], commandFlagMeanings[flag]}) {
				t.Errorf("%s with %s: %+v", command(cmd), flag, m)
			}
			takes := flag == cmdFlagFUA || wireCommands[cmd].flags&flag != 0 && flag != cmdFlagPayloadLen
			if (len(m.Notes) == 0) != takes {
				t.Errorf("%s with %s has the notes %q", command(cmd), flag, m.Notes)
			}
		}
	}
}

// TestExplainProblems says of wrong messages where and why.
func TestExplainProblems(t *testing.T) {
	read := &requestHeader{0, cmdRead, 7, 0, 4}
	for _, tt := range []struct {
		name  string
		bytes []byte
		o     ExplainOptions
		want  string // the first problem
		count int    // messages
	}{
		{"no NBD", []byte("GET / HTTP/1.1"), ExplainOptions{From: FromClient},
			"byte 0: no message of NBD begins so: expected 49484156454f5054 (option), or 25609513 (request), or 21e41c71 (request)", 1},
		{"little-endian", []byte{0x13, 0x95, 0x60, 0x25, 0, 0, 0, 0, 0}, ExplainOptions{},
			"byte 0: the magic number 0x25609513 is here with its bytes in reverse order: NBD is big-endian", 1},
		{"wrong side", parts(read), ExplainOptions{From: FromServer},
			"byte 0: here begins a message of stage request, which a client sends: expected one from the server", 1},
		{"wrong magic", parts("\x25\x60\x95\x14", make([]byte, 24), read), ExplainOptions{Stage: StageRequest},
			"byte 0: the magic number is 0x25609514: want 0x25609513", 2},
		{"junk between", parts(read, "junk", read), ExplainOptions{From: FromClient}, "byte 28: no message of NBD begins so: expected " +
			"49484156454f5054 (option), or 25609513 (request), or 21e41c71 (request)", 3},
		{"wrong second magic", parts("NBDMAGIC", "IHAVEOPS", "\x00\x03"), ExplainOptions{},
			"byte 8: the magic number is 0x49484156454f5053: want 0x49484156454f5054", 1},
		{"name too long for the option", optionBytes(optGo, "\x00\x00\x00\x09ab\x00\x00"), ExplainOptions{},
			"byte 20: export name has 9 bytes: only 4 are left", 1},
		{"zero byte in a name", optionBytes(optExportName, "a\x00"), ExplainOptions{}, "byte 16: text contains a zero byte", 1},
		{"long name", optionBytes(optExportName, strings.Repeat("a", 4097)), ExplainOptions{}, "byte 16: text of 4097 bytes: 4096 is the most", 1},
		{"too many infos", optionBytes(optGo, "\x00\x00\x00\x00\x00\x02\x00\x01"), ExplainOptions{},
			"byte 20: 2 information requests do not fit into 2 bytes", 1},
		{"too many queries", optionBytes(optSetMeta, "\x00\x00\x00\x00\x00\x00\x00\x02"), ExplainOptions{}, "byte 20: 2 queries do not fit into 0 bytes", 1},
		{"trailing bytes", optionBytes(optGo, &infoRequest{}, "xx"), ExplainOptions{}, "byte 22: 2 bytes too many in the data of GO", 1},
		{"LIST with data", optionBytes(optList, "x"), ExplainOptions{}, "byte 16: LIST takes no data: expected a length of 0", 1},
		{"ACK with data", replyBytes(optList, repAck, "x"), ExplainOptions{}, "byte 20: an ACK has no data: expected a length of 0", 1},
		{"INFO without a type", replyBytes(optGo, repInfo, "x"), ExplainOptions{}, "byte 20: an INFO reply begins with its information type: expected 2 bytes at least", 1},
		{"NONE with data", chunkBytes(1, chunkNone, 1, "x"), ExplainOptions{}, "byte 20: a NONE chunk has no data: expected a length of 0", 1},
		{"OFFSET_DATA without data", chunkBytes(1, chunkOffsetData, 1, &offsetData{}), ExplainOptions{}, "byte 6: an OFFSET_DATA chunk of 8 bytes: expected more than the 8 of its offset", 1},
		{"OFFSET_DATA too short", chunkBytes(1, chunkOffsetData, 1, "abc"), ExplainOptions{}, "byte 6: an OFFSET_DATA chunk of 3 bytes: expected more than the 8 of its offset", 1},
		{"OFFSET_HOLE too short", parts(chunkBytes(1, chunkOffsetHole, 1, "abc"), &simpleReply{}), ExplainOptions{}, "byte 20: offset has 8 bytes: only 3 are left", 2},
		{"OFFSET_HOLE too short, at the end", chunkBytes(1, chunkOffsetHole, 1, "abc"), ExplainOptions{}, "byte 20: offset has 8 bytes: only 3 are left", 1},
		{"error chunk too short", chunkBytes(1, chunkError, 1, "abc"), ExplainOptions{}, "byte 20: error has 4 bytes: only 3 are left", 1},
		{"half an extent", chunkBytes(1, chunkBlockStatus, 1, &blockStatus{1}, "abcdef"), ExplainOptions{}, "byte 28: status flags has 4 bytes: only 2 are left", 1},
		{"no extents", chunkBytes(1, chunkBlockStatus, 1, &blockStatus{1}), ExplainOptions{}, "byte 24: no extents: expected one at least", 1},
		{"too few extents", extendedBytes(1, chunkBlockStatusExt, 1, &blockStatusExt{1, 2}, &descriptorExt{1, 1}), ExplainOptions{}, "byte 36: 2 extents have 32 bytes: 16 follow", 1},
		{"half an id", parts(&extRequest{cmdFlagPayloadLen, cmdBlockStatus, 1, 0, 10}, &statusPayload{1}, "ab"), ExplainOptions{}, "byte 40: context id has 4 bytes: only 2 are left", 1},
		{"extended WRITE without PAYLOAD_LEN", parts(&extRequest{0, cmdWrite, 1, 0, 1}, "x"), ExplainOptions{}, "byte 4: a WRITE with an extended header must have the flag PAYLOAD_LEN", 1},
		{"compact request", parts(read), ExplainOptions{Extended: true}, "byte 0: a compact request, although extended headers were negotiated: expected the magic number 0x21e41c71", 1},
		{"extended request, wrong magic", parts("\x21\xe4\x1c\x72", make([]byte, 28)), ExplainOptions{Extended: true, Stage: StageRequest}, "byte 0: the magic number is 0x21e41c72: want 0x21e41c71", 1},
		{"structured reply", chunkBytes(1, chunkNone, 1), ExplainOptions{Extended: true}, "byte 0: a structured reply, although extended headers were negotiated: expected the magic number 0x6e8a278c", 1},
		{"simple reply", parts(&simpleReply{}), ExplainOptions{Extended: true}, "byte 0: a simple reply, although extended headers were negotiated: expected the magic number 0x6e8a278c", 1},
		{"wrong magic of a chunk", make([]byte, 20), ExplainOptions{Structured: true, Stage: StageReply}, "byte 0: the magic number is 0x0: want 0x668e33ef", 1},
		{"wrong magic of an extended reply", make([]byte, 20), ExplainOptions{Extended: true, Stage: StageReply}, "byte 0: the magic number is 0x0: want 0x6e8a278c", 1},
		{"wrong magic of a simple reply", make([]byte, 16), ExplainOptions{Stage: StageReply}, "byte 0: the magic number is 0x0: want 0x67446698", 1},
		{"wrong magic of an option reply", make([]byte, 20), ExplainOptions{Stage: StageOptionReply}, "byte 0: the magic number is 0x0: want 0x3e889045565a9", 1},
		{"simple reply to a structured READ", parts(read, &simpleReply{0, 7}), ExplainOptions{Structured: true}, "byte 28: a simple reply to READ, although structured replies were negotiated: expected the magic number 0x668e33ef", 2},
		{"READ with too little data", parts(read, &simpleReply{0, 7}, "abc"), ExplainOptions{}, "byte 47: the input ends here: the data of this reply should have 4 bytes, and 3 of them are there", 2},
		{"--length is too long", parts(&simpleReply{0, 7}, "abc"), ExplainOptions{ReadLength: 4}, "byte 19: the input ends here: the data of this reply should have 4 bytes, and 3 of them are there", 1},
		{"padding that is not zero", parts(&exportNameReply{1, HasFlags}, strings.Repeat("x", 124)), ExplainOptions{Stage: StageExportName}, "byte 10: the padding must be zeroes", 1},
		{"padding cut off", parts(&exportNameReply{1, HasFlags}, "\x00\x00"), ExplainOptions{Stage: StageExportName}, "byte 12: the input ends here: the padding should have 124 bytes, and 2 of them are there", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			messages := explainAll(t, tt.bytes, tt.o)
			for _, m := range messages {
				if m.Problem == nil {
					continue
				}
				if got := m.Problem.Error(); got != tt.want || len(messages) != tt.count {
					t.Errorf("%d messages, %s\nwant %d, %s", len(messages), got, tt.count, tt.want)
				}
				var p *Problem
				if !errors.As(m.Problem, &p) {
					t.Error("a Problem is no error")
				}
				return
			}
			t.Errorf("no problem in %+v: want %s", messages, tt.want)
		})
	}
}

// names lists the names of the messages.
func names(messages []Message) []string {
	var list []string
	for _, m := range messages {
		list = append(list, m.Name)
	}
	return list
}

// TestExplainGuesses has messages that do not say themselves what they are.
func TestExplainGuesses(t *testing.T) {
	reply := &simpleReply{0, 7}
	for _, tt := range []struct {
		name  string
		bytes []byte
		o     ExplainOptions
		want  string // names, then what the last field is
		note  string
	}{
		{"simple replies without data", parts(reply, reply), ExplainOptions{}, "simple reply, simple reply: cookie = 0x7", ""},
		{"a simple reply with data", parts(reply, "abcde"), ExplainOptions{}, "simple reply: data = 5 bytes",
			"the request is not known: all up to the end of the input is taken for the data of a READ"},
		{"simple replies with data", parts(reply, "abcde\x67\x44\x66\x98zzzz", reply), ExplainOptions{}, "simple reply, simple reply: cookie = 0x7",
			"the request is not known: all up to the next message is taken for the data of a READ"},
		{"a known length", parts(reply, be32(simpleMagic), be32(0), reply), ExplainOptions{ReadLength: 8}, "simple reply, simple reply: cookie = 0x7", ""},
		{"a known length, but no data", parts(reply, &simpleReply{5, 1}), ExplainOptions{ReadLength: 8}, "simple reply, simple reply, EIO: cookie = 0x1", ""},
		{"structured replies were chosen", parts(reply, reply), ExplainOptions{Structured: true}, "simple reply, simple reply: cookie = 0x7", ""},
		{"both ways", parts(&requestHeader{0, cmdRead, 7, 0, 4}, &requestHeader{0, cmdFlush, 8, 0, 0}, reply, "abcd", &simpleReply{0, 8}), ExplainOptions{},
			"request READ, request FLUSH, simple reply to READ, simple reply to FLUSH: cookie = 0x8", ""},
		{"headers only", parts(&requestHeader{0, cmdWrite, 7, 0, 4}, &requestHeader{0, cmdRead, 8, 0, 4}, &simpleReply{0, 8},
			&chunkHeader{1, chunkOffsetData, 9, 100}, &offsetData{5}), ExplainOptions{HeadersOnly: true},
			"request WRITE, request READ, simple reply to READ, structured reply OFFSET_DATA: offset = 5", ""},
		{"four bytes", []byte{0, 0, 0, 3}, ExplainOptions{}, "client flags: client flags = FIXED_NEWSTYLE, NO_ZEROES (0x3)", ""},
		{"strange flags of a client", parts("\x00\x00\x01\x00", optionBytes(optAbort)), ExplainOptions{From: FromClient},
			"client flags, option ABORT: length = 0 bytes", ""},
		{"EXPORT_NAME with NO_ZEROES", parts(&greeting{3}, &clientFlags{3}, optionBytes(optExportName), &exportNameReply{1, HasFlags}, &requestHeader{0, cmdDisc, 1, 0, 0}), ExplainOptions{},
			"greeting, client flags, option EXPORT_NAME, reply to EXPORT_NAME, request DISC: length = 0 bytes", ""},
		{"EXPORT_NAME with zeroes", parts(&greeting{1}, &clientFlags{1}, optionBytes(optExportName), &exportNameReply{1, HasFlags}, make([]byte, 124), reply), ExplainOptions{},
			"greeting, client flags, option EXPORT_NAME, reply to EXPORT_NAME, simple reply: cookie = 0x7", ""},
		{"EXPORT_NAME, one way", parts(&greeting{1}, &exportNameReply{1, HasFlags}, reply), ExplainOptions{},
			"greeting, reply to EXPORT_NAME, simple reply: cookie = 0x7", "no zeroes follow: it is assumed that both sides chose NO_ZEROES"},
		{"EXPORT_NAME, --no-zeroes", parts(&exportNameReply{1, HasFlags}), ExplainOptions{Stage: StageExportName, NoZeroes: true},
			"reply to EXPORT_NAME: transmission flags = HAS_FLAGS (0x1)", ""},
		{"TLS", parts(replyBytes(optStartTLS, repAck), "\x16\x03\x01\x02\x00 and so on"), ExplainOptions{},
			"ACK reply to STARTTLS, TLS: encrypted data = 15 bytes", ""},
		{"a context by its number", parts(replyBytes(optSetMeta, repMetaContext, &metaContext{4, "x:y"}), chunkBytes(1, chunkBlockStatus, 1, &blockStatus{4}, &descriptor{1, 3})), ExplainOptions{},
			"META_CONTEXT reply to SET_META_CONTEXT, structured reply BLOCK_STATUS: status flags = 0x3", ""},
		{"a context that is not known", chunkBytes(1, chunkBlockStatus, 1, &blockStatus{4}, &descriptor{1, 2}), ExplainOptions{},
			"structured reply BLOCK_STATUS: status flags = ZERO (0x2)", "which context has the number 4 is not known: base:allocation is assumed"},
		{"a reply in chunks", parts(&requestHeader{0, cmdRead, 2, 0, 3}, chunkBytes(0, chunkOffsetData, 2, &offsetData{}, "abc"), chunkBytes(1, chunkNone, 2), chunkBytes(1, chunkNone, 2)), ExplainOptions{},
			"request READ, structured reply OFFSET_DATA to READ, structured reply NONE to READ, structured reply NONE: length = 0 bytes", ""},
		{"extended headers were granted", parts(replyBytes(optExtendedHeaders, repAck), extendedBytes(1, chunkNone, 2)), ExplainOptions{},
			"ACK reply to EXTENDED_HEADERS, extended reply NONE: length = 0 bytes", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			messages := explainAll(t, tt.bytes, tt.o)
			last := messages[len(messages)-1]
			text := fieldText(last)
			got := strings.Join(names(messages), ", ") + ": " + text[strings.LastIndex(text, "\n")+1:]
			if got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			var notes []string
			for _, m := range messages {
				notes = append(notes, m.Notes...)
				if m.Problem != nil {
					t.Errorf("%s: %v", m.Name, m.Problem)
				}
			}
			if strings.Join(notes, "; ") != tt.note {
				t.Errorf("notes %q: want %q", notes, tt.note)
			}
		})
	}
}

// TestExplainBounds holds what many fields and many messages cost.
func TestExplainBounds(t *testing.T) {
	const n = 100000
	data := chunkBytes(1, chunkBlockStatus, 1, &blockStatus{1}, make([]byte, n*descriptorSize))
	m := explainAll(t, data, ExplainOptions{})
	last := m[0].Fields[maxFields]
	if len(m) != 1 || m[0].Problem != nil || last.Name != "and so on" || last.Value != fmt.Sprintf("%d more fields", 2*n-maxFields+6) {
		t.Errorf("%d messages, %v, %+v", len(m), m[0].Problem, last)
	}
	seen := 0
	for range Explain(bytes.Repeat(parts(&simpleReply{}), n), ExplainOptions{}) {
		if seen++; seen == 3 { // only what is asked for is explained
			break
		}
	}
	for range Explain(nil, ExplainOptions{Stage: StageReply}) {
		t.Error("a message in no bytes")
	}
}

func TestStages(t *testing.T) {
	for s := StageGreeting; s <= StageReply; s++ {
		if back, ok := ParseStage(s.String()); !ok || back != s || s.From() == 0 {
			t.Errorf("%s is %s, %t, from %s", s, back, ok, s.From())
		}
	}
	for _, s := range []string{"", "unknown", "Reply"} {
		if got, ok := ParseStage(s); ok {
			t.Errorf("%q is a stage: %s", s, got)
		}
	}
	if Stage(200).String() != "unknown" || Stage(200).From() != 0 || Direction(9).String() != "unknown" || FromClient.String() != "client" {
		t.Error("a stage or direction that does not exist has a name")
	}
}

// A tap keeps what goes over a client's connection: each way, and both together.
type tap struct {
	net.Conn
	mu                   sync.Mutex
	client, server, both []byte // guarded by mu
}

func (c *tap) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.client, c.both = append(c.client, b...), append(c.both, b...)
	c.mu.Unlock()
	return c.Conn.Write(b)
}

func (c *tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	c.server, c.both = append(c.server, b[:n]...), append(c.both, b[:n]...)
	c.mu.Unlock()
	return n, err
}

// TestExplainSession explains what our client and our server say to each other.
func TestExplainSession(t *testing.T) {
	for name, o := range map[string]ClientOptions{
		"extended":    {Export: "disk"},
		"structured":  {Export: "disk", NoExtendedHeaders: true},
		"simple":      {NoStructuredReplies: true},
		"export name": {OldStyleOpen: true},
	} {
		t.Run(name, func(t *testing.T) {
			disk := newMemory(1 << 20)
			disk.sizes = plugins.BlockSizes{Minimum: 1, Preferred: 4096, Maximum: 1 << 25}
			p, end := connect(t, &Server{Backend: disk})
			p.nc.SetDeadline(time.Time{})
			wire := &tap{Conn: p.nc}
			c, err := NewClient(inTime(t), wire, o)
			if err != nil {
				t.Fatal(err)
			}
			ctx := inTime(t)
			data := randomBytes(5000)
			c.Write(ctx, data, 10, plugins.FlagFUA)
			c.Read(ctx, data, 10, 0)
			c.Flush(ctx)
			c.Read(ctx, data, 1<<30, 0)
			if !o.NoStructuredReplies {
				c.BlockStatus(ctx, 0, 4096, 0)
			}
			c.Close()
			end.result(t)
			write := "request WRITE"
			if name == "extended" {
				write = "extended request WRITE"
			}
			for way, data := range map[string][]byte{"client": wire.client, "server": wire.server, "both": wire.both} {
				messages := explainAll(t, data, ExplainOptions{})
				for _, m := range messages {
					if m.Problem != nil {
						t.Errorf("%s, %s: %v", way, m.Name, m.Problem)
					}
				}
				if got := names(messages); way != "server" && !slices.Contains(got, write) || len(got) < 6 {
					t.Errorf("%s: %q", way, got)
				}
			}
		})
	}
}

func FuzzExplain(f *testing.F) {
	for _, tt := range roundTrips {
		f.Add(tt.bytes, uint8(0), uint8(0), uint8(0), uint64(0))
		f.Add(append(slices.Clone(tt.bytes), tt.bytes...), uint8(tt.o.From), uint8(tt.o.Stage), uint8(7), uint64(4))
	}
	f.Add(parts(&greeting{3}, &clientFlags{3}, optionBytes(optExportName, "a"), &exportNameReply{1, HasFlags}, &requestHeader{0, cmdRead, 1, 0, 4}, &simpleReply{0, 1}, "abcd"),
		uint8(0), uint8(0), uint8(0), uint64(0))
	f.Fuzz(func(t *testing.T, data []byte, from, stage, flags uint8, length uint64) {
		explainAll(t, data, ExplainOptions{
			From: Direction(from), Stage: Stage(stage), ReadLength: length,
			Structured: flags&1 != 0, Extended: flags&2 != 0, NoZeroes: flags&4 != 0, HeadersOnly: flags&8 != 0,
		})
	})
}
