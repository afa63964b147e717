package host

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// holds are the requests that wait for a person.
type holds struct {
	mu     sync.Mutex
	last   uint64  // number of the newest; guarded by mu
	list   []*held // oldest first; guarded by mu
	closed bool    // nothing is held any more, because all comes to an end; guarded by mu
}

// A held is a request that waits. The goroutine that serves it waits in hold;
// others change the fields until they decide.
type held struct {
	HeldRequest
	edit   Edit          // guarded by holds.mu
	decide chan decision // holds one
}

// A decision is what becomes of a held request.
type decision struct {
	words    string
	answered bool   // it ends here, with err
	drop     bool   // with the connection
	err      error  // nil = success
	data     []byte // of a read that was answered
}

// HeldRequest is a request that waits for a person.
type HeldRequest struct {
	Number  uint64 // by which it is spoken of
	Why     string // what held it
	After   bool   // the script has answered, and the answer waits; else the script has not been asked
	Request plugins.Request
	Err     error // what the script answered, if it has
	Since   plugins.Stamp
	Edited  bool
}

// Age returns how long it has been held.
func (q *HeldRequest) Age() time.Duration { return plugins.Now().Sub(q.Since) }

// An Edit changes a held request. What is nil stays as it is. The client knows
// nothing of it: an answer to a read has the length that it asked for, padded
// with zeroes where less was read.
type Edit struct {
	Offset *uint64
	Length *uint64 // not of a write: its length is that of the data
	Flags  *plugins.Flags
	Data   []byte // what a write writes, or what a read that was answered returns
}

// hold has r wait for a decision. It returns what apply does.
func (d *handle) hold(ctx context.Context, r *plugins.Request, after bool, result error, why string) (answered bool, err error) {
	h := d.host
	q := &held{decide: make(chan decision, 1)}
	q.Why, q.After, q.Request, q.Err, q.Since = why, after, *r, result, plugins.Now()
	q.Request.Data = nil // a read that was not answered has memory, but no data
	if r.Op != plugins.OpRead || after && result == nil {
		q.Request.Data = slices.Clone(r.Data) // others look at it at any time
	}
	q.Request.Extents = slices.Clone(r.Extents)
	if !h.holds.add(q) {
		return false, nil
	}
	r.Fate |= plugins.Held
	h.noteHold(q, "held: "+why)

	var dec decision
	select {
	case dec = <-q.decide:
		h.holds.mu.Lock()
		edit := q.edit
		h.holds.mu.Unlock()
		if q.Edited && !dec.answered {
			r.Fate |= plugins.Edited
			edit.apply(r)
		}
	case <-ctx.Done():
		if !h.holds.remove(q) { // decided at the same time, which is too late
			<-q.decide
		}
		dec = decision{words: "the client went away", answered: true, err: context.Cause(ctx)}
	}
	h.noteHold(q, fmt.Sprintf("%s after %s", dec.words, recordings.FormatDuration(q.Age())))
	switch {
	case dec.drop:
		return true, d.drop(r)
	case dec.answered && dec.err == nil:
		r.Fate |= plugins.Answered
		if r.Op == plugins.OpRead {
			r.Data = fit(dec.data, r.Length)
		}
	}
	return dec.answered, dec.err
}

// fit returns data with length n: cut off, or padded with zeroes.
func fit(data []byte, n uint64) []byte {
	if uint64(len(data)) >= n {
		return data[:n]
	}
	return append(slices.Clone(data), make([]byte, n-uint64(len(data)))...)
}

// apply changes r as a person wanted it.
func (e Edit) apply(r *plugins.Request) {
	if e.Offset != nil {
		r.Offset = *e.Offset
	}
	if e.Length != nil {
		r.Length = *e.Length
	}
	if e.Flags != nil {
		r.Flags = *e.Flags
	}
	if e.Data != nil {
		r.Data = e.Data
		if r.Op == plugins.OpWrite {
			r.Length = uint64(len(e.Data))
		}
	}
}

// add has q wait; it reports false if nothing is held any more.
func (s *holds) add(q *held) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.last++
	q.Number = s.last
	s.list = append(s.list, q)
	return true
}

// remove takes q off the list; it reports false if it was not there.
func (s *holds) remove(q *held) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.list, q)
	if i >= 0 {
		s.list = slices.Delete(s.list, i, i+1)
	}
	return i >= 0
}

// count returns how many there are.
func (s *holds) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list)
}

// decide lets one go, if check allows it.
func (s *holds) decide(number uint64, check func(*held) error, dec decision) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, i := s.find(number)
	if q == nil {
		return noHold(number)
	}
	if check != nil {
		if err := check(q); err != nil {
			return err
		}
	}
	s.list = slices.Delete(s.list, i, i+1)
	q.decide <- dec
	return nil
}

// find returns a held request and its place. The caller holds s.mu.
func (s *holds) find(number uint64) (*held, int) {
	i := slices.IndexFunc(s.list, func(q *held) bool { return q.Number == number })
	if i < 0 {
		return nil, -1
	}
	return s.list[i], i
}

func noHold(number uint64) error {
	return fmt.Errorf("no request is held under the number %d: it was let go, or its client went away", number)
}

// noteHold logs what became of a held request.
func (h *Host) noteHold(q *held, what string) {
	r := &q.Request
	h.opts.Log.Append(recordings.Event{
		Kind: recordings.Hold, Front: r.Origin.Front, Conn: r.Origin.Conn, Cookie: r.Origin.Cookie,
		PID: r.Origin.PID, Program: r.Origin.Program,
		Op: r.Op, Flags: r.Flags, Offset: r.Offset, Length: r.Length, Generation: r.Generation, Rule: r.Rule,
		Times: plugins.Times{Received: plugins.Now()},
	}, what, nil)
}

