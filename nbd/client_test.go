package nbd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// dialed is a client of s, over a pair of sockets, until the test ends.
func dialed(t *testing.T, s *Server, o ClientOptions) *Client {
	t.Helper()
	p, end := connect(t, s)
	p.nc.SetDeadline(time.Time{})
	c, err := NewClient(inTime(t), p.nc, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		end.result(t)
	})
	return c
}

// exercise does each operation and checks what it brings.
func exercise(t *testing.T, c *Client) {
	t.Helper()
	ctx := inTime(t)
	info := c.Info()
	data := randomBytes(100000)
	if err := c.Write(ctx, data, 5, plugins.FlagFUA); err != nil {
		t.Error("write:", err)
	}
	got := make([]byte, len(data))
	if err := c.Read(ctx, got, 5, plugins.FlagDF); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read: %v, equal=%t", err, bytes.Equal(got, data))
	}
	if err := c.Zero(ctx, 10, 50000, plugins.FlagMayTrim); err != nil {
		t.Error("zero:", err)
	}
	clear(data[5:50005])
	if err := c.Read(ctx, got, 5, 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read of zeroes: %v, equal=%t", err, bytes.Equal(got, data))
	}
	if err := c.Flush(ctx); err != nil {
		t.Error("flush:", err)
	}
	if err := c.Trim(ctx, 0, 4096, 0); (err == nil) != info.CanTrim {
		t.Error("trim:", err)
	}
	if err := c.Cache(ctx, 0, 4096, 0); (err == nil) != (info.Cache != plugins.None) {
		t.Error("cache:", err)
	}
	extents, err := c.BlockStatus(ctx, 4096, 8192, 0)
	if err != nil || len(extents) == 0 || extents[0].Offset != 4096 {
		t.Errorf("block status: %v, %v", extents, err)
	}
	one, err := c.BlockStatus(ctx, 4096, 8192, plugins.FlagReqOne)
	if err != nil || len(one) != 1 || one[0].Length > 8192 {
		t.Errorf("block status of one: %v, %v", one, err)
	}
	var enosys *plugins.Error
	if err := c.Read(ctx, got, info.Size, 0); plugins.ErrnoOf(err) != syscall.EINVAL || !errors.As(err, &enosys) {
		t.Errorf("read past the end: %v", err)
	}
}

func TestClientServer(t *testing.T) {
	for _, o := range []ClientOptions{
		{}, {Export: "name"}, {FilterStatus: true}, {NoExtendedHeaders: true}, {NoStructuredReplies: true}, {NoBlockStatus: true}, {OldStyleOpen: true}, {OldStyleOpen: true, NoStructuredReplies: true},
	} {
		for _, hide := range []uint16{0, 1, 2, 3} {
			t.Run(fmt.Sprintf("%+v, hidden flags %d", o, hide), func(t *testing.T) {
				m := newMemory(1 << 20)
				c := dialed(t, &Server{Backend: m, HideFlags: hide}, o)
				want := m.info
				want.CanExtents = hide&1 == 0 && !o.NoStructuredReplies && !o.NoBlockStatus
				if got := c.Info(); got != want {
					t.Errorf("Info is %+v: want %+v", got, want)
				}
				exercise(t, c)
				if m.opened[0].Export != o.Export || c.Name() != o.Export {
					t.Errorf("opened %q, and the client says %q", m.opened[0].Export, c.Name())
				}
			})
		}
	}
}

func TestClientDescribes(t *testing.T) {
	m := newMemory(512)
	m.description, m.sizes = "text", plugins.BlockSizes{Minimum: 1, Preferred: 512, Maximum: 4096}
	c := dialed(t, &Server{Backend: m}, ClientOptions{})
	about, _ := c.Description(t.Context())
	sizes, _ := c.BlockSizes(t.Context())
	if about != m.description || sizes != m.sizes {
		t.Errorf("Description %q, BlockSizes %+v", about, sizes)
	}
}

