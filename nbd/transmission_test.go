package nbd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"syscall"
	"testing"

	"workbench/plugins"
)

// A requestCase is a single request, and the error that it must be answered by.
type requestCase struct {
	name    string
	disk    *memory
	request requestHeader
	payload int
	want    syscall.Errno
}

// requestCases has requests that are answered alike in every form of transmission.
func requestCases() []requestCase {
	const size = 128 << 20
	full := newMemory(1)
	full.data, full.info.Size = make([]byte, size), size
	readOnly := newMemory(4096)
	readOnly.info.ReadOnly = true
	plain := newMemory(4096) // can only what it must
	plain.info = plugins.Info{Size: 4096}

	const ok = syscall.Errno(0)
	type header = requestHeader
	return []requestCase{
		{"read", full, header{command: cmdRead, offset: 10, length: 20}, 0, ok},
		{"read the last byte", full, header{command: cmdRead, offset: size - 1, length: 1}, 0, ok},
		{"read past the end", full, header{command: cmdRead, offset: size - 1, length: 2}, 0, syscall.EINVAL},
		{"read near 2^64", full, header{command: cmdRead, offset: math.MaxUint64, length: 2}, 0, syscall.EINVAL},
		{"read no bytes", full, header{command: cmdRead}, 0, syscall.EINVAL},
		{"read 32 MiB", full, header{command: cmdRead, length: 32 << 20}, 0, ok},
		{"read 64 MiB", full, header{command: cmdRead, length: 64 << 20}, 0, ok},
		{"read 64 MiB + 1", full, header{command: cmdRead, length: 64<<20 + 1}, 0, syscall.ENOMEM},
		{"read 4 GiB - 1", full, header{command: cmdRead, length: math.MaxUint32}, 0, syscall.EINVAL},
		{"write", full, header{command: cmdWrite, length: 20}, 20, ok},
		{"write past the end", full, header{command: cmdWrite, offset: size, length: 20}, 20, syscall.ENOSPC},
		{"write no bytes", full, header{command: cmdWrite}, 0, syscall.ENOSPC},
		{"write 33 MiB", full, header{command: cmdWrite, length: 33 << 20}, 33 << 20, ok},
		{"write 64 MiB", full, header{command: cmdWrite, length: 64 << 20}, 64 << 20, ok},
		{"write 65 MiB", full, header{command: cmdWrite, length: 65 << 20}, 65 << 20, syscall.ENOMEM},
		{"write to a read-only disk", readOnly, header{command: cmdWrite, length: 20}, 20, syscall.EPERM},
		{"write with an unknown flag", full, header{flags: 1 << 9, command: cmdWrite, length: 20}, 20, syscall.EINVAL},
		{"write with DF", full, header{flags: cmdFlagDF, command: cmdWrite, length: 20}, 20, syscall.EINVAL},
		{"trim the disk", full, header{command: cmdTrim, length: size}, 0, ok},
		{"trim past the end", full, header{command: cmdTrim, offset: 1, length: size}, 0, syscall.EINVAL},
		{"trim no bytes", full, header{command: cmdTrim}, 0, syscall.EINVAL},
		{"trim a read-only disk", readOnly, header{command: cmdTrim, length: 1}, 0, syscall.EPERM},
		{"trim a disk that cannot", plain, header{command: cmdTrim, length: 1}, 0, syscall.EINVAL},
		{"zero the disk", full, header{command: cmdWriteZeroes, length: size}, 0, ok},
		{"zero past the end", full, header{command: cmdWriteZeroes, offset: 1, length: size}, 0, syscall.ENOSPC},
		{"zero no bytes", full, header{command: cmdWriteZeroes}, 0, syscall.ENOSPC},
		{"zero a read-only disk", readOnly, header{command: cmdWriteZeroes, length: 1}, 0, syscall.EPERM},
		{"zero with NO_HOLE", full, header{flags: cmdFlagNoHole, command: cmdWriteZeroes, length: 1}, 0, ok},
		{"fast zero", full, header{flags: cmdFlagFastZero, command: cmdWriteZeroes, length: 1}, 0, ok},
		{"fast zero of a disk that cannot", plain, header{flags: cmdFlagFastZero, command: cmdWriteZeroes, length: 1}, 0, syscall.EINVAL},
		{"cache", full, header{command: cmdCache, length: 4096}, 0, ok},
		{"cache past the end", full, header{command: cmdCache, offset: size, length: 1}, 0, syscall.EINVAL},
		{"cache no bytes", full, header{command: cmdCache}, 0, syscall.EINVAL},
		{"cache of a disk that cannot", plain, header{command: cmdCache, length: 1}, 0, syscall.EINVAL},
		{"flush", full, header{command: cmdFlush}, 0, ok},
		{"flush with an offset", full, header{command: cmdFlush, offset: 1}, 0, syscall.EINVAL},
		{"flush with a length", full, header{command: cmdFlush, length: 1}, 0, syscall.EINVAL},
		{"flush of a disk that cannot", plain, header{command: cmdFlush}, 0, syscall.EINVAL},
		{"FUA on a read", full, header{flags: cmdFlagFUA, command: cmdRead, length: 1}, 0, ok},
		{"FUA on a flush", full, header{flags: cmdFlagFUA, command: cmdFlush}, 0, ok},
		{"FUA on a trim", full, header{flags: cmdFlagFUA, command: cmdTrim, length: 1}, 0, ok},
		{"FUA on a zero", full, header{flags: cmdFlagFUA, command: cmdWriteZeroes, length: 1}, 0, ok},
		{"FUA on a write", full, header{flags: cmdFlagFUA, command: cmdWrite, length: 1}, 1, ok},
		{"FUA on a cache", full, header{flags: cmdFlagFUA, command: cmdCache, length: 1}, 0, ok},
		{"FUA on a disk that cannot", plain, header{flags: cmdFlagFUA, command: cmdWrite, length: 1}, 1, syscall.EINVAL},
		{"NO_HOLE on a read", full, header{flags: cmdFlagNoHole, command: cmdRead, length: 1}, 0, syscall.EINVAL},
		{"REQ_ONE on a read", full, header{flags: cmdFlagReqOne, command: cmdRead, length: 1}, 0, syscall.EINVAL},
		{"unknown flag on a read", full, header{flags: 1 << 15, command: cmdRead, length: 1}, 0, syscall.EINVAL},
		{"RESIZE", full, header{command: 8}, 0, syscall.EINVAL},
		{"unknown command", full, header{command: 0xffff, length: 100}, 0, syscall.EINVAL},
		{"block status past the end", full, header{command: cmdBlockStatus, offset: size, length: 1}, 0, syscall.EINVAL},
		{"block status of no bytes", full, header{command: cmdBlockStatus}, 0, syscall.EINVAL},
	}
}

