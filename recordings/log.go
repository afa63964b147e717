package recordings

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Source has events, numbered from 0 without gaps. The oldest may be gone.
// Its methods may be called from any goroutine.
type Source interface {
	// Bounds returns the number of the oldest event that is still there, and
	// the number that the next event will get.
	Bounds() (first, next uint64)

	// Read copies events into dst, from number from on, or from the oldest on if
	// that is later; dst[0].Seq tells. It returns how many there were.
	Read(dst []Event, from uint64) int

	// Text returns the text of e, "" if it has none. ok is false if it had one
	// that is gone.
	Text(e *Event) (text string, ok bool)

	// Data returns the first bytes of the payload of e as Text returns its text.
	Data(e *Event) (data []byte, ok bool)

	// Stats returns what each callback did, by generation and callback.
	Stats() []CallbackStats
}

// DefaultSize is the memory that a Log takes if it is not told.
const DefaultSize = 64 << 20

// PreviewSize is how many bytes of a payload a Log keeps.
const PreviewSize = 128

// maxText is how much of a text a Log keeps, in bytes: a script may print or
// raise anything, and readers copy texts whole.
const maxText = 64 << 10

// eventSize is the size of an Event in bytes.
const eventSize = int(unsafe.Sizeof(Event{}))

// A Log is a bounded list of events in memory: the newest are kept. Its methods
// may be called from any goroutine.
type Log struct {
	mu     sync.Mutex
	events []Event       // ring: event n is at n % len; guarded by mu
	next   uint64        // number of the next event; guarded by mu
	side   []byte        // ring of texts and data; guarded by mu
	used   uint64        // bytes ever written to side; guarded by mu
	stats  statistics    // guarded by mu
	grown  chan struct{} // closed at the next append; nil while nobody waits; guarded by mu

	sums     atomic.Bool // Append takes Event.Sum
	keep     atomic.Bool // Append hands whole payloads to the follower
	follower *follower   // the one reader that must miss nothing; nil: none; guarded by mu
}

var _ Source = (*Log)(nil)

// NewLog returns an empty log that takes about size bytes; 0 means DefaultSize.
// Three quarters of them are for events, the rest for texts and data.
func NewLog(size int) *Log {
	if size == 0 {
		size = DefaultSize
	}
	events := max(size/4*3/eventSize, 16)
	return &Log{
		events: make([]Event, events),
		side:   make([]byte, max(size/4, 4096)),
	}
}

// Append adds an event with a text and data, either of which may be empty, and
// returns its number. It copies what it is given, of a text the first 64 KiB and
// of data the first PreviewSize bytes, and allocates nothing. It waits for no
// reader but a [Recorder], and that one only if it would lose the event otherwise.
func (l *Log) Append(e Event, text string, data []byte) uint64 {
	text = text[:min(len(text), maxText, len(l.side)/4)] // one text must not push out all others
	var payload []byte
	if e.Kind == Request && len(data) > 0 {
		if l.sums.Load() {
			e.Sum = sum(data)
		}
		if l.keep.Load() {
			payload = bytes.Clone(data)
		}
	}
	data = data[:min(len(data), PreviewSize)]

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.follower != nil {
		l.makeRoom(len(text)+len(data), payload)
	}
	return l.add(e, text, data)
}

// add adds an event, for which there is room. The caller holds l.mu.
func (l *Log) add(e Event, text string, data []byte) uint64 {
	e.Seq = l.next
	e.side, e.textLen, e.dataLen = l.used, uint32(len(text)), uint32(len(data))
	writeRing(l, text)
	writeRing(l, data)
	l.events[l.next%uint64(len(l.events))] = e
	l.next++
	l.stats.add(&e)
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
	return e.Seq
}

// writeRing copies b to the end of the side ring. The caller holds l.mu.
func writeRing[T string | []byte](l *Log, b T) {
	for len(b) > 0 {
		n := copy(l.side[l.used%uint64(len(l.side)):], b)
		l.used += uint64(n)
		b = b[n:]
	}
}

// readRing copies n bytes from at out of the side ring, if they are still there.
func (l *Log) readRing(at uint64, n uint32) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used > at+uint64(len(l.side)) {
		return nil, false
	}
	out := make([]byte, 0, n)
	for len(out) < int(n) {
		start := (at + uint64(len(out))) % uint64(len(l.side))
		end := min(start+uint64(int(n)-len(out)), uint64(len(l.side)))
		out = append(out, l.side[start:end]...)
	}
	return out, true
}

// Bounds implements Source. Everything before first has been dropped.
func (l *Log) Bounds() (first, next uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first(), l.next
}

// first returns the number of the oldest event. The caller holds l.mu.
func (l *Log) first() uint64 {
	if size := uint64(len(l.events)); l.next > size {
		return l.next - size
	}
	return 0
}

// Read implements Source. Those who append wait while it copies, so a reader
// asks for some hundred events at a time.
func (l *Log) Read(dst []Event, from uint64) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	from = max(from, l.first())
	n := 0
	for n < len(dst) && from < l.next {
		start := from % uint64(len(l.events))
		count := min(uint64(len(dst)-n), l.next-from, uint64(len(l.events))-start)
		copy(dst[n:], l.events[start:start+count])
		n += int(count)
		from += count
	}
	return n
}

// Text implements Source.
func (l *Log) Text(e *Event) (string, bool) {
	if e.textLen == 0 {
		return "", true
	}
	b, ok := l.readRing(e.side, e.textLen)
	return string(b), ok
}

// Data implements Source.
func (l *Log) Data(e *Event) ([]byte, bool) {
	if e.dataLen == 0 {
		return nil, true
	}
	return l.readRing(e.side+uint64(e.textLen), e.dataLen)
}

// Stats implements Source. It counts every event ever appended, also those that
// are gone.
func (l *Log) Stats() []CallbackStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats.summary()
}

// Wait returns when there is an event with the number from, or ctx's error when
// ctx ends before.
func (l *Log) Wait(ctx context.Context, from uint64) error {
	for {
		l.mu.Lock()
		if from < l.next {
			l.mu.Unlock()
			return nil
		}
		if l.grown == nil {
			l.grown = make(chan struct{})
		}
		grown := l.grown
		l.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
