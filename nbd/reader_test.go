package nbd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"workbench/plugins"
)

// bothWays runs test for a disk whose requests workers do, and for one whose
// requests the reader does.
func bothWays(t *testing.T, test func(t *testing.T, parallel bool)) {
	for _, parallel := range []bool{false, true} {
		t.Run(fmt.Sprintf("parallel=%t", parallel), func(t *testing.T) { test(t, parallel) })
	}
}

// longer is how long a request takes during which the reader is surely relieved.
const longer = (plugins.LongTurn + 2) * plugins.TurnTick

// burst returns n reads of one byte each as bytes; cookie and offset count.
func burst(n int) []byte {
	var b []byte
	for i := range uint64(n) {
		b = appendMessage(b, &requestHeader{command: cmdRead, cookie: i, offset: i, length: 1})
	}
	return b
}

// TestReaderInOrder has many requests come at once: the reader does them, in
// their order. Time stands still meanwhile, so that none takes long.
func TestReaderInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(4096)
		copy(m.data, randomBytes(4096))
		var atOnce, most atomic.Int32
		m.before = func(context.Context, *plugins.Request) error {
			most.Store(max(most.Load(), atOnce.Add(1)))
			defer atOnce.Add(-1)
			return nil
		}
		p, _ := connect(t, &Server{Backend: m})
		p.open(false)
		const n = 1000
		go p.nc.Write(burst(n))
		for i := range uint64(n) {
			if a := p.answer(1); a.cookie != i || a.errno != 0 || a.data[0] != m.data[i] {
				t.Fatalf("READ %d was answered by %+v", i, a)
			}
		}
		if got := most.Load(); got != 1 {
			t.Errorf("%d requests ran at once", got)
		}
	})
}

// TestAnsweredDoesNotWait has a request take for ever that comes together with
// others: those before it are answered at once, those after it are begun, and a
// hang-up is noticed.
func TestAnsweredDoesNotWait(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	m.before = func(ctx context.Context, r *plugins.Request) error {
		if r.Offset < 3 {
			return nil
		}
		return g.hold(ctx, r)
	}
	p, end := connect(t, &Server{Backend: m})
	p.open(false)
	p.send(burst(5))
	for range 3 {
		if a := p.answer(1); a.cookie > 2 {
			t.Errorf("%d was answered, which is held", a.cookie)
		}
	}
	g.await(t, 2)
	g.release(4, nil)
	if a := p.answer(1); a.cookie != 4 {
		t.Errorf("%d was answered: want 4", a.cookie)
	}
	p.nc.Close()
	if err := end.result(t); err != nil {
		t.Error(err)
	}
	if len(m.finished) != 5 {
		t.Errorf("%d requests finished", len(m.finished))
	}
}

// TestSlowInTheLastSlot has a request take long for which the last free slot was
// taken, and another behind it in the buffer: those that are answered give their
// slots back, and it is begun at once.
func TestSlowInTheLastSlot(t *testing.T) {
	for _, slots := range []int{1, 4} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			g := newGate()
			m := newMemory(4096)
			m.before = func(ctx context.Context, r *plugins.Request) error {
				if r.Offset != uint64(slots-1) {
					return nil
				}
				return g.hold(ctx, r)
			}
			p, _ := connect(t, &Server{Backend: m, Slots: slots})
			p.open(false)
			p.send(burst(slots + 1))
			g.await(t, 1)
			for range slots - 1 {
				if a := p.answer(1); a.cookie == uint64(slots-1) {
					t.Errorf("%d was answered, which is held", a.cookie)
				}
			}
			if slots == 1 {
				time.Sleep(longer) // for so long it takes
			}
			g.release(uint64(slots-1), nil)
			for range 2 {
				p.answer(1)
			}
		})
	}
}

// TestReaderComesBack has requests take long, and then not any more: the reader
// does them again.
func TestReaderComesBack(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	var held atomic.Int32
	held.Store(20)
	m.before = func(ctx context.Context, r *plugins.Request) error {
		if held.Add(-1) < 0 {
			return nil
		}
		return g.hold(ctx, r)
	}
	p, _ := connect(t, &Server{Backend: m})
	p.open(false)
	for range 20 { // each of them has the reader relieved
		p.send(burst(1))
		g.await(t, 1)
		time.Sleep(longer) // for so long it takes
		g.release(0, nil)
		p.answer(1)
	}
	p.send(burst(200))
	for range 200 {
		p.answer(1)
	}
}