// TestClientPieces checks that large requests are cut to what the server takes.
func TestClientPieces(t *testing.T) {
	m := newMemory(10000)
	m.sizes = plugins.BlockSizes{Minimum: 1, Preferred: 512, Maximum: 4096}
	c := dialed(t, &Server{Backend: m}, ClientOptions{})
	data := randomBytes(10000)
	if err := c.Write(inTime(t), data, 0, 0); err != nil || !bytes.Equal(m.data, data) {
		t.Errorf("write: %v", err)
	}
	got := make([]byte, 10000)
	if err := c.Read(inTime(t), got, 0, 0); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read: %v", err)
	}
	for _, r := range m.requests() {
		if r.Length > 4096 {
			t.Errorf("%s of %d bytes", r.Op, r.Length)
		}
	}

	big := newMemory(1)
	big.info.Size, big.data = 10<<30, nil
	c = dialed(t, &Server{Backend: big}, ClientOptions{})
	if err := c.Zero(inTime(t), 0, 10<<30, 0); err != nil {
		t.Error(err)
	}
	var sum uint64
	for _, r := range big.requests() {
		sum += r.Length
	}
	if sum != 10<<30 {
		t.Errorf("%d bytes were zeroed", sum)
	}
	if n := len(big.requests()); n != 1 {
		t.Errorf("with extended headers %d requests zeroed 10 GiB", n)
	}
	if extents, err := c.BlockStatus(inTime(t), 0, 10<<30, 0); err != nil || len(extents) != 1 || extents[0].Length != 10<<30 {
		t.Errorf("block status: %v, %v", extents, err)
	}
	c = dialed(t, &Server{Backend: big, NoExtendedHeaders: true}, ClientOptions{})
	if extents, err := c.BlockStatus(inTime(t), 0, 10<<30, 0); err != nil || len(extents) != 1 || extents[0].Length != maxDescriptor {
		t.Errorf("block status: %v, %v", extents, err)
	}
	before := len(big.requests())
	if err := c.Zero(inTime(t), 0, 10<<30, 0); err != nil {
		t.Error(err)
	}
	if n := len(big.requests()) - before; n != 3 {
		t.Errorf("without extended headers %d requests zeroed 10 GiB", n)
	}
}

func TestClientErrors(t *testing.T) {
	m := newMemory(4096)
	m.before = func(context.Context, *plugins.Request) error {
		return &plugins.Error{Errno: syscall.ENOSPC, Callback: plugins.Pwrite, File: "disk.lua", Line: 31, Msg: "disk full"}
	}
	for _, o := range []ClientOptions{{}, {NoStructuredReplies: true}} {
		c := dialed(t, &Server{Backend: m}, o)
		want := "pwrite: disk.lua:31: disk full"
		if o.NoStructuredReplies {
			want = "the server answered ENOSPC"
		}
		err := c.Write(inTime(t), make([]byte, 10), 0, 0)
		var e *plugins.Error
		if !errors.As(err, &e) || e.Errno != syscall.ENOSPC || e.Msg != want {
			t.Errorf("write: %#v", err)
		}
	}

	m.openErr = errors.New("no such disk")
	p, _ := connect(t, &Server{Backend: m})
	_, err := NewClient(inTime(t), p.nc, ClientOptions{Export: "x"})
	var e *plugins.Error
	if !errors.As(err, &e) || e.Errno != syscall.ENOENT || !strings.Contains(err.Error(), "no such disk") {
		t.Errorf("NewClient: %v", err)
	}
}

