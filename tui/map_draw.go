package tui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"workbench/plugins"
)

// A heatKind is what the cells of a map show.
type heatKind int

const (
	byKind heatKind = iota // what was done: signs
	byReads
	byWrites
	byErrors
	byAge
	byContents
	numHeatKinds
)

var heatNames = [numHeatKinds]string{"kind", "reads", "writes", "errors", "age", "contents"}

// The signs of cells. What is hotter has more ink.
const (
	signNothing = "·"
	signHole    = "_"
)

var shades = [...]string{"░", "▒", "▓", "█"}

// ages are how long before the newest request the shades of age begin, the oldest first.
var ages = [len(shades)]time.Duration{math.MaxInt64, time.Minute, 10 * time.Second, time.Second}

// A paint draws the cells of one heat.
type paint struct {
	by     heatKind
	marks  [len(shades)]uint32 // where the shades of a count begin
	newest plugins.Stamp
}

// newPaint returns the paint for cells: the hottest of them has the darkest shade.
func newPaint(by heatKind, cells []spot) paint {
	p := paint{by: by}
	top := uint32(0)
	for i := range cells {
		top = max(top, p.count(&cells[i]))
		p.newest = max(p.newest, cells[i].touched)
	}
	for i := range p.marks { // steps of the same ratio, and of one if there are few
		p.marks[i] = max(uint32(math.Ceil(math.Pow(float64(top), float64(i)/float64(len(p.marks)-1)))), uint32(i)+1)
	}
	return p
}

func (p *paint) count(s *spot) uint32 {
	switch p.by {
	case byReads:
		return s.reads.n
	case byWrites:
		return s.writes.n
	case byErrors:
		return s.errors.n
	}
	return 0
}

// cell returns how a cell is drawn.
func (p *paint) cell(sc *scene, s *spot, a allocation) cell {
	switch p.by {
	case byContents:
		return contents(sc, a)
	case byKind:
		if c, ok := kind(sc, s, a); ok {
			return c
		}
	case byAge:
		if s.touched > 0 {
			shade := 0
			for shade+1 < len(ages) && p.newest.Sub(s.touched) < ages[shade+1] {
				shade++
			}
			return cell{sc.accent, shades[shade]}
		}
	default:
		for i := len(p.marks) - 1; i >= 0; i-- {
			if p.count(s) >= p.marks[i] {
				return cell{p.ink(sc), shades[i]}
			}
		}
	}
	if a.isHole() {
		return cell{sc.dim, signHole}
	}
	return cell{sc.dim, signNothing}
}

func (p *paint) ink(sc *scene) ink {
	return map[heatKind]ink{byReads: sc.reads, byWrites: sc.writes, byErrors: sc.bad, byAge: sc.accent}[p.by]
}

// kind returns the sign for what was done to a cell.
func kind(sc *scene, s *spot, a allocation) (cell, bool) {
	switch {
	case s.errors.n > 0:
		return cell{sc.bad, "✗"}, true
	case s.reads.n > 0 && s.writes.n > 0:
		return cell{sc.accent, "b"}, true
	case s.writes.n > 0 && (a == zeroed || a == trimmed):
		return cell{sc.other, "z"}, true
	case s.writes.n > 0:
		return cell{sc.writes, "w"}, true
	case s.reads.n > 0:
		return cell{sc.reads, "r"}, true
	}
	return cell{}, false
}

// contents returns the sign for what a cell holds.
func contents(sc *scene, a allocation) cell {
	switch {
	case a.isData():
		return cell{sc.writes, "█"}
	case a.isHole():
		return cell{sc.accent, signHole}
	case a != unknown:
		return cell{sc.other, "0"}
	}
	return cell{sc.dim, signNothing}
}

// legend says what the signs mean.
func (p *paint) legend(sc *scene) []cell {
	rest := []cell{{sc.dim, signHole + " hole"}, {sc.dim, signNothing + " untouched"}}
	var out []cell
	switch p.by {
	case byKind:
		out = []cell{{sc.reads, "r read"}, {sc.writes, "w written"}, {sc.accent, "b both"}, {sc.bad, "✗ failed"}, {sc.other, "z zeroed"}}
	case byContents:
		return []cell{{sc.writes, "█ data"}, {sc.other, "0 zeroes"}, {sc.accent, "_ hole, trimmed"}, {sc.dim, "· not known"}}
	case byAge:
		for i, what := range [len(shades)]string{"older", "<1m", "<10s", "<1s before the newest"} {
			out = append(out, cell{sc.accent, shades[i] + " " + what})
		}
		return out
	default:
		for i, n := range p.marks {
			out = append(out, cell{p.ink(sc), shades[i] + " " + shortCount(uint64(n))})
		}
		out[len(out)-1].text += "+"
	}
	return append(out, rest...)
}

func (p *diskMap) note(sc *scene) string {
	if p.grid.size == 0 {
		return ""
	}
	text := "a cell is " + shortSize(1<<p.grid.shift)
	if p.lens.heat == nil {
		return text
	}
	if p.lens.next < sc.next {
		done := max(p.lens.next, sc.first) - sc.first
		return fmt.Sprintf("%s, %d %% of the log read", text, done*100/(sc.next-sc.first))
	}
	if sc.first > 0 {
		text += ", as far as the log goes back"
	}
	return text
}

