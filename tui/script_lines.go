package tui

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"
)

// faultRoom is the cells that must be left of a line for the text of a fault.
const faultRoom = 16

// drawLine draws a line of the text: mark, number, what happened there, words.
func (p *script) drawLine(sc *scene, w, at int, mark *selection) string {
	l, blank := newLine(w), ink{}
	in := func(i ink) ink { // a selected row is in one ink
		if mark != nil {
			return mark.ink
		}
		return i
	}
	sign, i := " ", blank
	f, failed := p.faults[at]
	switch {
	case at == p.blamed:
		sign, i = "→", sc.bad
	case mark != nil:
		sign = mark.sign
	}
	l.put(in(i), sign).put(in(sc.dim), fmt.Sprintf("%*d ", p.digits(), at+1))
	gutter, i := "", blank
	room := gutterWidth
	if sc.unread > 0 {
		room++ // for the sign that there are more
	}
	if c, ok := p.calls[at]; ok {
		gutter, i = shortCount(c.count)+"×", sc.accent
	}
	if failed {
		gutter, i = "✗"+shortCount(uint64(f.count)), sc.bad
		if sc.unread > 0 {
			gutter += "+"
		}
	}
	l.putIn(in(i), gutter, room, true).put(in(blank), " ")
	skip := p.across
	for _, s := range p.code.lines[at] {
		l.put(in(sc.code[s.class]), across(s.text, &skip))
	}
	if failed && l.room >= faultRoom {
		l.put(in(sc.bad), "  ✗ "+f.text)
	}
	return l.endIn(in(blank))
}

// gutterWidth is the cells for what happened at a line: "✗1.2k".
const gutterWidth = 5

// digits returns the cells for the number of a line.
func (p *script) digits() int { return max(len(fmt.Sprint(len(p.code.lines))), 2) }

// drawDiffer draws a line of the comparison.
func (p *script) drawDiffer(sc *scene, w int, d diffLine, mark *selection) string {
	i, number := ink{}, fmt.Sprintf("%*d", p.digits(), d.line)
	switch d.sign {
	case '+':
		i = sc.good
	case '-':
		i = sc.bad
	case '@':
		i, number = sc.dim, spaces(p.digits())
	}
	blank, sign := ink{}, " "
	dim := sc.dim
	if mark != nil {
		blank, dim, i, sign = mark.ink, mark.ink, mark.ink, mark.sign
	}
	l := newLine(w).put(blank, sign).put(dim, number+" ")
	if d.sign == '@' {
		return l.put(i, "┄┄ "+d.text+" ┄┄").endIn(blank)
	}
	skip := p.across
	return l.put(i, string(d.sign)+" "+across(d.text, &skip)).endIn(blank)
}

// across returns s without the cells that are still to be skipped.
func across(s string, skip *int) string {
	if *skip == 0 {
		return s
	}
	s = clean(s)
	w := width(s)
	n := min(*skip, w)
	*skip -= n
	return ansi.TruncateLeft(s, n, "")
}
