package recordings

import "errors"

// An eventWriter gathers events into blocks of a file. One goroutine uses it.
type eventWriter struct {
	file    *blockWriter
	policy  Policy
	payload *payloadWriter

	// The block that is being gathered, and what was before.
	head  blockHead
	body  []byte
	coder eventCoder
	next  uint64 // the number of the next event in the file
	stats statistics
	tally Tally
}

// newEventWriter makes a file and writes its header, with so many events lost
// before the first. Generations and exports are notes, and not written yet.
func newEventWriter(path string, h Header, lost uint64) (*eventWriter, error) {
	file, err := createFile(path)
	if err != nil {
		return nil, err
	}
	f := newFileHeader(h)
	f.Lost = lost
	if err := file.writeJSON(headerBlock, f); err != nil {
		return nil, errors.Join(err, file.discard())
	}
	return &eventWriter{file: file, policy: h.Policy, payload: newPayloadWriter(file)}, nil
}

// add adds an event to the block. whole is its payload, nil if that is not kept.
func (w *eventWriter) add(e *Event, text, data, whole []byte) error {
	var number uint64 // of the payload, plus one
	if len(whole) > 0 {
		n, err := w.payload.add(whole)
		if err != nil {
			return err
		}
		number = n + 1
	}
	if w.policy == PayloadNone {
		data = nil
	}
	h := &w.head
	if h.count == 0 {
		*h = blockHead{kind: eventBlock, first: w.next, earliest: e.Received, latest: e.Received}
		w.coder = eventCoder{}
	}
	w.body = w.coder.append(w.body, e, number, text, data)
	h.count++
	h.earliest, h.latest = min(h.earliest, e.Received), max(h.latest, e.Received)
	w.next++
	w.stats.add(e)
	w.tally.add(e)
	return nil
}

// full reports whether the block should be written.
func (w *eventWriter) full() bool {
	return len(w.body) >= gatherBytes || w.head.count == maxBlockEvents
}

// flush writes what was gathered: notes and payloads before the events that
// speak of them.
func (w *eventWriter) flush(notes []note) error {
	for _, n := range notes {
		if err := w.file.writeJSON(n.kind, n.fact); err != nil {
			return err
		}
	}
	if err := w.payload.flush(); err != nil {
		return err
	}
	if w.head.count == 0 {
		return nil
	}
	err := w.file.writeBlock(w.head, w.body)
	w.head, w.body = blockHead{}, w.body[:0]
	return err
}

// finish ends the file.
func (w *eventWriter) finish(waits Waits) error {
	f := newFooter(w.next, w.stats.summary(), waits)
	f.Requests, f.Failed = &w.tally.Requests, &w.tally.Failed
	return w.file.finish(f)
}