// TestRequests does requestCases in every form of transmission. After each the
// connection must be in step.
func TestRequests(t *testing.T) {
	for _, form := range []string{"simple", "structured", "extended"} {
		for _, tt := range requestCases() {
			t.Run(tt.name+", "+form, func(t *testing.T) {
				p, end := connect(t, &Server{Backend: tt.disk})
				structured := form != "simple"
				if form == "extended" {
					p.openExtended()
				} else {
					p.open(structured)
				}
				before := len(tt.disk.requests())
				tt.request.cookie = 0x1122334455667788
				go func() { // as the socket does not hold all of it
					p.nc.Write(p.requestBytes(tt.request, make([]byte, tt.payload)))
				}()
				length := 0
				if tt.request.command == cmdRead {
					length = int(tt.request.length)
				}
				a := p.answer(length)
				if a.errno != tt.want || a.cookie != tt.request.cookie {
					t.Errorf("the answer is %v to %#x: want %v", a.errno, a.cookie, tt.want)
				}
				if tt.want == 0 && len(a.data) != length {
					t.Errorf("%d bytes were read", len(a.data))
				}
				if wantChunk := p.extended || structured && (tt.want != 0 || tt.request.command == cmdRead); a.simple == wantChunk {
					t.Errorf("a simple reply: %t", a.simple)
				}
				if structured && (a.text == "") != (tt.want == 0) {
					t.Errorf("the text of the error is %q", a.text)
				}
				p.request(requestHeader{command: cmdRead, cookie: 2, length: 1}, nil)
				if a := p.answer(1); a.cookie != 2 || a.errno != 0 {
					t.Errorf("the READ after it was answered by %+v", a)
				}
				p.request(requestHeader{command: cmdDisc}, nil)
				if err := end.result(t); err != nil {
					t.Error(err)
				}

				// Also what was refused was given to the disk, and finished once.
				seen := tt.disk.requests()[before:]
				if len(seen) != 2 || seen[0].Offset != tt.request.offset || seen[0].Length != uint64(tt.request.length) || seen[0].Received == 0 {
					t.Errorf("the disk saw %+v", seen)
				}
				tt.disk.mu.Lock()
				defer tt.disk.mu.Unlock()
				for _, r := range seen {
					if n := tt.disk.finished[r.Origin]; n != 1 {
						t.Errorf("%s was finished %d times", r.Op, n)
					}
				}
				clear(tt.disk.finished)
			})
		}
	}
}

