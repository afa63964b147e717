package tui

import (
	"strings"
	"time"
)

// groupedStats are figures of requests by group, which the panel of callbacks shows
// until they are left.
type groupedStats struct {
	statsQuestion
	list     list
	groups   []groupStats
	requests uint64
	total    time.Duration
	stopped  bool // not all requests are in them
}

// newGroupedStats returns what a count has come to.
func newGroupedStats(x *groupCount, stopped bool) *groupedStats {
	p := &groupedStats{statsQuestion: x.statsQuestion, groups: x.summary(), requests: x.requests, stopped: stopped}
	for i := range p.groups {
		p.total += p.groups[i].total
	}
	return p
}

// String returns the question: "by op where len>=64k".
func (q *statsQuestion) String() string {
	if q.where == "" {
		return "by " + q.by.name
	}
	return "by " + q.by.name + " where " + q.where
}

// statsHead is the rows above the groups: the question, and the titles.
const statsHead = 2

func (p *groupedStats) feed(h int)            { p.list.feed(0, len(p.groups), h-statsHead) }
func (p *groupedStats) rowAt(y int) int       { return p.list.rowAt(y - statsHead) }
func (p *groupedStats) note(sc *scene) string { return sc.named("{back}: the callbacks") }

// selected returns the selected group, nil if there is none.
func (p *groupedStats) selected() *groupStats {
	if p == nil || p.list.selected < 0 || p.list.selected >= len(p.groups) {
		return nil
	}
	return &p.groups[p.list.selected]
}

// filterText returns the filter for a group of p.
func (p *groupedStats) filterText(g *groupStats) string {
	switch {
	case p.where == "":
		return g.filter
	case strings.Contains(p.where, "|"):
		return g.filter + " (" + p.where + ")"
	}
	return g.filter + " " + p.where
}

func (p *groupedStats) draw(sc *scene, w, h int) []string {
	requests := amount(int(p.requests), "request")
	if p.stopped {
		requests += ", stopped there"
	}
	lines := []string{newLine(w).put(sc.accent, " "+p.String()).put(sc.dim, " · "+requests).end()}
	if len(p.groups) == 0 {
		return block(append(lines, newLine(w).end(), newLine(w).put(sc.dim, "  No request matches.").end()), w, h)
	}
	t := newTable(w, []column{
		{title: p.by.name, width: 10, grows: true},
		{title: "count", width: 5, right: true},
		{title: "err", width: 4, right: true},
		{title: "p50", width: 6, right: true},
		{title: "p95", width: 6, right: true, rank: 4},
		{title: "p99", width: 6, right: true, rank: 1},
		{title: "max", width: 6, right: true, rank: 2},
		{title: "time", width: 10, rank: 5},
		{title: "bytes", width: 8, right: true, rank: 3},
	})
	lines = append(lines, t.head(sc.dim))
	return block(append(lines, t.rows(sc, &p.list, func(row int) []cell { return p.cells(sc, &p.groups[row]) })...), w, h)
}

func (p *groupedStats) cells(sc *scene, g *groupStats) []cell {
	failed, bytes := cell{sc.dim, "-"}, cell{sc.dim, "-"}
	if g.failed > 0 {
		failed = cell{sc.bad, shortCount(g.failed)}
	}
	if g.bytes > 0 {
		bytes = cell{text: shortSize(g.bytes)}
	}
	name := cell{text: g.name}
	if g.filter == "" {
		name.ink = sc.dim
	}
	return []cell{
		name, {text: shortCount(g.count)}, failed, {text: shortDuration(g.p50)}, {text: shortDuration(g.p95)},
		{text: shortDuration(g.p99)}, {text: shortDuration(g.max)}, {text: share(g.total, p.total)}, bytes,
	}
}
