package plugins

import (
	"bytes"
	"fmt"
	"strings"
)

// An Op is what a request does to the disk. The zero Op is not valid.
type Op uint8

// The operations, as NBD names its commands.
const (
	OpRead Op = iota + 1
	OpWrite
	OpFlush
	OpTrim
	OpZero    // NBD_CMD_WRITE_ZEROES
	OpCache   // prefetch; no data is returned
	OpExtents // NBD_CMD_BLOCK_STATUS
)

// ops says for each Op its name and the callback that serves it.
var ops = [...]struct {
	name     string
	callback Callback
	writes   bool
}{
	0:         {"?", NoCallback, false},
	OpRead:    {"READ", Pread, false},
	OpWrite:   {"WRITE", Pwrite, true},
	OpFlush:   {"FLUSH", Flush, false},
	OpTrim:    {"TRIM", Trim, true},
	OpZero:    {"ZERO", Zero, true},
	OpCache:   {"CACHE", Cache, false},
	OpExtents: {"EXTENTS", Extents, false},
}

// String returns the name that headless lines and the screen show: "READ".
func (o Op) String() string {
	if int(o) < len(ops) {
		return ops[o].name
	}
	return fmt.Sprintf("OP%d", uint8(o))
}

// Callback returns the script callback that serves o when it is defined, or
// NoCallback if o is not valid.
func (o Op) Callback() Callback {
	if int(o) < len(ops) {
		return ops[o].callback
	}
	return NoCallback
}

// Writes reports whether o changes the disk, so that a read-only export refuses it.
func (o Op) Writes() bool { return int(o) < len(ops) && ops[o].writes }

// Flags modify a request. The low four bits have nbdkit's values and are what a
// script sees (NBDKIT_FLAG_*).
type Flags uint16

// The request flags.
const (
	FlagMayTrim  Flags = 1 << iota // zero may punch a hole; the inverse of NBD's NO_HOLE
	FlagFUA                        // the data must be on stable storage before the reply
	FlagReqOne                     // extents: one extent is enough
	FlagFastZero                   // zero: fail with ENOTSUP rather than be as slow as a write
	FlagDF                         // read: one chunk, never fragmented; scripts do not see it

	scriptFlags = FlagMayTrim | FlagFUA | FlagReqOne | FlagFastZero
)

var flagNames = [...]string{"may_trim", "fua", "req_one", "fast_zero", "df"}

// String returns the names of the set flags joined by commas, "-" for none.
func (f Flags) String() string {
	if f == 0 {
		return "-"
	}
	var b strings.Builder
	for i, name := range flagNames {
		if f&(1<<i) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
	}
	return b.String()
}

// A Front is a kind of front end.
type Front uint8

// The front ends. NoFront is an event that no client caused.
const (
	NoFront Front = iota
	FrontNBD
	FrontFUSE
)

// String returns "nbd", "fuse", or "-" for NoFront.
func (f Front) String() string {
	switch f {
	case FrontNBD:
		return "nbd"
	case FrontFUSE:
		return "fuse"
	}
	return "-"
}

// An Origin says who asked.
type Origin struct {
	Front  Front
	Conn   uint32 // the front end's number for the connection, from 1; 0 = none
	Cookie uint64 // the client's name for the request, unique among those in flight on Conn

	// The process that asked, and its program, where that is known: of requests
	// through the file system, and of the process that connected to a unix socket.
	PID     uint32
	Program Comm
}

// A Comm is the name of a program as the kernel keeps it (/proc/PID/comm),
// cut off after 15 bytes, with zeroes behind it. The zero value is no name.
type Comm [16]byte

// CommOf returns name as a Comm.
func CommOf(name string) (c Comm) {
	copy(c[:len(c)-1], name)
	return c
}

// String returns the name, which need not be UTF-8.
func (c Comm) String() string {
	if i := bytes.IndexByte(c[:], 0); i >= 0 {
		return string(c[:i])
	}
	return string(c[:])
}
