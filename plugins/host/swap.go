package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"workbench/plugins"
)

// A Policy says what becomes of a client that is connected and would find
// another disk after a reload than it was told of. NBD cannot tell it.
type Policy uint8

// The policies.
const (
	KeepOld     Policy = iota // the reload is refused
	ForNew                    // the client stays with the old generation, whoever comes gets the new one
	DropClients               // the client is cut off
)

// ErrOtherDisk is why a reload was refused if clients are connected that would
// find another disk than they were told of: another policy would have let it pass.
var ErrOtherDisk = errors.New("clients would find another disk")

// otherDisk is a refusal for that reason.
type otherDisk struct{ err error }

func (e otherDisk) Error() string   { return e.err.Error() }
func (e otherDisk) Unwrap() []error { return []error{e.err, ErrOtherDisk} }

// A swap is a generation that is to take the place of another.
type swap struct {
	host      *Host
	policy    Policy
	old, next *generation
	admitted  map[*admission]bool        // who was let in by next
	opened    map[*handle]plugins.Handle // handles on next, nil for those that stay behind
	behind    []string                   // what becomes of those who would find another disk, and why
	left      []*generation              // which lost a handle, and the old one
}

// openAll lets in and opens on the new generation who and what is there on the
// old one. If a client would find another disk than it was told of, it stays
// behind or the reload is refused, as the policy has it.
func (s *swap) openAll(ctx context.Context) error {
	if err := s.admitAll(ctx); err != nil {
		return err
	}
	for _, d := range s.host.openHandles() {
		if _, done := s.opened[d]; done {
			continue
		}
		inner, err := s.open(ctx, d)
		if err == nil {
			s.opened[d] = inner
			continue
		}
		// Who stayed behind at an earlier reload holds up none.
		if s.policy == KeepOld && d.generation == s.old {
			return err
		}
		s.opened[d] = nil
		if d.generation == s.old {
			s.behind = append(s.behind, s.fate(d)+strings.TrimSuffix(err.Error(), otherDiskAdvice))
		}
	}
	return nil
}

// cuts reports whether d is cut off because it would find another disk.
func (s *swap) cuts(d *handle) bool {
	return s.policy == DropClients && d.generation == s.old && d.params.Client != nil && d.params.Client.Disconnect != nil
}

// fate says what becomes of d, which does not go to the new generation.
func (s *swap) fate(d *handle) string {
	if s.cuts(d) {
		return "cut off: "
	}
	return fmt.Sprintf("stays with generation %d: ", s.old.number)
}

// otherDiskAdvice ends the text of a refusal; who stays behind has no need of it.
const otherDiskAdvice = ": disconnect it, or keep these facts, and save again"

// open opens for d on the new generation, unless that would be another disk.
func (s *swap) open(ctx context.Context, d *handle) (plugins.Handle, error) {
	inner, err := s.next.instance.Open(ctx, d.params)
	if err != nil {
		return nil, fmt.Errorf("opening it for %s: %w", nameOf(d.params), err)
	}
	// Only this goroutine changes d.inner, so it may be read outside the gate here.
	diff := d.inner.Info().Differences(inner.Info())
	if diff == nil {
		return inner, nil
	}
	err = otherDisk{plugins.Errorf(syscall.EBUSY, "%s is connected and cannot be told that the disk changed (%s)%s",
		nameOf(d.params), strings.Join(diff, ", "), otherDiskAdvice)}
	if cerr := inner.Close(); cerr != nil {
		err = errors.Join(err, cerr)
	}
	return nil, err
}

// nameOf names the client of a connection: "nbd#3".
func nameOf(p plugins.OpenParams) string { return fmt.Sprintf("%s#%d", p.Front, p.Conn) }

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
	for _, client := range s.stand() {
		client.Disconnect(true)
	}
	return nil
}

// stand has the handles stand on the new generation. It returns the clients that
// are to be cut off.
func (s *swap) stand() (cut []*plugins.Client) {
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
	s.host.nextTurn() // the thread model may be another one
	for d, inner := range s.opened {
		if _, open := s.host.handles[d]; !open {
			continue // its client left meanwhile: inner is closed with the others
		}
		if inner == nil {
			if s.cuts(d) {
				cut = append(cut, d.params.Client)
			}
			delete(s.opened, d)
			continue
		}
		// From here on opened holds the handles that nobody needs: on older generations.
		s.opened[d] = d.inner
		s.left = append(s.left, d.generation)
		d.stand(inner, s.next)
	}
	s.left = append(s.left, s.old)
	s.host.current, s.host.leaving = s.next, s
	return cut
}

// abandon closes the new generation, which did not make it. Why it did not is
// the error that matters; what goes wrong here is added to it.
func (s *swap) abandon(ctx context.Context) error {
	ctx, cancel := s.host.closing(ctx)
	defer cancel()
	return errors.Join(s.closeOpened(), s.next.close(ctx))
}

// closeOld closes what the handles stood on, and each generation on which
// nothing stands any more. What goes wrong there is no reason to refuse the new
// one: it is logged.
func (s *swap) closeOld(ctx context.Context) {
	s.host.complain(s.old, s.closeOpened())
	s.host.mu.Lock()
	s.host.leaving = nil
	s.host.mu.Unlock()
	for _, g := range s.left {
		if !s.host.needed(g) {
			s.host.closeGeneration(ctx, g)
		}
	}
}

// closeOpened closes the handles in s.opened.
func (s *swap) closeOpened() error {
	var errs []error
	for _, inner := range s.opened {
		if inner != nil {
			errs = append(errs, inner.Close())
		}
	}
	return errors.Join(errs...)
}

// countBehind returns how many handles stand on an older generation. The caller
// holds h.mu.
func (h *Host) countBehind() (n int) {
	for d := range h.handles {
		if d.generation != h.current {
			n++
		}
	}
	return n
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
