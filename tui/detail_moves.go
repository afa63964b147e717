package tui

// What is selected in a detail, in its tree and in its bytes, and what of the tree
// is shut.

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
