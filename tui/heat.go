package tui

import (
	"slices"

	"workbench/plugins"
	"workbench/recordings"
)

// heatDepth is how often a heat is halved: its finest level has 1<<heatDepth cells.
const heatDepth = 12

// A heat adds up what was done to each part of a piece of a disk. It has levels
// of cells, each with twice as many as the one before, so that the figures of a
// cell of any size are exact: a request counts once in each cell that it touches.
// What one request costs is bounded, whatever its length.
type heat struct {
	base  uint64       // where the piece begins
	shift uint         // the finest cells have 1<<shift bytes
	end   uint64       // where the disk ends; 0 = it is not known
	spots []spot       // level l has the 1<<l that begin at 1<<l - 1
	holds []allocation // of the finest cells
}

// A spot is what was done to a cell.
type spot struct {
	reads, writes, errors uint32
	touched               plugins.Stamp // when the newest request ended
	wrote                 uint64        // the event that wrote last, plus one; 0 = none
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
	return &heat{base: base, shift: shift, spots: make([]spot, 2<<heatDepth-1), holds: make([]allocation, 1<<heatDepth)}
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

// grow doubles the piece: each level becomes the first half of the next one.
func (h *heat) grow() {
	for l := heatDepth; l > 0; l-- {
		above := h.level(l - 1)
		copy(h.level(l), above)
		clear(h.level(l)[len(above):])
	}
	half := len(h.holds) / 2
	for i := range half {
		h.holds[i] = h.holds[2*i].and(h.holds[2*i+1])
	}
	clear(h.holds[half:])
	h.shift++
}

// level returns the cells of a level.
func (h *heat) level(l int) []spot { return h.spots[1<<l-1 : 2<<l-1] }

// cells returns the cells of 1<<shift bytes, nil if h has no such.
func (h *heat) cells(shift uint) []spot {
	if shift < h.shift || shift > h.shift+heatDepth {
		return nil
	}
	return h.level(int(h.shift + heatDepth - shift))
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
	for l := range heatDepth + 1 {
		shift, cells := h.shift+heatDepth-uint(l), h.level(l)
		for i := from >> shift; i <= (to-1)>>shift; i++ {
			cells[i].add(e)
		}
	}
	if !e.Failed() {
		h.learn(e, answer)
	}
}

// add counts a request that touches s.
func (s *spot) add(e *recordings.Event) {
	switch {
	case e.Failed():
		s.errors++
	case e.Op == plugins.OpRead:
		s.reads++
	case e.Op.Writes():
		s.writes++
		s.wrote = e.Seq + 1
	default:
		return // to ask what is there does nothing to it
	}
	s.touched = max(s.touched, e.Replied)
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

// hold notes what a range holds: data in each cell that it touches, anything else
// in those that it fills.
func (h *heat) hold(offset, length uint64, a allocation) {
	from, to := h.reach(offset, length)
	if from >= to {
		return
	}
	first, last := from>>h.shift, (to-1)>>h.shift
	if !a.isData() {
		cell := uint64(1) << h.shift
		first = (from + cell - 1) >> h.shift
		if h.base+to == h.end { // as much of the last cell as there is
			to += cell - 1
		}
		last = to >> h.shift // the one after
		if last <= first {
			return
		}
		last--
	}
	for i := first; i <= min(last, 1<<heatDepth-1); i++ {
		h.holds[i] = a
	}
}
