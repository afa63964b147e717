package tui

import (
	"fmt"
)

// compareWith makes the view one of two requests side by side.
func (d *detail) compareWith(other subject) { d.other = &other }

// compareContext is how many rows of data are shown before the first byte that
// differs, and compareRows how many in all.
const (
	compareContext = 1
	compareRows    = 4
)

// writeComparison returns the rows about d and the other request: what differs
// stands in the ink of warnings, with a sign.
func (d *detail) writeComparison(sc *scene, w int) []string {
	a, b := &d.subject, d.other
	half := (w - 16) / 2
	var lines []string
	row := func(name, left, right string) {
		sign, i := "=", sc.dim
		if left != right {
			sign, i = "≠", sc.warn
		}
		l := newLine(w).put(i, " "+sign+" ").putIn(sc.dim, name, 11, false).put(ink{}, " ")
		if left == right {
			i = ink{}
		}
		lines = append(lines, l.putIn(i, left, half, false).put(ink{}, " ").putIn(i, right, half, false).end())
	}
	name := func(number string, s *subject) string {
		text := fmt.Sprintf("%s: event %d", number, s.event.Seq)
		if sign := sc.marks.of(&s.event); sign != "" {
			text += " (" + sign + ")"
		}
		return text
	}
	l := newLine(w).put(ink{}, spaces(15)).putIn(sc.title, name("1", a), half, false).put(ink{}, " ")
	lines = append(lines, l.putIn(sc.title, name("2", b), half, false).end())
	facts := func(s *subject) []string {
		e := &s.event
		wait, script := "-", "-"
		if e.Started != 0 {
			wait = shortDuration(e.Started.Sub(e.Received))
		}
		if e.InCallback > 0 {
			script = shortDuration(e.InCallback)
		}
		result := "✓ ok"
		if e.Failed() {
			result = "✗ " + s.failure()
		}
		sum := "-"
		if e.Sum != 0 {
			sum = fmt.Sprintf("%016x", e.Sum)
		}
		return []string{
			sc.clock(e.Received), from(e.Front, e.Conn), e.Op.String(), hex(e.Offset), fmt.Sprintf("%d", e.Length), e.Flags.String(),
			hex(e.Cookie), fmt.Sprintf("%d", e.Generation), shortDuration(e.Duration()), wait, script, e.Fate.String(), result, reasonOf(s.text), sum,
		}
	}
	left, right := facts(a), facts(b)
	for i, fact := range []string{"time", "from", "op", "offset", "length", "flags", "cookie", "generation", "took", "wait", "script", "fate", "result", "reason", "data hash"} {
		row(fact, left[i], right[i])
	}
	return append(lines, d.compareData(sc, w)...)
}

// compareData shows the data of both around the first byte that differs.
func (d *detail) compareData(sc *scene, w int) []string {
	a, b := &d.subject, d.other
	n := min(len(a.data), len(b.data))
	differs := 0
	for differs < n && a.data[differs] == b.data[differs] {
		differs++
	}
	var title string
	switch {
	case len(a.data) == 0 && len(b.data) == 0:
		return nil
	case differs < n:
		title = fmt.Sprintf("data: the first byte that differs is byte %d", differs)
	case len(a.data) != len(b.data):
		title = fmt.Sprintf("data: the same as far as both go, %s", amount(n, "byte"))
	case a.event.Sum != b.event.Sum && a.event.Sum != 0 && b.event.Sum != 0:
		title = fmt.Sprintf("data: the same in the first %s, and not behind", amount(n, "byte"))
	default:
		title = fmt.Sprintf("data: the same, %s", amount(n, "byte"))
	}
	lines := []string{newLine(w).put(sc.border, "──").put(sc.dim, " "+title+" ").fill(sc.border, "─", 0).end()}
	per := 16
	if 11+3*per > w {
		per = 8
	}
	from := max(differs/per-compareContext, 0) * per
	for at := from; at < max(len(a.data), len(b.data)) && at < from+compareRows*per; at += per {
		lines = append(lines, compareBytes(sc, w, "1", a, b, at, per), compareBytes(sc, w, "2", b, a, at, per))
	}
	return lines
}

// compareBytes draws some bytes of one request; those that the other has not,
// or has other ones for, are marked.
func compareBytes(sc *scene, w int, name string, of, other *subject, at, per int) string {
	l := newLine(w).put(sc.key, " "+name+" ").put(sc.dim, fmt.Sprintf("%08x", of.event.Offset+uint64(at)))
	for i := at; i < at+per; i++ {
		same := i < len(of.data) && i < len(other.data) && of.data[i] == other.data[i]
		before, ink := " ", ink{}
		if !same && i < len(of.data) {
			before, ink = "≠", sc.warn
		}
		text := "  "
		if i < len(of.data) {
			text = fmt.Sprintf("%02x", of.data[i])
		}
		l.put(ink, before+text)
	}
	return l.end()
}

// askedPair returns the two requests to compare: those that were marked last, or
// the one that was with the selected one.
func (a *app) askedPair() (first, second uint64, why string) {
	list := a.scene.marks.list
	var met []uint64
	for i := len(list) - 1; i >= 0 && len(met) < 2; i-- {
		if list[i].met {
			met = append(met, list[i].seq)
		}
	}
	if len(met) == 1 {
		if seq, ok := a.requests.selectedSeq(&a.scene); ok && seq != met[0] {
			met = append([]uint64{seq}, met...)
		}
	}
	if len(met) < 2 {
		return 0, 0, "two requests are compared: {mark} marks one, then another"
	}
	return min(met[0], met[1]), max(met[0], met[1]), ""
}

// compare opens the view of two requests.
func (a *app) compare() {
	first, second, _ := a.askedPair()
	left, ok := readSubject(&a.scene, first)
	right, also := readSubject(&a.scene, second)
	if !ok || !also {
		a.trouble = "a marked request is gone: the log keeps the newest events only"
		return
	}
	a.detail = &detail{subject: left, ordinal: a.requests.list.selected}
	a.detail.compareWith(right)
}
