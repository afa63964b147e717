package nbd

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// rawTimeout ends a raw test whose other side does not answer.
const rawTimeout = time.Minute

// socketPair returns two ends of a unix connection, for tests that must not
// wait for the other side to read.
func socketPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var conns [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socketpair")
		conns[i], err = net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return conns[0], conns[1]
}

// A rawPeer speaks to a server byte by byte.
type rawPeer struct {
	t        *testing.T
	nc       net.Conn
	extended bool // the headers that were negotiated
}

// A served is what became of a ServeConn.
type served struct {
	done chan struct{}
	err  error // once done is closed
}

// result waits for the end.
func (s *served) result(t *testing.T) error {
	t.Helper()
	select {
	case <-s.done:
		return s.err
	case <-time.After(rawTimeout):
		t.Fatal("the connection does not end")
		return nil
	}
}

// connect starts s on one end of a connection and returns the other.
func connect(t *testing.T, s *Server) (*rawPeer, *served) {
	t.Helper()
	ours, theirs := socketPair(t)
	ours.SetDeadline(time.Now().Add(rawTimeout))
	end := &served{done: make(chan struct{})}
	go func() {
		defer close(end.done)
		end.err = s.ServeConn(context.Background(), theirs)
	}()
	t.Cleanup(func() {
		ours.Close()
		<-end.done
	})
	return &rawPeer{t: t, nc: ours}, end
}

func (p *rawPeer) send(b []byte) {
	p.t.Helper()
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatalf("sending %d bytes: %v", len(b), err)
	}
}

func (p *rawPeer) receive(n int) []byte {
	p.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(p.nc, b); err != nil {
		p.t.Fatalf("receiving %d bytes: %v", n, err)
	}
	return b
}

// message receives a message of n bytes.
func (p *rawPeer) message(n int, m message) {
	p.t.Helper()
	if err := parseMessage(p.receive(n), m); err != nil {
		p.t.Fatal(err)
	}
}