// TestUnstructured has what needs structured replies, without them.
func TestUnstructured(t *testing.T) {
	m := newMemory(4096)
	p, _ := connect(t, &Server{Backend: m})
	p.open(false)
	p.request(requestHeader{command: cmdRead, flags: cmdFlagDF, length: 1}, nil)
	if a := p.answer(1); a.errno != syscall.EINVAL {
		t.Errorf("DF: %+v", a)
	}
	p.request(requestHeader{command: cmdBlockStatus, length: 1}, nil)
	if a := p.answer(0); a.errno != syscall.EINVAL {
		t.Errorf("BLOCK_STATUS: %+v", a)
	}
	for _, r := range m.requests() {
		if r.Refuse == nil {
			t.Errorf("%s was not marked as refused", r.Op)
		}
	}
}

// TestFlagsAndErrors checks how flags reach the disk, and how its errors reach the client.
func TestFlagsAndErrors(t *testing.T) {
	const F, D, O, Z, H = cmdFlagFUA, cmdFlagDF, cmdFlagReqOne, cmdFlagFastZero, cmdFlagNoHole
	script := &plugins.Error{Errno: syscall.EFBIG, Callback: plugins.Pwrite, File: "disk.lua", Line: 31, Msg: "disk \xff full"}
	tests := []struct {
		command command
		flags   commandFlags
		want    plugins.Flags
		err     error
		errno   syscall.Errno
	}{
		{cmdRead, D | F, plugins.FlagDF | plugins.FlagFUA, nil, 0},
		{cmdWrite, F, plugins.FlagFUA, script, syscall.ENOSPC},
		{cmdWriteZeroes, 0, plugins.FlagMayTrim, syscall.EROFS, syscall.EPERM},
		{cmdWriteZeroes, H, 0, syscall.ENOTSUP, syscall.EINVAL},
		{cmdWriteZeroes, H | Z, plugins.FlagFastZero, syscall.ENOTSUP, syscall.ENOTSUP},
		{cmdWriteZeroes, F | Z, plugins.FlagFastZero | plugins.FlagFUA | plugins.FlagMayTrim, errors.New("no number"), syscall.EIO},
		{cmdBlockStatus, O, plugins.FlagReqOne, syscall.ENOENT, syscall.EINVAL},
		{cmdRead, D, plugins.FlagDF, syscall.EOVERFLOW, syscall.EOVERFLOW},
		{cmdRead, 0, 0, syscall.EOVERFLOW, syscall.EINVAL},
		{cmdTrim, 0, 0, context.Canceled, syscall.ESHUTDOWN},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %v", tt.command, tt.flags, tt.err), func(t *testing.T) {
			m := newMemory(4096)
			m.before = func(context.Context, *plugins.Request) error { return tt.err }
			p, _ := connect(t, &Server{Backend: m})
			p.open(true)
			var payload []byte
			if tt.command == cmdWrite {
				payload = make([]byte, 512)
			}
			p.request(requestHeader{command: tt.command, flags: tt.flags, length: 512}, payload)
			a := p.answer(512)
			if a.errno != tt.errno {
				t.Errorf("the client got %v: want %v", a.errno, tt.errno)
			}
			if tt.err != nil && a.text != strings.ToValidUTF8(tt.err.Error(), "\uFFFD") {
				t.Errorf("the client got the text %q of %q", a.text, tt.err)
			}
			if r := m.requests()[0]; r.Flags != tt.want {
				t.Errorf("the disk got %s: want %s", r.Flags, tt.want)
			}
		})
	}
}

