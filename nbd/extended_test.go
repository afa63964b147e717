package nbd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

func TestExtMessageBytes(t *testing.T) {
	for _, tt := range []struct {
		m    message
		size int
		want string
	}{
		{&extRequest{0x20, cmdWrite, 2, 3, 1 << 40}, extRequestSize,
			"\x21\xe4\x1c\x71\x00\x20\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x01\x00\x00\x00\x00\x00"},
		{&extChunk{1, chunkBlockStatusExt, 2, 3, 24}, extChunkSize,
			"\x6e\x8a\x27\x8c\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x18"},
		{&blockStatusExt{1, 2}, blockStatusExtSize, "\x00\x00\x00\x01\x00\x00\x00\x02"},
		{&descriptorExt{1 << 32, 3}, descriptorExtSize, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03"},
		{&statusFilter{statusPayload{1 << 32}, 1}, statusFilterSize, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01"},
		{&errorOffset{9}, errorOffsetSize, "\x00\x00\x00\x00\x00\x00\x00\x09"},
	} {
		if got := string(appendMessage(nil, tt.m)); got != tt.want || len(got) != tt.size {
			t.Errorf("%+v is %x, %d bytes: want %x, %d bytes", tt.m, got, len(got), tt.want, tt.size)
		}
	}
}

// TestExtendedNegotiation has the rules of the option EXTENDED_HEADERS.
func TestExtendedNegotiation(t *testing.T) {
	steps := func(do ...func(p *rawPeer)) []func(p *rawPeer) { return do }
	ask := func(want replyType, opt option, data []byte) func(p *rawPeer) {
		return func(p *rawPeer) { p.t.Helper(); p.wantOption(want, opt, data) }
	}
	tests := []struct {
		name   string
		server *Server
		steps  []func(p *rawPeer)
	}{
		{"without structured replies", &Server{}, steps(ask(repAck, optExtendedHeaders, nil))},
		{"after structured replies", &Server{}, steps(ask(repAck, optStructuredReply, nil), ask(repAck, optExtendedHeaders, nil))},
		{"with data", &Server{}, steps(ask(repErrInvalid, optExtendedHeaders, []byte{1}), ask(repAck, optExtendedHeaders, nil))},
		{"twice", &Server{}, steps(ask(repAck, optExtendedHeaders, nil), ask(repErrInvalid, optExtendedHeaders, nil))},
		{"and structured replies after it", &Server{}, steps(ask(repAck, optExtendedHeaders, nil), ask(repErrExtHeader, optStructuredReply, nil))},
		{"and contexts", &Server{}, steps(ask(repAck, optExtendedHeaders, nil), ask(repAck, optSetMeta, metaData("", baseAllocation)))},
		{"switched off", &Server{NoExtendedHeaders: true}, steps(ask(repErrUnsup, optExtendedHeaders, nil), ask(repAck, optStructuredReply, nil))},
		{"switched off with structured replies", &Server{NoStructuredReplies: true}, steps(ask(repErrUnsup, optExtendedHeaders, nil))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.server
			s.Backend = newMemory(4096)
			p, _ := connect(t, s)
			p.greet(bothFlags)
			for _, do := range tt.steps {
				do(p)
			}
			p.extended = !s.NoExtendedHeaders && !s.NoStructuredReplies
			p.wantOption(repAck, optGo, infoData(""))
			p.request(requestHeader{command: cmdRead, cookie: 7, offset: 9, length: 1}, nil)
			if a := p.answer(1); a.cookie != 7 || a.errno != 0 {
				t.Errorf("READ: %+v", a)
			}
		})
	}

	t.Run("EXPORT_NAME after it", func(t *testing.T) {
		p, end := connect(t, &Server{Backend: newMemory(4096)})
		p.greet(bothFlags)
		p.wantOption(repAck, optExtendedHeaders, nil)
		p.sendOption(optExportName, nil)
		p.wantEOF()
		if err := end.result(t); err == nil || !strings.Contains(err.Error(), "EXPORT_NAME after EXTENDED_HEADERS") {
			t.Errorf("ServeConn returned %v", err)
		}
	})

	t.Run("BLOCK_STATUS_PAYLOAD", func(t *testing.T) {
		for _, tt := range []struct {
			opt  option
			meta []byte
			want bool
		}{{optExtendedHeaders, metaData("", baseAllocation), true}, {optExtendedHeaders, metaData(""), false}, {optStructuredReply, metaData("", baseAllocation), false}} {
			p, _ := connect(t, &Server{Backend: newMemory(4096)})
			p.greet(bothFlags)
			p.wantOption(repAck, tt.opt, nil)
			p.wantOption(repAck, optSetMeta, tt.meta)
			for _, opt := range []option{optInfo, optGo} {
				var m exportInfo
				if err := parseMessage([]byte(p.option(opt, infoData(""))[0].data), &m); err != nil {
					t.Fatal(err)
				}
				if got := m.flags&BlockStatusPayload != 0; got != tt.want {
					t.Errorf("%s after %s with %x: %s", opt, tt.opt, tt.meta, m.flags)
				}
			}
		}
	})
}

// TestExtendedRequests has the rules about payloads, and lengths of 64 bits.
// After each request the connection must be in step.
func TestExtendedRequests(t *testing.T) {
	const T = 1 << 40
	disk := newMemory(1)
	disk.info.Size, disk.data = T, nil
	const P = cmdFlagPayloadLen
	filter := func(length uint64, contexts ...uint32) []byte {
		b := appendMessage(nil, &errorOffset{length}) // a number of 64 bits
		for _, id := range contexts {
			b = appendMessage(b, &blockStatus{id})
		}
		return b
	}
	tests := []struct {
		name    string
		request extRequest
		payload []byte
		want    syscall.Errno
		saw     uint64 // the length that the disk saw
		chunk   chunkType
	}{
		{"write", extRequest{P, cmdWrite, 1, 0, 20}, make([]byte, 20), 0, 20, chunkNone},
		{"write without PAYLOAD_LEN", extRequest{0, cmdWrite, 1, 0, 20}, make([]byte, 20), 0, 20, chunkNone},
		{"write without PAYLOAD_LEN, past the end", extRequest{0, cmdWrite, 1, T - 1, 20}, make([]byte, 20), syscall.ENOSPC, 20, chunkErrorOffset},
		{"write of no bytes", extRequest{P, cmdWrite, 1, 0, 0}, nil, syscall.ENOSPC, 0, chunkError},
		{"write of 65 MiB", extRequest{P, cmdWrite, 1, 0, 65 << 20}, make([]byte, 65<<20), syscall.ENOMEM, 65 << 20, chunkError},
		{"read", extRequest{cmdFlagDF, cmdRead, 1, T - 1, 1}, nil, 0, 1, chunkOffsetHole},
		{"read of more than 32 bits", extRequest{0, cmdRead, 1, 0, 1 << 33}, nil, syscall.ENOMEM, 1 << 33, chunkError},
		{"read over the end by more than 32 bits", extRequest{0, cmdRead, 1, 1, T}, nil, syscall.EINVAL, T, chunkErrorOffset},
		{"read with a payload", extRequest{P, cmdRead, 1, 0, 5}, make([]byte, 5), syscall.EINVAL, 5, chunkError},
		{"flush with a payload", extRequest{P, cmdFlush, 1, 0, 5}, make([]byte, 5), syscall.EINVAL, 5, chunkError},
		{"unknown command with a payload", extRequest{P, 99, 1, 0, 5}, make([]byte, 5), syscall.EINVAL, 5, chunkError},
		{"trim the disk", extRequest{0, cmdTrim, 1, 0, T}, nil, 0, T, chunkNone},
		{"trim 2^64-1 bytes", extRequest{0, cmdTrim, 1, 1, 1<<64 - 1}, nil, syscall.EINVAL, 1<<64 - 1, chunkErrorOffset},
		{"zero the disk", extRequest{cmdFlagNoHole | cmdFlagFUA, cmdWriteZeroes, 1, 0, T}, nil, 0, T, chunkNone},
		{"cache the disk", extRequest{0, cmdCache, 1, 0, T}, nil, 0, T, chunkNone},
		{"flush", extRequest{0, cmdFlush, 1, 0, 0}, nil, 0, 0, chunkNone},
		{"block status of the disk", extRequest{0, cmdBlockStatus, 1, 0, T}, nil, 0, T, chunkBlockStatusExt},
		{"block status with a filter", extRequest{P, cmdBlockStatus, 1, 0, 12}, filter(T, allocationID), 0, T, chunkBlockStatusExt},
		{"a filter past the end", extRequest{P, cmdBlockStatus, 1, 1, 12}, filter(T, allocationID), syscall.EINVAL, T, chunkErrorOffset},
		{"a filter with an unknown context", extRequest{P, cmdBlockStatus, 1, 0, 12}, filter(T, 9), syscall.EINVAL, T, chunkError},
		{"a filter with one context twice", extRequest{P, cmdBlockStatus, 1, 0, 16}, filter(T, allocationID, allocationID), syscall.EINVAL, 16, chunkError},
		{"a filter without a context", extRequest{P, cmdBlockStatus, 1, 0, 8}, filter(T), syscall.EINVAL, 8, chunkError},
		{"a filter that is cut", extRequest{P, cmdBlockStatus, 1, 0, 5}, make([]byte, 5), syscall.EINVAL, 5, chunkError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := connect(t, &Server{Backend: disk})
			p.openExtended()
			before := len(disk.requests())
			go func() { p.nc.Write(append(appendMessage(nil, &tt.request), tt.payload...)) }()
			a := p.answer(0)
			if a.errno != tt.want || a.cookie != 1 || fmt.Sprint(a.chunks) != fmt.Sprint([]chunkType{tt.chunk}) || (a.text == "") != (tt.want == 0) {
				t.Errorf("the answer is %+v", a)
			}
			if a.chunks[0] == chunkErrorOffset && a.at != T {
				t.Errorf("the error is at %d", a.at)
			}
			if tt.chunk == chunkBlockStatusExt && fmt.Sprint(a.status) != fmt.Sprint([]descriptorExt{{T, 0}}) {
				t.Errorf("status %v", a.status)
			}
			p.request(requestHeader{command: cmdFlush, cookie: 2}, nil)
			if a := p.answer(0); a.cookie != 2 || a.errno != 0 {
				t.Errorf("the FLUSH after it was answered by %+v", a)
			}
			if seen := disk.requests()[before]; seen.Length != tt.saw || (seen.Refuse != nil) && tt.want == 0 {
				t.Errorf("the disk saw %+v", seen)
			}
		})
	}

	t.Run("a filter without a context that was chosen", func(t *testing.T) {
		p, _ := connect(t, &Server{Backend: disk})
		p.greet(bothFlags)
		p.wantOption(repAck, optExtendedHeaders, nil)
		p.wantOption(repAck, optGo, infoData(""))
		p.extended = true
		p.send(append(appendMessage(nil, &extRequest{P, cmdBlockStatus, 1, 0, 12}), filter(T, allocationID)...))
		if a := p.answer(0); a.errno != syscall.EINVAL {
			t.Errorf("the answer is %+v", a)
		}
	})
	for name, m := range map[string]message{
		"a payload of 2^40 bytes": &extRequest{P, cmdRead, 1, 0, T},
		"a short header":          &requestHeader{command: cmdRead, length: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p, end := connect(t, &Server{Backend: disk})
			p.openExtended()
			p.send(append(appendMessage(nil, m), make([]byte, 4)...))
			p.wantEOF()
			var protocol *ProtocolError
			if err := end.result(t); !errors.As(err, &protocol) {
				t.Errorf("ServeConn returned %v", err)
			}
		})
	}
	t.Run("PAYLOAD_LEN with short headers", func(t *testing.T) {
		p, _ := connect(t, &Server{Backend: newMemory(4096)})
		p.open(true)
		p.request(requestHeader{flags: P, command: cmdWrite, length: 5}, make([]byte, 5))
		if a := p.answer(0); a.errno != syscall.EINVAL || !strings.Contains(a.text, "PAYLOAD_LEN") {
			t.Errorf("the answer is %+v", a)
		}
	})
}

