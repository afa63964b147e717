package tui

import (
	"fmt"
	"strings"

	"workbench/recordings"
)

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

// settleTree makes the rows of the tree: all nodes but those within parts that
// are shut.
func (d *detail) settleTree() {
	d.shown = d.shown[:0]
	hidden := -1 // what is deeper has no row; -1 = all have
	for i := range d.nodes {
		n := &d.nodes[i]
		if hidden >= 0 && n.depth > hidden {
			continue
		}
		hidden = -1
		d.shown = append(d.shown, i)
		if d.shut[d.path(i)] {
			hidden = n.depth
		}
	}
}

// selectPart selects a part of the tree by its name.
func (d *detail) selectPart(name string) {
	for row, i := range d.shown {
		if d.nodes[i].depth == 0 && d.nodes[i].name == name {
			d.tree.move(row - d.tree.selected)
		}
	}
}

// path names a node by the names from the root on, so that what is shut stays so
// from request to request.
func (d *detail) path(i int) string {
	path, depth := d.nodes[i].name, d.nodes[i].depth
	for ; i >= 0 && depth > 0; i-- {
		if d.nodes[i].depth < depth {
			depth = d.nodes[i].depth
			path = d.nodes[i].name + "/" + path
		}
	}
	return path
}

// parent returns the node that i belongs to, -1 if there is none.
func (d *detail) parent(i int) int {
	for p := i - 1; p >= 0; p-- {
		if d.nodes[p].depth < d.nodes[i].depth {
			return p
		}
	}
	return -1
}

// kids reports whether nodes belong to i.
func (d *detail) kids(i int) bool {
	return i+1 < len(d.nodes) && d.nodes[i+1].depth > d.nodes[i].depth
}

// selected returns the node that is selected, -1 if there is none.
func (d *detail) selected() int {
	if row := d.tree.selected; row >= 0 && row < len(d.shown) {
		return d.shown[row]
	}
	return -1
}

// marked returns the bytes of what is selected.
func (d *detail) marked() span {
	if i := d.selected(); i >= 0 {
		return d.nodes[i].bytes
	}
	return span{}
}

// tie has the side without the keys follow the one with them.
func (d *detail) tie() {
	if len(d.sections) == 0 {
		d.inBytes = false
		return
	}
	if !d.inBytes {
		if m := d.marked(); !m.empty() {
			last, _ := d.dump.place(m.section, m.to-1)
			first, _ := d.dump.place(m.section, m.from)
			d.bytes.move(last - d.bytes.selected)
			d.bytes.move(max(first-1, d.dump.starts[m.section]) - d.bytes.selected)
		}
		return
	}
	d.cursor.section = min(d.cursor.section, len(d.sections)-1)
	d.cursor.from = max(min(d.cursor.from, len(d.sections[d.cursor.section].bytes)-1), 0)
	section, first := d.dump.at(d.bytes.selected)
	_, column := d.dump.place(d.cursor.section, d.cursor.from)
	at := first + column
	if first < 0 { // a title: the first byte below it
		at = 0
	}
	d.cursor = span{section: section, from: min(at, len(d.sections[section].bytes)-1)}
	d.selectByte()
}

// selectByte selects the row of the tree that says what the byte at the cursor
// is: a field, or the message if that is shut. The bits of a field share its bytes.
func (d *detail) selectByte() {
	found := -1
	for row, i := range d.shown {
		n := &d.nodes[i]
		if n.bytes.contains(d.cursor.section, d.cursor.from) && n.depth <= 1 {
			found = row
		}
	}
	if found >= 0 {
		d.tree.move(found - d.tree.selected)
	}
}

// turn gives the keys to the bytes, or back to the tree.
func (d *detail) turn() {
	d.inBytes = !d.inBytes && len(d.sections) > 0
	if m := d.marked(); d.inBytes && !m.empty() {
		d.cursor = span{section: m.section, from: m.from}
		row, _ := d.dump.place(m.section, m.from)
		d.bytes.move(row - d.bytes.selected)
	}
}

