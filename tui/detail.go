package tui

import "workbench/recordings"

// detail is the view of one request: a tree that it is decoded into, and the
// bytes that the tree is about. What is selected in one is marked in the other.
type detail struct {
	subject
	ordinal int // the row of the list that it shows; -1 = none yet
	gone    bool

	// A request that was opened while it was held is looked for in the log from
	// here on, so that its reply comes to be shown; 0 = it is no such request.
	lookFrom uint64
	waiting  bool
	replied  bool // it was, just now: the reply is to be selected

	other *subject // to compare with; nil = the request is shown alone
	lines []string // of the comparison

	nodes    []node
	sections []section
	shut     map[string]bool // parts that do not show what belongs to them
	shown    []int           // nodes that have rows

	tree, bytes list
	dump        dump
	inBytes     bool // the bytes have the keys, not the tree
	cursor      span // one byte, if inBytes
	sizes       detailSizes
}

// detailSizes are the rooms of the parts of a detail.
type detailSizes struct {
	w, h         int
	treeW, treeH int
	hexW, hexH   int // 0 = there are no bytes to show
	beside       bool
}

// What of a detail does not scroll: what was asked for and what became of it, and
// the full text of what is selected.
const (
	detailHead = 2
	detailFoot = 2
)

// feed takes the request that is selected in the list, or what became of the one
// that was held.
func (d *detail) feed(sc *scene, from *requests) {
	if d.other != nil {
		return
	}
	if d.waiting {
		d.feedHeld(sc, from)
		return
	}
	first, next := from.bounds(sc)
	switch selected := from.list.selected; {
	case selected == d.ordinal, selected < first, selected >= next:
		return
	case selected == first && d.ordinal >= 0 && d.ordinal < first:
		return // the user did not move: the log dropped the row under the selection
	}
	d.ordinal = from.list.selected
	d.show(sc, from.seq(sc, d.ordinal))
}

// show takes the request with a number in the log.
func (d *detail) show(sc *scene, seq uint64) {
	s, ok := readSubject(sc, seq)
	d.subject, d.gone = s, !ok
}

// leaveHeld has the view go on with what is selected in the list.
func (d *detail) leaveHeld() {
	if d.waiting {
		d.waiting, d.ordinal = false, -1
	}
}

// lookSize is how many events are searched at once for what became of a held request.
const lookSize = 16

// feedHeld follows a held request: as it is edited, and when it has gone, into the log.
func (d *detail) feedHeld(sc *scene, from *requests) {
	for i := range sc.held {
		if sc.held[i].Number == d.held.Number {
			q := sc.held[i]
			d.subject = heldSubject(sc, &q)
			return
		}
	}
	var chunk [chunkSize]recordings.Event
	for range lookSize {
		n := sc.events.Read(chunk[:], d.lookFrom)
		for i := range chunk[:n] {
			e := &chunk[i]
			d.lookFrom = e.Seq + 1
			if e.Kind != recordings.Request || e.Front != d.event.Front || e.Conn != d.event.Conn || e.Cookie != d.event.Cookie || e.Received != d.event.Received {
				continue
			}
			d.waiting, d.replied = false, true
			d.show(sc, e.Seq)
			from.goTo(sc, e.Seq)
			d.ordinal = from.list.selected
			return
		}
		if n < len(chunk) {
			return
		}
	}
}

// arrange lays out the parts in a room of w by h cells.
func (d *detail) arrange(sc *scene, w, h int) {
	if d.other != nil {
		d.lines, d.sizes = d.writeComparison(sc, w), detailSizes{w: w, h: h}
		d.tree.feed(0, max(len(d.lines)-h+1, 1), 1) // it scrolls
		return
	}
	if d.gone {
		d.nodes, d.sections = nil, nil
	} else {
		d.nodes, d.sections = d.decode(sc)
	}
	d.settleTree()
	z := detailSizes{w: w, h: h, treeW: w, treeH: max(h-detailHead-detailFoot, 0)}
	if len(d.sections) > 0 {
		const least, good = 58, 64 // cells of the tree beside the bytes
		switch {
		case w >= least+1+dumpWidth(8):
			z.beside, z.hexW = true, dumpWidth(8)
			if w >= good+1+dumpWidth(16) {
				z.hexW = dumpWidth(16)
			}
			z.treeW, z.hexH = w-z.hexW-1, z.treeH
		default:
			d.dump = newDump(d.sections, w)
			z.hexW, z.hexH = w, min(d.dump.count, z.treeH*2/5)
			z.treeH -= z.hexH
		}
		d.dump = newDump(d.sections, z.hexW)
	}
	d.sizes = z
	if d.replied {
		d.replied = false
		d.tree.feed(0, len(d.shown), 1) // so that the reply comes to be at the top
		d.selectPart("reply")
	}
	d.tree.feed(0, len(d.shown), z.treeH)
	d.bytes.feed(0, d.dump.count, z.hexH)
	d.tie()
}