// wantEOF expects the server to hang up without another byte.
func (p *rawPeer) wantEOF() {
	p.t.Helper()
	var b [1]byte
	if n, err := p.nc.Read(b[:]); err == nil || n > 0 || isTimeout(err) {
		p.t.Fatalf("got %d bytes and %v: want the end of the connection", n, err)
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

// greet reads the greeting and answers with flags.
func (p *rawPeer) greet(flags handshakeFlags) greeting {
	p.t.Helper()
	var m greeting
	p.message(greetingSize, &m)
	p.send(appendMessage(nil, &clientFlags{flags}))
	return m
}

// sendOption sends an option with data as it is.
func (p *rawPeer) sendOption(opt option, data []byte) {
	p.t.Helper()
	p.send(append(appendMessage(nil, &optionHeader{opt, uint32(len(data))}), data...))
}

// A rawReply is one reply to an option.
type rawReply struct {
	reply replyType
	data  string
}

// option sends an option and returns the replies up to the final one.
func (p *rawPeer) option(opt option, data []byte) []rawReply {
	p.t.Helper()
	p.sendOption(opt, data)
	var replies []rawReply
	for {
		var m optionReplyHeader
		p.message(optionReplySize, &m)
		if m.option != opt {
			p.t.Fatalf("an answer to %s, when %s was asked for", m.option, opt)
		}
		replies = append(replies, rawReply{m.reply, string(p.receive(int(m.length)))})
		if m.reply == repAck || m.reply&repError != 0 {
			return replies
		}
	}
}

// last sends an option and returns the final reply.
func (p *rawPeer) last(opt option, data []byte) rawReply {
	p.t.Helper()
	replies := p.option(opt, data)
	return replies[len(replies)-1]
}

// wantOption sends an option and expects the final reply to be want.
func (p *rawPeer) wantOption(want replyType, opt option, data []byte) {
	p.t.Helper()
	got := p.last(opt, data)
	if got.reply != want {
		p.t.Errorf("%s was answered by %s (%q): want %s", opt, got.reply, got.data, want)
	}
	if got.reply&repError != 0 && got.data == "" {
		p.t.Errorf("%s to %s has no text", got.reply, opt)
	}
}

// open takes the connection to the transmission phase.
func (p *rawPeer) open(structured bool) {
	p.t.Helper()
	p.greet(flagFixedNewstyle | flagNoZeroes)
	if structured {
		p.wantOption(repAck, optStructuredReply, nil)
		p.wantOption(repAck, optSetMeta, appendMessage(nil, &metaRequest{"", []string{baseAllocation}}))
	}
	p.wantOption(repAck, optGo, appendMessage(nil, &infoRequest{}))
}

// openExtended is open with extended headers.
func (p *rawPeer) openExtended() {
	p.t.Helper()
	p.greet(flagFixedNewstyle | flagNoZeroes)
	p.wantOption(repAck, optExtendedHeaders, nil)
	p.wantOption(repAck, optSetMeta, appendMessage(nil, &metaRequest{"", []string{baseAllocation}}))
	p.wantOption(repAck, optGo, appendMessage(nil, &infoRequest{}))
	p.extended = true
}

// request sends a request, and its payload if it has one.
func (p *rawPeer) request(m requestHeader, payload []byte) {
	p.t.Helper()
	p.send(p.requestBytes(m, payload))
}

// requestBytes returns a request in the form that was negotiated.
func (p *rawPeer) requestBytes(m requestHeader, payload []byte) []byte {
	if !p.extended {
		return append(appendMessage(nil, &m), payload...)
	}
	wide := m.wide()
	if m.command == cmdWrite {
		wide.flags |= cmdFlagPayloadLen
	}
	return append(appendMessage(nil, &wide), payload...)
}

// A rawAnswer is the reply to a request, in any form.
type rawAnswer struct {
	cookie uint64
	errno  syscall.Errno
	text   string          // of an error chunk
	at     uint64          // of an ERROR_OFFSET chunk
	data   []byte          // of a READ; holes are filled in
	status []descriptorExt // of a BLOCK_STATUS
	chunks []chunkType     // of a structured reply
	simple bool            // whether it was a simple one
}

// answer receives a reply, all of its chunks, which must follow one another.
// length is that of the READ that it answers, else 0.
func (p *rawPeer) answer(length int) rawAnswer {
	p.t.Helper()
	var a rawAnswer
	for next := uint64(0); ; {
		head := p.receive(4)
		if c := (coder{buf: head}); isMagic(&c, simpleMagic) && !p.extended && len(a.chunks) == 0 {
			var m simpleReply
			if err := parseMessage(append(head, p.receive(simpleReplySize-4)...), &m); err != nil {
				p.t.Fatal(err)
			}
			a := rawAnswer{cookie: m.cookie, errno: syscall.Errno(m.errno), simple: true}
			if m.errno == 0 {
				a.data = p.receive(length)
			}
			return a
		}
		size := chunkHeaderSize
		if p.extended {
			size = extChunkSize
		}
		var m extChunk
		c := coder{buf: append(head, p.receive(size-4)...)}
		if m.walk(&c, p.extended); c.err != nil {
			p.t.Fatal(c.err)
		}
		if len(a.chunks) > 0 && a.cookie != m.cookie {
			p.t.Fatalf("a chunk for %d among those for %d", m.cookie, a.cookie)
		}
		a.cookie, a.chunks = m.cookie, append(a.chunks, m.chunk)
		offset, n := a.body(p, m)
		if n > 0 {
			if next != 0 && next != offset {
				p.t.Fatalf("a chunk at %d follows one that ends at %d", offset, next)
			}
			next = offset + n
		}
		if m.flags == chunkDone {
			return a
		}
		if m.flags != 0 || len(a.chunks) > maxPieces {
			p.t.Fatalf("chunk flags %d of chunk %d", m.flags, len(a.chunks))
		}
	}
}

// body receives what follows the header of a chunk, and returns which part of the
// disk it brings if it is READ's.
func (a *rawAnswer) body(p *rawPeer, m extChunk) (offset, n uint64) {
	p.t.Helper()
	c := coder{buf: p.receive(int(m.length))}
	context := uint32(allocationID)
	switch m.chunk {
	case chunkError, chunkErrorOffset:
		var e errorChunk
		e.fields(&c)
		a.errno, a.text = syscall.Errno(e.errno), e.text
		if m.chunk == chunkErrorOffset {
			var at errorOffset
			at.fields(&c)
			a.at = at.offset
		}
	case chunkOffsetData:
		var d offsetData
		d.fields(&c)
		a.data = append(a.data, c.buf...)
		offset, n, c.buf = d.offset, uint64(len(c.buf)), nil
	case chunkOffsetHole:
		var h offsetHole
		h.fields(&c)
		a.data = append(a.data, make([]byte, h.length)...)
		offset, n = h.offset, uint64(h.length)
	case chunkBlockStatus:
		var s blockStatus
		for s.fields(&c); len(c.buf) > 0 && c.err == nil; {
			var d descriptor
			d.fields(&c)
			a.status = append(a.status, descriptorExt{uint64(d.length), uint64(d.status)})
		}
		context = s.context
	case chunkBlockStatusExt:
		var s blockStatusExt
		for s.fields(&c); len(c.buf) > 0 && c.err == nil; {
			var d descriptorExt
			d.fields(&c)
			a.status = append(a.status, d)
		}
		context = s.context
		if int(s.count) != len(a.status) {
			p.t.Errorf("%d descriptors, and %d are announced", len(a.status), s.count)
		}
	}
	if context != allocationID || c.err != nil || len(c.buf) > 0 {
		p.t.Fatalf("chunk %d: context %d, %v, %d bytes left", m.chunk, context, c.err, len(c.buf))
	}
	return offset, n
}

func isMagic(c *coder, magic uint32) bool {
	c.magic32(magic)
	return c.err == nil
}

// errnoOf is the number that the protocol sends for a plain error.
func errnoOf(err error) syscall.Errno { return plugins.ErrnoOf(err) }
