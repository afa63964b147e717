package tui

import (
	"slices"

	"workbench/plugins"
	"workbench/recordings"
)

// heatDepth is how often a heat is halved: it has 1<<heatDepth cells.
const heatDepth = 12

// A heat adds up what was done to each part of a piece of a disk, in cells. The
// figures of larger cells are made of theirs, and are exact. What one request
// costs is bounded, whatever its length.
type heat struct {
	base  uint64       // where the piece begins
	shift uint         // a cell has 1<<shift bytes
	end   uint64       // where the disk ends; 0 = it is not known
	spots []spot       // what was done to the cells
	holds []allocation // and what they hold
}

// A spot is what was done to a cell.
type spot struct {
	reads, writes, errors tally
	touched               plugins.Stamp // when the newest request ended
	wrote                 uint64        // the event that wrote last, plus one; 0 = none
}

// A tally counts requests that touch a cell, and those of them that go on into
// the next one: they count once in both together.
type tally struct{ n, on uint32 }

func (t tally) and(next tally) tally { return tally{t.n + next.n - t.on, next.on} }

// and returns what was done to s and the cell after it together.
func (s spot) and(next spot) spot {
	return spot{
		s.reads.and(next.reads), s.writes.and(next.writes), s.errors.and(next.errors),
		max(s.touched, next.touched), max(s.wrote, next.wrote),
	}
}

// An allocation is what is known of the contents of a cell, and where from.
type allocation uint8

const (
	unknown allocation = iota
	written            // by a WRITE
	data               // as EXTENTS said
	zeroed             // by a ZERO
	zeroes             // as EXTENTS said
	trimmed            // by a TRIM: a hole, if the script makes holes
	hole               // as EXTENTS said
	numAllocations
)

var allocationWords = [numAllocations]string{
	"not known: nothing was written, and EXTENTS not asked for", "data, at least in part: written", "data, at least in part, said EXTENTS",
	"zeroes: by ZERO", "zeroes, said EXTENTS", "trimmed: a hole, if the script makes holes", "a hole, said EXTENTS",
}

func (a allocation) isData() bool { return a == written || a == data }
func (a allocation) isHole() bool { return a == trimmed || a == hole }

// and returns what two neighbours hold together.
func (a allocation) and(b allocation) allocation {
	switch {
	case a == b, a.isData():
		return a
	case b.isData():
		return b
	case a == unknown || b == unknown:
		return unknown
	case a.isHole() && b.isHole():
		return min(a, b)
	case a.isHole():
		return b
	}
	return a
}

// newHeat returns a heat of 1<<(shift+heatDepth) bytes from base on.
func newHeat(base uint64, shift uint) *heat {
	return &heat{base: base, shift: shift, spots: make([]spot, 1<<heatDepth), holds: make([]allocation, 1<<heatDepth)}
}

// clone returns a copy that does not change with h.
func (h *heat) clone() *heat {
	c := *h
	c.spots, c.holds = slices.Clone(h.spots), slices.Clone(h.holds)
	return &c
}

// largestShift is that of a heat for the largest disk.
const largestShift = 63 - heatDepth

// cover has h, which begins at 0, reach up to end, with cells as large as that needs.
func (h *heat) cover(end uint64) {
	for h.shift < largestShift && end > 1<<(h.shift+heatDepth) {
		h.grow()
	}
}

// grow doubles the piece: two cells become one.
func (h *heat) grow() {
	half := len(h.spots) / 2
	for i := range half {
		h.spots[i] = h.spots[2*i].and(h.spots[2*i+1])
		h.holds[i] = h.holds[2*i].and(h.holds[2*i+1])
	}
	clear(h.spots[half:])
	clear(h.holds[half:])
	h.shift++
}

