package recordings

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"workbench/plugins"
)

// maxQueued bounds the whole payloads that wait to be recorded, in bytes. One
// that is larger waits alone.
const maxQueued = 32 << 20

// sayWaits is how often a log says that it waits, at most.
const sayWaits = 10 * time.Second

// sum returns the Event.Sum of a payload that is not empty.
func sum(data []byte) uint64 {
	return max(xxhash.Sum64(data), 1) // 0 has a meaning
}

// A follower is a reader that must miss nothing: a log waits for it rather than
// drop what it has not read. There is at most one.
type follower struct {
	log *Log

	next     uint64        // the oldest event that it needs; guarded by log.mu
	side     uint64        // the oldest byte of the side ring that it needs; guarded by log.mu
	payloads []payload     // whole payloads for it, ascending; guarded by log.mu
	queued   int           // bytes in them; guarded by log.mu
	room     chan struct{} // closed when it has read; nil while nobody waits; guarded by log.mu
	waits    Waits         // guarded by log.mu
	said     plugins.Stamp // when the log said last that it waits; guarded by log.mu

	hurry chan struct{} // has an item when half the room is taken
}

// A payload is the whole payload of an event.
type payload struct {
	seq  uint64
	data []byte
}

// Waits are how often requests waited for a recording, and for how long.
type Waits struct {
	Count   uint64
	Total   time.Duration
	Longest time.Duration
}

// follow makes a follower that begins at the oldest event. keep asks for whole
// payloads, sums for Event.Sum of what is appended from now on.
func (l *Log) follow(sums, keep bool) (*follower, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.follower != nil {
		return nil, errors.New("the log is being recorded already")
	}
	f := &follower{log: l, next: l.first(), hurry: make(chan struct{}, 1)}
	if f.side = l.used; f.next < l.next {
		f.side = l.events[f.next%uint64(len(l.events))].side
	}
	l.follower = f
	l.sums.Store(sums)
	l.keep.Store(keep)
	return f, nil
}

// end lets the log go on without f.
func (f *follower) end() {
	l := f.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.follower == f {
		l.follower = nil
		l.sums.Store(false)
		l.keep.Store(false)
	}
	f.payloads, f.queued = nil, 0
	f.makeRoom()
}

// makeRoom lets those go on who wait for f. The caller holds the lock of the log.
func (f *follower) makeRoom() {
	if f.room != nil {
		close(f.room)
		f.room = nil
	}
}

// makeRoom waits until the next event, with so many bytes of side and a payload
// unless it is nil, overruns nothing that the follower needs, and hands it the payload.
// The caller holds l.mu, which is given up while it waits.
func (l *Log) makeRoom(side int, data []byte) {
	var began plugins.Stamp
	for f := l.follower; f != nil && f.full(side, len(data)); f = l.follower {
		if began == 0 {
			began = plugins.Now()
		}
		if f.room == nil {
			f.room = make(chan struct{})
		}
		room := f.room
		f.call()
		l.mu.Unlock()
		<-room
		l.mu.Lock()
	}
	f := l.follower
	if f == nil {
		return
	}
	if began != 0 {
		f.waited(plugins.Now(), began)
	}
	if data != nil {
		f.payloads = append(f.payloads, payload{l.next, data})
		f.queued += len(data)
	}
	if l.next-f.next > uint64(len(l.events)/2) || l.used-f.side > uint64(len(l.side)/2) || f.queued > maxQueued/2 {
		f.call()
	}
}

// full reports whether there is no room. The caller holds the lock of the log.
func (f *follower) full(side, data int) bool {
	l := f.log
	// One place and some bytes are for what the log itself says of waiting.
	return l.next-f.next >= uint64(len(l.events)-1) ||
		l.used+uint64(side)+sayRoom-f.side > uint64(len(l.side)) ||
		data > 0 && f.queued > 0 && f.queued+data > maxQueued
}

// sayRoom is more than the log says of waiting has bytes.
const sayRoom = 256

// call has the follower read now.
func (f *follower) call() {
	select {
	case f.hurry <- struct{}{}:
	default:
	}
}

// waited counts a wait, and says so now and then. The caller holds the lock of
// the log, and has found room.
func (f *follower) waited(now, began plugins.Stamp) {
	d := now.Sub(began)
	f.waits.Count++
	f.waits.Total += d
	f.waits.Longest = max(f.waits.Longest, d)
	if f.said != 0 && now.Sub(f.said) < sayWaits {
		return
	}
	f.said = now
	f.log.add(Event{Kind: Output, Times: plugins.Times{Received: now}},
		fmt.Sprintf("requests wait for the recording: %s so far; record to a faster disk, or less (--payload, --filter)", f.waits), nil)
}

// String returns what a user should know: "3 waits, 1.2s together, 800ms the longest".
func (w Waits) String() string {
	return fmt.Sprintf("%d waits, %s together, %s the longest", w.Count, FormatDuration(w.Total), FormatDuration(w.Longest))
}

// A batch is what a follower reads at once. It is used again.
type batch struct {
	events   []Event
	side     []byte // the texts and data of the events, one after the other
	payloads []payload
}

// contents returns text and data of an event of b.
func (b *batch) contents(e *Event) (text, data []byte) {
	text = b.side[e.side:][:e.textLen]
	return text, b.side[e.side+uint64(e.textLen):][:e.dataLen]
}

// Text implements Contents.
func (b *batch) Text(e *Event) (string, bool) {
	text, _ := b.contents(e)
	return string(text), true
}

// Data implements Contents.
func (b *batch) Data(e *Event) ([]byte, bool) {
	_, data := b.contents(e)
	return data, true
}

// read moves what comes next into b, at most so many events as it has room for,
// and makes room in the log. It returns how many there were.
func (f *follower) read(b *batch) int {
	l := f.log
	l.mu.Lock()
	defer l.mu.Unlock()
	n := int(min(uint64(cap(b.events)), l.next-f.next))
	b.events, b.side, b.payloads = b.events[:n], b.side[:0], b.payloads[:0]
	if n == 0 {
		return 0
	}
	for i := range b.events {
		b.events[i] = l.events[(f.next+uint64(i))%uint64(len(l.events))]
	}
	last := &b.events[n-1]
	end := last.side + uint64(last.textLen) + uint64(last.dataLen)
	from := f.side
	if l.used > uint64(len(l.side)) {
		from = max(from, l.used-uint64(len(l.side))) // texts from before it followed may be gone
	}
	for at := from; at < end; {
		start := at % uint64(len(l.side))
		stop := min(start+end-at, uint64(len(l.side)))
		b.side = append(b.side, l.side[start:stop]...)
		at += stop - start
	}
	for i := range b.events {
		e := &b.events[i]
		if e.side < from { // its text and data are gone
			e.textLen, e.dataLen, e.side = 0, 0, from
		}
		e.side -= from
	}
	count := 0
	for count < len(f.payloads) && f.payloads[count].seq <= last.Seq {
		f.queued -= len(f.payloads[count].data)
		count++
	}
	b.payloads = append(b.payloads, f.payloads[:count]...)
	f.payloads = slices.Delete(f.payloads, 0, count)
	f.next, f.side = last.Seq+1, max(end, f.side)
	f.makeRoom()
	return n
}

// from returns the number of the event that f reads next.
func (f *follower) from() uint64 {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	return f.next
}

// waiting returns how often and how long requests have waited.
func (f *follower) waiting() Waits {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	return f.waits
}
