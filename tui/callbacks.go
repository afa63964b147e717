package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// callbacks is the panel of what each callback did and how long it took: a row
// for each generation's, the newest first, or the newest two side by side.
type callbacks struct {
	list   list
	side   bool // side by side
	sort   int  // the column by which the rows are sorted; colCallback = generation and kind
	upward bool // the smallest first
	stats  []recordings.CallbackStats
	pairs  []callbackPair
	total  map[uint32]time.Duration // in all callbacks of a generation
	newest uint32                   // generation
	chart  int                      // rows of the picture below the list

	groups *groupedStats // what is shown instead; nil = nothing
}

func newCallbacks() *callbacks { return &callbacks{sort: colCallback} }

func (p *callbacks) rows() *list {
	if p.groups != nil {
		return &p.groups.list
	}
	return &p.list
}

// shown reports whether figures by group are shown and have the keys.
func (p *callbacks) shown(a *app) bool { return p.groups != nil && a.focus == callbacksPanel }

const callbacksHead = 1

// The rows of the picture of the selected callback, and those that the list
// keeps at least beside it.
const (
	chartRows    = 9
	chartMost    = 18
	chartLeaves  = 8
	chartMinimum = 44 // cells
)

func (p *callbacks) feed(sc *scene, w, h int) {
	p.stats = slices.Clone(sc.stats)
	p.total = map[uint32]time.Duration{}
	p.newest = 0
	for i := range p.stats {
		c := &p.stats[i]
		p.total[c.Generation] += c.Total
		p.newest = max(p.newest, c.Generation)
	}
	p.order()
	n := len(p.stats)
	if p.side {
		p.pairs = pairs(p.stats, p.newest)
		n = len(p.pairs)
	}
	p.chart = 0
	if h >= chartRows+chartLeaves && w >= chartMinimum && n > 0 {
		p.chart = max(min(h-callbacksHead-n, chartMost), chartRows)
	}
	p.list.feed(0, n, h-callbacksHead-p.chart)
	if p.groups != nil {
		p.groups.feed(h)
	}
}

