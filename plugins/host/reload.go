package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// lockReload waits for the reload that is under way, if any.
func (h *Host) lockReload(ctx context.Context) error {
	select {
	case h.reloading <- struct{}{}:
		return nil // also if ctx has ended
	default:
	}
	select {
	case h.reloading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *Host) unlockReload() { <-h.reloading }

// A reload is an attempt to replace the generation that serves.
type reload struct {
	policy Policy
	source plugins.Source // what to replace it with
	kept   *past          // the generation whose source that is; nil = it was just read
	event  recordings.Event
	notes  []string // what to tell of it besides
}

// Reload reads the script again and swaps it in. An error says why it was
// refused; the old generation serves on. It waits for a reload under way.
func (h *Host) Reload(ctx context.Context) error { return h.ReloadAs(ctx, KeepOld) }

// ReloadAs is Reload with a policy for clients that would find another disk.
func (h *Host) ReloadAs(ctx context.Context, policy Policy) error {
	return h.reload(ctx, func(r *reload) (err error) {
		r.policy = policy
		r.source, err = plugins.ReadSource(h.opts.Path)
		return err
	})
}

// reload makes one attempt; prepare says with what.
func (h *Host) reload(ctx context.Context, prepare func(*reload) error) error {
	if err := h.lockReload(ctx); err != nil {
		return err
	}
	defer h.unlockReload()
	r := &reload{event: recordings.Event{Kind: recordings.Reload}}
	r.event.Received = plugins.Now()
	err := prepare(r)
	if err == nil {
		err = h.replace(ctx, r)
	}
	if err != nil && ctx.Err() != nil {
		h.enter(Serving) // given up, because all comes to an end: nothing was found wrong
		return err
	}
	h.report(r, err)
	return err
}

// maxClosed is of how many swaps it is kept for how long the gate was closed.
const maxClosed = 1000

// report leaves the outcome of a reload in the status and in the log.
func (h *Host) report(r *reload, err error) {
	e := &r.event
	closed, lines, refused := e.Done.Sub(e.Started), excerpt(err, r.source), blamed(err, r.source)
	h.enter(Serving)
	h.mu.Lock()
	e.Generation = h.current.number
	h.problem, h.excerpt, h.refused = err, lines, refused
	if err != nil {
		h.refusals++
	} else {
		h.reloads++
		h.closed = append(h.closed, closed)
		if len(h.closed) > maxClosed {
			h.closed = slices.Delete(h.closed, 0, 1)
		}
	}
	text := fmt.Sprintf("generation %d serves", e.Generation)
	if again := h.current.again; again != 0 {
		text += fmt.Sprintf(", which is generation %d once more", again)
	}
	text += fmt.Sprintf("; the gate was closed for %s", closed.Round(time.Microsecond))
	if err != nil {
		e.Errno = uint16(plugins.ErrnoOf(err))
		text = fmt.Sprintf("refused, generation %d serves on: %v", e.Generation, err)
		if lines != "" {
			text += "\n" + lines
		}
	}
	for _, note := range r.notes {
		text += "\n" + note
	}
	h.notes = r.notes
	h.mu.Unlock()
	h.opts.Log.Append(*e, text, nil)
}

// replace takes a reload through its stages. It notes in the event when the gate
// was closed and opened. On an error nothing has changed.
func (h *Host) replace(ctx context.Context, r *reload) error {
	old, err := h.serving()
	if err != nil {
		return err
	}
	h.enter(Building)
	build, cancel := limit(ctx, h.opts.Build, "the script did not start in %s: look for an endless loop")
	defer cancel()
	next, err := h.rebuild(build, r, old)
	if err != nil {
		return err
	}
	s := swap{host: h, policy: r.policy, old: old, next: next, admitted: map[*admission]bool{}, opened: map[*handle]plugins.Handle{}}

	h.enter(Checking)
	if err := s.openAll(build); err != nil {
		return errors.Join(err, s.abandon(ctx))
	}
	r.notes = append(r.notes, h.shadowCheck(build, &s)...)

	h.enter(Draining)
	drain, cancel := limit(ctx, h.opts.Drain, "not done after %s: save again when it is")
	defer cancel()
	r.event.Started = plugins.Now()
	if err := h.gate.close(drain); err != nil {
		r.event.Done = plugins.Now()
		return errors.Join(fmt.Errorf("%s: %w", describeInFlight(h.gate.inFlight()), err), s.abandon(ctx))
	}
	h.enter(Swapping)
	carry, cancel := limit(ctx, h.opts.Drain, "the state was not carried over in %s, while clients wait: have before_reload and after_reload do less")
	defer cancel()
	err = s.exchange(carry)
	if err == nil {
		h.tellServed(next) // before the first request that it answers
	}
	h.gate.open()
	r.event.Done = plugins.Now()
	if err != nil {
		return errors.Join(err, s.abandon(ctx))
	}
	r.notes = append(r.notes, s.behind...)
	h.remember(old, r)
	s.closeOld(ctx)
	return nil
}

// rebuild compiles and starts what r has as the generation after old.
func (h *Host) rebuild(ctx context.Context, r *reload, old *generation) (*generation, error) {
	if r.kept == nil {
		next, err := h.build(ctx, r.source, old.number+1)
		h.mu.Lock()
		h.tried = next
		h.mu.Unlock()
		return next, err
	}
	next := &generation{number: old.number + 1, source: r.source, again: r.kept.number}
	next.files.kept = r.kept.texts
	if _, err := next.files.read(r.source.Path); err != nil {
		return next, err
	}
	return next, h.start(ctx, next)
}

// limit returns a context that ends after d, for the reason that format gives.
func limit(ctx context.Context, d time.Duration, format string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, plugins.Errorf(syscall.ETIMEDOUT, format, d))
}

// enter notes the stage of a reload. A host that was stopped stays so.
func (h *Host) enter(s State) {
	defer h.gate.wake()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != Stopped {
		h.state = s
	}
}
