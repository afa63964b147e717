package recordings

import (
	"context"
	"errors"
	"fmt"
)

// Save writes what there is of r into a new file, with all that r has kept; with a
// filter only what matches. If it fails, or ctx ends, no file is left.
func Save(ctx context.Context, path string, r Recording, filter *Filter) error {
	h := r.Header()
	if filter != nil {
		h.Filter = filter.String()
	}
	first, next := r.Bounds()
	w, err := newEventWriter(path, h, first)
	if err != nil {
		return err
	}
	var notes []note
	for _, g := range h.Generations {
		notes = append(notes, note{generationBlock, newFileGeneration(g)})
	}
	for _, e := range h.Exports {
		notes = append(notes, note{exportBlock, fileExport{[]byte(e.Name), e.Info}})
	}
	err = w.flush(notes)
	if err == nil {
		err = w.copy(ctx, r, first, next, filter)
	}
	if err != nil {
		return errors.Join(err, w.file.discard())
	}
	if err := w.finish(Waits{}); err != nil {
		return errors.Join(err, w.file.remove())
	}
	return nil
}

// copy writes the events from first up to next.
func (w *eventWriter) copy(ctx context.Context, r Recording, first, next uint64, filter *Filter) error {
	events := make([]Event, batchEvents)
	for from := first; from < next; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := r.Read(events[:min(uint64(len(events)), next-from)], from)
		if n == 0 {
			break // the rest cannot be read; a File says so
		}
		for i := range events[:n] {
			e := &events[i]
			if e.Seq >= next {
				break
			}
			if filter != nil && !filter.Match(e, r) {
				continue
			}
			if err := w.copyEvent(r, e); err != nil {
				return err
			}
		}
		from = events[n-1].Seq + 1
	}
	return w.flush(nil)
}

// copyEvent writes an event of r.
func (w *eventWriter) copyEvent(r Recording, e *Event) error {
	text, _ := r.Text(e)
	data, _ := r.Data(e)
	var whole []byte
	if w.policy == PayloadFull {
		payload, ok, err := r.Payload(e)
		if err != nil {
			return fmt.Errorf("the data of event %d: %w", e.Seq, err)
		}
		if ok {
			whole = payload
		}
	}
	if err := w.add(e, []byte(text), data, whole); err != nil {
		return err
	}
	if w.full() {
		return w.flush(nil)
	}
	return nil
}
