package tui

import "slices"

// A column of a table.
type column struct {
	title string
	width int  // cells; what it needs at least if it grows; 0 = it is not shown
	right bool // aligned to the right, as figures are
	grows bool // gets the room that is left; of several that are shown the last
	rank  int  // the columns with the highest rank go first when there is little room; 0 stays
}

// A cell is what a row has in a column.
type cell struct {
	ink  ink
	text string
}

// A table is columns fitted to a width. Between columns is one blank; before
// the first is a cell for the mark of the selected row.
type table struct {
	columns []column
	widths  []int // 0 = left out
	w       int
}

// newTable fits columns to w cells.
func newTable(w int, columns []column) table {
	t := table{columns, make([]int, len(columns)), w}
	room := w
	for i, c := range columns {
		if t.widths[i] = c.width; c.width > 0 {
			room -= c.width + 1
		}
	}
	for room < 0 {
		out := -1 // what goes next
		for i, c := range columns {
			if t.has(i) && c.rank > 0 && (out < 0 || c.rank > columns[out].rank) {
				out = i
			}
		}
		if out < 0 {
			break // nothing left to leave out: rows are cut
		}
		room += t.widths[out] + 1
		t.widths[out] = 0
	}
	for i, c := range slices.Backward(columns) {
		if c.grows && t.has(i) {
			t.widths[i] += max(room, 0)
			break
		}
	}
	return t
}

// has reports whether column i is shown.
func (t *table) has(i int) bool { return t.widths[i] > 0 }

// head draws the titles.
func (t *table) head(i ink) string {
	cells := make([]cell, len(t.columns))
	for n, c := range t.columns {
		cells[n] = cell{i, c.title}
	}
	return t.row(cells, nil)
}

// row draws cells. If it is selected it loses its own inks.
func (t *table) row(cells []cell, mark *selection) string { return t.rowAfter(" ", cells, mark) }

// rows draws the rows of l that are seen, the selected one marked.
func (t *table) rows(sc *scene, l *list, cells func(row int) []cell) []string {
	var lines []string
	from, to := l.visible()
	for row := from; row < to; row++ {
		lines = append(lines, t.row(cells(row), sc.mark(l, row)))
	}
	return lines
}

// rowAfter is row after a sign, which the one of the selected row covers.
func (t *table) rowAfter(sign string, cells []cell, mark *selection) string {
	l := newLine(t.w)
	blank := ink{}
	if mark != nil {
		blank, sign = mark.ink, mark.sign
	}
	l.put(blank, sign)
	shown := 0
	for i, c := range cells {
		if !t.has(i) {
			continue
		}
		if shown++; shown > 1 {
			l.put(blank, " ")
		}
		if mark != nil {
			c.ink = mark.ink
		}
		l.putIn(c.ink, c.text, t.widths[i], t.columns[i].right)
	}
	return l.endIn(blank)
}
