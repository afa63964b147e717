package tui

import (
	"fmt"
	"sort"
)

// A dump is the bytes of sections as rows of hexadecimal numbers and
// characters, with a title before each section.
type dump struct {
	sections []section
	per      int // bytes in a row
	starts   []int
	count    int // rows
}

// newDump fits sections into w cells.
func newDump(sections []section, w int) dump {
	d := dump{sections: sections, per: 16}
	for d.per > 4 && dumpWidth(d.per) > w {
		d.per /= 2
	}
	for i := range sections {
		d.starts = append(d.starts, d.count)
		d.count += 1 + (len(sections[i].bytes)+d.per-1)/d.per
	}
	return d
}

// dumpWidth returns the cells of a row with so many bytes: the number of the
// first, the bytes with a blank or a bracket before each, an edge, the characters.
func dumpWidth(per int) int { return 8 + 3*per + (per-1)/8 + 2 + per }

// place returns the row of a byte, and where in it the byte stands.
func (d *dump) place(section, at int) (row, column int) {
	return d.starts[section] + 1 + at/d.per, at % d.per
}

// at returns the section that a row belongs to and the byte that the row begins
// with, -1 if it is a title.
func (d *dump) at(row int) (section, first int) {
	section = sort.SearchInts(d.starts, row+1) - 1
	if n := row - d.starts[section] - 1; n >= 0 {
		return section, n * d.per
	}
	return section, -1
}

// draw draws a row. The bytes of marked stand in brackets; if cursor is one of
// the row's, a sign is before it.
func (d *dump) draw(sc *scene, row, w int, marked span, cursorSection, cursor int) string {
	number, first := d.at(row)
	s := &d.sections[number]
	l := newLine(w)
	if first < 0 {
		return l.put(sc.border, "──").put(sc.dim, " "+s.title+" ").fill(sc.border, "─", 0).end()
	}
	l.put(sc.dim, fmt.Sprintf("%08x", s.at+uint64(first)))
	end := min(first+d.per, len(s.bytes))
	for at := first; at < first+d.per; at++ {
		i, before := ink{}, " "
		if marked.contains(number, at) {
			i = sc.selected
			if at == marked.from {
				before = "["
			}
		} else if marked.section == number && at == marked.to && !marked.empty() && at > first {
			before = "]"
		}
		if gap := " "; (at-first)%8 == 0 && at > first {
			if before == "]" { // right behind what it closes
				gap, before = before, gap
			}
			l.put(sc.key, gap)
		}
		if cursorSection == number && cursor == at {
			before = "›"
		}
		text := "  "
		if at < end {
			text = fmt.Sprintf("%02x", s.bytes[at])
		}
		edge := ink{}
		if before != " " {
			edge = sc.key
		}
		l.put(edge, before).put(i, text)
	}
	after := " "
	if marked.section == number && marked.to == first+d.per && !marked.empty() {
		after = "]"
	}
	l.put(sc.key, after).put(sc.border, "│")
	for at := first; at < end; at++ {
		i, c := ink{}, s.bytes[at]
		if c < ' ' || c > '~' {
			c = '.'
		}
		if marked.contains(number, at) {
			i = sc.selected
		}
		l.put(i, string(rune(c)))
	}
	return l.end()
}

// dump adds bytes as rows, the first one with the number offset.
func (p *page) dump(offset uint64, data []byte) {
	d := newDump([]section{{bytes: data, at: offset}}, p.w-1)
	for row := 1; row < d.count; row++ {
		p.lines = append(p.lines, " "+d.draw(p.sc, row, p.w-1, span{}, -1, -1))
	}
}
