package nbd

import (
	"context"
	"fmt"
	"time"

	"workbench/plugins"
)

// An outbox is what leaves next. One goroutine has it at a time.
type outbox struct {
	*batch
	answered []*slot // whose replies are in the batch
	failed   error   // sending failed: nothing more is sent
}

// put adds the reply to s.
func (t *transmission) put(out *outbox, s *slot) {
	t.answer(out.batch, s)
	out.answered = append(out.answered, s)
}

// post sends what is in out and tells the handle. The slots that were answered
// are the caller's to release. After an error it is all over: cancel stops
// the reader and the requests.
func (t *transmission) post(out *outbox, cancel context.CancelFunc) {
	if out.failed == nil && len(out.answered) > 0 {
		if err := t.send(out.batch); err != nil {
			out.failed = fmt.Errorf("nbd: sending replies: %w", err)
			cancel()
			t.socket.Close()
		}
	}
	out.reset()
	now := plugins.Now()
	for _, s := range out.answered {
		plugins.FinishAt(t.handle, &s.Request, s.err, now)
	}
}

// write answers requests that come by done until it is closed, and what the
// reader leaves in the outbox.
func (t *transmission) write(cancel context.CancelFunc) error {
	for open := true; open; {
		var s *slot
		s, open = <-t.done
		out := <-t.outbox
		if s != nil {
			t.put(out, s)
		}
	more:
		for out.size() < batchSize {
			select {
			case s := <-t.done:
				if s == nil { // or closed, which the next look will tell
					break more
				}
				t.put(out, s)
			default:
				break more
			}
		}
		t.post(out, cancel)
		for _, s := range out.answered {
			t.release(s)
		}
		out.answered = out.answered[:0]
		t.outbox <- out
	}
	out := <-t.outbox
	return out.failed
}

// send sends b, for which the client must not take for ever.
func (t *transmission) send(b *batch) error {
	if err := t.socket.SetWriteDeadline(t.stallLimit(b.size())); err != nil {
		return err
	}
	if err := b.send(t.nc); err != nil || !t.secure {
		return err
	}
	// TLS writes for itself too, when it has read something, at any time.
	return t.socket.SetWriteDeadline(time.Time{})
}
