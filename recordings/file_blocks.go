package recordings

import (
	"container/list"
	"fmt"
	"sync"

	"workbench/plugins"
)

// cacheBytes bounds the decoded blocks that a File keeps. The last one stays, however
// large it is.
const cacheBytes = 32 << 20

// An eventsOf is a decoded block of events.
type eventsOf struct {
	events   []Event
	payloads []uint64 // numbers plus one, by event; nil if no event has any
	body     []byte   // texts and data stand here
}

// block returns a block of events, decoded.
func (f *File) block(e *indexEntry) (*eventsOf, error) {
	if b, ok := f.cache.get(e.at).(*eventsOf); ok {
		return b, nil
	}
	body, err := f.readBody(e)
	if err == nil {
		var b *eventsOf
		if b, err = f.decode(&e.head, body); err == nil {
			f.cache.put(e.at, b, len(body)+len(b.events)*(eventSize+8))
			return b, nil
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.damaged[e.at] = e.head.count
	return nil, err
}

// payloadBody returns the body of a block of payloads.
func (f *File) payloadBody(e *indexEntry) ([]byte, error) {
	if b, ok := f.cache.get(e.at).([]byte); ok {
		return b, nil
	}
	body, err := f.readBody(e)
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.damaged[e.at] = 0
		return nil, err
	}
	f.cache.put(e.at, body, len(body))
	return body, nil
}

// decode takes the body of a block of events apart.
func (f *File) decode(h *blockHead, body []byte) (*eventsOf, error) {
	b := &eventsOf{events: make([]Event, h.count), body: body}
	r := reader{b: body}
	var c eventCoder
	for i := range b.events {
		e, payload := c.decode(&r)
		e.Seq = h.first + uint64(i)
		for _, s := range [...]*plugins.Stamp{&e.Received, &e.Started, &e.Done, &e.Replied} {
			*s = f.shifted(*s)
		}
		if payload != 0 {
			if b.payloads == nil {
				b.payloads = make([]uint64, h.count)
			}
			b.payloads[i] = payload
		}
		b.events[i] = e
	}
	if r.err == nil && r.at < len(body) {
		r.fail("too much")
	}
	return b, r.err
}

// shifted returns a stamp of the file as one of this process.
func (f *File) shifted(s plugins.Stamp) plugins.Stamp {
	if s == 0 {
		return 0
	}
	if s += plugins.Stamp(f.shift); s == 0 {
		return 1 // 0 is never
	}
	return s
}

// readBody reads and decodes the body of a block.
func (f *File) readBody(e *indexEntry) ([]byte, error) {
	h := &e.head
	if e.end() > f.size {
		return nil, fmt.Errorf("%s: a block at %d ends behind the file: %w", f.path, e.at, errDamaged)
	}
	stored := make([]byte, h.stored)
	if _, err := f.file.ReadAt(stored, e.at+blockHeadSize); err != nil {
		return nil, fmt.Errorf("%s: reading a block at %d: %w", f.path, e.at, errnoOf(err))
	}
	if castagnoli(stored) != h.sum {
		return nil, fmt.Errorf("%s: the block at %d does not fit its sum: %w", f.path, e.at, errDamaged)
	}
	if h.flags&compressed == 0 {
		return stored, nil
	}
	body, err := f.decoder.DecodeAll(stored, make([]byte, 0, h.size))
	if err != nil || len(body) != int(h.size) {
		return nil, fmt.Errorf("%s: the block at %d cannot be decompressed: %w", f.path, e.at, errDamaged)
	}
	return body, nil
}

// A cache has values that were used lately, as many as fit.
type cache struct {
	limit int

	mu    sync.Mutex
	at    map[int64]*list.Element // guarded by mu
	order list.List               // of *cached, the latest first; guarded by mu
	bytes int                     // guarded by mu
}

type cached struct {
	at    int64
	value any
	bytes int
}

func newCache(limit int) cache { return cache{limit: limit, at: map[int64]*list.Element{}} }

// get returns the value for a place in the file, nil if it is not here.
func (c *cache) get(at int64) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.at[at]
	if el == nil {
		return nil
	}
	c.order.MoveToFront(el)
	return el.Value.(*cached).value
}

func (c *cache) put(at int64, value any, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[at] != nil {
		return // somebody else was faster
	}
	c.at[at] = c.order.PushFront(&cached{at, value, bytes})
	c.bytes += bytes
	for c.bytes > c.limit && c.order.Len() > 1 {
		old := c.order.Remove(c.order.Back()).(*cached)
		delete(c.at, old.at)
		c.bytes -= old.bytes
	}
}
