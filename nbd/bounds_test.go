package nbd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"workbench/plugins"
)

// Test200Connections has 200 clients at once, each with its own bytes.
func Test200Connections(t *testing.T) {
	const clients, size = 200, 1000
	m := newMemory(clients * size)
	unix, tcp := serve(t, &Server{Backend: m}, "")
	var all, wg sync.WaitGroup
	all.Add(clients)
	for i := range uint64(clients) {
		uri := unix
		if i%2 > 0 {
			uri = tcp
		}
		wg.Go(func() {
			c, err := Dial(inTime(t), uri)
			all.Done()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			all.Wait() // now all are connected
			data, got := randomBytes(size), make([]byte, size)
			if err := c.Write(inTime(t), data, i*size, 0); err != nil {
				t.Error(err)
			}
			if err := c.Read(inTime(t), got, i*size, 0); err != nil || !bytes.Equal(got, data) {
				t.Errorf("client %d read something else: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// TestMaxConns has one client too many, and room for it later.
func TestMaxConns(t *testing.T) {
	type end struct {
		conn uint32
		err  error
	}
	ends := make(chan end, 10)
	s := &Server{Backend: newMemory(4096), MaxConns: 2, Trace: Trace{Disconnect: func(conn uint32, err error) { ends <- end{conn, err} }}}
	unix, tcp := serve(t, s, "")
	var clients []*Client
	for _, uri := range []string{unix, tcp} {
		c, err := Dial(inTime(t), uri)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	if c, err := Dial(inTime(t), unix); err == nil {
		c.Close()
		t.Error("a third client was let in")
	}
	if e := <-ends; e.conn != 3 || !errors.Is(e.err, ErrTooManyConns) {
		t.Errorf("connection %d ended with %v", e.conn, e.err)
	}
	for _, c := range clients {
		if err := c.Flush(inTime(t)); err != nil {
			t.Errorf("a client that was let in: %v", err)
		}
	}
	clients[0].Close()
	if e := <-ends; e.conn != 1 || e.err != nil {
		t.Errorf("connection %d ended with %v", e.conn, e.err)
	}
	// Its end is told before its place is free.
	for {
		c, err := Dial(inTime(t), unix)
		if err == nil {
			c.Close()
			return
		}
		if e := <-ends; !errors.Is(e.err, ErrTooManyConns) {
			t.Fatalf("connection %d ended with %v", e.conn, e.err)
		}
	}
}

// TestHandshakeLimit has a client that is never silent for long, but does not
// come to an end.
func TestHandshakeLimit(t *testing.T) {
	p, end := connect(t, &Server{Backend: newMemory(4096), HandshakeLimit: 50 * time.Millisecond})
	_, err := p.nc.Write(appendMessage(nil, &clientFlags{bothFlags})) // the time may be over before anything is read
	for err == nil {
		_, err = p.nc.Write(appendMessage(nil, &optionHeader{99, 0}))
		if err == nil {
			_, err = p.nc.Read(make([]byte, 100))
		}
		time.Sleep(5 * time.Millisecond) // the client's own pace
	}
	if err := end.result(t); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ServeConn returned %v", err)
	}
}

// TestHandshakeLimitSlowBackend has a backend that is slower than the client may be.
func TestHandshakeLimitSlowBackend(t *testing.T) {
	const limit = time.Second // for a client that has to share a busy machine
	b := &slowBackend{memory: newMemory(4096), opening: make(chan struct{}, 1), pause: limit + limit/5}
	p, _ := connect(t, &Server{Backend: b, HandshakeTimeout: limit, HandshakeLimit: limit})
	p.greet(bothFlags)
	p.wantOption(repAck, optInfo, infoData(""))
	p.wantOption(repAck, optGo, infoData(""))
}

// A slowBackend takes its time to open, or until the context ends.
type slowBackend struct {
	*memory
	opening chan struct{} // holds one; gets one at each Open
	pause   time.Duration // 0 = for ever
}

func (b *slowBackend) Open(ctx context.Context, p plugins.OpenParams) (plugins.Handle, error) {
	select {
	case b.opening <- struct{}{}:
	default:
	}
	var enough <-chan time.Time
	if b.pause > 0 {
		enough = time.After(b.pause)
	}
	select {
	case <-enough:
		return b.memory.Open(ctx, p)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestHangUpWhileOpening has a client that goes while the backend opens.
func TestHangUpWhileOpening(t *testing.T) {
	tests := []struct {
		name  string
		leave func(p *rawPeer)
	}{
		{"wholly", func(p *rawPeer) { p.nc.Close() }},
		{"its own direction", func(p *rawPeer) { p.nc.(closeWriter).CloseWrite() }},
	}
	for _, tt := range tests {
		for _, opt := range []option{optGo, optInfo, optExportName} {
			t.Run(tt.name+", "+opt.String(), func(t *testing.T) {
				b := &slowBackend{memory: newMemory(4096), opening: make(chan struct{}, 1)}
				p, end := connect(t, &Server{Backend: b})
				p.greet(bothFlags)
				if opt == optExportName {
					p.sendOption(opt, nil)
				} else {
					p.sendOption(opt, infoData(""))
				}
				<-b.opening
				tt.leave(p)
				err := end.result(t) // rather than the end of the test
				if tt.name == "wholly" && err == nil {
					t.Error("the connection ended in peace")
				}
				if opened, closed := b.counts(); opened != closed {
					t.Errorf("opened %d times, closed %d times", opened, closed)
				}
			})
		}
	}
}

// TestStall has clients that stand still in the midst of something. Another
// client is served all the while.
func TestStall(t *testing.T) {
	const size = 4 << 20
	tests := []struct {
		name string
		do   func(p *rawPeer)
		want string
	}{
		{"half a request", func(p *rawPeer) { p.send(appendMessage(nil, &requestHeader{command: cmdRead, length: 1})[:20]) }, "reading a request: "},
		{"one byte of a request", func(p *rawPeer) { p.send([]byte{0x25}) }, "reading a request: "},
		{"a write without data", func(p *rawPeer) { p.request(requestHeader{command: cmdWrite, length: 4096}, nil) }, "reading the 4096 bytes of a WRITE: "},
		{"half the data of a write", func(p *rawPeer) {
			p.request(requestHeader{command: cmdWrite, length: 4096}, make([]byte, 2048))
		}, "reading the 4096 bytes of a WRITE: "},
		{"half the data of a write that must fail", func(p *rawPeer) {
			p.request(requestHeader{command: cmdWrite, offset: size, length: 4096}, make([]byte, 2048))
		}, "reading the 4096 bytes of a WRITE: "},
		{"answers that nobody takes", func(p *rawPeer) {
			p.send(bytes.Repeat(appendMessage(nil, &requestHeader{command: cmdRead, length: 60 << 10}), 100))
		}, "sending replies: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(size)
			copy(m.data, randomBytes(size))                                         // zeroes would be answered by holes, which are short
			s := &Server{Backend: m, StallTimeout: 50 * time.Millisecond, Slots: 1} // so that answers leave one by one, for which there is no more time
			other := dialed(t, s, ClientOptions{})
			p, end := connect(t, s)
			p.open(true)
			p.request(requestHeader{command: cmdFlush, cookie: 3}, nil)
			p.answer(0)
			tt.do(p)
			if err := other.Read(inTime(t), make([]byte, 1), 0, 0); err != nil {
				t.Errorf("another client: %v", err)
			}
			err := end.result(t)
			if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ServeConn returned %v: want %q", err, tt.want)
			}
			if err := other.Read(inTime(t), make([]byte, 1), 0, 0); err != nil { // silent for longer than the limit, between two requests
				t.Errorf("another client, afterwards: %v", err)
			}
			if opened, closed := m.counts(); opened != 2 || closed != 1 {
				t.Errorf("opened %d times, closed %d times", opened, closed)
			}
		})
	}
}

// TestSilentBetweenRequests has a client that is slow within its right, after
// the limit was in force for a request that came in pieces.
func TestSilentBetweenRequests(t *testing.T) {
	const limit = time.Second // for a client that has to share a busy machine
	p, end := connect(t, &Server{Backend: newMemory(1 << 20), StallTimeout: limit})
	defer func() {
		p.nc.Close()
		if err := end.result(t); err != nil {
			t.Error(err)
		}
	}()
	p.open(true)
	for cookie := range uint64(2) {
		b := append(appendMessage(nil, &requestHeader{command: cmdWrite, cookie: cookie, length: 200000}), make([]byte, 200000)...)
		for _, piece := range [][]byte{b[:1], b[1:27], b[27:30], b[30:]} {
			p.send(piece)
			time.Sleep(5 * time.Millisecond) // so that they come one by one
		}
		if a := p.answer(0); a.errno != 0 || a.cookie != cookie {
			t.Errorf("the WRITE was answered by %+v", a)
		}
		time.Sleep(limit + limit/5) // the silence is what is tested
	}
}