// step moves the cursor in the bytes, by so many.
func (d *detail) step(by int) {
	c := &d.cursor
	switch at := c.from + by; {
	case at < 0 && c.section > 0:
		c.section--
		c.from = len(d.sections[c.section].bytes) - 1
	case at >= len(d.sections[c.section].bytes) && c.section+1 < len(d.sections):
		c.section++
		c.from = 0
	default:
		c.from = max(min(at, len(d.sections[c.section].bytes)-1), 0)
	}
	row, _ := d.dump.place(c.section, c.from)
	d.bytes.move(row - d.bytes.selected)
}

// fold shuts the part that is selected, or goes to the one that it belongs to.
func (d *detail) fold() {
	i := d.selected()
	switch {
	case i < 0:
	case d.kids(i) && !d.shut[d.path(i)]:
		d.setShut(i, true)
	default:
		if p := d.parent(i); p >= 0 {
			for row, n := range d.shown {
				if n == p {
					d.tree.move(row - d.tree.selected)
				}
			}
		}
	}
}

// unfold opens the part that is selected, or goes into it.
func (d *detail) unfold() {
	i := d.selected()
	switch {
	case i < 0 || !d.kids(i):
	case d.shut[d.path(i)]:
		d.setShut(i, false)
	default:
		d.tree.move(1)
	}
}

func (d *detail) setShut(i int, shut bool) {
	if d.shut == nil {
		d.shut = map[string]bool{}
	}
	d.shut[d.path(i)] = shut
}

// rows returns the list that the keys move.
func (d *detail) rows() *list {
	if d.inBytes {
		return &d.bytes
	}
	return &d.tree
}

// rowAt returns whether the cell at x, y of the view belongs to the bytes, and
// the row of its list, -1 if there is none.
func (d *detail) rowAt(x, y int) (inBytes bool, row int) {
	if d.other != nil {
		return false, -1
	}
	y -= detailHead
	z := &d.sizes
	switch {
	case z.hexW > 0 && z.beside && x > z.treeW:
		return true, d.bytes.rowAt(y)
	case z.hexW > 0 && !z.beside && y >= z.treeH:
		return true, d.bytes.rowAt(y - z.treeH)
	case y >= z.treeH || y < 0:
		return false, -1
	}
	return false, d.tree.rowAt(y)
}

// point moves the list at x, y by some rows, or gives the keys to the row there.
func (d *detail) point(x, y, by int) {
	inBytes, row := d.rowAt(x, y)
	switch {
	case d.other != nil || by != 0 && !inBytes:
		d.tree.move(by)
	case by != 0:
		d.bytes.move(by)
	case row >= 0 && inBytes != d.inBytes:
		d.turn()
		fallthrough
	case row >= 0:
		l := d.rows()
		l.move(row - l.selected)
	}
}

func (d *detail) note() string {
	switch {
	case d.other != nil && d.tree.next > d.tree.selected+1:
		return fmt.Sprintf("%d more rows: ctrl-d", d.tree.next-d.tree.selected-1)
	case d.other != nil:
		return fmt.Sprintf("events %d and %d", d.event.Seq, d.other.event.Seq)
	case d.gone:
		return ""
	case d.held != nil:
		return fmt.Sprintf("held request %d", d.held.Number)
	}
	return fmt.Sprintf("event %d", d.event.Seq)
}

// title says what the view is.
func (d *detail) title() string {
	switch {
	case d.other != nil:
		return " two requests "
	case d.held != nil:
		return " held request "
	}
	return " request "
}

