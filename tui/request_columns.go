package tui

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// The columns of a request.
const (
	colTime = iota
	colDelta
	colFrom
	colOp
	colOffset
	colLength
	colFlags
	colWait
	colScript
	colBar
	colTook
	colGen
	colSum
	colCookie
	colResult
	numColumns
)

// columnNames are what the columns are called; those with "" sort nothing.
var columnNames = [numColumns]string{
	colTime: "time", colFrom: "from", colOp: "op", colOffset: "offset", colLength: "length", colFlags: "flags",
	colWait: "wait", colScript: "script", colTook: "took", colGen: "gen", colSum: "hash", colCookie: "cookie", colResult: "result",
}

// From which width of the panel on there is a column that is not always shown.
const (
	deltaWidth  = 86
	barWidth    = 100
	scriptWidth = 114
	genWidth    = 130
	cookieWidth = 150
	sumWidth    = 170
)

// A widest has the widths of what is widest in some rows.
type widest struct{ from, offset, flags, cookie, sum int }

func (m *widest) take(e *recordings.Event) {
	m.from = max(m.from, len(from(e.Front, e.Conn)))
	m.offset = max(m.offset, len(hex(e.Offset)))
	m.flags = max(m.flags, len(e.Flags.String()))
	m.cookie = max(m.cookie, len(hex(e.Cookie)))
	if e.Sum != 0 {
		m.sum = 8
	}
}

// columns returns the columns for w cells.
func (p *requests) columns(w int, m widest) []column {
	most := 0 // of the flags, which in a narrow list leave their cells to the result
	switch {
	case w >= 90:
		most = 18
	case w >= 76:
		most = 8
	}
	from := func(least, width int) int { // 0 = it is not shown
		if w < least {
			return 0
		}
		return width
	}
	columns := []column{
		colTime:   {title: p.clock.title(), width: p.clock.width(), right: p.clock != timeOfDay, rank: 1},
		colDelta:  {title: "Δ", width: from(deltaWidth, 6), right: true, rank: 9},
		colFrom:   {title: "from", width: max(m.from, 6), rank: 2},
		colOp:     {title: "op", width: 7},
		colOffset: {title: "offset", width: max(m.offset, 8), right: true},
		colLength: {title: "length", width: 8, right: true},
		colFlags:  {title: "flags", width: min(max(m.flags, 5), most), rank: 3},
		colWait:   {title: "wait", width: from(scriptWidth, 6), right: true, rank: 7},
		colScript: {title: "script", width: from(scriptWidth, 6), right: true, rank: 6},
		colBar:    {title: "usual", width: from(barWidth, 8), rank: 8},
		colTook:   {title: "took ", width: 7, right: true},
		colGen:    {title: "gen", width: from(genWidth, 4), rank: 9},
		colSum:    {title: "hash", width: from(sumWidth, m.sum), rank: 11},
		colCookie: {title: "cookie", width: from(cookieWidth, max(m.cookie, 6)), right: true, rank: 10},
		colResult: {title: "result", width: 7, grows: true},
	}
	if p.clock == sinceRow || p.order != nil { // it is there already, or says nothing
		columns[colDelta].width = 0
	}
	if o := p.order; o != nil {
		sign := "↑"
		if o.falling {
			sign = "↓"
		}
		c := &columns[o.by]
		c.title = strings.TrimSpace(c.title) + sign
	}
	return columns
}

// A clock is a way to show when a request came.
type clock uint8

const (
	timeOfDay clock = iota
	sinceFirst
	sinceRow // the one above
	numClocks
)

func (c clock) title() string { return [...]string{"time", "since first", "Δ"}[c] }
func (c clock) width() int    { return [...]int{12, 12, 7}[c] }

// requestRows makes the cells of requests.
type requestRows struct {
	sc    *scene
	list  *requests
	clock clock
	zero  plugins.Stamp // of sinceFirst
	norms [plugins.OpExtents + 1]norm
	room  int  // for the result
	bar   bool // it has a column of its own
}

func newRequestRows(sc *scene, p *requests, t *table) *requestRows {
	r := &requestRows{sc: sc, list: p, clock: p.clock, room: t.widths[colResult], bar: t.has(colBar)}
	for op := range r.norms {
		r.norms[op] = sc.usual.of(plugins.Op(op))
	}
	return r
}

