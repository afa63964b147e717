package fusemount

import (
	"bytes"
	"context"
	"sync"
	"syscall"
	"time"

	"workbench/plugins"
)

// A fakeConfig is a disk in memory, and how it is mounted: what the server
// process of a test is told.
type fakeConfig struct {
	Mountpoint string
	Export     string
	Exports    []plugins.Export // what the disk is called; nil = once, by no name
	Closed     string           // an export that cannot be opened
	Outside    []string
	ReadOnly   bool
	Cache      bool
	AllowOther bool
	NextSize   int // of the disk, after it was cut off; 0 = the same
	Helper     bool
	User       bool   // the server becomes an ordinary user's
	Conf       string // in the configuration that fusermount3 has then
	Scratch    string // an empty folder for that
	Child      bool   // the server has a child process that outlives it

	Size                     int
	NoWrite, NoFlush, NoZero bool
	NoExtents                bool
	FUA                      plugins.Support
	ReadErrno, FlushErrno    syscall.Errno
	OpenErrno                syscall.Errno
	HangAt                   uint64 // reads at this offset wait for their context; 0 = none do
	SlowAt                   uint64 // reads at this offset take SlowFor; 0 = none do
	SlowFor                  time.Duration
	CloseTimeout             time.Duration // 0 = 5 s
	Serial                   bool          // one request at a time is enough, and data that are written are kept, as of a script
	OwnMemory                bool          // answer reads from the disk's own memory
	MaxExtent                uint64        // longest extent reported; 0 = no limit
}

// fakeStats is what has happened to the disk.
type fakeStats struct {
	Done      map[string]int // requests by op, flags joined
	Bytes     uint64
	Finished  int
	Largest   uint64 // of all requests
	InFlight  int
	Errors    []string
	Opened    opened
	Closed    int
	Gifts     int // writes whose data were given away
	BadOrigin int // requests whose origin is wrong or whose cookie is in flight already
	PID       uint32
	Program   string // of the last request
	Conn      uint32
}

// A fakeDisk is both Backend and Handle.
type fakeDisk struct {
	c fakeConfig

	mu     sync.Mutex
	mem    []byte
	stats  fakeStats
	client *plugins.Client // of who opened it last
	flight map[uint64]bool // cookies
	given  []gift
}

// A gift is what was given away, and what it was then.
type gift struct{ data, was []byte }

var (
	_ plugins.Backend  = (*fakeDisk)(nil)
	_ plugins.Handle   = (*fakeDisk)(nil)
	_ plugins.Finisher = (*fakeDisk)(nil)

	_ plugins.Serializer = (*fakeDisk)(nil)
	_ plugins.Keeper     = (*fakeDisk)(nil)
)

func newFakeDisk(c fakeConfig) *fakeDisk {
	d := &fakeDisk{c: c, mem: make([]byte, c.Size), flight: map[uint64]bool{}}
	d.stats.Done = map[string]int{}
	return d
}

// opened is what a test wants to know of plugins.OpenParams.
type opened struct {
	Export   string
	Conn     uint32
	ReadOnly bool
}

func (d *fakeDisk) Exports(context.Context, plugins.OpenParams) ([]plugins.Export, error) {
	if d.c.Exports != nil {
		return d.c.Exports, nil
	}
	return []plugins.Export{{}}, nil
}

// cutOff ends the connection of who opened the disk last, and makes it another one.
func (d *fakeDisk) cutOff(force bool) {
	d.mu.Lock()
	client := d.client
	if d.c.NextSize != 0 {
		d.c.Size = d.c.NextSize
		d.mem = make([]byte, d.c.Size)
	}
	d.mu.Unlock()
	client.Disconnect(force)
}

// change writes to the disk behind the back of the mount.
func (d *fakeDisk) change(offset, n int, b byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	copy(d.mem[offset:], bytes.Repeat([]byte{b}, n))
}

func (d *fakeDisk) Open(_ context.Context, p plugins.OpenParams) (plugins.Handle, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.client = p.Client
	if d.c.OpenErrno != 0 || d.c.Closed != "" && d.c.Closed == p.Export {
		return nil, plugins.Errorf(max(d.c.OpenErrno, syscall.EPERM), "open: fake.lua:3: no disk today")
	}
	d.stats.Opened = opened{p.Export, p.Conn, p.ReadOnly}
	return d, nil
}