func TestWireText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a\x00b\xff", "a\uFFFDb\uFFFD"},
		{strings.Repeat("é", 3000), strings.Repeat("é", 2048)},
		{"a" + strings.Repeat("é", 3000), "a" + strings.Repeat("é", 2047)},
	} {
		if got := wireText(tt.in); got != tt.want {
			t.Errorf("wireText of %d bytes has %d: want %d", len(tt.in), len(got), len(tt.want))
		}
	}
}

func TestBlockStatus(t *testing.T) {
	const G = 1 << 30
	hole := plugins.ExtentHole | plugins.ExtentZero
	list := func(e ...plugins.Extent) []plugins.Extent { return e }
	tests := []struct {
		name           string
		extents        []plugins.Extent
		offset, length uint64
		flags          commandFlags
		want           []descriptorExt
	}{
		{"the last goes past the end", list(plugins.Extent{Offset: 0, Length: 100}, plugins.Extent{Offset: 100, Length: 100, Type: hole}, plugins.Extent{Offset: 200, Length: 100}),
			0, 150, 0, []descriptorExt{{100, 0}, {100, 3}}},
		{"stops when the request is covered", list(plugins.Extent{Offset: 0, Length: 100}, plugins.Extent{Offset: 100, Length: 100, Type: hole}),
			0, 100, 0, []descriptorExt{{100, 0}}},
		{"the first is cut at the offset", list(plugins.Extent{Offset: 0, Length: 100}, plugins.Extent{Offset: 100, Length: 100, Type: hole}),
			60, 100, 0, []descriptorExt{{40, 0}, {100, 3}}},
		{"REQ_ONE is cut at both ends", list(plugins.Extent{Offset: 0, Length: 1000}, plugins.Extent{Offset: 1000, Length: 100, Type: hole}),
			60, 100, cmdFlagReqOne, []descriptorExt{{100, 0}}},
		{"REQ_ONE may be short", list(plugins.Extent{Offset: 0, Length: 100}, plugins.Extent{Offset: 100, Length: 100, Type: hole}),
			60, 100, cmdFlagReqOne, []descriptorExt{{40, 0}}},
		{"a list that ends early", list(plugins.Extent{Offset: 0, Length: 100}), 0, 1000, 0, []descriptorExt{{100, 0}}},
		{"longer than 32 bits", list(plugins.Extent{Offset: 0, Length: 6 * G, Type: hole}), 0, 512, 0, []descriptorExt{{maxDescriptor, 3}}},
		{"longer than 32 bits, request of 2^32-1", list(plugins.Extent{Offset: 0, Length: 6 * G, Type: hole}), 0, math.MaxUint32, 0, []descriptorExt{{math.MaxUint32, 3}}},
		{"exactly 2^32", list(plugins.Extent{Offset: 0, Length: 4 * G}, plugins.Extent{Offset: 4 * G, Length: 4 * G}), 0, math.MaxUint32, 0, []descriptorExt{{math.MaxUint32, 0}}},
		{"the second longer than 32 bits", list(plugins.Extent{Offset: 0, Length: 1}, plugins.Extent{Offset: 1, Length: 8*G - 1, Type: hole}), 0, math.MaxUint32, 0,
			[]descriptorExt{{1, 0}, {math.MaxUint32 - 1, 3}}},
		{"REQ_ONE of 2^32-1", list(plugins.Extent{Offset: 0, Length: 8 * G}), G, math.MaxUint32, cmdFlagReqOne, []descriptorExt{{math.MaxUint32, 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(1)
			m.info.Size, m.extents = 8*G, tt.extents
			p, _ := connect(t, &Server{Backend: m})
			p.open(true)
			p.request(requestHeader{command: cmdBlockStatus, flags: tt.flags, offset: tt.offset, length: uint32(tt.length)}, nil)
			if a := p.answer(0); fmt.Sprint(a.status) != fmt.Sprint(tt.want) {
				t.Errorf("got %v: want %v", a.status, tt.want)
			}
		})
	}

	t.Run("a backend without an answer", func(t *testing.T) {
		for _, extents := range [][]plugins.Extent{
			{},
			{{Offset: 100, Length: 1}},
			{{Offset: 0, Length: 5}},
			{{Offset: 0, Length: 20}, {Offset: 30, Length: 10}},
			{{Offset: 0, Length: 20}, {Offset: 20, Length: 0}},
			{{Offset: math.MaxUint64, Length: 20}},
		} {
			m := newMemory(4096)
			m.extents = extents
			p, _ := connect(t, &Server{Backend: m})
			p.open(true)
			p.request(requestHeader{command: cmdBlockStatus, offset: 10, length: 100}, nil)
			if a := p.answer(0); a.errno != syscall.EIO || a.text == "" {
				t.Errorf("with %v the answer is %+v", extents, a)
			}
		}
	})
	t.Run("2^20 descriptors", func(t *testing.T) {
		m := newMemory(plugins.MaxExtents + 10)
		m.extents = []plugins.Extent{}
		for i := range uint64(plugins.MaxExtents + 10) {
			m.extents = append(m.extents, plugins.Extent{Offset: i, Length: 1, Type: plugins.ExtentType(i & 3)})
		}
		p, _ := connect(t, &Server{Backend: m})
		p.open(true)
		p.request(requestHeader{command: cmdBlockStatus, length: plugins.MaxExtents + 10}, nil)
		if a := p.answer(0); len(a.status) != plugins.MaxExtents {
			t.Errorf("%d descriptors", len(a.status))
		}
	})
}

// TestBlockStatusFUA: a server that offers FUA accepts it here, too.
func TestBlockStatusFUA(t *testing.T) {
	p, _ := connect(t, &Server{Backend: newMemory(4096)})
	p.open(true)
	p.request(requestHeader{flags: cmdFlagFUA, command: cmdBlockStatus, length: 512}, nil)
	if a := p.answer(0); a.errno != 0 {
		t.Errorf("BLOCK_STATUS with FUA was answered by %+v", a)
	}
}

// TestReadOther has a disk that answers with memory of its own.
func TestReadOther(t *testing.T) {
	own := bytes.Repeat([]byte("own "), 4096)
	m := newMemory(len(own))
	m.before = func(_ context.Context, r *plugins.Request) error {
		r.Data = own[r.Offset : r.Offset+r.Length]
		if r.Offset == 1 {
			r.Data = r.Data[1:] // one byte too few
		}
		return nil
	}
	m.data = nil
	for _, structured := range []bool{false, true} {
		p, _ := connect(t, &Server{Backend: m})
		p.open(structured)
		for _, n := range []int{1, 4, 5000, len(own)} {
			p.request(requestHeader{command: cmdRead, length: uint32(n)}, nil)
			if a := p.answer(n); !bytes.Equal(a.data, own[:n]) {
				t.Errorf("%d bytes were read wrongly, structured=%t", n, structured)
			}
		}
		p.request(requestHeader{command: cmdRead, offset: 1, length: 9}, nil)
		if a := p.answer(9); a.errno != syscall.EIO {
			t.Errorf("too few bytes were answered by %+v", a)
		}
	}
}

// A gate holds requests until the test lets them go.
type gate struct {
	mu      sync.Mutex
	waiting map[uint64]chan error // by offset; guarded by mu
	arrived chan uint64
}

func newGate() *gate { return &gate{waiting: map[uint64]chan error{}, arrived: make(chan uint64, 100)} }

func (g *gate) hold(ctx context.Context, r *plugins.Request) error {
	let := make(chan error, 1)
	g.mu.Lock()
	g.waiting[r.Offset] = let
	g.mu.Unlock()
	g.arrived <- r.Offset
	select {
	case err := <-let:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) release(offset uint64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[offset] <- err
}

// await returns when n more requests are held.
func (g *gate) await(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), rawTimeout)
	defer cancel()
	for range n {
		select {
		case <-g.arrived:
		case <-ctx.Done():
			t.Fatal("a request does not arrive")
		}
	}
}