func (d *detail) draw(sc *scene, w, h int) []string {
	if d.other != nil {
		return block(append([]string(nil), d.lines[min(d.tree.selected, len(d.lines)):]...), w, h)
	}
	if d.gone {
		p := &page{w: w, sc: sc}
		p.text(sc.dim, "This request is gone: the log keeps the newest events only.")
		return block(p.lines, w, h)
	}
	e := &d.event
	head := newLine(w).put(sc.op(e.Op), " "+describe(e.Op, e.Offset, e.Length))
	if e.Flags != 0 {
		head.put(sc.dim, " "+e.Flags.String())
	}
	i, text := d.outcome(sc)
	lines := []string{head.end(), newLine(w).put(i, " "+text).end()}
	z := &d.sizes
	tree, bytes := d.drawTree(sc, z.treeW, z.treeH), d.drawBytes(sc, z.hexW, z.hexH)
	if z.beside {
		for y := range tree {
			lines = append(lines, tree[y]+newLine(1).put(sc.border, "│").end()+bytes[y])
		}
	} else {
		lines = append(append(lines, tree...), bytes...)
	}
	return block(append(lines, d.drawFoot(sc, w)...), w, h)
}

// nameWidth is the cells for names in the tree.
const nameWidth = 14

func (d *detail) drawTree(sc *scene, w, h int) []string {
	var lines []string
	from, to := d.tree.visible()
	for row := from; row < to; row++ {
		n := &d.nodes[d.shown[row]]
		l, blank := newLine(w), ink{}
		sign := " "
		if row == d.tree.selected {
			sign, blank = "▸", sc.unfocused
			if !d.inBytes {
				blank = sc.selected
			}
		}
		fold := "  "
		switch {
		case d.kids(d.shown[row]) && d.shut[d.path(d.shown[row])]:
			fold = "+ "
		case d.kids(d.shown[row]):
			fold = "- "
		}
		l.put(blank, sign+spaces(2*n.depth)+fold)
		name := sc.dim
		if row == d.tree.selected {
			name = blank
		}
		l.putIn(name, n.name, max(nameWidth-2*n.depth, width(clean(n.name))), false)
		if n.name == "" { // it has the row to itself
			l = newLine(w).put(blank, sign+spaces(4))
		}
		l.put(blank, " ")
		switch {
		case n.drawn != nil:
			n.drawn(l)
		default:
			value, more := n.ink, sc.dim
			if row == d.tree.selected {
				value, more = blank, blank
			}
			l.put(value, n.value)
			if n.more != "" {
				l.put(more, "  "+n.more)
			}
		}
		lines = append(lines, l.endIn(blank))
	}
	return block(lines, w, h)
}

func (d *detail) drawBytes(sc *scene, w, h int) []string {
	if w == 0 {
		return nil
	}
	var lines []string
	section, cursor := -1, -1
	if d.inBytes {
		section, cursor = d.cursor.section, d.cursor.from
	}
	from, to := d.bytes.visible()
	for row := from; row < to; row++ {
		lines = append(lines, d.dump.draw(sc, row, w, d.marked(), section, cursor))
	}
	return block(lines, w, h)
}

// drawFoot says in full what is selected.
func (d *detail) drawFoot(sc *scene, w int) []string {
	i := d.selected()
	if i < 0 {
		return block(nil, w, detailFoot)
	}
	n := &d.nodes[i]
	text := n.name
	if b := n.bytes; !b.empty() {
		at := fmt.Sprintf("byte %d", b.from)
		if b.to > b.from+1 {
			at = fmt.Sprintf("bytes %d to %d", b.from, b.to-1)
		}
		text += " (" + at + ")"
	}
	if n.value != "" {
		text += ": " + n.value
	}
	if n.more != "" {
		text += " · " + n.more
	}
	if n.filter != "" {
		text += ` · \ filters by ` + n.filter
	}
	var lines []string
	for _, part := range wrap(strings.TrimPrefix(text, ": "), w-2) {
		lines = append(lines, newLine(w).put(sc.accent, " "+part).end())
	}
	return block(lines, w, detailFoot)
}
