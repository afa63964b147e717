package nbd

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"testing"

	"workbench/plugins"
)

// fuzzTransmission is a server's connection that reads b and has no goroutine.
func fuzzTransmission(b []byte, structured, extended bool, m *memory) *transmission {
	r := bytes.NewReader(b)
	c := &conn{server: &Server{Slots: 1}, num: 1, nc: readOnlyConn{r: r}, in: bufio.NewReaderSize(r, 64)}
	d := &disk{handle: &memoryHandle{memory: m}, info: m.info, structured: structured || extended, extended: extended, allocation: structured || extended}
	return newTransmission(c, d)
}

// readOnlyConn is a connection of which nothing but Read is used.
type readOnlyConn struct {
	net.Conn
	r io.Reader
}

func (c readOnlyConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// fuzzClient is a client that reads replies from r and has no goroutine.
func fuzzClient(r io.Reader, structured, extended bool) *Client {
	return &Client{in: bufio.NewReaderSize(r, 64), structured: structured || extended, extended: extended,
		allocation: structured || extended, contextID: allocationID, calls: map[uint64]*call{}}
}

// FuzzRequest has the server read anything as requests. What can be read is done,
// and our client must take the answer to it: no error but that of the request.
func FuzzRequest(f *testing.F) {
	short := func(m requestHeader, payload string) []byte { return append(appendMessage(nil, &m), payload...) }
	long := func(m extRequest, payload string) []byte { return append(appendMessage(nil, &m), payload...) }
	f.Add(false, false, short(requestHeader{command: cmdRead, offset: 10, length: 10}, ""))
	f.Add(true, false, bytes.Join([][]byte{short(requestHeader{command: cmdWrite, length: 3}, "abc"), short(requestHeader{command: cmdRead, length: 4}, "")}, nil))
	f.Add(true, false, short(requestHeader{flags: cmdFlagReqOne, command: cmdBlockStatus, offset: 512, length: 512}, ""))
	f.Add(true, false, short(requestHeader{flags: 0xffff, command: 99, offset: 1, length: 9}, ""))
	f.Add(true, true, long(extRequest{cmdFlagPayloadLen, cmdWrite, 1, 0, 3}, "abc"))
	f.Add(true, true, long(extRequest{0, cmdWrite, 1, 0, 3}, ""))
	f.Add(true, true, long(extRequest{cmdFlagPayloadLen, cmdBlockStatus, 1, 0, 12}, "\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x01"))
	f.Add(true, true, long(extRequest{cmdFlagPayloadLen, cmdTrim, 1, 0, 1 << 40}, ""))
	f.Add(true, true, long(extRequest{0, cmdWriteZeroes, 1, 1, math.MaxUint64}, ""))
	f.Add(true, true, bytes.Join([][]byte{long(extRequest{0, cmdTrim, 1, 0, 65536}, ""), long(extRequest{cmdFlagDF, cmdRead, 2, 0, 65536}, "")}, nil))
	f.Fuzz(func(t *testing.T, structured, extended bool, b []byte) {
		m := newMemory(64 << 10)
		copy(m.data[20<<10:], "data")
		m.extents = []plugins.Extent{{Length: 512}, {Offset: 512, Length: 1024, Type: 3}, {Offset: 1536, Length: 62 << 10}}
		tr := fuzzTransmission(b, structured, extended, m)
		for range 100 {
			s, err := tr.readRequest()
			var protocol *ProtocolError
			if err != nil && err != io.EOF && !errors.As(err, &protocol) && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("the end is %v", err)
			}
			if s == nil || err != nil {
				return
			}
			if len(s.Data) > len(b) {
				t.Fatalf("%d bytes of data came out of %d", len(s.Data), len(b))
			}
			tr.do(t.Context(), s)
			out := newBatch()
			tr.answer(out, s)
			var wire bytes.Buffer
			if err := out.send(&wire); err != nil {
				t.Fatal(err)
			}
			checkAnswered(t, s, &wire, structured, extended)
			tr.release(s)
		}
	})
}

// checkAnswered has a client that made the request s read the answer.
func checkAnswered(t *testing.T, s *slot, wire *bytes.Buffer, structured, extended bool) {
	t.Helper()
	c := fuzzClient(wire, structured, extended)
	k := &call{op: s.Op, settled: make(chan error, 1)}
	k.header = extRequest{cookie: s.Origin.Cookie, offset: s.Offset, length: s.Length}
	if s.Op == plugins.OpRead && s.err == nil {
		k.data, k.left = bytes.Repeat([]byte{0xee}, int(s.Length)), s.Length
	}
	c.calls[k.header.cookie] = k
	for len(c.calls) > 0 {
		if err := c.readReply(); err != nil {
			t.Fatalf("the client does not take the answer to %s, %v: %v", s.Op, s.err, err)
		}
	}
	if (k.problem != nil) != (s.err != nil) {
		t.Fatalf("the client got the error %v: it was %v", k.problem, s.err)
	}
	if wire.Len()+c.in.Buffered() > 0 {
		t.Fatalf("%d bytes follow the answer to %s", wire.Len()+c.in.Buffered(), s.Op)
	}
	if s.Op == plugins.OpRead && s.err == nil && !bytes.Equal(k.data, s.Data) {
		t.Fatal("the client read other bytes")
	}
	if s.Op == plugins.OpExtents && s.err == nil && k.extents[0].Offset != s.Offset {
		t.Fatalf("the client got the extents %v of offset %d", k.extents, s.Offset)
	}
}

