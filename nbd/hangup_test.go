package nbd

import (
	"fmt"
	"syscall"
	"testing"
)

// TestHangUp has a client that goes while its slots are held, and more requests wait.
func TestHangUp(t *testing.T) {
	for i, n := range []int{1, 16, 40, 1, 16, 40} {
		parallel := i >= 3
		t.Run(fmt.Sprintf("%d/parallel=%t", n, parallel), func(t *testing.T) {
			g := newGate()
			m := newMemory(4096)
			m.before, m.parallel = g.hold, parallel
			p, end := connect(t, &Server{Backend: m})
			p.open(true)
			for i := range uint64(n) {
				p.request(requestHeader{command: cmdRead, cookie: i, offset: i, length: 1}, nil)
			}
			done := min(n, defaultSlots)
			g.await(t, done)
			p.nc.Close()
			if err := end.result(t); err != nil { // it ends because the requests were cancelled
				t.Error(err)
			}
			if opened, closed := m.counts(); opened != 1 || closed != 1 || len(m.finished) != done {
				t.Errorf("opened %d times, closed %d times, %d requests finished", opened, closed, len(m.finished))
			}
		})
	}
}

// TestHalfClosed has a client that sends all its requests, more than there are
// slots, and closes its direction: it gets its answers all the same.
func TestHalfClosed(t *testing.T) { bothWays(t, testHalfClosed) }

func testHalfClosed(t *testing.T, parallel bool) {
	m := newMemory(4096)
	m.parallel = parallel
	p, end := connect(t, &Server{Backend: m})
	p.open(true)
	const n = 3 * defaultSlots
	for i := range uint64(n) {
		p.request(requestHeader{command: cmdRead, cookie: i, length: 512}, nil)
	}
	if err := p.nc.(closeWriter).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for range n {
		if a := p.answer(512); a.errno != 0 {
			t.Errorf("READ %d was answered by %+v", a.cookie, a)
		}
	}
	p.wantEOF()
	if err := end.result(t); err != nil {
		t.Error(err)
	}
}

// TestHalfClosedForEver has one that waits for answers which never come: it
// looks like one that is gone.
func TestHalfClosedForEver(t *testing.T) { bothWays(t, testHalfClosedForEver) }

func testHalfClosedForEver(t *testing.T, parallel bool) {
	g := newGate()
	m := newMemory(4096)
	m.before, m.parallel = g.hold, parallel
	p, end := connect(t, &Server{Backend: m})
	p.open(true)
	p.request(requestHeader{command: cmdRead, length: 512}, nil)
	g.await(t, 1)
	if err := p.nc.(closeWriter).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a := p.answer(512); a.errno != syscall.ESHUTDOWN {
		t.Errorf("READ was answered by %+v", a)
	}
	if err := end.result(t); err != nil {
		t.Error(err)
	}
}