// cells returns the cells of e; before is the request in the row above.
func (r *requestRows) cells(e, before *recordings.Event) []cell {
	sc := r.sc
	if e.Kind != recordings.Request {
		cells := make([]cell, numColumns)
		cells[colTime] = cell{sc.dim, "(dropped)"}
		return cells
	}
	cells := []cell{
		colTime:   {sc.dim, r.time(e, before)},
		colDelta:  {sc.dim, delta(e, before)},
		colFrom:   {sc.dim, from(e.Front, e.Conn)},
		colOp:     {sc.op(e.Op), e.Op.String()},
		colOffset: {text: hex(e.Offset)},
		colLength: {text: shortSize(e.Length)},
		colFlags:  {text: e.Flags.String()},
		colWait:   {sc.dim, "-"},
		colScript: {text: "-"},
		colGen:    {sc.dim, fmt.Sprintf("g%d", e.Generation)},
		colCookie: {sc.dim, hex(e.Cookie)},
		colResult: r.result(e),
	}
	if e.Sum != 0 {
		cells[colSum] = cell{sc.dim, fmt.Sprintf("%016x", e.Sum)[:8]}
	}
	if e.Started != 0 {
		cells[colWait].text = shortDuration(e.Started.Sub(e.Received))
	}
	if e.InCallback > 0 {
		cells[colScript].text = shortDuration(e.InCallback)
	}
	cells[colBar], cells[colTook] = r.took(e)
	if e.Op == plugins.OpFlush { // it has no place
		cells[colOffset], cells[colLength] = cell{sc.dim, "-"}, cell{sc.dim, "-"}
	}
	if e.Flags == 0 {
		cells[colFlags].ink = sc.dim
	}
	return cells
}

// time formats when e came.
func (r *requestRows) time(e, before *recordings.Event) string {
	switch r.clock {
	case sinceFirst:
		return fmt.Sprintf("%+.6f", time.Duration(e.Received-r.zero).Seconds())
	case sinceRow:
		return delta(e, before)
	}
	return r.sc.clock(e.Received)
}

// delta formats how long after before e came.
func delta(e, before *recordings.Event) string {
	if before.Kind != recordings.Request {
		return "-"
	}
	return shortDuration(e.Received.Sub(before.Received))
}

// took formats how long e took, and how long that is for its operation: on a
// scale on which four is the median and each step doubles. ▲ is slower than 95
// of a hundred.
func (r *requestRows) took(e *recordings.Event) (bar, took cell) {
	sc, d := r.sc, e.Duration()
	var n norm
	if int(e.Op) < len(r.norms) {
		n = r.norms[e.Op]
	}
	level, slow := n.level(d)
	sign, i := levels[level], ink{}
	if slow {
		sign, i = "▲", sc.warn
	}
	bar = cell{i, strings.Repeat("■", level)}
	if r.bar && !slow {
		sign = " "
	}
	return bar, cell{i, shortDuration(d) + sign}
}

// result says what became of e, and where there is room what it printed.
func (r *requestRows) result(e *recordings.Event) cell {
	sc := r.sc
	if e.Failed() {
		text := r.list.text(sc, e)
		return cell{sc.bad, failureIn(plugins.ErrnoName(e.Err()), clip(withoutFolder(text, sc.status.Path), longText), r.room)}
	}
	sign := "✓"
	if e.Fate != 0 {
		sign += " " + e.Fate.String()
	}
	const enough = 16 // cells, to show some of what was printed
	if r.room >= enough {
		for _, l := range sc.printed(e) {
			sign += " · " + clip(l.text, longText)
		}
	}
	return cell{sc.good, sign}
}

// failureIn says within room cells which error there was, where and why. What does
// not fit is left out: first the reason, then the file, so that no line is cut.
func failureIn(errno, text string, room int) string {
	sign := "✗ " + errno
	file, line, ok := placeOfError(text)
	if all := strings.TrimSpace(sign + " " + text); !ok || width(all) <= room {
		return all
	}
	place := sign + " " + filepath.Base(file) + ":" + line
	switch {
	case width(place) < room:
		return place + ": " + reasonOf(text)
	case width(place) == room:
		return place
	case width(sign+" :"+line) <= room:
		return sign + " :" + line
	}
	return sign
}
