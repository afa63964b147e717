package tui

import (
	"fmt"
	"slices"

	"workbench/plugins"
	"workbench/recordings"
)

// callbacks is the panel of what each callback did and how long it took, the
// newest generation first.
type callbacks struct {
	list  list
	stats []recordings.CallbackStats // in the order in which they are shown
}

func (p *callbacks) rows() *list { return &p.list }

const callbacksHead = 1

func (p *callbacks) feed(sc *scene, _, h int) {
	p.stats = slices.Clone(sc.stats)
	slices.SortStableFunc(p.stats, func(a, b recordings.CallbackStats) int {
		if a.Generation != b.Generation {
			return int(int64(b.Generation) - int64(a.Generation))
		}
		return order(a.Callback) - order(b.Callback)
	})
	p.list.feed(0, len(p.stats), h-callbacksHead)
}

// order puts the callbacks that serve requests before the others.
func order(c plugins.Callback) int {
	if c >= plugins.Pread && c <= plugins.Cache {
		return int(c) - int(plugins.NumCallbacks)
	}
	return int(c)
}

func (p *callbacks) rowAt(y int) int { return p.list.rowAt(y - callbacksHead) }

func (p *callbacks) note(sc *scene) string {
	from, to := p.list.visible()
	if to-from < len(p.stats) {
		return fmt.Sprintf("%d-%d of %d", from+1, to, len(p.stats))
	}
	return ""
}

// The columns of a callback.
const (
	colGeneration = iota
	colCallback
	colCount
	colErrors
	colP50
	colP95
	colP99
	colMax
	colBytes
	colTrend
)

var callbackColumns = [...]column{
	colGeneration: {title: "gen", width: 3},
	colCallback:   {title: "callback", width: 11, grows: true},
	colCount:      {title: "count", width: 5, right: true},
	colErrors:     {title: "err", width: 4, right: true},
	colP50:        {title: "p50", width: 6, right: true},
	colP95:        {title: "p95", width: 6, right: true, rank: 4},
	colP99:        {title: "p99", width: 6, right: true, rank: 1},
	colMax:        {title: "max", width: 6, right: true, rank: 3},
	colBytes:      {title: "bytes", width: 8, right: true, rank: 5},
	colTrend:      {title: "calls/s", width: 6, rank: 2, grows: true},
}

func (p *callbacks) draw(sc *scene, w, h int) []string {
	if len(p.stats) == 0 {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  No callback has run yet.").end()}, w, h)
	}
	t := newTable(w, callbackColumns[:])
	lines := []string{t.head(sc.dim)}
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		var mark *ink
		if row == p.list.selected && sc.focused {
			mark = selection(sc)
		}
		lines = append(lines, t.row(p.cells(sc, &t, &p.stats[row]), mark))
	}
	return block(lines, w, h)
}

func (p *callbacks) cells(sc *scene, t *table, c *recordings.CallbackStats) []cell {
	name, figure := ink{}, ink{}
	if c.Generation != p.stats[0].Generation {
		name, figure = sc.dim, sc.dim // of a script that no longer serves
	}
	errors := cell{sc.dim, "-"}
	if c.Errors > 0 {
		errors = cell{sc.bad, shortCount(c.Errors)}
	}
	bytes := cell{sc.dim, "-"}
	if c.Bytes > 0 {
		bytes = cell{figure, shortSize(c.Bytes)}
	}
	calls := ""
	if tr := sc.trend(c.Generation, c.Callback); tr != nil {
		calls = sparkline(tr.last(t.widths[colTrend], sc.now))
	}
	return []cell{
		colGeneration: {sc.dim, fmt.Sprintf("g%d", c.Generation)},
		colCallback:   {name, c.Callback.String()},
		colCount:      {figure, shortCount(c.Count)},
		colErrors:     errors,
		colP50:        {figure, shortDuration(c.P50)},
		colP95:        {figure, shortDuration(c.P95)},
		colP99:        {figure, shortDuration(c.P99)},
		colMax:        {figure, shortDuration(c.Max)},
		colBytes:      bytes,
		colTrend:      {sc.accent, calls},
	}
}
