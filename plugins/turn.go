package plugins

import (
	"sync/atomic"
	"time"
)

// TurnTick is how often it is looked whether a reader is at something that
// takes long, from 1 to 2 ticks after its beginning on.
const TurnTick = time.Millisecond

// A Turn says what the reader of a front end is at, besides reading, so that
// another goroutine can take over when that takes long. The reader pays two
// atomic operations for it; it is a coarse timer that looks, and only while
// there is something to see.
type Turn struct {
	state atomic.Uint64 // a number that grows with each Begin, and in the lowest bits what the reader is at
	armed atomic.Bool   // the timer runs
	timer *time.Timer
	seen  uint64 // state at the last look; the timer's
	looks int    // that found it so, besides the first; the timer's
}

// What a reader is at, for Begin.
const (
	resting  uint64 = iota // nothing that is watched
	Doing                  // the backend does a request
	Holding                // the backend does a request, and others wait for it
	Sending                // the client takes answers
	turnMask = Sending
)

// LongTurn is how many ticks a reader may take for what nobody else waits for. It
// may wait for other clients of a script that does one request at a time, or for
// a processor: another reader would wait, too.
const LongTurn = 5

// Watch looks at each tick, and has relieve called when the reader has lost its
// turn: whoever relieve starts has it then. what says what the reader was at. It is
// called once.
func (u *Turn) Watch(relieve func(what uint64)) {
	u.timer = time.AfterFunc(time.Hour, func() { u.look(relieve) })
	u.arm() // not before timer is set, which look uses
}

// Stop ends watching. The reader is at rest.
func (u *Turn) Stop() { u.timer.Stop() }

// Begin says what the reader is at now. End wants the mark.
func (u *Turn) Begin(what uint64) (mark uint64) {
	mark = u.state.Load() | turnMask + 1 + what
	u.state.Store(mark)
	if !u.armed.Load() {
		u.arm()
	}
	return mark
}

// End says that it is done. It reports whether the caller is still the reader.
func (u *Turn) End(mark uint64) bool { return u.state.CompareAndSwap(mark, mark&^turnMask) }

func (u *Turn) arm() {
	if u.armed.CompareAndSwap(false, true) {
		u.timer.Reset(TurnTick)
	}
}

// look is what the timer calls.
func (u *Turn) look(relieve func(what uint64)) {
	now := u.state.Load()
	if now != u.seen {
		u.looks = 0
	}
	switch what := now & turnMask; {
	case now != u.seen:
	case what != resting:
		u.looks++
		if late := what == Holding || u.looks == LongTurn; late && u.state.CompareAndSwap(now, now&^turnMask) {
			relieve(what)
		}
	default: // for a whole tick
		u.armed.Store(false)
		if u.state.Load() != now { // it began again, and perhaps saw the timer armed
			u.arm()
		}
		return
	}
	u.seen = now
	u.timer.Reset(TurnTick)
}
