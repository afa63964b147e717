package plugins

import (
	"strings"
	"time"
)

// A Request is one operation on a disk, from the moment a front end has read it
// until the answer has left. The front end owns it and may use it again after
// [Finish]; a Handle must not keep it.
type Request struct {
	Op     Op
	Flags  Flags
	Offset uint64
	Length uint64 // bytes; for OpWrite, len(Data)
	Origin Origin

	// Data of a write holds the bytes; Do must neither change nor keep them, but
	// may keep them if they are Given.
	// For a read the front end may supply a buffer of Length bytes. Do leaves
	// the answer here, exactly Length bytes: in that buffer, or in memory of
	// its own that the front end must not modify.
	Data []byte

	// Given says that nobody will ever change Data of a write. See [Keeps].
	Given bool

	// Extents is filled by Do for OpExtents: contiguous, the first one holding
	// Offset, so that the list may begin before it and end after the request.
	// Do may use the capacity that it finds here.
	Extents []Extent

	// Refuse is set by a front end that understood the request well enough to
	// show it, but knows that it must fail (a flag that the command does not
	// have, a command that was not negotiated). Do returns it untouched, unless
	// the request is wrong for the disk in a way that counts more: see Info.Check.
	Refuse error

	// Generation is the generation of the script that Do ran, for those who
	// reload scripts; 0 where there is only one.
	Generation uint32

	// Fate is what was done to the request on its way, and Rule the number of the
	// rule that did it, the last one if there were several; 0 = none.
	Fate Fate
	Rule uint16

	// Failed is the callback that failed, NoCallback if none did. It need not be
	// the one that the request is named after: a forced write may fail in flush.
	Failed Callback

	Times
}

// A Fate is a set of things that were done to a request besides what the client
// asked for and the script did.
type Fate uint8

// What may be done to a request.
const (
	Ruled    Fate = 1 << iota // a rule changed it, its answer or when that came
	Held                      // it was held
	Edited                    // it is not what the client sent
	Answered                  // it was answered without the script
	Dropped                   // the connection was cut instead of an answer
	Replayed                  // it comes from a recording
)

var fateNames = [...]string{"ruled", "held", "edited", "answered", "dropped", "replayed"}

// String returns the words for f, "held,edited", or "-" if there are none.
func (f Fate) String() string {
	var words []string
	for i, name := range fateNames {
		if f&(1<<i) != 0 {
			words = append(words, name)
		}
	}
	if words == nil {
		return "-"
	}
	return strings.Join(words, ",")
}

// Times are the stations of a request. A zero Stamp is a station not reached:
// a request that was refused never has Started.
type Times struct {
	Received Stamp // the front end had read all of it
	Started  Stamp // the first callback was entered
	Done     Stamp // the last callback was left
	Replied  Stamp // the answer was handed to the kernel

	// InCallback is the time spent in the callback that the request is named
	// after (pread for a read). Zero if that callback was not called, as when a
	// zero is emulated by writes; it can be less than Done-Started.
	InCallback time.Duration
}

// A Stamp is a time on the monotonic clock, in nanoseconds since the program
// started. The zero Stamp means "never".
type Stamp int64

// epoch is what every Stamp counts from: taken once, never changed.
var epoch = time.Now().Add(-1) // so that no Stamp taken is zero

// Now returns the current time. It allocates nothing.
func Now() Stamp { return Stamp(time.Since(epoch)) }

// Sub returns the time from earlier to s, or 0 if either is "never".
func (s Stamp) Sub(earlier Stamp) time.Duration {
	if s == 0 || earlier == 0 {
		return 0
	}
	return time.Duration(s - earlier)
}

// Time returns s on the wall clock as it was read when the program started.
func (s Stamp) Time() time.Time { return epoch.Add(time.Duration(s)) }
