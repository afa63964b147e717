package nbd

import (
	"sync/atomic"
	"time"
)

// turnTick is how often it is looked whether the reader is at something that
// takes long, from 1 to 2 ticks after its beginning on.
const turnTick = time.Millisecond

// A turn says what the reader of a transmission is at, besides reading, so that
// another goroutine can take over when that takes long. The reader pays two
// atomic operations for it; it is a coarse timer that looks, and only while
// there is something to see.
type turn struct {
	state atomic.Uint64 // a number that grows with each begin, and in the lowest bits one of those below
	armed atomic.Bool   // the timer runs
	timer *time.Timer
	tick  time.Duration
	seen  uint64 // state at the last look; the timer's
	looks int    // that found it so, besides the first; the timer's
}

// What the reader is at.
const (
	resting  uint64 = iota // nothing that is watched
	doing                  // the backend does a request
	holding                // the backend does a request, and answers wait for it
	sending                // the client takes answers
	turnMask = sending
)

// longTurn is how many ticks the reader may take for what holds up no answer. It
// may wait for other clients of a script that does one request at a time, or for
// a processor: another reader would wait, too.
const longTurn = 5

// watch looks at each tick, and has relieve called when the reader has lost its
// turn: whoever relieve starts has it then. doing says what the reader was at.
func (u *turn) watch(tick time.Duration, relieve func(doing bool)) {
	u.tick = tick
	u.timer = time.AfterFunc(time.Hour, func() { u.look(relieve) })
	u.arm() // not before timer is set, which look uses
}

// stop ends watching. The reader is at rest.
func (u *turn) stop() { u.timer.Stop() }

// begin says what the reader is at now. end wants the mark.
func (u *turn) begin(what uint64) (mark uint64) {
	mark = u.state.Load() | turnMask + 1 + what
	u.state.Store(mark)
	if !u.armed.Load() {
		u.arm()
	}
	return mark
}

// end says that it is done. It reports whether the caller is still the reader.
func (u *turn) end(mark uint64) bool { return u.state.CompareAndSwap(mark, mark&^turnMask) }

func (u *turn) arm() {
	if u.armed.CompareAndSwap(false, true) {
		u.timer.Reset(u.tick)
	}
}

// look is what the timer calls.
func (u *turn) look(relieve func(doing bool)) {
	now := u.state.Load()
	if now != u.seen {
		u.looks = 0
	}
	switch what := now & turnMask; {
	case now != u.seen:
	case what != resting:
		u.looks++
		if late := what == holding || u.looks == longTurn; late && u.state.CompareAndSwap(now, now&^turnMask) {
			relieve(what != sending)
		}
	default: // for a whole tick
		u.armed.Store(false)
		if u.state.Load() != now { // it began again, and perhaps saw the timer armed
			u.arm()
		}
		return
	}
	u.seen = now
	u.timer.Reset(u.tick)
}
