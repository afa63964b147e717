package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// requests is the panel of finished requests, one a row. The rows stand in the
// log; only those that are seen are read.
type requests struct {
	list   list
	picked *picked // those that a filter picks; nil = all have rows
}

func (p *requests) rows() *list { return &p.list }

// The rows of the panel that are no requests.
const requestsHead = 1

func (p *requests) feed(sc *scene, _, h int) {
	first, next := p.index(sc).bounds()
	p.list.feed(first, next, h-requestsHead-inFlightRows(sc))
}

func inFlightRows(sc *scene) int { return min(len(sc.status.InFlight), 1) }

func (p *requests) rowAt(y int) int { return p.list.rowAt(y - requestsHead) }

func (p *requests) note(sc *scene) string {
	first, next := p.index(sc).bounds()
	total := fmt.Sprint(next)
	if first > 0 {
		total = fmt.Sprintf("last %s of %s", shortCount(uint64(next-first)), shortCount(uint64(next)))
	}
	switch n := p.list.unseen(); {
	case p.list.follow:
		return "↓ following · " + total
	case n > 0:
		return fmt.Sprintf("%s new · %s", shortCount(uint64(n)), total)
	}
	return total
}

// The columns of a request.
const (
	colTime = iota
	colFrom
	colOp
	colOffset
	colLength
	colFlags
	colDuration
	colResult
)

// columns returns the columns for w cells and rows whose widest entries are so wide.
func (p *requests) columns(w, name, offset, flags int) []column {
	most := 5 // of the flags
	switch {
	case w >= 90:
		most = 18
	case w >= 74:
		most = 8
	}
	return []column{
		colTime:     {title: "time", width: 12, rank: 1},
		colFrom:     {title: "from", width: max(name, 6), rank: 2},
		colOp:       {title: "op", width: 7},
		colOffset:   {title: "offset", width: max(offset, 8), right: true},
		colLength:   {title: "length", width: 8, right: true},
		colFlags:    {title: "flags", width: max(min(flags, most), 5), rank: 3},
		colDuration: {title: "took", width: 6, right: true},
		colResult:   {title: "result", width: 8, grows: true},
	}
}

func (p *requests) draw(sc *scene, w, h int) []string {
	if p.list.empty() && inFlightRows(sc) == 0 {
		return p.drawEmpty(sc, w, h)
	}
	first, last := p.list.visible()
	events := make([]recordings.Event, 0, last-first)
	name, offset, flags := 0, 0, 0 // the widest
	for row := first; row < last; row++ {
		e, _ := readRequest(sc, p.index(sc).seq(row))
		events = append(events, e)
		name = max(name, len(from(e.Front, e.Conn)))
		offset = max(offset, len(hex(e.Offset)))
		flags = max(flags, len(e.Flags.String()))
	}
	t := newTable(w, p.columns(w, name, offset, flags))
	lines := []string{t.head(sc.dim)}
	for i := range events {
		var mark *ink
		if first+i == p.list.selected {
			mark = selection(sc)
		}
		lines = append(lines, t.row(p.cells(sc, &t, &events[i]), mark))
	}
	lines = block(lines, w, h-inFlightRows(sc))
	if inFlightRows(sc) > 0 {
		lines = append(lines, drawInFlight(sc, w))
	}
	return lines
}

// selection returns the ink of the selected row.
func selection(sc *scene) *ink {
	if sc.focused {
		return &sc.selected
	}
	return &sc.unfocused
}

func (p *requests) drawEmpty(sc *scene, w, h int) []string {
	if _, all := sc.requests.bounds(); p.picked != nil && all > 0 {
		text := "  No request matches the filter. / changes it, and an empty one shows all."
		if p.picked.behind(sc) {
			text = "  No request found yet."
		}
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

func (p *requests) cells(sc *scene, t *table, e *recordings.Event) []cell {
	if e.Kind != recordings.Request {
		return []cell{colTime: {sc.dim, "(dropped)"}, colResult: {}}
	}
	cells := []cell{
		colTime:     {sc.dim, sc.clock(e.Received)},
		colFrom:     {sc.dim, from(e.Front, e.Conn)},
		colOp:       {sc.op(e.Op), e.Op.String()},
		colOffset:   {text: hex(e.Offset)},
		colLength:   {text: shortSize(e.Length)},
		colFlags:    {text: e.Flags.String()},
		colDuration: {text: shortDuration(e.Duration())},
		colResult:   {sc.good, "✓"},
	}
	if e.Op == plugins.OpFlush { // it has no place
		cells[colOffset], cells[colLength] = cell{sc.dim, "-"}, cell{sc.dim, "-"}
	}
	if e.Flags == 0 {
		cells[colFlags].ink = sc.dim
	}
	if e.Failed() {
		text, _ := sc.events.Text(e)
		cells[colResult] = cell{sc.bad, "✗ " + plugins.ErrnoName(e.Err()) + " " + clip(withoutFolder(text, sc.status.Path), longText)}
	}
	return cells
}

// withoutFolder shortens the path of the script in the text of an error to its
// last name: in a narrow column, line and message matter more.
func withoutFolder(text, script string) string {
	if rest, ok := strings.CutPrefix(text, filepath.Dir(script)+string(filepath.Separator)); ok {
		return rest
	}
	return text
}

// drawInFlight draws how many requests have no answer yet, and the oldest.
func drawInFlight(sc *scene, w int) string {
	n, oldest := len(sc.status.InFlight), sc.status.InFlight[0]
	l := newLine(w).put(sc.warn, fmt.Sprintf(" ◐ %d in flight", n))
	if n > 1 {
		l.put(sc.dim, ", the oldest:")
	} else {
		l.put(sc.dim, ":")
	}
	l.put(sc.op(oldest.Op), " "+oldest.Op.String())
	if oldest.Op != plugins.OpFlush {
		l.put(ink{}, fmt.Sprintf(" %s %s", hex(oldest.Offset), shortSize(oldest.Length)))
	}
	l.put(sc.dim, " "+from(oldest.Origin.Front, oldest.Origin.Conn))
	l.put(sc.warn, " "+shortDuration(sc.now.Sub(oldest.Received)))
	if oldest.Waiting {
		l.put(sc.dim, " waits for the reload")
	}
	return l.end()
}

// from names a connection: "nbd#1". One that belongs to no front end is the screen's own.
func from(f plugins.Front, conn uint32) string {
	if f == plugins.NoFront && conn > 0 {
		return fmt.Sprintf("self#%d", conn)
	}
	return fmt.Sprintf("%s#%d", f, conn)
}

func hex(n uint64) string { return fmt.Sprintf("0x%x", n) }
