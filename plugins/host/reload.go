package host

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// lockReload waits for the reload that is under way, if any.
func (h *Host) lockReload(ctx context.Context) error {
	select {
	case h.reloading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *Host) unlockReload() { <-h.reloading }

// Reload reads the script again and swaps it in. An error says why it was
// refused; the old generation serves on. It waits for a reload under way.
func (h *Host) Reload(ctx context.Context) error {
	if err := h.lockReload(ctx); err != nil {
		return err
	}
	defer h.unlockReload()
	e := recordings.Event{Kind: recordings.Reload}
	e.Received = plugins.Now()
	src, err := plugins.ReadSource(h.opts.Path)
	if err == nil {
		err = h.replace(ctx, src, &e)
	}
	if err != nil && ctx.Err() != nil {
		h.enter(Serving) // given up, because all comes to an end: nothing was found wrong
		return err
	}
	h.report(&e, src, err)
	return err
}

// report leaves the outcome of a reload in the status and in the log.
func (h *Host) report(e *recordings.Event, src plugins.Source, err error) {
	closed, lines := e.Done.Sub(e.Started), excerpt(err, src)
	h.enter(Serving)
	h.mu.Lock()
	e.Generation = h.current.number
	h.problem, h.excerpt = err, lines
	h.lastClosed, h.longestClosed = closed, max(h.longestClosed, closed)
	if err != nil {
		h.refusals++
	} else {
		h.reloads++
	}
	text := fmt.Sprintf("generation %d serves; the gate was closed for %s", e.Generation, closed.Round(time.Microsecond))
	if err != nil {
		e.Errno = uint16(plugins.ErrnoOf(err))
		text = fmt.Sprintf("refused, generation %d serves on: %v", e.Generation, err)
		if lines != "" {
			text += "\n" + lines
		}
	}
	h.mu.Unlock()
	h.opts.Log.Append(*e, text, nil)
}

// replace takes src through the stages of a reload. It notes in e when the gate
// was closed and opened. On an error nothing has changed.
func (h *Host) replace(ctx context.Context, src plugins.Source, e *recordings.Event) error {
	old, err := h.serving()
	if err != nil {
		return err
	}
	h.enter(Building)
	build, cancel := limit(ctx, h.opts.Build, "the script did not start in %s: look for an endless loop")
	defer cancel()
	next, err := h.build(build, src, old.number+1)
	h.mu.Lock()
	h.tried = next
	h.mu.Unlock()
	if err != nil {
		return err
	}
	s := swap{host: h, old: old, next: next, admitted: map[*admission]bool{}, opened: map[*handle]plugins.Handle{}}

	h.enter(Checking)
	if err := s.openAll(build); err != nil {
		return errors.Join(err, s.abandon(ctx))
	}

	h.enter(Draining)
	drain, cancel := limit(ctx, h.opts.Drain, "not done after %s: save again when it is")
	defer cancel()
	e.Started = plugins.Now()
	if err := h.gate.close(drain); err != nil {
		e.Done = plugins.Now()
		return errors.Join(fmt.Errorf("%s: %w", describeInFlight(h.gate.inFlight()), err), s.abandon(ctx))
	}
	h.enter(Swapping)
	carry, cancel := limit(ctx, h.opts.Drain, "the state was not carried over in %s, while clients wait")
	defer cancel()
	err = s.exchange(carry)
	h.gate.open()
	e.Done = plugins.Now()
	if err != nil {
		return errors.Join(err, s.abandon(ctx))
	}
	h.closeOld(ctx, &s)
	return nil
}

// limit returns a context that ends after d, for the reason that format gives.
func limit(ctx context.Context, d time.Duration, format string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, plugins.Errorf(syscall.ETIMEDOUT, format, d))
}

// enter notes the stage of a reload. A host that was stopped stays so.
func (h *Host) enter(s State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != Stopped {
		h.state = s
	}
}

// closeOld closes the generation that was replaced. What goes wrong there is no
// reason to refuse the new one: it is logged as output of the script.
func (h *Host) closeOld(ctx context.Context, s *swap) {
	if err := s.close(ctx, s.old); err != nil {
		h.opts.Log.Append(recordings.Event{
			Kind: recordings.Output, Generation: s.old.number, Errno: uint16(plugins.ErrnoOf(err)),
			Times: plugins.Times{Received: plugins.Now()},
		}, fmt.Sprintf("closing generation %d: %v", s.old.number, err), nil)
	}
}
