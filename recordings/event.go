package recordings

import (
	"syscall"
	"time"

	"workbench/plugins"
)

// A Kind is a kind of fact.
type Kind uint8

// The kinds, and what the fields of their events hold besides Seq, Kind and
// Received, the time at which the fact came to be.
const (
	// Request is a finished request: all fields; PID and Program where they
	// are known (plugins.Origin). Callback is the one that failed, if one
	// did; the text says why, or of EXTENTS what the answer was (FormatExtents).
	// The data are the first bytes that it moved.
	Request Kind = iota + 1

	// Callback is a callback that was run other than for the request that it
	// is named for: config, open, can_write, the flush of an emulated FUA.
	// Callback, Errno, Started, Done, InCallback; Front, Conn and Cookie if it
	// was run for a request or connection, and then Op, Offset and Length. The
	// text says why it failed.
	Callback

	// Connect is a client that came: Front, Conn. The text is its address.
	Connect

	// Negotiate is an option of the handshake: Front, Conn, Errno if it was
	// refused. The text is option, answer and what both agreed on, in words.
	Negotiate

	// Opened is an export that was opened for a connection and is ready for
	// requests: Front, Conn, Length (the size of the disk). The text is the
	// name of the export. With Errno, it could not be opened, and the text says
	// why.
	Opened

	// Disconnect is a client that went: Front, Conn, Errno if it did not go in
	// peace. The text says why.
	Disconnect

	// Reload is a script that was loaded or refused. Generation is the one that
	// serves now, Errno is set if it is the one that served before. Started and
	// Done are when the gate was closed and opened. The text says what became of it.
	Reload

	// Output is what the script printed: Callback, and Front, Conn and Cookie of
	// the request that it was for. The text is what it printed.
	Output

	// Debug is what the script said by nbdkit.debug. Fields as Output.
	Debug

	// Rule is a rule that was added, removed, or switched on or off: Rule. The
	// text says which, and what became of it.
	Rule

	// Hold is a request that is held, or is let go: Front, Conn, Cookie, Op,
	// Flags, Offset, Length, Generation, Rule. The text says why, or how.
	Hold

	// Mark is a note that a user made; the text is the note. With an Op it is about
	// a request: Front, Conn, Cookie, Op, Flags, Offset and Length are the
	// request's, Started and Done are when that was received and replied to. The
	// text is the sign that it gets, and "" takes it away.
	Mark
)

var kindNames = [...]string{
	"?", "request", "callback", "connect", "negotiate", "opened", "disconnect", "reload", "output", "debug", "rule", "hold", "mark",
}

// String returns the word that JSON lines use: "request".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[0]
}

// An Event is one fact. It has a fixed size and no pointers; its text and data
// are asked of the [Source] that it came from.
type Event struct {
	Seq uint64 // its number in the log, from 0

	Kind       Kind
	Front      plugins.Front
	Op         plugins.Op
	Callback   plugins.Callback
	Flags      plugins.Flags
	Fate       plugins.Fate // what was done to a request besides
	Errno      uint16       // 0 = it went well
	Rule       uint16       // the number of the rule that had a hand in it; 0 = none
	Generation uint32       // of the script, from 1
	Conn       uint32       // the front end's number for the connection
	PID        uint32       // the process that asked, where that is known; 0 = it is not
	Cookie     uint64       // the client's name for the request
	Program    plugins.Comm // its program

	Offset, Length uint64

	// Sum is the xxHash64 of the whole payload of a request that moved data, as
	// the client sees it; 0 = it moved none, or nobody asked for sums.
	Sum uint64

	plugins.Times

	side             uint64 // where its text and data begin in the side ring
	textLen, dataLen uint32
}

// Failed reports whether e is a failure, and Err its errno.
func (e *Event) Failed() bool { return e.Errno != 0 }

// Err returns the errno of e, 0 if it went well.
func (e *Event) Err() syscall.Errno { return syscall.Errno(e.Errno) }

// Duration returns how long e took: for a request from the front end having
// read it until the answer left, for a callback the time in it, for a reload
// the time that the gate was closed.
func (e *Event) Duration() time.Duration {
	if e.Kind == Request {
		return e.Replied.Sub(e.Received)
	}
	return e.Done.Sub(e.Started)
}