// cells returns the cells of 1<<shift bytes, nil if h has no such.
func (h *heat) cells(shift uint) []spot {
	if shift < h.shift || shift > h.shift+heatDepth {
		return nil
	}
	n := 1 << (shift - h.shift)
	out := make([]spot, 0, len(h.spots)/n)
	for part := range slices.Chunk(h.spots, n) {
		s := part[0]
		for _, next := range part[1:] {
			s = s.and(next)
		}
		out = append(out, s)
	}
	return out
}

// holding returns what is known of the contents of cell i of those of 1<<shift bytes.
func (h *heat) holding(shift uint, i int) allocation {
	n := 1 << (shift - h.shift)
	cells := h.holds[i*n : (i+1)*n]
	if end := h.within(h.end); h.end > h.base && end < uint64(i+1)*uint64(n)<<h.shift { // what lies behind the end has no say
		cells = cells[:max(int((end-1)>>h.shift)+1-i*n, 1)]
	}
	a := cells[0]
	for _, b := range cells[1:] {
		a = a.and(b)
	}
	return a
}

// within returns where a place of the disk is in the piece, or its nearer end.
func (h *heat) within(at uint64) uint64 {
	return min(max(at, h.base)-h.base, 1<<(h.shift+heatDepth))
}

// reach returns the part of a range of the disk that is in the piece.
func (h *heat) reach(offset, length uint64) (from, to uint64) {
	end := offset + length
	if end < offset {
		end = 1<<64 - 1
	}
	if h.end > 0 {
		end = min(end, h.end)
	}
	return h.within(offset), h.within(end)
}

// add adds a request. answer is what EXTENTS said, if it is one.
func (h *heat) add(e *recordings.Event, answer string) {
	if e.Op == plugins.OpFlush || e.Op == 0 {
		return
	}
	from, to := h.reach(e.Offset, e.Length)
	if from >= to {
		return
	}
	last := (to - 1) >> h.shift
	for i := from >> h.shift; i <= last; i++ {
		h.spots[i].add(e, i < last)
	}
	if !e.Failed() {
		h.learn(e, answer)
	}
}

// add counts a request that touches s. on says that it goes on behind it.
func (s *spot) add(e *recordings.Event, on bool) {
	switch {
	case e.Failed():
		s.errors.add(on)
	case e.Op == plugins.OpRead:
		s.reads.add(on)
	case e.Op.Writes():
		s.writes.add(on)
		s.wrote = e.Seq + 1
	default:
		return // to ask what is there does nothing to it
	}
	s.touched = max(s.touched, e.Replied)
}

func (t *tally) add(on bool) {
	t.n++
	if on {
		t.on++
	}
}

// learn notes what a request that went well tells of contents.
func (h *heat) learn(e *recordings.Event, answer string) {
	switch e.Op {
	case plugins.OpWrite:
		h.hold(e.Offset, e.Length, written)
	case plugins.OpZero:
		h.hold(e.Offset, e.Length, zeroed)
	case plugins.OpTrim:
		h.hold(e.Offset, e.Length, trimmed)
	case plugins.OpExtents:
		for _, x := range recordings.ParseExtents(answer, e.Offset) {
			a := data
			if x.Type&plugins.ExtentHole != 0 {
				a = hole
			} else if x.Type&plugins.ExtentZero != 0 {
				a = zeroes
			}
			h.hold(x.Offset, x.Length, a)
		}
	}
}

// hold notes what a range holds. A cell that it fills holds that, one that it
// touches also what it held before.
func (h *heat) hold(offset, length uint64, a allocation) {
	from, to := h.reach(offset, length)
	if from >= to {
		return
	}
	first, last := from>>h.shift, (to-1)>>h.shift
	cell := uint64(1)<<h.shift - 1
	for i := first; i <= last; i++ {
		whole := (i > first || from&cell == 0) && (i < last || to&cell == 0 || h.base+to == h.end)
		if whole || a.isData() {
			h.holds[i] = a
		} else {
			h.holds[i] = h.holds[i].and(a)
		}
	}
}
