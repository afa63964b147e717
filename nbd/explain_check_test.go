package nbd

import (
	"strings"
	"testing"
)

// TestExplainReplies holds replies against the requests that they are for.
func TestExplainReplies(t *testing.T) {
	read := &requestHeader{0, cmdRead, 7, 512, 8}
	readDF := &requestHeader{cmdFlagDF, cmdRead, 7, 512, 8}
	status := &requestHeader{0, cmdBlockStatus, 7, 0, 100}
	statusOne := &requestHeader{cmdFlagReqOne, cmdBlockStatus, 7, 0, 100}
	data := func(flags uint16, offset uint64, text string) []byte {
		return chunkBytes(flags, chunkOffsetData, 7, &offsetData{offset}, text)
	}
	hole := func(flags uint16, offset uint64, length uint32) []byte {
		return chunkBytes(flags, chunkOffsetHole, 7, &offsetHole{offset, length})
	}
	extents := func(lengths ...uint32) []byte {
		list := []any{&blockStatus{1}}
		for _, n := range lengths {
			list = append(list, &descriptor{length: n})
		}
		return chunkBytes(chunkDone, chunkBlockStatus, 7, list...)
	}
	none := chunkBytes(chunkDone, chunkNone, 7)
	failure := func(errno uint32) []byte { return chunkBytes(chunkDone, chunkError, 7, &errorChunk{errno, "no"}) }
	for _, tt := range []struct {
		name  string
		bytes []byte
		want  string // the first problem; "" = none
	}{
		{"a read in pieces", parts(read, data(0, 516, "efgh"), hole(chunkDone, 512, 4)), ""},
		{"a read in one piece", parts(readDF, data(chunkDone, 512, "abcdefgh")), ""},
		{"a read that fails in the midst", parts(read, data(0, 512, "ab"), failure(5)), ""},
		{"data before", parts(read, data(0, 511, "ab")), "byte 48: 2 bytes at 511 in reply to a READ of 8 at 512"},
		{"data behind", parts(read, data(0, 519, "ab")), "byte 48: 2 bytes at 519 in reply to a READ of 8 at 512"},
		{"a hole behind", parts(read, hole(chunkDone, 512, 1<<20)), "byte 48: 1048576 bytes at 512 in reply to a READ of 8 at 512"},
		{"data twice", parts(read, data(0, 512, "abcd"), data(chunkDone, 514, "cdef")), "byte 80: 4 bytes at 514 in reply to a READ of 8 at 512: some of them had come already"},
		{"data left out", parts(read, data(chunkDone, 512, "abcd")), "byte 28: the reply ends here, but not all of the 8 bytes have come: the first that is missing is at 516"},
		{"no data", parts(read, none), "byte 28: the reply ends here, but not all of the 8 bytes have come: the first that is missing is at 512"},
		{"DF in two pieces", parts(readDF, data(0, 512, "abcd"), data(chunkDone, 516, "efgh")), "byte 80: a second piece, although the READ had the flag DF"},
		{"data for a BLOCK_STATUS", parts(status, data(chunkDone, 0, "a")), "byte 34: a chunk of the type OFFSET_DATA in reply to BLOCK_STATUS"},
		{"extents for a READ", parts(read, extents(1)), "byte 34: a chunk of the type BLOCK_STATUS in reply to READ"},
		{"NONE that is not the last", chunkBytes(0, chunkNone, 7), "byte 4: a NONE chunk must be the last one: expected the flag DONE"},
		{"an error that is none", failure(0), "byte 20: the error 0 means success: an error chunk must have another"},
		{"an error elsewhere", parts(read, chunkBytes(chunkDone, chunkErrorOffset, 7, &errorChunk{5, "no"}, &errorOffset{520})), "byte 56: the offset of the error is not in the request, which was for 8 bytes at 512"},
		{"an error in the range", parts(read, chunkBytes(chunkDone, chunkErrorOffset, 7, &errorChunk{5, "no"}, &errorOffset{519})), ""},
		{"extents", parts(status, extents(40, 60)), ""},
		{"extents that stop early", parts(status, extents(40)), ""},
		{"extents of which the last goes on", parts(status, extents(40, 600)), ""},
		{"extents too many", parts(status, extents(40, 60, 1)), "byte 52: 3 extents, of which the first 2 fill the request: only the last may reach its end"},
		{"one extent", parts(statusOne, extents(100)), ""},
		{"one extent that is too long", parts(statusOne, extents(101)), "byte 52: an extent of 101 bytes, although the request had the flag REQ_ONE and was for 100"},
		{"two extents for one", parts(statusOne, extents(1, 2)), "byte 52: 2 extents, although the request had the flag REQ_ONE"},
		{"no extent", parts(status, none), "byte 28: the reply to BLOCK_STATUS ends here without an extent"},
		{"BLOCK_STATUS that fails", parts(status, failure(5)), ""},
		{"the offset of the request", parts(&extRequest{0, cmdTrim, 7, 512, 1}, extendedBytes(chunkDone, chunkNone, 7)), ""},
		{"the offset of another request", parts(&extRequest{0, cmdTrim, 7, 9, 1}, extendedBytes(chunkDone, chunkNone, 7)), "byte 48: the offset of the request was 9: the reply must repeat it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, m := range explainAll(t, tt.bytes, ExplainOptions{}) {
				if m.Problem != nil {
					got = m.Problem.Error()
					break
				}
			}
			if got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestExplainRequests has what is odd about requests by themselves.
func TestExplainRequests(t *testing.T) {
	for _, tt := range []struct {
		request extRequest
		want    string
	}{
		{extRequest{command: cmdFlush}, ""},
		{extRequest{command: cmdDisc, offset: 9}, ""},
		{extRequest{command: cmdResize}, ""},
		{extRequest{command: cmdTrim, offset: 1<<64 - 2, length: 1}, ""},
		{extRequest{command: cmdFlush, offset: 1}, "FLUSH covers the whole disk: its offset and length should be 0"},
		{extRequest{command: cmdRead}, "READ of no bytes: the specification leaves open what that does"},
		{extRequest{command: cmdTrim, offset: 1<<64 - 2, length: 2}, "offset and length together are more than 64 bits hold: a server answers with an error"},
	} {
		m := explainAll(t, parts(&tt.request), ExplainOptions{})[0]
		if got := strings.Join(m.Notes, "; "); got != tt.want || m.Problem != nil {
			t.Errorf("%+v: notes %q, %v: want %q", tt.request, got, m.Problem, tt.want)
		}
	}
}

// TestExplainResize names a command that no server has.
func TestExplainResize(t *testing.T) {
	m := explainAll(t, parts(&requestHeader{command: cmdResize}), ExplainOptions{})[0]
	f := m.Fields[2]
	if m.Name != "request RESIZE" || f.Value != "RESIZE (8)" || !strings.Contains(f.Meaning, "an extension that nobody implements") {
		t.Errorf("%s: %+v", m.Name, f)
	}
}
