package nbd

import (
	"context"
	"errors"
	"time"

	"workbench/plugins"
)

// This file is the reader of a transmission, which does what it has read itself
// if nothing is gained by passing it on: when the backend does one request at a time
// anyway. To hand a request to a worker and its reply to the writer costs more
// than many a script, and one who does both sees by itself when there is nothing
// left to do, and so how many replies can leave together.
//
// What takes longer than some ticks of the watch is not waited for: another goroutine
// becomes the reader, with all that the reader had, and the one that was ends as
// a worker does. So a client that hangs up is noticed, and nothing that is
// answered waits for what is not.

// errRelieved is why somebody stops reading who is no longer the reader.
var errRelieved = errors.New("another goroutine is the reader now")

// slowPace is how long the script may take so that the next request of the kind
// is expected to be quick.
const slowPace = 100 * time.Microsecond

// slowTwice is where the bits begin, in transmission.slow, of the kinds of which
// the last two took long.
const slowTwice = 16

// lead is the reader, until the client leaves or the reader is relieved.
func (t *transmission) lead(ctx context.Context) {
	err := t.read(ctx)
	if err == errRelieved {
		return
	}
	t.yield()
	t.left <- err
}

// read reads requests, and does them or hands them to workers. It returns nil
// after DISC, and io.EOF if the client hung up between two requests.
func (t *transmission) read(ctx context.Context) error {
	for ctx.Err() == nil { // more requests may stand in the buffer than should be begun now
		s, err := t.readRequest()
		if s == nil || err != nil {
			return err
		}
		if !t.mayDo(s) {
			t.yield()
			t.dispatch(ctx, s)
			continue
		}
		what := plugins.Doing
		if t.own != nil && len(t.own.answered) > 0 {
			what = plugins.Holding
		}
		mark := t.turn.Begin(what)
		t.do(ctx, s)
		if !t.turn.End(mark) {
			t.stuck.Add(-1)
			t.done <- s
			return errRelieved
		}
		if !t.hasOutbox() {
			t.done <- s
			continue
		}
		t.put(t.own, s)
		if full := len(t.own.answered) == cap(t.free) || t.own.size() >= batchSize; full && !t.flush() {
			return errRelieved
		}
	}
	return context.Cause(ctx)
}

// mayDo reports whether the reader should do s: its turn would come at once, and
// it is expected to be quick. Workers may have requests besides, from when that
// was not so: they are quick, too, or it would never be so again while the client
// sends a request for each answer.
func (t *transmission) mayDo(s *slot) bool {
	return t.stuck.Load() <= 0 && !t.isSlow(s.Op) && plugins.Serial(t.handle)
}

// isSlow reports whether a request of this kind is expected to take long.
func (t *transmission) isSlow(op plugins.Op) bool { return t.slow.Load()>>slowTwice>>op&1 != 0 }

// hasOutbox reports whether the reader has the outbox, which it takes if nobody
// else sends.
func (t *transmission) hasOutbox() bool {
	if t.own == nil {
		select {
		case t.own = <-t.outbox:
		default:
		}
	}
	return t.own != nil
}

// learn notes how long the backend took for s. Two in a row must have taken
// long: one may have met with the collector, or with another program.
func (t *transmission) learn(s *slot) {
	once := uint32(1) << s.Op
	twice := once << slowTwice
	switch took := s.Done.Sub(s.Started); {
	case took <= slowPace && t.slow.Load()&once != 0:
		t.slow.And(^(once | twice))
	case took > slowPace && t.slow.Load()&once == 0:
		t.slow.Or(once)
	case took > slowPace:
		t.slow.Or(twice)
	}
}

// flush sends what the reader has answered. It reports false if the caller has
// been relieved meanwhile.
func (t *transmission) flush() bool {
	out := t.own
	if out == nil {
		return true
	}
	t.own = nil
	t.sent = len(out.answered)
	mark := t.turn.Begin(plugins.Sending)
	t.post(out, t.cancel)
	still := t.turn.End(mark)
	for _, s := range out.answered {
		if still {
			t.clean(s)
			t.spare = append(t.spare, s)
		} else {
			t.release(s)
		}
	}
	out.answered = out.answered[:0]
	t.outbox <- out
	return still
}

// yield leaves what the reader has answered to the writer.
func (t *transmission) yield() {
	if out := t.own; out != nil {
		t.own = nil
		t.outbox <- out
		t.done <- nil
	}
}

// relieve starts another reader. what says what the one that was is at.
func (t *transmission) relieve(ctx context.Context, what uint64) {
	if what != plugins.Sending {
		t.stuck.Add(1)
	}
	t.running.Go(func() { t.lead(ctx) })
}