func (p *diskMap) draw(sc *scene, w, h int) []string {
	if p.grid.size == 0 {
		out := &page{w: w, sc: sc}
		out.gap()
		out.text(sc.dim, "No disk has been opened yet. When clients read and write, this is a map of where.")
		return block(out.lines, w, h)
	}
	g, heat := &p.grid, p.heat(sc)
	cells := heat.cells(g.shift)
	paint := newPaint(p.by, cells)

	head := newLine(w).put(sc.key, " by "+heatNames[p.by]+" ")
	for _, c := range paint.legend(sc) {
		if width(c.text)+2 <= head.room {
			head.put(ink{}, "  ").put(c.ink, c.text)
		}
	}
	lines := []string{head.end(), p.drawRuler(sc, w)}
	left := w - g.side
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		lines = append(lines, p.drawRow(sc, left, row, heat, cells, &paint))
	}
	if g.side > 0 {
		return p.beside(block(lines, left, h), p.write(sc, g.side), g.side)
	}
	facts := p.write(sc, w)
	facts = facts[:min(len(facts), g.facts)]
	return append(block(lines, w, h-len(facts)), facts...)
}

// beside puts facts at the right of the rows below the head, which are as wide as the panel.
func (p *diskMap) beside(lines, facts []string, side int) []string {
	for i := range lines {
		switch at := i - mapHead; {
		case i == 0:
		case at >= 0 && at < len(facts):
			lines[i] += facts[at]
		default:
			lines[i] += spaces(side)
		}
	}
	return lines
}

// drawRuler draws a row with the mark of the cursor's column and where that is.
func (p *diskMap) drawRuler(sc *scene, w int) string {
	g := &p.grid
	from, _ := p.place()
	at, l := g.label+g.col*g.wide, newLine(w-g.side)
	if text := hex(from); at+1+len(text) <= w-g.side {
		return l.put(ink{}, spaces(at)).put(sc.key, "▾"+text).end()
	}
	return l.put(ink{}, spaces(at-len(hex(from)))).put(sc.key, hex(from)+"▾").end()
}

// drawRow draws a row of cells, in one piece those that look alike.
func (p *diskMap) drawRow(sc *scene, w, row int, h *heat, cells []spot, paint *paint) string {
	g, l := &p.grid, newLine(w)
	first := uint64(row*g.per) << g.shift
	mark, sign := sc.mark(&p.list, row), " "
	if mark != nil {
		sign = mark.sign
	}
	l.put(sc.key, sign).putIn(sc.dim, hex(first), g.label-2, true).put(ink{}, " ")
	var run cell
	for i := range g.per {
		at := first + uint64(i)<<g.shift
		if at >= g.size {
			break
		}
		n := int((at - h.base) >> g.shift)
		c := paint.cell(sc, &cells[n], h.holding(g.shift, n))
		if g.wide > 1 {
			if strings.ContainsAny(c.text, "░▒▓█") {
				c.text += c.text
			} else {
				c.text += " "
			}
		}
		if mark != nil && i == g.col {
			c.ink = mark.ink
		}
		if c.ink != run.ink {
			l.put(run.ink, run.text)
			run = cell{ink: c.ink}
		}
		run.text += c.text
	}
	return l.put(run.ink, run.text).end()
}

// write returns the facts about the cell under the cursor, the most important ones first.
func (p *diskMap) write(sc *scene, w int) []string {
	out := &page{w: w, sc: sc}
	place, end := p.place()
	s, h := p.spot(sc), p.heat(sc)
	out.fact("place", ink{}, fmt.Sprintf("%s..%s, %s", hex(place), hex(end), shortSize(end-place)))
	switch e, ok := p.writer(sc); {
	case ok:
		out.fact("last writer", sc.op(e.Op), fmt.Sprintf("%s %s at %s, %s, %s (event %d)",
			e.Op, shortSize(e.Length), hex(e.Offset), from(e.Front, e.Conn), sc.clock(e.Received), e.Seq))
	case s.wrote > 0:
		out.fact("last writer", sc.dim, fmt.Sprintf("event %d, which the log has dropped", s.wrote-1))
	default:
		out.fact("last writer", sc.dim, "none")
	}
	requests := fmt.Sprintf("%s read, %s wrote", shortCount(uint64(s.reads.n)), shortCount(uint64(s.writes.n)))
	if s.touched > 0 {
		requests += ", the newest at " + sc.clock(s.touched)
	}
	out.fact("requests", ink{}, requests)
	if s.errors.n > 0 {
		out.fact("", sc.bad, fmt.Sprintf("✗ %s failed", shortCount(uint64(s.errors.n))))
	}
	out.fact("contents", ink{}, allocationWords[h.holding(p.grid.shift, int((p.at-h.base)>>p.grid.shift))])
	disk := fmt.Sprintf("%s, %s", exportName(p.grid.export), shortSize(p.grid.size))
	if d := p.disk(sc); d.size == 0 {
		disk = exportName(p.grid.export) + ", of a size that is not known"
	}
	if n := len(sc.disks); n > 1 {
		disk += fmt.Sprintf(", one of %d", n)
	}
	out.fact("disk", ink{}, disk)
	return out.lines
}