// TestHiccups has requests of several clients take long now and then, so that
// readers are relieved at any point and come back, and looks whether every
// client still finds what it wrote.
func TestHiccups(t *testing.T) {
	const area = 64 << 10 // of each client, of which each goroutine has a part
	m := newMemory(4 * area)
	var count atomic.Int64
	m.before = func(ctx context.Context, r *plugins.Request) error {
		if count.Add(1)%37 == 0 {
			time.Sleep(longer) // what is tested
		}
		return nil
	}
	s := &Server{Backend: m}
	var wg sync.WaitGroup
	for i := range uint64(4) {
		c := dialed(t, s, ClientOptions{})
		for part := range uint64(8) {
			wg.Go(func() {
				at, got := i*area+part*area/8, make([]byte, area/8)
				for range 25 {
					want := randomBytes(1 + rand.IntN(area/8))
					if err := c.Write(t.Context(), want, at, 0); err != nil {
						t.Error(err)
						return
					}
					if err := c.Read(t.Context(), got[:len(want)], at, 0); err != nil || !bytes.Equal(got[:len(want)], want) {
						t.Errorf("%d bytes at %d: %v, or they differ", len(want), at, err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
	if err := s.Shutdown(inTime(t)); err != nil {
		t.Error(err)
	}
	if n := len(m.finished); n != 4*8*25*2 {
		t.Errorf("%d requests finished", n)
	}
}

// TestSendsBeforeItReads has a client that sends a large request before it takes
// the large answer to the one before, as one that does one thing after the other.
func TestSendsBeforeItReads(t *testing.T) { bothWays(t, testSendsBeforeItReads) }

func testSendsBeforeItReads(t *testing.T, parallel bool) {
	const size = 8 << 20
	m := newMemory(size)
	m.parallel = parallel
	content := randomBytes(size)
	copy(m.data, content)
	p, _ := connect(t, &Server{Backend: m})
	p.open(false)
	p.request(requestHeader{command: cmdRead, cookie: 1, length: size}, nil)
	p.request(requestHeader{command: cmdWrite, cookie: 2, length: size}, content)
	for range 2 {
		var m simpleReply
		p.message(simpleReplySize, &m)
		if m.errno != 0 {
			t.Errorf("%d was answered by errno %d", m.cookie, m.errno)
		}
		if m.cookie == 1 && !bytes.Equal(p.receive(size), content) {
			t.Error("the READ brought something else")
		}
	}
}

// TestSlowIsLeftToWorkers has the reader learn which requests take long.
func TestSlowIsLeftToWorkers(t *testing.T) {
	tr := newTransmission(&conn{server: &Server{}}, &disk{handle: &memoryHandle{memory: newMemory(1)}})
	done := func(op plugins.Op, took time.Duration) *slot {
		s := &slot{}
		s.Op, s.Started, s.Done = op, 1, plugins.Stamp(1+took)
		tr.learn(s)
		return s
	}
	read := done(plugins.OpRead, slowPace/2)
	flush := done(plugins.OpFlush, 2*slowPace)
	if !tr.mayDo(flush) {
		t.Error("one flush that took long was enough")
	}
	done(plugins.OpFlush, 2*slowPace)
	if !tr.mayDo(read) || tr.mayDo(flush) {
		t.Error("a flush that took long was to be quick, or a read that was quick to take long")
	}
	done(plugins.OpFlush, slowPace)
	if !tr.mayDo(flush) {
		t.Error("it was quick again")
	}
	tr.stuck.Store(1)
	if tr.mayDo(read) {
		t.Error("the reader would wait for a request that somebody else does")
	}
}

// TestRequestAllocates holds the way of a request through the server to no
// allocation at all. (A FLUSH, because under the race detector what a READ gets
// its memory from forgets it now and then.)
func TestRequestAllocates(t *testing.T) { bothWays(t, testRequestAllocates) }

func testRequestAllocates(t *testing.T, parallel bool) {
	p, _ := connect(t, &Server{Backend: flusher{parallel: parallel}})
	p.open(false)
	const n = 16
	var requests []byte
	for i := range uint64(n) {
		requests = appendMessage(requests, &requestHeader{command: cmdFlush, cookie: i})
	}
	replies := make([]byte, n*simpleReplySize)
	got := testing.AllocsPerRun(200, func() {
		p.send(requests)
		if _, err := io.ReadFull(p.nc, replies); err != nil {
			t.Fatal(err)
		}
	})
	if got > 0 {
		t.Errorf("%v allocations for %d requests", got, n)
	}
}

// flusher is a disk that does nothing but flush, at once.
type flusher struct {
	nothing
	parallel bool
}

func (f flusher) Open(context.Context, plugins.OpenParams) (plugins.Handle, error) { return f, nil }
func (flusher) Info() plugins.Info                                                 { return plugins.Info{CanFlush: true} }
func (f flusher) Serial() bool                                                     { return !f.parallel }
func (flusher) Do(context.Context, *plugins.Request) error                         { return nil }

// TestGivenData has a disk keep the data of writes, as scripts do: they stay as
// they were written, whatever is written afterwards.
func TestGivenData(t *testing.T) {
	m := newMemory(1 << 20)
	k := &keeper{memory: m}
	p, _ := connect(t, &Server{Backend: k})
	p.open(false)
	var wrote [][]byte
	for i, size := range []int{1, 512, 4096, 65000, readBuffer, 256 << 10, 4096, 1} { // around what is read at once
		wrote = append(wrote, randomBytes(size))
		p.request(requestHeader{command: cmdWrite, cookie: uint64(i), length: uint32(size)}, wrote[i])
		if a := p.answer(0); a.errno != 0 {
			t.Errorf("WRITE of %d bytes: %+v", size, a)
		}
	}
	for i, data := range wrote {
		if !bytes.Equal(k.kept[i], data) {
			t.Errorf("the %d bytes of WRITE %d have changed", len(data), i)
		}
	}
}

// keeper is a disk that keeps what is written.
type keeper struct {
	*memory
	kept [][]byte
}

func (k *keeper) Open(context.Context, plugins.OpenParams) (plugins.Handle, error) {
	return keeperHandle{memoryHandle{memory: k.memory}, k}, nil
}

type keeperHandle struct {
	memoryHandle
	keeper *keeper
}

func (keeperHandle) KeepsData() bool { return true }

func (h keeperHandle) Do(ctx context.Context, r *plugins.Request) error {
	if !r.Given {
		return plugins.Errorf(syscall.EIO, "the data are not given")
	}
	h.keeper.kept = append(h.keeper.kept, r.Data)
	return h.memoryHandle.Do(ctx, r)
}