func TestOutOfOrder(t *testing.T) { bothWays(t, testOutOfOrder) }

func testOutOfOrder(t *testing.T, parallel bool) {
	g := newGate()
	m := newMemory(4096)
	m.before, m.parallel = g.hold, parallel
	p, _ := connect(t, &Server{Backend: m})
	p.open(true)
	for i := range uint64(16) {
		p.request(requestHeader{command: cmdRead, cookie: 100 + i, offset: i, length: 1}, nil)
	}
	g.await(t, 16)
	for i := uint64(16); i > 0; i-- {
		g.release(i-1, nil)
		if a := p.answer(1); a.cookie != 100+i-1 {
			t.Errorf("%d was answered: want %d", a.cookie, 100+i-1)
		}
	}
}

func TestSlots(t *testing.T) {
	for _, slots := range []int{0, 1, 3} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			s := &Server{Slots: slots}
			want := max(slots, 1)
			if slots == 0 {
				want = defaultSlots
			}
			var mu sync.Mutex
			running, most := 0, 0
			m := newMemory(4096)
			m.before = func(context.Context, *plugins.Request) error {
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				defer func() { mu.Lock(); running--; mu.Unlock() }()
				return nil
			}
			s.Backend = m
			p, _ := connect(t, s)
			p.open(false)
			const n = 200
			go func() {
				for i := range uint64(n) {
					p.nc.Write(appendMessage(nil, &requestHeader{command: cmdRead, cookie: i, length: 1}))
				}
			}()
			got := map[uint64]bool{}
			for range n {
				got[p.answer(1).cookie] = true
			}
			if len(got) != n || most > want {
				t.Errorf("%d answers, %d at once: want %d, at most %d", len(got), most, n, want)
			}
		})
	}
}