// FuzzReplies has the client read anything as replies to a READ, a BLOCK_STATUS
// and a FLUSH. It must neither crash nor take much memory.
func FuzzReplies(f *testing.F) {
	chunk := func(c chunkType, cookie uint64, parts ...message) []byte {
		var body []byte
		for _, m := range parts {
			body = appendMessage(body, m)
		}
		return append(appendMessage(nil, &chunkHeader{chunkDone, c, cookie, uint32(len(body))}), body...)
	}
	ext := func(c chunkType, cookie, offset uint64, parts ...message) []byte {
		var body []byte
		for _, m := range parts {
			body = appendMessage(body, m)
		}
		return append(appendMessage(nil, &extChunk{chunkDone, c, cookie, offset, uint64(len(body))}), body...)
	}
	f.Add(false, false, append(appendMessage(nil, &simpleReply{0, 1}), "12345678"...))
	f.Add(false, false, appendMessage(nil, &simpleReply{5, 3}))
	f.Add(true, false, chunk(chunkOffsetData, 1, &offsetData{100}, &textMessage{"12345678"}))
	f.Add(true, false, chunk(chunkOffsetHole, 1, &offsetHole{100, 8}))
	f.Add(true, false, chunk(chunkBlockStatus, 2, &blockStatus{allocationID}, &descriptor{10, 3}))
	f.Add(true, false, chunk(chunkErrorOffset, 1, &errorChunk{5, "text"}, &errorOffset{104}))
	f.Add(true, true, ext(chunkBlockStatusExt, 2, 100, &blockStatusExt{allocationID, 1}, &descriptorExt{1 << 40, 3}))
	f.Add(true, true, ext(chunkError, 1, 100, &errorChunk{5, "text"}))
	f.Add(true, true, ext(chunkNone, 3, 0))
	f.Fuzz(func(t *testing.T, structured, extended bool, b []byte) {
		c := fuzzClient(bytes.NewReader(b), structured, extended)
		p := make([]byte, 8, 16)
		calls := []*call{
			{op: plugins.OpRead, header: extRequest{command: cmdRead, cookie: 1, offset: 100, length: 8}, data: p, left: 8},
			{op: plugins.OpExtents, header: extRequest{command: cmdBlockStatus, cookie: 2, offset: 100, length: 1000}},
			{op: plugins.OpFlush, header: extRequest{command: cmdFlush, cookie: 3}},
		}
		for _, k := range calls {
			k.settled = make(chan error, 1)
			c.calls[k.header.cookie] = k
		}
		for c.readReply() == nil {
		}
		for _, k := range calls {
			if k.op != plugins.OpExtents && len(k.extents) > 0 || len(k.extents)*8 > len(b) {
				t.Errorf("%s has %d extents out of %d bytes", k.op, len(k.extents), len(b))
			}
			next := k.header.offset
			for _, e := range k.extents {
				if e.Offset != next || e.Length == 0 {
					t.Errorf("extents %v", k.extents)
				}
				next = e.End()
			}
			if k.replied && k.problem == nil && k.left > 0 {
				t.Errorf("a READ without %d bytes succeeded", k.left)
			}
		}
		if !bytes.Equal(p[8:16], make([]byte, 8)) {
			t.Error("the client wrote past the memory of its caller")
		}
	})
}

// FuzzOption has the parsers of what comes with options read anything. What they
// accept must come out the same when it is written again.
func FuzzOption(f *testing.F) {
	f.Add(infoData("name", infoName, infoBlockSize))
	f.Add(metaData("name", baseAllocation, "x:"))
	f.Add(binary.BigEndian.AppendUint32(nil, math.MaxUint32))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range []message{&infoRequest{}, &metaRequest{}, &textMessage{}, &exportEntry{}, &textInfo{}, &metaContext{}, &exportInfo{}, &blockSizeInfo{}} {
			if parseMessage(b, m) == nil && !bytes.Equal(appendMessage(nil, m), b) {
				t.Errorf("%T: %x became %x", m, b, appendMessage(nil, m))
			}
		}
	})
}
