package tui

import (
	"workbench/plugins"
	"workbench/recordings"
)

// A lens adds up what the log has of a piece of a disk, for cells that are
// smaller than those that the state has, or of a disk of which it has none. Like a
// filter it reads the log a piece at a time.
type lens struct {
	heat   *heat // nil = it is not needed
	export string
	next   uint64 // the event to look at next
	chunk  []recordings.Event
	seen   bool // since it was last searched
}

// aim points the lens at the cells of 1<<shift bytes from a place of d on.
func (n *lens) aim(sc *scene, d *disk, shift uint, from uint64) {
	n.seen = true
	if d.heat != nil && shift >= d.heat.shift {
		n.heat = nil
		return
	}
	shift = min(shift, largestShift)
	half := uint64(1) << (shift + heatDepth - 1) // what is seen at once is no more than that
	base := from / half * half
	if n.heat != nil && n.export == d.export && n.heat.shift == shift && n.heat.base == base && n.heat.end == d.extent() {
		return
	}
	n.heat, n.export, n.next = newHeat(base, shift), d.export, sc.first
	n.heat.end = d.extent()
	if n.chunk == nil {
		n.chunk = make([]recordings.Event, chunkSize)
	}
}

// search looks at the next piece of what sc has, and reports whether there is more.
func (n *lens) search(sc *scene) bool {
	if n.heat == nil || !n.seen {
		return false
	}
	n.seen = false
	for looked := 0; looked < searchSize && n.next < sc.next; {
		got := sc.events.Read(n.chunk, n.next)
		if got == 0 || n.chunk[0].Seq >= sc.next { // the log has dropped the rest
			n.next = sc.next
			break
		}
		for i := range n.chunk[:got] {
			e := &n.chunk[i]
			if e.Seq >= sc.next {
				break
			}
			n.next = e.Seq + 1
			if e.Kind != recordings.Request || sc.exportOf(e) != n.export {
				continue
			}
			answer := ""
			if e.Op == plugins.OpExtents && !e.Failed() {
				answer, _ = sc.events.Text(e)
			}
			n.heat.add(e, answer)
		}
		looked += got
	}
	return n.next < sc.next
}