// order sorts the rows.
func (p *callbacks) order() {
	slices.SortStableFunc(p.stats, func(a, b recordings.CallbackStats) int {
		if by := sortKeys[p.sort]; by != nil {
			n := cmp.Compare(by(&b), by(&a)) // the largest first
			if p.upward {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		if a.Generation != b.Generation {
			return cmp.Compare(b.Generation, a.Generation)
		}
		return kindOrder(a.Callback) - kindOrder(b.Callback)
	})
}

// kindOrder puts the callbacks that serve requests before the others.
func kindOrder(c plugins.Callback) int {
	if c >= plugins.Pread && c <= plugins.Cache {
		return int(c) - int(plugins.NumCallbacks)
	}
	return int(c)
}

func (p *callbacks) rowAt(y int) int {
	if p.groups != nil {
		return p.groups.rowAt(y)
	}
	return p.list.rowAt(y - callbacksHead)
}

func (p *callbacks) note(sc *scene) string {
	if p.groups != nil {
		return p.groups.note(sc)
	}
	var parts []string
	if sortKeys[p.sort] != nil && !p.side {
		arrow := "▼"
		if p.upward {
			arrow = "▲"
		}
		parts = append(parts, arrow+" "+callbackColumns[p.sort].title)
	}
	if from, to := p.list.visible(); to-from < p.list.next {
		parts = append(parts, fmt.Sprintf("%d-%d of %d", from+1, to, p.list.next))
	}
	return strings.Join(parts, " · ")
}

// selected returns the selected callback and its generation; ok is false if there is none.
func (p *callbacks) selected() (c recordings.CallbackStats, ok bool) {
	n := p.list.selected
	switch {
	case p.side && n < len(p.pairs):
		return *cmp.Or(p.pairs[n].is, p.pairs[n].was), true
	case !p.side && n < len(p.stats):
		return p.stats[n], true
	}
	return c, false
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
	colShare
	colBytes
	colTrend
	numCallbackColumns
)

var callbackColumns = [numCallbackColumns]column{
	colGeneration: {title: "gen", width: 3},
	colCallback:   {title: "callback", width: 11, grows: true},
	colCount:      {title: "count", width: 5, right: true},
	colErrors:     {title: "err", width: 4, right: true},
	colP50:        {title: "p50", width: 6, right: true},
	colP95:        {title: "p95", width: 6, right: true, rank: 4},
	colP99:        {title: "p99", width: 6, right: true, rank: 1},
	colMax:        {title: "max", width: 6, right: true, rank: 3},
	colShare:      {title: "time", width: 10, rank: 6},
	colBytes:      {title: "bytes", width: 8, right: true, rank: 5},
	colTrend:      {title: "calls/s", width: 7, rank: 2, grows: true},
}

// sortKeys are the figures by which rows can be sorted; nil for those by which
// they cannot, and for colCallback, which stands for the order of the table.
var sortKeys = [numCallbackColumns]func(*recordings.CallbackStats) uint64{
	colCount:  func(c *recordings.CallbackStats) uint64 { return c.Count },
	colErrors: func(c *recordings.CallbackStats) uint64 { return c.Errors },
	colP50:    func(c *recordings.CallbackStats) uint64 { return uint64(c.P50) },
	colP95:    func(c *recordings.CallbackStats) uint64 { return uint64(c.P95) },
	colP99:    func(c *recordings.CallbackStats) uint64 { return uint64(c.P99) },
	colMax:    func(c *recordings.CallbackStats) uint64 { return uint64(c.Max) },
	colShare:  func(c *recordings.CallbackStats) uint64 { return uint64(c.Total) },
	colBytes:  func(c *recordings.CallbackStats) uint64 { return c.Bytes },
}

// sortBy goes to the next column by which rows can be sorted, or the one before.
func (p *callbacks) sortBy(direction int) {
	for {
		p.sort = (p.sort + direction + numCallbackColumns) % numCallbackColumns
		if p.sort == colCallback || sortKeys[p.sort] != nil {
			return
		}
	}
}

func (p *callbacks) draw(sc *scene, w, h int) []string {
	if p.groups != nil {
		return p.groups.draw(sc, w, h)
	}
	if len(p.stats) == 0 {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  No callback has run yet.").end()}, w, h)
	}
	var lines []string
	if p.side {
		lines = p.drawPairs(sc, w)
	} else {
		lines = p.drawStats(sc, w)
	}
	lines = block(lines, w, h-p.chart)
	if p.chart > 0 {
		c, _ := p.selected()
		lines = append(lines, drawSpread(sc, &c, w, p.chart)...)
	}
	return block(lines, w, h)
}

func (p *callbacks) drawStats(sc *scene, w int) []string {
	columns := callbackColumns
	if p.sort != colCallback {
		columns[p.sort].rank = 0 // what decides must be seen
	}
	t := newTable(w, columns[:])
	lines := []string{t.head(sc.dim)}
	lines = append(lines, t.rows(sc, &p.list, func(row int) []cell { return p.cells(sc, &t, &p.stats[row]) })...)
	return lines
}

func (p *callbacks) cells(sc *scene, t *table, c *recordings.CallbackStats) []cell {
	name, figure := ink{}, ink{}
	if c.Generation != p.newest {
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
		colShare:      {figure, share(c.Total, p.total[c.Generation])},
		colBytes:      bytes,
		colTrend:      {sc.accent, calls},
	}
}

// shareBar is the cells of a bar of all the time.
const shareBar = 5

// share draws a part of the time that was spent in callbacks: "██▌   51%".
func share(part, all time.Duration) string {
	if all <= 0 {
		return ""
	}
	f := float64(part) / float64(all)
	return fmt.Sprintf("%s %3.0f%%", bar(f, shareBar), 100*f)
}

// eighths are the parts of a cell, from the left.
var eighths = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// bar draws a part of n cells, to an eighth of a cell.
func bar(part float64, n int) string {
	parts := max(min(int(part*float64(8*n)+0.5), 8*n), 0)
	text := strings.Repeat("█", parts/8) + eighths[parts%8]
	return text + spaces(n-width(text))
}
