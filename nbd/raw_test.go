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
const rawTimeout = 10 * time.Second

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
	t  *testing.T
	nc net.Conn
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
	return &rawPeer{t, ours}, end
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

// request sends a request, and its payload if it has one.
func (p *rawPeer) request(m requestHeader, payload []byte) {
	p.t.Helper()
	p.send(append(appendMessage(nil, &m), payload...))
}

// A rawAnswer is the reply to a request, in either form.
type rawAnswer struct {
	cookie uint64
	errno  syscall.Errno
	text   string       // of an error chunk
	data   []byte       // of a READ
	status []descriptor // of a BLOCK_STATUS
	chunk  chunkType    // of a structured reply
	simple bool         // whether it was a simple one
}

// answer receives a reply. length is that of the READ that it answers, else 0.
func (p *rawPeer) answer(length int) rawAnswer {
	p.t.Helper()
	head := p.receive(4)
	if c := (coder{buf: head}); isMagic(&c, simpleMagic) {
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
	var m chunkHeader
	if err := parseMessage(append(head, p.receive(chunkHeaderSize-4)...), &m); err != nil {
		p.t.Fatal(err)
	}
	if m.flags != chunkDone {
		p.t.Fatalf("chunk flags %d", m.flags)
	}
	body := p.receive(int(m.length))
	a := rawAnswer{cookie: m.cookie, chunk: m.chunk}
	c := coder{buf: body}
	switch m.chunk {
	case chunkError:
		var e errorChunk
		e.fields(&c)
		a.errno, a.text = syscall.Errno(e.errno), e.text
	case chunkOffsetData:
		var d offsetData
		d.fields(&c)
		a.data, c.buf = c.buf, nil
	case chunkBlockStatus:
		var s blockStatus
		for s.fields(&c); len(c.buf) > 0 && c.err == nil; {
			var d descriptor
			d.fields(&c)
			a.status = append(a.status, d)
		}
		if s.context != allocationID {
			p.t.Errorf("context %d", s.context)
		}
	}
	if c.err != nil || len(c.buf) > 0 {
		p.t.Fatalf("chunk %d: %v, %d bytes left", m.chunk, c.err, len(c.buf))
	}
	return a
}

func isMagic(c *coder, magic uint32) bool {
	c.magic32(magic)
	return c.err == nil
}

// errnoOf is the number that the protocol sends for a plain error.
func errnoOf(err error) syscall.Errno { return plugins.ErrnoOf(err) }