// TestExtendedBlockStatus has lists that 32 bits do not hold.
func TestExtendedBlockStatus(t *testing.T) {
	const G = 1 << 30
	hole := plugins.ExtentHole | plugins.ExtentZero
	m := newMemory(1)
	m.info.Size = 16 * G
	m.extents = []plugins.Extent{{Offset: 0, Length: 6 * G}, {Offset: 6 * G, Length: 5 * G, Type: hole}, {Offset: 11 * G, Length: 5 * G}}
	for _, tt := range []struct {
		offset, length uint64
		flags          commandFlags
		want           []descriptorExt
	}{
		{0, 16 * G, 0, []descriptorExt{{6 * G, 0}, {5 * G, 3}, {5 * G, 0}}},
		{5 * G, 2 * G, 0, []descriptorExt{{G, 0}, {5 * G, 3}}},
		{G, 15 * G, cmdFlagReqOne, []descriptorExt{{5 * G, 0}}},
		{G, 512, cmdFlagReqOne, []descriptorExt{{512, 0}}},
	} {
		p, _ := connect(t, &Server{Backend: m})
		p.openExtended()
		p.send(appendMessage(nil, &extRequest{tt.flags, cmdBlockStatus, 1, tt.offset, tt.length}))
		if a := p.answer(0); fmt.Sprint(a.status) != fmt.Sprint(tt.want) {
			t.Errorf("%d bytes at %d: %v, want %v", tt.length, tt.offset, a.status, tt.want)
		}
	}
}

