package tui

import (
	"fmt"
	"strings"
)

func (d *detail) note(sc *scene) string {
	switch {
	case d.other != nil && d.tree.next > d.tree.selected+1:
		return numbered(d.tree.next-d.tree.selected-1, "more row") + sc.named(": {down.half}")
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
	with := *sc
	with.focused = !d.inBytes
	from, to := d.tree.visible()
	for row := from; row < to; row++ {
		n := &d.nodes[d.shown[row]]
		l, blank := newLine(w), ink{}
		sign := " "
		if row == d.tree.selected {
			s := with.selection()
			sign, blank = s.sign, s.ink
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