// TestDisc has a client that says good-bye before its requests are answered.
func TestDisc(t *testing.T) {
	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	p, end := connect(t, &Server{Backend: m})
	p.open(false)
	p.request(requestHeader{command: cmdWrite, cookie: 5, offset: 8, length: 3}, []byte("abc"))
	p.request(requestHeader{command: cmdDisc, offset: 99, length: 99}, nil)
	g.await(t, 1)
	g.release(8, nil)
	if a := p.answer(0); a.cookie != 5 || a.errno != 0 {
		t.Errorf("the WRITE was answered by %+v", a)
	}
	p.wantEOF()
	if err := end.result(t); err != nil {
		t.Error(err)
	}
	if string(m.data[8:11]) != "abc" {
		t.Error("the WRITE was lost")
	}
}

// TestTransmissionDrops has the rows after which the server must hang up.
func TestTransmissionDrops(t *testing.T) {
	tests := []struct {
		name     string
		do       func(p *rawPeer)
		wantErr  string
		protocol bool
	}{
		{"wrong magic", func(p *rawPeer) { p.send(make([]byte, requestSize)) }, "magic number is 0x0", true},
		{"write of more than 128 MiB", func(p *rawPeer) {
			p.request(requestHeader{command: cmdWrite, length: 128<<20 + 1}, nil)
		}, "wrote 134217729 bytes at once", true},
		{"hang-up in a request", func(p *rawPeer) { p.send(make([]byte, 5)); p.nc.(closeWriter).CloseWrite() }, "reading a request: unexpected EOF", false},
		{"hang-up in a payload", func(p *rawPeer) {
			p.request(requestHeader{command: cmdWrite, length: 10}, []byte("half"))
			p.nc.(closeWriter).CloseWrite()
		}, "10 bytes of a WRITE: unexpected EOF", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(4096)
			p, end := connect(t, &Server{Backend: m})
			p.open(true)
			tt.do(p)
			p.wantEOF()
			err := end.result(t)
			var protocol *ProtocolError
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) || errors.As(err, &protocol) != tt.protocol {
				t.Errorf("ServeConn returned %v: want %q", err, tt.wantErr)
			}
			if opened, closed := m.counts(); opened != 1 || closed != 1 || len(m.requests()) != 0 {
				t.Errorf("opened %d times, closed %d times, %d requests", opened, closed, len(m.requests()))
			}
		})
	}
}
