package tui

// A list is a window on rows and the row in it that is selected. Rows are
// numbered from the first that there ever was; the oldest may be gone, so that
// a row keeps its number while the list moves on.
type list struct {
	first, next   int // the rows that there are
	top, selected int
	height        int // rows that can be seen

	// A log list has its newest row at the end. It follows it until the user
	// moves up.
	log    bool
	follow bool
	seen   int // next, when it stopped following
}

// newLog returns a list that follows its newest row.
func newLog() list { return list{log: true, follow: true} }

// feed says which rows there are now and how many fit.
func (l *list) feed(first, next, height int) {
	l.first, l.next, l.height = first, next, max(height, 0)
	l.settle()
}

// settle brings selection and window back to where there are rows.
func (l *list) settle() {
	if l.follow {
		l.selected = l.next - 1
	}
	l.selected = max(min(l.selected, l.next-1), l.first)
	l.top = max(min(l.top, l.selected), l.selected-l.height+1)
	l.top = max(min(l.top, l.next-l.height), l.first)
}

// move selects the row that is by rows further down.
func (l *list) move(by int) {
	if by < 0 && l.follow {
		l.pause()
	}
	l.selected += by
	l.settle()
}

// pause stops following.
func (l *list) pause() { l.follow, l.seen = false, l.next }

// home selects the oldest row.
func (l *list) home() { l.move(l.first - l.selected) }

// end selects the newest row, and follows it if it is a log.
func (l *list) end() {
	l.follow = l.log
	l.move(l.next - 1 - l.selected)
}

// unseen returns how many rows came since it stopped following.
func (l *list) unseen() int {
	if l.follow || !l.log {
		return 0
	}
	return max(l.next-l.seen, 0)
}

// visible returns the rows that are seen: from ≤ row < to.
func (l *list) visible() (from, to int) {
	return l.top, max(min(l.top+l.height, l.next), l.top)
}

// rowAt returns the row that is seen at line y, -1 if there is none.
func (l *list) rowAt(y int) int {
	from, to := l.visible()
	if row := from + y; row >= from && row < to {
		return row
	}
	return -1
}

// empty reports whether there is no row at all.
func (l *list) empty() bool { return l.next <= l.first }

// A selection is how the selected row is drawn: an ink, and a sign before it. A row
// that is not selected has none: nil.
type selection struct {
	ink
	sign string
}

// selection returns how the selected row is drawn where there are the keys, or not.
func (sc *scene) selection() *selection {
	if sc.focused {
		return &selection{sc.selected, "▸"}
	}
	return &selection{sc.unfocused, "▹"}
}

// mark returns how a row of l is drawn if it is the selected one, else nil.
func (sc *scene) mark(l *list, row int) *selection {
	if row != l.selected {
		return nil
	}
	return sc.selection()
}