func (d *fakeDisk) Info() plugins.Info {
	// The size changes only while no request runs, and before the next Open.
	return plugins.Info{
		Size:       uint64(d.c.Size),
		ReadOnly:   d.c.NoWrite || d.stats.Opened.ReadOnly,
		CanFlush:   !d.c.NoFlush,
		CanZero:    !d.c.NoZero,
		CanExtents: !d.c.NoExtents,
		FUA:        d.c.FUA,
	}
}

func (d *fakeDisk) Do(ctx context.Context, r *plugins.Request) error {
	if err := d.Info().Check(r); err != nil {
		d.note(r, err)
		return err
	}
	d.note(r, nil)
	if r.Op == plugins.OpRead && r.Offset == d.c.HangAt && d.c.HangAt != 0 {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if r.Op == plugins.OpRead && r.Offset == d.c.SlowAt && d.c.SlowAt != 0 {
		select {
		case <-time.After(d.c.SlowFor):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	end := r.Offset + r.Length
	switch r.Op {
	case plugins.OpRead:
		if d.c.ReadErrno != 0 {
			return plugins.Errorf(d.c.ReadErrno, "as configured")
		}
		if d.c.OwnMemory {
			r.Data = bytes.Clone(d.mem[r.Offset:end])
		} else {
			copy(r.Data, d.mem[r.Offset:end])
		}
	case plugins.OpWrite:
		copy(d.mem[r.Offset:end], r.Data)
		if r.Given {
			d.given = append(d.given, gift{r.Data, bytes.Clone(r.Data)})
		}
	case plugins.OpZero:
		clear(d.mem[r.Offset:end])
	case plugins.OpFlush:
		if d.c.FlushErrno != 0 {
			return plugins.Errorf(d.c.FlushErrno, "as configured")
		}
	case plugins.OpExtents:
		d.extents(r)
	}
	return nil
}

// extents reports each 4 KiB block that is zero as a hole.
func (d *fakeDisk) extents(r *plugins.Request) {
	const block = 4096
	zeroes := make([]byte, block)
	for at := r.Offset / block * block; at < r.Offset+r.Length; at += block {
		data := d.mem[at:min(at+block, uint64(len(d.mem)))]
		e := plugins.Extent{Offset: at, Length: uint64(len(data))}
		if bytes.Equal(data, zeroes[:len(data)]) {
			e.Type = plugins.ExtentHole | plugins.ExtentZero
		}
		n := len(r.Extents)
		switch {
		case n > 0 && r.Extents[n-1].Type == e.Type && (d.c.MaxExtent == 0 || r.Extents[n-1].Length < d.c.MaxExtent):
			r.Extents[n-1].Length += e.Length
		case n > 0 && d.c.MaxExtent != 0:
			return // as a script that says no more than it must
		default:
			r.Extents = append(r.Extents, e)
		}
	}
}

// note counts a request that begins.
func (d *fakeDisk) note(r *plugins.Request, refused error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := r.Op.String()
	if r.Flags != 0 {
		name += "+" + r.Flags.String()
	}
	d.stats.Done[name]++
	d.stats.Bytes += r.Length
	d.stats.Largest = max(d.stats.Largest, r.Length)
	d.stats.InFlight++
	if refused != nil {
		d.stats.Errors = append(d.stats.Errors, refused.Error())
	}
	if r.Origin.Front != plugins.FrontFUSE || r.Origin.Conn < testConn || d.flight[r.Origin.Cookie] || r.Received == 0 {
		d.stats.BadOrigin++
	}
	d.flight[r.Origin.Cookie] = true
	d.stats.PID, d.stats.Program, d.stats.Conn = r.Origin.PID, r.Origin.Program.String(), r.Origin.Conn
}

func (d *fakeDisk) Finish(r *plugins.Request, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Finished++
	d.stats.InFlight--
	delete(d.flight, r.Origin.Cookie)
	if err != nil {
		d.stats.Errors = append(d.stats.Errors, err.Error())
	}
}

func (d *fakeDisk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Closed++
	for _, g := range d.given {
		if !bytes.Equal(g.data, g.was) {
			d.stats.Errors = append(d.stats.Errors, "what was given away was changed")
		}
	}
	d.stats.Gifts, d.given = len(d.given), nil
	return nil
}

func (d *fakeDisk) Serial() bool    { return d.c.Serial }
func (d *fakeDisk) KeepsData() bool { return d.c.Serial }

func (d *fakeDisk) snapshot() fakeStats {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stats
	s.Done = map[string]int{}
	for name, n := range d.stats.Done {
		s.Done[name] = n
	}
	s.Errors = append([]string(nil), d.stats.Errors...)
	return s
}

// testConn is the number of the first disk of every mount in these tests.
const testConn = 7
