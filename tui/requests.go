package tui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// requests is the panel of finished requests, one a row. The rows stand in the
// log; only those that are seen are read.
type requests struct {
	list   list
	picked *picked   // those that a filter picks; nil = all have rows
	order  *ordering // by which they are sorted; nil = by time
	clock  clock     // how times are shown
	hunt   *hunt     // what is searched for; nil = nothing yet
	far    farRows   // what was read of rows that stand far from each other
}

func (p *requests) rows() *list { return &p.list }

// The rows of the panel that are no requests.
const requestsHead = 1

func (p *requests) feed(sc *scene, _, h int) {
	first, next := p.bounds(sc)
	p.list.feed(first, next, h-requestsHead-inFlightRows(sc))
}

// bounds returns the first row that there is and the one after the last.
func (p *requests) bounds(sc *scene) (first, next int) {
	if p.sortedRows() {
		return 0, len(p.order.seqs)
	}
	return p.index(sc).bounds()
}

// seq returns the number in the log of the request in a row within bounds.
func (p *requests) seq(sc *scene, row int) uint64 {
	if p.sortedRows() {
		return p.order.seqs[row]
	}
	return p.index(sc).seq(row)
}

// selectedSeq returns the number in the log of the selected request.
func (p *requests) selectedSeq(sc *scene) (seq uint64, ok bool) {
	first, next := p.bounds(sc)
	if p.list.selected < first || p.list.selected >= next {
		return 0, false
	}
	return p.seq(sc, p.list.selected), true
}

// selected reads the selected request. ok is false if there is none, or if the
// log has dropped it.
func (p *requests) selected(sc *scene) (e recordings.Event, ok bool) {
	seq, ok := p.selectedSeq(sc)
	if !ok {
		return e, false
	}
	if r, ok := p.far.rows[seq]; ok {
		return r.event, r.event.Kind == recordings.Request
	}
	return readRequest(sc, seq)
}

// goTo selects the request with a number in the log, or the last before it that
// has a row.
func (p *requests) goTo(sc *scene, seq uint64) {
	row := p.index(sc).place(seq)
	if p.sortedRows() {
		if row = slices.Index(p.order.seqs, seq); row < 0 {
			return
		}
	}
	p.list.first, p.list.next = p.bounds(sc)
	p.list.pause()
	p.list.move(row - p.list.selected)
}

func (p *requests) rowAt(y int) int { return p.list.rowAt(y - requestsHead) }

func (p *requests) note(sc *scene) string {
	first, next := p.bounds(sc)
	total := fmt.Sprint(next)
	if first > 0 {
		total = fmt.Sprintf("last %s of %s", shortCount(uint64(next-first)), shortCount(uint64(next)))
	}
	if len(sc.marks.list) > 0 {
		if e, _ := p.selected(sc); sc.marks.of(&e) != "" {
			total = "mark " + sc.marks.of(&e) + " · " + total
		}
	}
	switch n := p.list.unseen(); {
	case p.sortedRows():
		return fmt.Sprintf("by %s · %d of %s", columnNames[p.order.by], p.list.selected+1, total)
	case p.list.follow:
		return "↓ following · " + total
	case n > 0:
		return fmt.Sprintf("%s new · %s", shortCount(uint64(n)), total)
	}
	return total
}

func (p *requests) draw(sc *scene, w, h int) []string {
	if p.list.empty() && inFlightRows(sc) == 0 {
		return p.drawEmpty(sc, w, h)
	}
	first, last := p.list.visible()
	events := make([]recordings.Event, 0, last-first)
	var widest widest
	far := p.isFar(sc, first, last)
	late := make([]bool, last-first)
	for row := first; row < last; row++ {
		var e recordings.Event
		e, late[row-first] = p.read(sc, p.seq(sc, row), far)
		events = append(events, e)
		widest.take(&e)
	}
	t := newTable(w, p.columns(w, widest))
	before := recordings.Event{} // the request in the row above those that are seen
	if from, _ := p.bounds(sc); (t.has(colDelta) || p.clock == sinceRow) && first > from && first < last {
		before, _ = p.read(sc, p.seq(sc, first-1), far)
	}
	rows := newRequestRows(sc, p, &t)
	if from, next := p.bounds(sc); p.clock == sinceFirst && from < next {
		oldest, _ := readRequest(sc, p.seq(sc, from))
		rows.zero = oldest.Received
	}
	lines := []string{t.head(sc.dim)}
	for i := range events {
		sign := sc.marks.of(&events[i])
		if sign == "" {
			sign = " "
		}
		cells := rows.cells(&events[i], &before)
		if late[i] {
			cells[colTime].text = "(reading)"
		}
		lines = append(lines, t.rowAfter(sign, cells, sc.mark(&p.list, first+i)))
		before = events[i]
	}
	lines = block(lines, w, h-inFlightRows(sc))
	if inFlightRows(sc) > 0 {
		lines = append(lines, drawInFlight(sc, w))
	}
	return lines
}

func (p *requests) drawEmpty(sc *scene, w, h int) []string {
	if _, all := sc.requests.bounds(); p.picked != nil && all > 0 {
		text := sc.named("  No request matches the filter. {filter} changes it, and an empty one shows all.")
		if p.picked.behind(sc) {
			text = "  No request found yet."
		}
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, text).end()}, w, h)
	}
	if !sc.live {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  This recording has no request.").end()}, w, h)
	}
	if n := sc.status.Held; n > 0 {
		text := fmt.Sprintf("  No request is answered yet; held: %d. %s shows what is held.", n, panelKey(heldPanel))
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, text).end()}, w, h)
	}
	lines := []string{
		newLine(w).end(),
		newLine(w).put(sc.dim, "  No request yet. Connect a client, for example:").end(),
	}
	if sc.uri != "" {
		lines = append(lines, newLine(w).put(sc.key, "    nbdinfo '"+sc.uri+"'").end())
	}
	if sc.mount != "" {
		lines = append(lines, newLine(w).put(sc.key, "    hexdump -C "+sc.mount+" | head").end())
	}
	return block(lines, w, h)
}

// readRequest reads a request by its number. ok is false if the log has dropped it meanwhile.
func readRequest(sc *scene, seq uint64) (e recordings.Event, ok bool) {
	var one [1]recordings.Event
	if sc.events.Read(one[:], seq) == 1 && one[0].Seq == seq {
		return one[0], true
	}
	return e, false
}

// withoutFolder shortens the path of the script in the text of an error to its
// last name: in a narrow column, line and message matter more.
func withoutFolder(text, script string) string {
	if rest, ok := strings.CutPrefix(text, filepath.Dir(script)+string(filepath.Separator)); ok {
		return rest
	}
	return text
}

// from names a connection: "nbd#1". One that belongs to no front end is the screen's own.
func from(f plugins.Front, conn uint32) string {
	if f == plugins.NoFront && conn > 0 {
		return fmt.Sprintf("self#%d", conn)
	}
	return fmt.Sprintf("%s#%d", f, conn)
}

func hex(n uint64) string { return fmt.Sprintf("0x%x", n) }
