package plugins

import (
	"context"
	"fmt"
)

// A Backend is something that has disks to serve. Its methods may be called
// from any goroutine.
type Backend interface {
	// Exports lists what a client may open. There is at least one, unless the
	// backend says that it has none.
	Exports(ctx context.Context, p OpenParams) ([]Export, error)

	// Open opens an export for one connection. The caller closes the Handle.
	Open(ctx context.Context, p OpenParams) (Handle, error)
}

// An Export is a disk that a backend offers.
type Export struct {
	Name        string // "" is the default export
	Description string // for people; may be empty
}

// OpenParams say who opens what.
type OpenParams struct {
	Export   string // the name that the client sent; "" asks for the default export
	ReadOnly bool   // the server was told to serve read-only
	TLS      bool   // the connection is encrypted
	Client   *Client
	Front    Front
	Conn     uint32 // the front end's number for the connection
}

// A Handle is an open disk, the http.Handler of this program.
type Handle interface {
	// Info returns the facts of the disk, which do not change while the Handle is open.
	Info() Info

	// Do performs r and returns when it is done. It checks r first, so a front
	// end may pass on whatever a client sends. Do may be called from several
	// goroutines at once; it runs no more of them in the script than the
	// script's thread model allows. When ctx ends it returns soon, with ctx's error.
	Do(ctx context.Context, r *Request) error

	// Close releases the disk. The caller has waited for every Do.
	Close() error
}

// A Finisher is a Handle that wants to know when an answer has left. See [Finish].
type Finisher interface {
	Finish(r *Request, err error)
}

// Finish tells h that the answer to r, which was err or success, has been
// handed to the kernel or could not be. A front end calls it exactly once for
// each request that it gave to h.Do, before it closes h or uses r again. It
// sets r.Replied.
func Finish(h Handle, r *Request, err error) { FinishAt(h, r, err, Now()) }

// FinishAt is Finish for an answer that left at a time that the caller knows, as
// when several left together.
func FinishAt(h Handle, r *Request, err error, at Stamp) {
	r.Replied = at
	if f, ok := h.(Finisher); ok {
		f.Finish(r, err)
	}
}

// A Serializer is a Handle that may do its requests one at a time. See [Serial].
type Serializer interface {
	Serial() bool
}

// Serial reports whether h would begin with a request only when the one before is
// done, and has nothing but the script to wait for. Then a front end gains
// nothing by passing several at once. The answer may change at any time, and be
// wrong for the requests under way; it costs next to nothing.
func Serial(h Handle) bool {
	s, ok := h.(Serializer)
	return ok && s.Serial()
}

// A Keeper is a Handle that may keep the data of writes. See [Keeps].
type Keeper interface {
	KeepsData() bool
}

// Keeps reports whether h would copy the data of writes into memory of its own, as
// scripts do to which they are a value. Then a front end spares a copy if it
// reads them into fresh memory that it lets go of (Request.Given).
func Keeps(h Handle) bool {
	k, ok := h.(Keeper)
	return ok && k.KeepsData()
}

// A Describer is a Handle that knows facts which are asked of the script only
// when a client wants them.
type Describer interface {
	// Name returns the name of the export: the one that was asked for, or what
	// the default export is really called. It may be "".
	Name() string

	// Description returns a text for people, "" if there is none.
	Description(ctx context.Context) (string, error)

	// BlockSizes returns what request sizes the disk prefers; the zero value
	// says nothing.
	BlockSizes(ctx context.Context) (BlockSizes, error)
}

// BlockSizes are the sizes, in bytes, that requests should have.
type BlockSizes struct {
	Minimum   uint32 // a power of two up to 64 KiB
	Preferred uint32 // a power of two from 512 B to 32 MiB
	Maximum   uint32 // a multiple of Minimum, or 0xffffffff for no limit
}

// Info are the facts of an open disk. A front end advertises them, and requests
// that do not fit them are refused by [Info.Check].
type Info struct {
	Size        uint64 // bytes, at most 2^63-1
	ReadOnly    bool
	CanFlush    bool
	CanTrim     bool
	CanZero     bool // zero is the script's own; without it zeroes are written
	CanFastZero bool // a fast zero may be asked for; it may still fail
	CanExtents  bool // without it the whole disk is reported as data
	MultiConn   bool // a flush on one connection covers writes of all
	Rotational  bool
	FUA         Support
	Cache       Support
}

// Support says how a feature is provided.
type Support uint8

// The values have nbdkit's numbers (NBDKIT_FUA_*, NBDKIT_CACHE_*).
const (
	None    Support = iota // refused
	Emulate                // done by other callbacks: a flush after the write, a read thrown away
	Native                 // passed to the script
)

// String returns "none", "emulate" or "native".
func (s Support) String() string {
	switch s {
	case None:
		return "none"
	case Emulate:
		return "emulate"
	case Native:
		return "native"
	}
	return fmt.Sprintf("support %d", uint8(s))
}

// Differences names what a client that was told was would now get wrong, one
// "fact: before > now" each; nil if nothing differs. NBD has no way to tell a
// connected client.
func (was Info) Differences(now Info) []string {
	var out []string
	diff := func(fact string, a, b any) {
		if a != b {
			out = append(out, fmt.Sprintf("%s: %v > %v", fact, a, b))
		}
	}
	diff("size", was.Size, now.Size)
	diff("read-only", was.ReadOnly, now.ReadOnly)
	diff("can_flush", was.CanFlush, now.CanFlush)
	diff("can_trim", was.CanTrim, now.CanTrim)
	diff("can_fast_zero", was.CanFastZero, now.CanFastZero)
	diff("can_multi_conn", was.MultiConn, now.MultiConn)
	diff("is_rotational", was.Rotational, now.Rotational)
	diff("FUA offered", was.FUA != None, now.FUA != None)
	diff("cache offered", was.Cache != None, now.Cache != None)
	return out
}

// An Extent is a run of the disk that is alike.
type Extent struct {
	Offset uint64
	Length uint64
	Type   ExtentType
}

// End returns the offset just past e.
func (e Extent) End() uint64 { return e.Offset + e.Length }

// ExtentType has the bits that NBD's base:allocation context has. 0 is
// allocated data, which is always a safe answer.
type ExtentType uint32

// The extent bits.
const (
	ExtentHole ExtentType = 1 << iota // not allocated
	ExtentZero                        // reads as zeroes
)
