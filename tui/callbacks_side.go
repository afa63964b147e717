package tui

import (
	"fmt"
	"math"
	"slices"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// A callbackPair is a callback in the newest two generations; either may be nil.
type callbackPair struct {
	callback plugins.Callback
	was, is  *recordings.CallbackStats
}

// pairs puts the newest generation beside the one before it that has figures.
func pairs(stats []recordings.CallbackStats, newest uint32) []callbackPair {
	before := uint32(0)
	for i := range stats {
		if g := stats[i].Generation; g < newest {
			before = max(before, g)
		}
	}
	var out []callbackPair
	for i := range stats {
		c := &stats[i]
		if c.Generation != newest && c.Generation != before {
			continue
		}
		n := slices.IndexFunc(out, func(p callbackPair) bool { return p.callback == c.Callback })
		if n < 0 {
			n = len(out)
			out = append(out, callbackPair{callback: c.Callback})
		}
		if c.Generation == newest {
			out[n].is = c
		} else {
			out[n].was = c
		}
	}
	slices.SortStableFunc(out, func(a, b callbackPair) int { return kindOrder(a.callback) - kindOrder(b.callback) })
	return out
}

// A sideGroup is a figure of both generations, in columns side by side.
type sideGroup struct {
	name   string
	widths []int // of the older, the newer, and the change, if that is shown
	rank   int   // those with the highest go first when there is little room
	cells  func(sc *scene, c *callbackPair) []cell
}

// sideGroups are the figures in their order on the screen.
var sideGroups = [...]sideGroup{
	{"n", []int{6, 5}, 3, figures(func(s *recordings.CallbackStats) string { return shortCount(s.Count) })},
	{"err", []int{6, 4}, 2, figures(func(s *recordings.CallbackStats) string { return shortCount(s.Errors) })},
	{"p50", []int{7, 6, 7}, 0, times(func(s *recordings.CallbackStats) time.Duration { return s.P50 })},
	{"p95", []int{7, 6, 7}, 4, times(func(s *recordings.CallbackStats) time.Duration { return s.P95 })},
	{"p99", []int{7, 6, 7}, 1, times(func(s *recordings.CallbackStats) time.Duration { return s.P99 })},
	{"max", []int{7, 6, 7}, 5, times(func(s *recordings.CallbackStats) time.Duration { return s.Max })},
}

// figures makes the cells of a figure that is only shown.
func figures(of func(*recordings.CallbackStats) string) func(*scene, *callbackPair) []cell {
	one := func(s *recordings.CallbackStats) string {
		if s == nil {
			return "-"
		}
		return of(s)
	}
	return func(sc *scene, c *callbackPair) []cell {
		return []cell{{sc.dim, one(c.was)}, {ink{}, one(c.is)}}
	}
}

// times makes the cells of a time that is compared.
func times(of func(*recordings.CallbackStats) time.Duration) func(*scene, *callbackPair) []cell {
	both := figures(func(s *recordings.CallbackStats) string { return shortDuration(of(s)) })
	return func(sc *scene, c *callbackPair) []cell {
		changed := cell{sc.dim, ""}
		if c.was != nil && c.is != nil {
			changed = changeOf(sc, of(c.was), of(c.is))
		}
		return append(both(sc, c), changed)
	}
}

// sideName is the cells for the name of a callback at least, and sideNameMost at most.
const (
	sideName     = 11
	sideNameMost = 16
)

// sideFit returns the groups for which w cells have room, and the cells for names.
func sideFit(w int) (groups []sideGroup, name int) {
	fit := slices.Clone(sideGroups[:])
	room := func() int {
		n := w - 1 - sideName
		for _, g := range fit {
			for _, width := range g.widths {
				n -= width + 1
			}
		}
		return n
	}
	for room() < 0 && len(fit) > 1 {
		last := slices.MaxFunc(fit, func(a, b sideGroup) int { return a.rank - b.rank })
		fit = slices.DeleteFunc(fit, func(g sideGroup) bool { return g.name == last.name })
	}
	return fit, min(sideName+max(room(), 0), sideNameMost)
}

// drawPairs draws the newest two generations side by side.
func (p *callbacks) drawPairs(sc *scene, w int) []string {
	was, is := "before", fmt.Sprintf("g%d", p.newest)
	for _, pair := range p.pairs {
		if pair.was != nil {
			was = fmt.Sprintf("g%d", pair.was.Generation)
			break
		}
	}
	groups, name := sideFit(w)
	columns := []column{{title: "callback", width: name}}
	for _, g := range groups {
		for n, title := range []string{g.name + " " + was, is, "change"}[:len(g.widths)] {
			columns = append(columns, column{title: title, width: g.widths[n], right: true})
		}
	}
	t := newTable(w, columns)
	lines := []string{t.head(sc.dim)}
	return append(lines, t.rows(sc, &p.list, func(row int) []cell {
		cells := []cell{{ink{}, p.pairs[row].callback.String()}}
		for _, g := range groups {
			cells = append(cells, g.cells(sc, &p.pairs[row])...)
		}
		return cells
	})...)
}

// sameTime is the part by which times may differ without having changed.
const sameTime = 0.05

// changeOf says by how much a time has changed: "▲ +40%" is slower.
func changeOf(sc *scene, was, is time.Duration) cell {
	if was <= 0 {
		return cell{sc.dim, ""}
	}
	ratio := float64(is)/float64(was) - 1
	switch {
	case math.Abs(ratio) < sameTime:
		return cell{sc.dim, "="}
	case ratio > 9.99:
		return cell{sc.bad, fmt.Sprintf("▲ ×%s", shortCount(uint64(ratio+1)))}
	case ratio > 0:
		return cell{sc.bad, fmt.Sprintf("▲ +%.0f%%", 100*ratio)}
	}
	return cell{sc.good, fmt.Sprintf("▼ −%.0f%%", -100*ratio)}
}

// drawSpread draws how the times of a callback are spread, in h rows of w cells.
func drawSpread(sc *scene, c *recordings.CallbackStats, w, h int) []string {
	title := fmt.Sprintf(" %s of g%d: %s calls ", c.Callback, c.Generation, shortCount(c.Count))
	lines := []string{newLine(w).put(sc.border, "──").put(sc.dim, title).fill(sc.border, "─", 0).end()}
	first, last := -1, 0
	for n, count := range c.Spread {
		if count > 0 {
			if last = n; first < 0 {
				first = n
			}
		}
	}
	if first < 0 {
		return block(append(lines, newLine(w).put(sc.dim, "  How long the calls took is not known.").end()), w, h)
	}
	// As many columns as there are, each of so many of the numbers that they fit.
	const label = 7
	room := w - 2
	each := 1
	for (last-first)/each+1 > room/label && each < len(c.Spread) {
		each++
	}
	var counts []uint64
	var from []time.Duration
	for n := first; n <= last; n += each {
		sum := uint64(0)
		for _, count := range c.Spread[n:min(n+each, last+1)] {
			sum += uint64(count)
		}
		counts, from = append(counts, sum), append(from, c.Spread.From(n))
	}
	cell := max(min(room/len(counts), 12), 2)
	high := h - 3 // without title, figures and times
	top := slices.Max(counts)
	for row := high; row > 0; row-- {
		l := newLine(w).put(ink{}, " ")
		for _, n := range counts {
			l.put(sc.accent, pillar(n, top, row, high, cell-1)).put(ink{}, " ")
		}
		lines = append(lines, l.end())
	}
	figures, times := newLine(w).put(ink{}, " "), newLine(w).put(ink{}, " ")
	for i, n := range counts {
		text := shortCount(n)
		if n == 0 {
			text = ""
		}
		figures.putIn(ink{}, text, cell-1, false).put(ink{}, " ")
		times.putIn(sc.dim, "≥"+shortDuration(from[i]), cell-1, false).put(ink{}, " ")
	}
	return block(append(lines, figures.end(), times.end()), w, h)
}

// pillar draws what is seen in a row, from 1 below to high, of a pillar for n of top.
func pillar(n, top uint64, row, high, w int) string {
	level := int((n*uint64(8*high) + top - 1) / top) // anything but zero can be seen
	full := max(min(level-8*(row-1), 8), 0)
	out := ""
	for range w {
		out += levels[full]
	}
	return out
}
