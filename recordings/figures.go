package recordings

import (
	"slices"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Figures add events up as a [Log] does for its Stats, for who wants them of some
// events only. The zero value is ready.
type Figures struct{ s statistics }

// Add takes in an event.
func (f *Figures) Add(e *Event) { f.s.add(e) }

// Stats returns what was taken in, in the order of generation and callback.
func (f *Figures) Stats() []CallbackStats { return f.s.summary() }

// Clone returns a copy that adding to f does not change.
func (f *Figures) Clone() *Figures {
	c := &Figures{statistics{slices.Clone(f.s.generations)}}
	for i, g := range c.s.generations {
		copied := *g
		for cb, figures := range g.callbacks {
			if figures != nil {
				copied.callbacks[cb] = &callbackStats{figures.CallbackStats, hdr.Import(figures.hist.Export())}
			}
		}
		c.s.generations[i] = &copied
	}
	return c
}
