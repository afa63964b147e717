package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"workbench/plugins"
)

// A swap is a generation that is to take the place of another.
type swap struct {
	host      *Host
	old, next *generation
	admitted  map[*admission]bool        // who was let in by next
	opened    map[*handle]plugins.Handle // handles on next
}

// openAll lets in and opens on the new generation who and what is there on the
// old one, and refuses if a client would find another disk than it was told of.
func (s *swap) openAll(ctx context.Context) error {
	if err := s.admitAll(ctx); err != nil {
		return err
	}
	for _, d := range s.host.openHandles() {
		if s.opened[d] != nil {
			continue
		}
		inner, err := s.next.instance.Open(ctx, d.params)
		if err != nil {
			return fmt.Errorf("opening it for %s#%d: %w", d.params.Front, d.params.Conn, err)
		}
		s.opened[d] = inner
		// Only this goroutine changes d.inner, so it may be read outside the gate here.
		if diff := d.inner.Info().Differences(inner.Info()); diff != nil {
			return plugins.Errorf(syscall.EBUSY,
				"%s#%d is connected and cannot be told that the disk changed (%s): disconnect it, or keep these facts, and save again",
				d.params.Front, d.params.Conn, strings.Join(diff, ", "))
		}
	}
	return nil
}

// exchange carries the state over and changes what the handles stand on. The
// gate is closed. Handles that were opened since openAll are caught up with.
func (s *swap) exchange(ctx context.Context) error {
	if err := s.openAll(ctx); err != nil {
		return err
	}
	state, err := s.old.instance.SaveState(ctx)
	if err != nil {
		return err
	}
	if err := s.next.instance.RestoreState(ctx, state); err != nil {
		return err
	}
	s.next.instance.Settle()
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
	s.host.nextTurn() // the thread model may be another one
	for d := range s.host.handles {
		// From here on opened holds the handles on the old generation.
		s.opened[d], d.inner = d.inner, s.opened[d]
		d.generation = s.next.number
	}
	s.host.current = s.next
	return nil
}

// abandon closes the new generation, which did not make it. Why it did not is
// the error that matters; what goes wrong here is added to it.
func (s *swap) abandon(ctx context.Context) error {
	return s.close(ctx, s.next)
}

// close closes a generation and the handles in s.opened, which are on it, also
// when ctx has ended.
func (s *swap) close(ctx context.Context, g *generation) error {
	ctx, cancel := limit(context.WithoutCancel(ctx), s.host.opts.Drain, "the script did not end in %s")
	defer cancel()
	var errs []error
	for _, inner := range s.opened {
		errs = append(errs, inner.Close())
	}
	errs = append(errs, g.instance.Close(ctx))
	return errors.Join(errs...)
}

// openHandles returns the handles that clients have open.
func (h *Host) openHandles() []*handle {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]*handle, 0, len(h.handles))
	for d := range h.handles {
		out = append(out, d)
	}
	return out
}