// TestClientExtendedReplies has replies under extended headers that our server
// does not send.
func TestClientExtendedReplies(t *testing.T) {
	chunk := func(flags uint16, c chunkType, offset uint64, parts ...message) []byte {
		var body []byte
		for _, m := range parts {
			body = appendMessage(body, m)
		}
		return append(appendMessage(nil, &extChunk{flags, c, 1, offset, uint64(len(body))}), body...)
	}
	text := func(s string) message { return &textMessage{s} }
	read := func(c *Client) error {
		p := []byte("........")
		err := c.Read(context.Background(), p, 100, 0)
		if err == nil && string(p) != "ab\x00\x00\x00\x00gh" {
			return fmt.Errorf("read %q", p)
		}
		return err
	}
	status := func(c *Client) error {
		extents, err := c.BlockStatus(context.Background(), 100, 50, 0)
		if err == nil && fmt.Sprint(extents) != "[{100 10 3} {110 8589934592 0}]" && fmt.Sprint(extents) != "[{100 10 3}]" {
			return fmt.Errorf("block status %v", extents)
		}
		return err
	}
	two := []message{&descriptorExt{10, 1<<40 | 3}, &descriptorExt{8 << 30, 0}}
	list := func(count uint32) []byte {
		return chunk(chunkDone, chunkBlockStatusExt, 100, append([]message{&blockStatusExt{7, count}}, two...)...)
	}
	for _, tt := range []struct {
		name    string
		do      func(*Client) error
		replies [][]byte
		want    string // "" = no error
		at      int64  // what the error says of the offset; 0 = nothing
		fatal   bool
	}{
		{"a read in pieces", read, [][]byte{chunk(0, chunkOffsetHole, 100, &offsetHole{102, 4}),
			chunk(0, chunkOffsetData, 100, &offsetData{100}, text("ab")), chunk(chunkDone, chunkOffsetData, 100, &offsetData{106}, text("gh"))}, "", 0, false},
		{"block status that counts", status, [][]byte{list(2)}, "", 0, false},
		{"block status that does not count", status, [][]byte{list(0)}, "", 0, false},
		{"block status in 32 bits", status, [][]byte{chunk(chunkDone, chunkBlockStatus, 100, &blockStatus{7}, &descriptor{10, 3})}, "", 0, false},
		{"an error with its offset", read, [][]byte{chunk(chunkDone, chunkErrorOffset, 100, &errorChunk{5, "bad sector"}, &errorOffset{104})}, "bad sector", 104, false},
		{"an error with an offset elsewhere", read, [][]byte{chunk(chunkDone, chunkErrorOffset, 100, &errorChunk{5, "bad sector"}, &errorOffset{108})}, "bad sector", 0, false},
		{"an error without the offset", read, [][]byte{chunk(chunkDone, chunkErrorOffset, 100, &errorChunk{5, "bad sector"})}, "error chunk: offset", 0, true},
		{"block status that counts wrongly", status, [][]byte{list(3)}, "3 extents in a chunk that has room for 2", 0, true},
		{"an extent past 2^64", status, [][]byte{chunk(chunkDone, chunkBlockStatusExt, 100, &blockStatusExt{7, 1}, &descriptorExt{1<<64 - 1, 0})}, "past the largest offset", 0, true},
		{"half an extent", status, [][]byte{chunk(chunkDone, chunkBlockStatusExt, 100, &blockStatusExt{7, 1}, &descriptor{1, 0})}, "type 6 with 16 bytes", 0, true},
		{"the offset of another request", read, [][]byte{chunk(chunkDone, chunkNone, 99)}, "the offset 99 to a request with 100", 0, true},
		{"a length of 2^63", read, [][]byte{appendMessage(nil, &extChunk{0, chunkOffsetData, 1, 100, 1 << 63}), make([]byte, 8)}, "in reply to a READ of 8", 0, true},
		{"a simple reply", read, [][]byte{appendMessage(nil, &simpleReply{0, 1})}, "a reply begins with 0x67446698", 0, true},
		{"a short chunk", read, [][]byte{appendMessage(nil, &chunkHeader{chunkDone, chunkNone, 1, 0})}, "a reply begins with 0x668e33ef", 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := socketPair(t)
			defer theirs.Close()
			fakeServer(t, theirs, true, func(p *rawPeer) {
				p.receive(extRequestSize)
				for _, b := range tt.replies {
					p.send(b)
				}
				p.nc.(closeWriter).CloseWrite()
			})
			c, err := NewClient(inTime(t), ours, ClientOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = tt.do(c)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v: want %q", err, tt.want)
			}
			at, known := errors.AsType[*plugins.OffsetError](err)
			if known != (tt.at != 0) || known && at.Offset != uint64(tt.at) {
				t.Errorf("the error is at %+v: want %d", at, tt.at)
			}
			var protocol *ProtocolError
			if errors.As(err, &protocol) != tt.fatal {
				t.Errorf("a protocol error: %v", err)
			}
		})
	}
}
