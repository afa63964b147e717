package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// A generation is one instance of the script.
type generation struct {
	number   uint32
	language string
	source   plugins.Source
	files    files
	instance *plugins.Instance // nil if it could not be started
}

// files are what a generation was made of. A script may load more at any time.
type files struct {
	mu     sync.Mutex
	hashes map[string][sha256.Size]byte // by path; guarded by mu
}

// add notes a file, and what stood in it when it was read; nothing, if text is nil.
func (f *files) add(path string, text []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hashes == nil {
		f.hashes = map[string][sha256.Size]byte{}
	}
	f.hashes[path] = [sha256.Size]byte{}
	if text != nil {
		f.hashes[path] = sha256.Sum256(text)
	}
}

// read is plugins.Env.Load. A file that is missing belongs to the script too:
// once it is there, the script may work.
func (f *files) read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	f.add(path, text)
	return text, err
}

// copy returns what is known of the files.
func (f *files) copy() map[string][sha256.Size]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.hashes)
}

// build compiles and starts src as a generation of its own. On an error the
// generation is what was tried, without an instance.
func (h *Host) build(ctx context.Context, src plugins.Source, number uint32) (*generation, error) {
	g := &generation{number: number, source: src}
	g.files.add(src.Path, []byte(src.Text))
	return g, h.start(ctx, g)
}

// start compiles and starts g.
func (h *Host) start(ctx context.Context, g *generation) error {
	rt, err := plugins.FindRuntime(h.opts.Runtimes, h.opts.Language, g.source)
	if err != nil {
		return err
	}
	program, err := rt.Compile(g.source)
	if err != nil {
		return err
	}
	env := plugins.Env{Params: h.opts.Params, ReadOnly: h.opts.ReadOnly, Shelf: &h.shelf, Load: g.files.read}
	env.Print, env.Debug, env.Observe = h.observe(g.number)
	g.language = rt.Name()
	g.instance, err = plugins.Start(ctx, program, env)
	return err
}

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
	h.report(&e, src, err)
	return err
}

// report leaves the outcome of a reload in the status and in the log.
func (h *Host) report(e *recordings.Event, src plugins.Source, err error) {
	closed := e.Done.Sub(e.Started)
	h.mu.Lock()
	if h.state != Stopped {
		h.state = Serving
	}
	e.Generation = h.current.number
	h.problem, h.excerpt = err, ""
	h.lastClosed, h.longestClosed = closed, max(h.longestClosed, closed)
	if err != nil {
		h.refusals++
		h.excerpt = excerpt(err, src)
	} else {
		h.reloads++
	}
	text := fmt.Sprintf("generation %d serves; the gate was closed for %s", e.Generation, closed.Round(time.Microsecond))
	if err != nil {
		e.Errno = uint16(plugins.ErrnoOf(err))
		text = fmt.Sprintf("refused, generation %d serves on: %v", e.Generation, err)
		if h.excerpt != "" {
			text += "\n" + h.excerpt
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
	next, err := h.build(ctx, src, old.number+1)
	h.mu.Lock()
	h.tried = next
	h.mu.Unlock()
	if err != nil {
		return err
	}
	s := swap{host: h, old: old, next: next, opened: map[*handle]plugins.Handle{}}

	h.enter(Checking)
	if err := s.openAll(ctx); err != nil {
		return errors.Join(err, s.abandon(ctx))
	}

	h.enter(Draining)
	drain, cancel := context.WithTimeoutCause(ctx, h.opts.Drain,
		plugins.Errorf(syscall.ETIMEDOUT, "not done after %s: save again when it is", h.opts.Drain))
	defer cancel()
	e.Started = plugins.Now()
	if err := h.gate.close(drain); err != nil {
		e.Done = plugins.Now()
		return errors.Join(fmt.Errorf("%s: %w", describeInFlight(h.gate.inFlight()), err), s.abandon(ctx))
	}
	h.enter(Swapping)
	err = s.exchange(ctx)
	h.gate.open()
	e.Done = plugins.Now()
	if err != nil {
		return errors.Join(err, s.abandon(ctx))
	}
	h.closeOld(ctx, &s)
	return nil
}

func (h *Host) enter(s State) {
	h.mu.Lock()
	h.state = s
	h.mu.Unlock()
}

// A swap is a generation that is to take the place of another.
type swap struct {
	host      *Host
	old, next *generation
	opened    map[*handle]plugins.Handle // handles on next
}

// openAll opens on the new generation what is open on the old one, and refuses
// if a client would find another disk than it was told of.
func (s *swap) openAll(ctx context.Context) error {
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
	s.host.mu.Lock()
	defer s.host.mu.Unlock()
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

// close closes a generation and the handles in s.opened, which are on it.
func (s *swap) close(ctx context.Context, g *generation) error {
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
