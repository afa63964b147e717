package tui

import (
	"fmt"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// output is the panel of what the script printed, with what became of reloads
// and the callbacks that failed other than for a request.
type output struct {
	list   list
	across int // cells that are out of sight at the left
	wanted string
	w      int

	// rows are the lines that are drawn and how many rows each takes: one, but
	// where long lines go on in the next row.
	drawn []drawnLine
}

// A drawnLine is a line of the output and the rows that it takes.
type drawnLine struct{ line, rows int }

func newOutput() *output { return &output{list: newLog()} }

func (p *output) rows() *list { return &p.list }

func (p *output) rowAt(y int) int {
	for _, d := range p.drawn {
		if y -= d.rows; y < 0 {
			return d.line
		}
	}
	return -1
}

func (p *output) feed(sc *scene, w, h int) {
	p.list.feed(sc.outputGone, sc.outputGone+len(sc.output), h)
	p.w = w
	p.drawn = p.drawn[:0]
	from, to := p.list.visible()
	if !sc.zoomed {
		for line := from; line < to; line++ {
			p.drawn = append(p.drawn, drawnLine{line, 1})
		}
		return
	}
	// As many lines before the selected one as there is room for.
	left := h
	for line := min(p.list.selected, to-1); line >= from; line-- {
		rows := len(p.wrapped(sc, line))
		if left -= rows; left < 0 && line < p.list.selected {
			break
		}
		p.drawn = append([]drawnLine{{line, rows}}, p.drawn...)
	}
	for line := p.list.selected + 1; line < to && left > 0; line++ {
		rows := len(p.wrapped(sc, line))
		left -= rows
		p.drawn = append(p.drawn, drawnLine{line, rows})
	}
}

// wrapped returns the text of a line, broken where the panel ends.
func (p *output) wrapped(sc *scene, line int) []string {
	o := &sc.output[line-sc.outputGone]
	texts := wrap(o.text, p.w-width(clean(p.lead(sc, o)))-2)
	if len(texts) == 0 {
		return []string{""}
	}
	return texts
}

func (p *output) note(sc *scene) string {
	if n := p.list.unseen(); n > 0 {
		return numbered(n, "new line")
	}
	return numbered(sc.outputGone+len(sc.output), "line")
}

func (p *output) draw(sc *scene, w, h int) []string {
	if len(sc.output) == 0 {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  The script has printed nothing yet.").end()}, w, h)
	}
	var lines []string
	for _, d := range p.drawn {
		lines = append(lines, p.drawLine(sc, w, d)...)
	}
	return block(lines, w, h)
}

// The panel has the request of a line, and says which it is, from a width on.
const outputRequestWidth = 90

// lead returns what stands before the text of a line: where it comes from.
func (p *output) lead(sc *scene, o *outputLine) string {
	e := &o.event
	if o.more {
		return spaces(len("15:04:05.000 "))
	}
	lead := sc.clock(e.Received) + " "
	if e.Callback != plugins.NoCallback && e.Kind != recordings.Reload {
		lead += fmt.Sprintf("%-7s ", e.Callback)
	}
	if p.w >= outputRequestWidth {
		about := ""
		if e.Op != 0 {
			about = fmt.Sprintf("%s %s", from(e.Front, e.Conn), hex(e.Offset))
		} else if e.Conn != 0 {
			about = from(e.Front, e.Conn)
		}
		lead += fmt.Sprintf("%-18s ", about)
	}
	return lead
}

// drawLine draws a line in its rows.
func (p *output) drawLine(sc *scene, w int, d drawnLine) []string {
	o := &sc.output[d.line-sc.outputGone]
	blank, mark, dim := ink{}, " ", sc.dim
	if s := sc.mark(&p.list, d.line); s != nil && !p.list.follow {
		blank, dim, mark = s.ink, s.ink, s.sign
	}
	sign, i := "", blank
	switch e := &o.event; {
	case e.Failed():
		sign, i = "✗ ", sc.bad
	case e.Kind == recordings.Reload:
		sign, i = "↻ ", sc.good
	}
	if p.wanted != "" && strings.Contains(strings.ToLower(o.text), strings.ToLower(p.wanted)) {
		i = sc.accent
		if sign == "" {
			sign = "» "
		}
	}
	if mark != " " {
		i = blank
	}
	if o.more && sign != "» " {
		sign = spaces(width(sign))
	}
	lead := p.lead(sc, o)
	var rows []string
	texts := []string{o.text}
	if d.rows > 1 {
		texts = p.wrapped(sc, d.line)
	}
	for n, text := range texts {
		if n > 0 {
			mark, lead, sign = " ", spaces(width(clean(lead))), spaces(width(sign))
		}
		skip := p.across
		rows = append(rows, newLine(w).put(blank, mark).put(dim, lead).put(i, sign+across(text, &skip)).endIn(blank))
	}
	return rows
}

// requestOf returns the request that printed the selected line, as its number in
// the log. ok is false if it is not known: not answered yet, or gone.
func (p *output) requestOf(sc *scene) (seq uint64, ok bool) {
	if len(sc.output) == 0 {
		return 0, false
	}
	o := &sc.output[p.list.selected-sc.outputGone].event
	first, next := sc.requests.bounds()
	at := sc.requests.place(o.Seq)
	for ordinal := max(at, first); ordinal < min(at+searchSize, next); ordinal++ {
		e, read := readRequest(sc, sc.requests.seq(ordinal))
		if read && printedBy(o, &e) {
			return e.Seq, true
		}
	}
	return 0, false
}

// printedBy reports whether a line of the output is of a request.
func printedBy(o, e *recordings.Event) bool {
	return o.Front == e.Front && o.Conn == e.Conn && o.Cookie == e.Cookie && o.Received >= e.Received && o.Received <= e.Replied
}