// TestClientManyGoroutines has requests of many goroutines in flight, answered in any order.
func TestClientManyGoroutines(t *testing.T) {
	const workers, size = 32, 5000
	m := newMemory(workers * size)
	c := dialed(t, &Server{Backend: m}, ClientOptions{})
	var wg sync.WaitGroup
	for w := range uint64(workers) {
		wg.Go(func() {
			got := make([]byte, size)
			for range 20 {
				data := randomBytes(size)
				if err := c.Write(t.Context(), data, w*size, 0); err != nil {
					t.Error(err)
					return
				}
				if err := c.Read(t.Context(), got, w*size, 0); err != nil || !bytes.Equal(got, data) {
					t.Errorf("worker %d read something else: %v", w, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestClientCancel(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	c := dialed(t, &Server{Backend: m}, ClientOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	p := make([]byte, 8)
	go func() { ended <- c.Read(ctx, p, 1, 0) }()
	g.await(t, 1)
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("the cancelled READ returned %v", err)
	}
	copy(p, "mine now") // the race detector watches
	go func() { ended <- c.Read(t.Context(), make([]byte, 8), 2, 0) }()
	g.await(t, 1)
	g.release(1, nil) // its reply comes first, and must be skipped
	g.release(2, nil)
	if err := <-ended; err != nil {
		t.Errorf("the READ after it returned %v", err)
	}
	if string(p) != "mine now" {
		t.Error("a cancelled READ wrote to its caller's memory")
	}
	if err := c.Read(ctx, p, 3, 0); err != context.Canceled || len(m.requests()) != 2 {
		t.Errorf("a READ with a context that has ended: %v", err)
	}
}

func TestClientClose(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	s := &Server{Backend: m}
	c := dialed(t, s, ClientOptions{})
	ended := make(chan error)
	go func() { ended <- c.Flush(t.Context()) }()
	g.await(t, 1)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, ErrClientClosed) {
		t.Errorf("the request in flight returned %v", err)
	}
	if err := c.Flush(t.Context()); !errors.Is(err, ErrClientClosed) {
		t.Errorf("a request after Close returned %v", err)
	}
	g.release(0, nil)
	c.Close()
}

// TestClientStalledServer has a server that never takes a large write. The
// cancelled caller gets its memory back, at the cost of the connection.
func TestClientStalledServer(t *testing.T) {
	ours, theirs := socketPair(t)
	defer theirs.Close()
	begun := make(chan struct{})
	fakeServer(t, theirs, false, func(p *rawPeer) { p.receive(requestSize); close(begun) })
	c, err := NewClient(inTime(t), ours, ClientOptions{NoStructuredReplies: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // not before: a request that was not begun leaves the connection in step
		<-begun
		cancel()
	}()
	if err := c.Write(ctx, make([]byte, 8<<20), 0, 0); err != context.Canceled {
		t.Errorf("the stalled WRITE returned %v", err)
	}
	if err := c.Flush(t.Context()); err == nil {
		t.Error("a connection out of step went on")
	}
}

// fakeServer plays a server of 16 MiB that grants what it is asked for, but for
// extended headers only if it is to, and has then do play on.
func fakeServer(t *testing.T, nc net.Conn, extended bool, then func(p *rawPeer)) {
	t.Helper()
	played := make(chan struct{})
	t.Cleanup(func() { <-played })
	go func() {
		defer close(played)
		p := &rawPeer{t: t, nc: nc}
		p.send(appendMessage(nil, &greeting{flags: uint16(bothFlags)}))
		p.receive(clientFlagsSize)
		for {
			var m optionHeader
			p.message(optionHeaderSize, &m)
			p.receive(int(m.length))
			reply := func(r replyType, data []byte) {
				p.send(append(appendMessage(nil, &optionReplyHeader{m.option, r, uint32(len(data))}), data...))
			}
			switch m.option {
			case optStructuredReply:
				reply(repAck, nil)
			case optSetMeta:
				reply(repMetaContext, appendMessage(nil, &metaContext{7, baseAllocation}))
				reply(repAck, nil)
			case optGo:
				reply(repInfo, appendMessage(nil, &exportInfo{infoExport, exportNameReply{16 << 20, HasFlags | SendFlush | SendDF}}))
				reply(repAck, nil)
				then(p)
				return
			case optExtendedHeaders:
				if !extended {
					reply(repErrUnsup, nil)
					continue
				}
				reply(repAck, nil)
			}
		}
	}()
}

// TestClientReplies has replies that our server does not send.
func TestClientReplies(t *testing.T) {
	chunk := func(flags uint16, c chunkType, cookie uint64, parts ...message) []byte {
		var body []byte
		for _, m := range parts {
			body = appendMessage(body, m)
		}
		return append(appendMessage(nil, &chunkHeader{flags, c, cookie, uint32(len(body))}), body...)
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
		if err == nil && fmt.Sprint(extents) != "[{100 10 3} {110 40 0}]" {
			return fmt.Errorf("block status %v", extents)
		}
		return err
	}
	tests := []struct {
		name    string
		do      func(*Client) error
		replies [][]byte
		want    string // "" = no error
		fatal   bool   // the connection must end
	}{
		{"a read in pieces, out of order", read, [][]byte{
			chunk(0, chunkOffsetData, 1, &offsetData{106}, text("gh")),
			chunk(0, chunkOffsetHole, 1, &offsetHole{102, 4}),
			chunk(0, chunkOffsetData, 1, &offsetData{100}, text("ab")),
			chunk(chunkDone, chunkNone, 1)}, "", false},
		{"a read with an error after data", read, [][]byte{
			chunk(0, chunkOffsetData, 1, &offsetData{100}, text("ab")),
			chunk(0, chunkErrorOffset, 1, &errorChunk{5, "bad sector"}, &offsetData{102}),
			chunk(chunkDone, chunkError, 1, &errorChunk{22, "second"})}, "bad sector", false},
		{"an error of an unknown kind", read, [][]byte{chunk(chunkDone, chunkIsError|77, 1, &errorChunk{5, "odd"}, text("more"))}, "odd", false},
		{"an unknown error number", read, [][]byte{chunk(chunkDone, chunkError, 1, &errorChunk{4711, ""})}, "the server answered errno 4711", false},
		{"a read that leaves out bytes", read, [][]byte{chunk(chunkDone, chunkOffsetData, 1, &offsetData{100}, text("ab"))}, "left out 6 bytes of the 8", false},
		{"block status", status, [][]byte{chunk(chunkDone, chunkBlockStatus, 1, &blockStatus{7}, &descriptor{10, 3}, &descriptor{40, 0})}, "", false},
		{"block status without an extent", status, [][]byte{chunk(chunkDone, chunkNone, 1)}, "without an extent", false},
		{"data before the request", read, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{99}, text("ab"))}, "2 bytes at 99", true},
		{"data past the request", read, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{107}, text("ab"))}, "2 bytes at 107", true},
		{"a hole past the request", read, [][]byte{chunk(0, chunkOffsetHole, 1, &offsetHole{107, 0xffffffff})}, "4294967295 bytes at 107", true},
		{"data twice", read, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{100}, text("12345678")), chunk(0, chunkOffsetData, 1, &offsetData{100}, text("1"))}, "had come already", true},
		{"data twice, and others never", read, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{100}, text("1234")), chunk(chunkDone, chunkOffsetData, 1, &offsetData{100}, text("1234"))}, "had come already", true},
		{"a hole over data", read, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{102}, text("1234")), chunk(0, chunkOffsetHole, 1, &offsetHole{100, 3})}, "3 bytes at 100 in reply to a READ of 8 at 100: some of them had come already", true},
		{"an error with the number of success", read, [][]byte{chunk(chunkDone, chunkError, 1, &errorChunk{0, ""})}, "the server answered EIO", false},
		{"a simple reply to a read", read, [][]byte{appendMessage(nil, &simpleReply{0, 1})}, "a simple reply to READ", true},
		{"a cookie that nobody has", read, [][]byte{chunk(chunkDone, chunkNone, 9)}, "cookie 0x9", true},
		{"data in reply to block status", status, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{100}, text("ab"))}, "type 1 with 10 bytes in reply to BLOCK_STATUS", true},
		{"another context", status, [][]byte{chunk(chunkDone, chunkBlockStatus, 1, &blockStatus{8}, &descriptor{10, 3})}, "context 8", true},
		{"an extent of no bytes", status, [][]byte{chunk(chunkDone, chunkBlockStatus, 1, &blockStatus{7}, &descriptor{0, 3})}, "an extent of no bytes at 100", true},
		{"an unknown chunk", read, [][]byte{chunk(chunkDone, 99, 1)}, "type 99", true},
		{"an error chunk of 1 GiB", read, [][]byte{appendMessage(nil, &chunkHeader{chunkDone, chunkError, 1, 1 << 30})}, "error chunk of 1073741824 bytes", true},
		{"no reply at all", read, [][]byte{[]byte("nonsense")}, "a reply begins with", true},
		{"an end in the midst", read, [][]byte{chunk(0, chunkOffsetData, 1, &offsetData{100}, text("abcdefgh"))[:30], nil}, "closed the connection", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := socketPair(t)
			defer theirs.Close()
			fakeServer(t, theirs, false, func(p *rawPeer) {
				p.receive(requestSize)
				for _, b := range tt.replies {
					p.send(b)
				}
				if tt.fatal {
					p.nc.(closeWriter).CloseWrite()
					return
				}
				p.receive(requestSize)
				p.send(appendMessage(nil, &simpleReply{0, 2}))
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
			if err := c.Flush(inTime(t)); (err != nil) != tt.fatal {
				t.Errorf("the FLUSH after it: %v", err)
			}
		})
	}
}

func TestClientOldstyle(t *testing.T) {
	ours, theirs := net.Pipe()
	go func() {
		m := appendMessage(nil, &greeting{})
		copy(m[8:], "\x00\x00\x42\x02\x81\x86\x12\x53")
		theirs.Write(append(m, make([]byte, 134)...))
		theirs.Close()
	}()
	if _, err := NewClient(inTime(t), ours, ClientOptions{}); err == nil || !strings.Contains(err.Error(), "oldstyle") {
		t.Errorf("NewClient: %v", err)
	}
}

func TestClientHandshakeContext(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		io.ReadFull(theirs, make([]byte, 0))
		cancel()
	}()
	if _, err := NewClient(ctx, ours, ClientOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("NewClient of a silent server: %v", err)
	}
}
