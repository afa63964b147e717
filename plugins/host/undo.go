package host

import (
	"context"
	"errors"
	"maps"
	"slices"

	"workbench/plugins"
	"workbench/recordings"
)

// maxPast is how many generations are remembered.
const maxPast = 16

// A past is a generation that served before: enough to make it again.
type past struct {
	number uint32
	source plugins.Source
	texts  map[string]string // of every file that it was made of
}

// Generations returns what served before, as far as it is kept, and last what serves.
func (h *Host) Generations() []recordings.Generation {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []recordings.Generation
	for _, p := range h.past {
		out = append(out, recordings.Generation{Number: p.number, Text: p.source.Text, Files: maps.Clone(p.texts)})
	}
	g := h.current
	return append(out, recordings.Generation{Number: g.number, Text: g.source.Text, Files: g.files.copyTexts()})
}

// remember keeps the generation that r has replaced. To go back to one forgets
// those that came after it.
func (h *Host) remember(old *generation, r *reload) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.kept != nil {
		if i := slices.IndexFunc(h.past, func(p past) bool { return p.number == r.kept.number }); i >= 0 {
			h.past = h.past[:i]
		}
		return
	}
	h.past = append(h.past, past{number: old.number, source: old.source, texts: old.files.copyTexts()})
	if len(h.past) > maxPast {
		h.past = slices.Delete(h.past, 0, 1)
	}
}

// ErrNoPast is what Undo returns when there is nothing to go back to.
var ErrNoPast = errors.New("there is no generation before this one to go back to: save the script to have another")

// Undo swaps in the generation that served before this one, as a new generation,
// from the texts that its files had then. The files are left as they are: what
// is saved next is loaded next. Once more goes back once more.
func (h *Host) Undo(ctx context.Context) error {
	return h.reload(ctx, func(r *reload) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.past) == 0 {
			r.source = h.current.source
			return ErrNoPast
		}
		last := h.past[len(h.past)-1]
		r.kept, r.source = &last, last.source
		return nil
	})
}
