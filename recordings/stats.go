package recordings

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"workbench/plugins"
)

// CallbackStats are the figures of one callback in one generation of the script.
type CallbackStats struct {
	Generation uint32
	Callback   plugins.Callback
	Count      uint64
	Errors     uint64
	Bytes      uint64 // how much of the disk it moved, trimmed, zeroed or cached
	Total      time.Duration

	// The times that so many of a hundred calls did not exceed, to two digits,
	// and the longest one.
	P50, P95, P99, Max time.Duration

	Spread Spread `json:",omitzero"` // how many calls took how long
}

// A Spread counts calls by the time that they took: the first number those of 1
// ns, and each of the others those from its [Spread.From] up to the next one's,
// which is a third or a half longer; the last one all that took longer. It is
// coarser than the percentiles, and of a fixed size.
type Spread [64]uint32

// add counts a call.
func (s *Spread) add(d time.Duration) {
	n := 2 * (bits.Len64(uint64(max(d, 1))) - 1)
	if from := time.Duration(1) << (n / 2); d >= from+from/2 && from > 1 {
		n++
	}
	if c := &s[min(n, len(s)-1)]; *c < math.MaxUint32 {
		*c++
	}
}

// From returns the shortest time that number n counts.
func (s *Spread) From(n int) time.Duration {
	from := time.Duration(1) << (n / 2)
	if n%2 == 1 {
		from += from / 2
	}
	return from
}

// What the histograms tell apart: two digits from 1 ns to a minute; longer
// times count as a minute in the percentiles.
const (
	histMin    = 1
	histMax    = int64(time.Minute)
	histDigits = 2
)

// keptGenerations is for how many generations there are figures; those of older
// ones are dropped. Each callback of each costs about 30 KB.
const keptGenerations = 8

// statistics fold events into figures: one histogram for each callback and
// generation. They are updated when an event is appended, because a reader that
// falls behind the ring would miss some.
type statistics struct {
	generations []*generationStats // ascending
}

type generationStats struct {
	number    uint32
	callbacks [plugins.NumCallbacks]*callbackStats
}

type callbackStats struct {
	CallbackStats
	hist *hdr.Histogram
}

// add counts e if a callback ran in it.
func (s *statistics) add(e *Event) {
	var cb plugins.Callback
	switch e.Kind {
	case Request:
		cb = e.Op.Callback()
	case Callback:
		cb = e.Callback
	}
	if cb == plugins.NoCallback || e.InCallback == 0 || cb >= plugins.NumCallbacks {
		return
	}
	c := s.of(e.Generation, cb)
	c.Count++
	c.Bytes += covered(cb, e)
	c.Total += e.InCallback
	c.Max = max(c.Max, e.InCallback)
	c.Spread.add(e.InCallback)
	if e.Failed() && e.Callback == cb {
		c.Errors++ // and not that of another callback of the same request
	}
	// A value within the histogram's range cannot fail to be recorded.
	_ = c.hist.RecordValue(min(int64(e.InCallback), histMax))
}

// covered returns how many bytes of the disk cb dealt with in e. A flush or a
// question about extents deals with none, though its request has a length.
func covered(cb plugins.Callback, e *Event) uint64 {
	switch cb {
	case plugins.Pread, plugins.Pwrite, plugins.Trim, plugins.Zero, plugins.Cache:
		return e.Length
	}
	return 0
}

// of returns the figures of cb in a generation, which it makes at first.
func (s *statistics) of(generation uint32, cb plugins.Callback) *callbackStats {
	g := s.generation(generation)
	c := g.callbacks[cb]
	if c == nil {
		c = &callbackStats{
			CallbackStats: CallbackStats{Generation: generation, Callback: cb},
			hist:          hdr.New(histMin, histMax, histDigits),
		}
		g.callbacks[cb] = c
	}
	return c
}

func (s *statistics) generation(number uint32) *generationStats {
	if n := len(s.generations); n > 0 && s.generations[n-1].number == number {
		return s.generations[n-1] // nearly always: the one that serves now
	}
	i, found := slices.BinarySearchFunc(s.generations, number, func(g *generationStats, n uint32) int {
		return cmp.Compare(g.number, n)
	})
	if found {
		return s.generations[i]
	}
	g := &generationStats{number: number}
	s.generations = slices.Insert(s.generations, i, g)
	if len(s.generations) > keptGenerations {
		s.generations = slices.Delete(s.generations, 0, len(s.generations)-keptGenerations)
	}
	return g
}

// summary returns the figures in the order of generation and callback.
func (s *statistics) summary() []CallbackStats {
	var out []CallbackStats
	for _, g := range s.generations {
		for _, c := range g.callbacks {
			if c == nil {
				continue
			}
			row := c.CallbackStats
			at := c.hist.ValueAtPercentiles([]float64{50, 95, 99})
			row.P50 = min(time.Duration(at[50]), row.Max)
			row.P95 = min(time.Duration(at[95]), row.Max)
			row.P99 = min(time.Duration(at[99]), row.Max)
			out = append(out, row)
		}
	}
	return out
}
