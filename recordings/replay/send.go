package replay

import (
	"context"
	"fmt"
	"syscall"

	"workbench/plugins"
	"workbench/recordings"
)

// reach returns the part of the disk that a step is about.
func (s *step) reach() span {
	at, n := s.event.Offset, s.event.Length
	return span{at, at + min(n, ^uint64(0)-at)}
}

// touched is what may have been done to an answer on its way from the script.
const touched = plugins.Ruled | plugins.Edited | plugins.Answered | plugins.Dropped

// send sends a request, unless there is a reason not to.
func (r *runner) send(ctx context.Context, c *client, s *step) error {
	e := &s.event
	x := &sent{step: s, client: c, meddled: e.Fate&touched != 0}
	x.request = plugins.Request{
		Op: e.Op, Flags: e.Flags, Offset: e.Offset, Length: e.Length, Fate: plugins.Replayed,
		Origin: plugins.Origin{Front: e.Front, Conn: e.Conn, Cookie: e.Cookie},
	}
	why, err := r.prepare(x)
	if err != nil {
		return err
	}
	sends := why == numReasons
	writes := e.Op.Writes() && e.Started != 0
	if writes {
		r.learn(x, sends)
	} else if e.Op == plugins.OpRead {
		x.unknown = r.unknown.within(s.reach())
	}
	r.race(x)
	if !sends {
		r.left[why]++
		x.verdict = unjudged
	}
	if sends {
		if err := r.allow(e.Op); err != nil {
			return err
		}
		for len(r.flying) > 0 && (len(r.flying) >= maxFlying || r.held()+x.moves() > maxHeld) {
			r.take(<-r.answered)
		}
	}
	if sends || writes {
		r.recent = append(r.recent, x)
	}
	if !sends {
		return nil
	}
	x.flies = true
	x.request.Received = plugins.Now()
	r.flying = append(r.flying, x)
	if r.alone && len(r.flying) == 1 {
		x.do(ctx, r.rec)
		r.take(x)
		return nil
	}
	r.wg.Go(func() {
		x.do(ctx, r.rec)
		r.answered <- x
	})
	return nil
}

// do does the request and compares the answer.
func (x *sent) do(ctx context.Context, rec recordings.Recording) {
	x.err = x.client.handle.Do(ctx, &x.request)
	plugins.Finish(x.client.handle, &x.request, x.err)
	x.compare(rec)
}

// prepare fills in what the request needs, and returns why it cannot be sent;
// numReasons if it can.
func (r *runner) prepare(x *sent) (Reason, error) {
	e, q := &x.event, &x.request
	unseen := e.Started == 0 && (x.meddled || e.Failed())
	if x.client.handle == nil {
		return NotOpen, nil
	}
	if r.o.ReadOnly && e.Op.Writes() {
		return ReadOnly, nil
	}
	if e.Op == plugins.OpWrite && e.Length <= plugins.MaxPayload {
		data, ok, err := r.rec.Payload(e)
		switch {
		case err != nil:
			return 0, fmt.Errorf("the data of request %d: %w", e.Seq, err)
		case ok && uint64(len(data)) == e.Length:
			q.Data = data
		case !unseen:
			return NoData, nil
		default:
			q.Data = make([]byte, e.Length) // it will be refused for another reason
		}
	}
	if unseen && (x.meddled || x.client.handle.Info().Check(q) == nil) {
		return NotSent, nil
	}
	return numReasons, nil
}

// learn takes note of what x, which writes, makes known or unknown.
func (r *runner) learn(x *sent, sends bool) {
	e := &x.event
	switch {
	case !sends || x.meddled || e.Err() == syscall.ESHUTDOWN:
		r.unknown.add(x.reach())
	case !e.Failed() && (e.Op == plugins.OpWrite || e.Op == plugins.OpZero):
		r.unknown.remove(x.reach())
	}
}

// race takes note of what is not known because x and others were in the script
// at once.
func (r *runner) race(x *sent) {
	if x.event.Started == 0 {
		return
	}
	for _, y := range r.recent {
		both := x.reach().intersect(y.reach())
		if y.event.Started == 0 || both.empty() || y.end <= x.begin {
			continue
		}
		xWrites, yWrites := x.event.Op.Writes(), y.event.Op.Writes()
		switch {
		case xWrites && yWrites:
			r.unknown.add(both)
		case xWrites && y.event.Op == plugins.OpRead:
			y.unknown.add(both)
		case yWrites && x.event.Op == plugins.OpRead:
			x.unknown.add(both)
		}
	}
}

// moves returns how many bytes the request carries, or its answer.
func (s *step) moves() uint64 {
	if op := s.event.Op; op == plugins.OpRead || op == plugins.OpWrite {
		return s.event.Length
	}
	return 0
}

// held returns how many bytes are in flight, or kept because they differ.
func (r *runner) held() (n uint64) {
	for _, x := range r.recent {
		if x.flies || x.verdict == differs {
			n += x.moves()
		}
	}
	return n
}