// Held returns the requests that are held, the oldest first. They are copies.
func (h *Host) Held() []HeldRequest {
	h.holds.mu.Lock()
	defer h.holds.mu.Unlock()
	out := make([]HeldRequest, len(h.holds.list))
	for i, q := range h.holds.list {
		out[i] = q.HeldRequest
		if q.Edited {
			out[i].Request.Data = slices.Clone(q.Request.Data)
			q.edit.apply(&out[i].Request)
		}
	}
	return out
}

// Release lets a held request go on, as it was edited.
func (h *Host) Release(number uint64) error {
	return h.holds.decide(number, nil, decision{words: "released"})
}

// ReleaseAll lets all of them go on and returns how many there were.
func (h *Host) ReleaseAll() int {
	h.holds.mu.Lock()
	defer h.holds.mu.Unlock()
	n := len(h.holds.list)
	for _, q := range h.holds.list {
		q.decide <- decision{words: "released"}
	}
	h.holds.list = nil
	return n
}

// LetGo lets all held requests go on, and holds none from now on: the end of
// the program must not wait for a person.
func (h *Host) LetGo() {
	h.holds.mu.Lock()
	h.holds.closed = true
	h.holds.mu.Unlock()
	h.ReleaseAll()
}

// FailHeld answers a held request with an error.
func (h *Host) FailHeld(number uint64, errno syscall.Errno) error {
	if errno == 0 {
		return fmt.Errorf("a request fails with an error: name one, as ENOSPC")
	}
	name := plugins.ErrnoName(errno)
	return h.holds.decide(number, nil, decision{words: "failed with " + name, answered: true,
		err: plugins.Errorf(errno, "held, and failed with %s by hand", name)})
}

// AnswerHeld answers a held request with success and without the script, a read
// with data, which is cut or padded with zeroes to its length. What the script
// answered, if it has, does not count.
func (h *Host) AnswerHeld(number uint64, data []byte) error {
	check := func(q *held) error {
		if q.Request.Op == plugins.OpExtents {
			return fmt.Errorf("%s cannot be answered by hand: release it, or have it fail", q.Request.Op)
		}
		return nil
	}
	return h.holds.decide(number, check, decision{words: "answered", answered: true, data: data})
}

// DropHeld cuts the connection of a held request.
func (h *Host) DropHeld(number uint64) error {
	return h.holds.decide(number, nil, decision{words: "dropped", drop: true, answered: true})
}

// EditHeld changes a held request, which stays held. A second edit comes on top
// of the first; the zero Edit takes all of them back.
func (h *Host) EditHeld(number uint64, e Edit) error {
	h.holds.mu.Lock()
	q, _ := h.holds.find(number)
	if q == nil {
		h.holds.mu.Unlock()
		return noHold(number)
	}
	err := e.Check(&q.HeldRequest)
	if err == nil {
		q.Edited = !e.empty()
		if q.Edited {
			e = q.edit.with(e)
		}
		q.edit = e
	}
	h.holds.mu.Unlock()
	if err == nil {
		h.noteHold(q, "edited: "+e.String())
	}
	return err
}

// empty reports whether e changes nothing.
func (e Edit) empty() bool {
	return e.Offset == nil && e.Length == nil && e.Flags == nil && e.Data == nil
}

// Check returns why e is no edit for q, nil if it is one.
func (e Edit) Check(q *HeldRequest) error {
	r := &q.Request
	switch op := r.Op; {
	case e.empty():
		return nil
	case op == plugins.OpExtents || op == plugins.OpFlush:
		return fmt.Errorf("%s has nothing to edit: release it, or have it fail", op)
	case q.After && (e.Offset != nil || e.Length != nil || e.Flags != nil):
		return fmt.Errorf("the script has answered already: what can be edited is the data of a read")
	case e.Data != nil && op == plugins.OpRead && !q.After:
		return fmt.Errorf("a READ has no data before the script has answered: answer it by hand, or hold it after the script")
	case e.Data != nil && op == plugins.OpWrite && q.After:
		return fmt.Errorf("the data are written already: hold it before the script")
	case e.Data != nil && op != plugins.OpRead && op != plugins.OpWrite:
		return fmt.Errorf("%s has no data", op)
	case e.Data != nil && op == plugins.OpRead && uint64(len(e.Data)) != r.Length:
		return fmt.Errorf("%d bytes: the client waits for %d", len(e.Data), r.Length)
	case e.Length != nil && op == plugins.OpWrite:
		return fmt.Errorf("the length of a WRITE is that of its data: edit those")
	case e.Flags != nil && *e.Flags&^r.Op.Flags() != 0:
		return fmt.Errorf("%s does not take the flag %s: want %s", op, *e.Flags&^op.Flags(), op.Flags())
	}
	return nil
}

// with returns e with what next has, too.
func (e Edit) with(next Edit) Edit {
	if next.Offset != nil {
		e.Offset = next.Offset
	}
	if next.Length != nil {
		e.Length = next.Length
	}
	if next.Flags != nil {
		e.Flags = next.Flags
	}
	if next.Data != nil {
		e.Data = next.Data
	}
	return e
}

// String says what e changes: "offset 0x1000, 512 bytes of data".
func (e Edit) String() string {
	text := ""
	add := func(format string, args ...any) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf(format, args...)
	}
	if e.Offset != nil {
		add("offset %#x", *e.Offset)
	}
	if e.Length != nil {
		add("length %d", *e.Length)
	}
	if e.Flags != nil {
		add("flags %s", *e.Flags)
	}
	if e.Data != nil {
		add("%d bytes of data", len(e.Data))
	}
	if text == "" {
		return "as the client sent it"
	}
	return text
}
