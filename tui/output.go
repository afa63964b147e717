package tui

import (
	"fmt"

	"workbench/plugins"
	"workbench/recordings"
)

// output is the panel of what the script printed, with what became of reloads
// and the callbacks that failed other than for a request.
type output struct{ list list }

func (p *output) rows() *list     { return &p.list }
func (p *output) rowAt(y int) int { return p.list.rowAt(y) }

func (p *output) feed(sc *scene, _, h int) {
	p.list.feed(sc.outputGone, sc.outputGone+len(sc.output), h)
}

func (p *output) note(sc *scene) string {
	if n := p.list.unseen(); n > 0 {
		return fmt.Sprintf("%s new lines", shortCount(uint64(n)))
	}
	return fmt.Sprintf("%s lines", shortCount(uint64(sc.outputGone+len(sc.output))))
}

func (p *output) draw(sc *scene, w, h int) []string {
	if len(sc.output) == 0 {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  The script has printed nothing yet.").end()}, w, h)
	}
	var lines []string
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		lines = append(lines, p.drawLine(sc, w, row))
	}
	return block(lines, w, h)
}

func (p *output) drawLine(sc *scene, w, row int) string {
	o := &sc.output[row-sc.outputGone]
	l := newLine(w)
	blank := ink{}
	if row == p.list.selected && sc.focused && !p.list.follow {
		blank = sc.selected
		l.put(blank, "▸")
	} else {
		l.put(blank, " ")
	}
	l.put(sc.dim, sc.clock(o.event.Received)+" ")
	sign, i := "", blank
	switch e := &o.event; {
	case e.Failed():
		sign, i = "✗ ", sc.bad
	case e.Kind == recordings.Reload:
		sign, i = "↻ ", sc.good
	case e.Callback != plugins.NoCallback:
		l.put(sc.dim, e.Callback.String()+" ")
	}
	if o.more {
		sign = spaces(width(sign))
	}
	l.put(i, sign+o.text)
	return l.endIn(blank)
}
