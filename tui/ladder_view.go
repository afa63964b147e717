package tui

import (
	"fmt"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// A lanes is where the three lanes stand.
type lanes struct {
	time, number int // widths
	gap          int // between two lanes
}

// Times have microseconds here, and only seconds before them where there is
// little room.
const (
	ladderTime      = "15:04:05.000000"
	ladderTimeShort = "05.000000"
)

// The widths of what a row has at most.
const (
	ladderNumber = 7
	ladderGap    = 56
	ladderNote   = 24 // cells for a note at the right, at least
)

func (p *ladder) lanes(w int) lanes {
	x := lanes{time: p.requests.clock.width(), number: ladderNumber}
	if p.requests.clock == timeOfDay {
		x.time = len(ladderTime)
	}
	if w < 76 {
		x.number = 0
		x.time = min(x.time, len(ladderTimeShort))
	}
	left := 1 + x.time + 1 + 4 // with the signs of the lanes
	if x.number > 0 {
		left += x.number + 1
	}
	x.gap = max(min((w-left)/2, ladderGap), 8)
	if rest := w - left - 2*x.gap; rest < ladderNote && x.gap > 30 {
		x.gap = max((w-left-ladderNote)/2, 30)
	}
	return x
}

func (p *ladder) draw(sc *scene, w, h int) []string {
	if len(p.moments) == 0 {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  Nothing has happened yet: here stands who says what to whom, and when.").end()}, w, h)
	}
	x := p.lanes(w)
	head := newLine(w).put(sc.dim, " ").putIn(sc.dim, p.requests.clock.title(), x.time, p.requests.clock != timeOfDay).put(sc.dim, " ")
	if x.number > 0 {
		head.putIn(sc.dim, "event", x.number, true).put(sc.dim, " ")
	}
	head.putIn(sc.dim, "client", x.gap, false).put(sc.dim, " ")
	if title := "server"; head.room >= x.gap+width(" script") {
		head.putIn(sc.dim, title, x.gap, false).put(sc.dim, " script")
	} else {
		head.putIn(sc.dim, title, x.gap-width("script")+1, false).put(sc.dim, "script")
	}
	lines := []string{head.end()}
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		lines = append(lines, p.drawMoment(sc, w, row, &x))
	}
	return block(lines, w, h)
}

// drawMoment draws a row: the three lanes, and an arrow between two of them.
func (p *ladder) drawMoment(sc *scene, w, row int, x *lanes) string {
	m := &p.moments[row]
	e := &m.event
	l, base, sign := newLine(w), ink{}, " "
	switch {
	case row == p.list.selected:
		s := sc.selection()
		base, sign = s.ink, s.sign
	case e.Kind == recordings.Request && m.seq == p.at.seq:
		sign = "•"
	}
	l.put(base, sign).putIn(base, p.time(sc, row, x.time), x.time, p.requests.clock != timeOfDay).put(base, " ")
	if number := fmt.Sprint(m.seq); x.number > 0 {
		if e.Kind == 0 { // it is no event yet
			number = "◐"
		}
		l.putIn(base, number, x.number, true).put(base, " ")
	}
	blank := base
	text, i := m.label(sc)
	edge := sc.border
	if row == p.list.selected {
		i, edge = base, base
	}
	before := moment{}
	if row > 0 {
		before = p.moments[row-1]
	}
	served, called := lane(m.open > 0 || before.open > 0), lane(m.calls > 0 || before.calls > 0)
	l.put(edge, "│")
	if left, right, ok := m.arrows(text, x.gap); ok {
		l.put(i, left).put(edge, served).put(i, right).put(edge, called)
	} else { // it is about all of them
		l.putIn(i, "══ "+text+" "+strings.Repeat("═", 2*x.gap), 2*x.gap+1, false).put(edge, called)
	}
	const least = 6 // cells, to say something
	if note := m.note(sc); note != "" && l.room >= least {
		if row != p.list.selected {
			base = sc.dim
		}
		l.put(base, " "+note)
	}
	return l.endIn(blank)
}

// arrows returns what is between client and server, and between server and
// script, w cells each. ok is false if it is not between two of them.
func (m *moment) arrows(text string, w int) (left, right string, ok bool) {
	blank := spaces(w)
	switch m.step {
	case arrives:
		return drawArrow(text, w, true), blank, true
	case enters:
		return blank, drawArrow(text, w, true), true
	case leaves:
		return blank, drawArrow(text, w, false), true
	case replies:
		return drawArrow(text, w, false), blank, true
	}
	switch m.event.Kind {
	case recordings.Connect, recordings.Disconnect:
		return drawArrow(text, w, true), blank, true
	case recordings.Negotiate, recordings.Opened:
		return "◀" + drawArrow(text, w-1, true), blank, true
	case recordings.Output, recordings.Debug:
		text = cut(clean(clip(text, longText)), w-1)
		return blank, spaces(w-width(text)) + text, true
	}
	return "", "", false
}

// lane draws a lane: thick where it is busy.
func lane(busy bool) string {
	if busy {
		return "┃"
	}
	return "│"
}

// drawArrow draws text on an arrow of w cells to the right or left.
func drawArrow(text string, w int, right bool) string {
	text = cut(clean(clip(text, longText)), max(w-4, 0))
	if text != "" {
		text = " " + text + " "
	}
	rest := max(w-width(text)-1, 0)
	if right {
		return strings.Repeat("─", min(rest, 1)) + text + strings.Repeat("─", max(rest-1, 0)) + "▶"
	}
	return "◀" + strings.Repeat("─", max(rest-1, 0)) + text + strings.Repeat("─", min(rest, 1))
}

// label says what happens at m.
func (m *moment) label(sc *scene) (string, ink) {
	e := &m.event
	failed := ""
	i := sc.good
	if e.Failed() {
		failed, i = "✗ "+plugins.ErrnoName(e.Err()), sc.bad
	}
	switch {
	case m.step == arrives && e.Op == plugins.OpFlush:
		return "FLUSH", sc.op(e.Op)
	case m.step == arrives:
		return fmt.Sprintf("%s %s %s", e.Op, shortSize(e.Length), hex(e.Offset)), sc.op(e.Op)
	case m.step == enters && e.Kind == recordings.Callback:
		return e.Callback.String(), sc.other
	case m.step == enters:
		return e.Op.Callback().String(), sc.op(e.Op)
	case m.step == leaves && failed != "":
		return failed, i
	case m.step == leaves:
		return "✓ " + shortDuration(e.Done.Sub(e.Started)), i
	case m.step == replies && failed != "" && e.Front == plugins.FrontNBD:
		return "✗ " + plugins.ErrnoName(plugins.WireErrno(e.Err(), e.Flags)), i
	case m.step == replies && failed != "":
		return failed, i
	case m.step == replies:
		return "✓ " + shortDuration(e.Duration()), i
	}
	text := strings.TrimSpace(strings.SplitN(m.text, "\n", 2)[0])
	switch e.Kind {
	case recordings.Connect:
		return "connects", sc.accent
	case recordings.Negotiate:
		return text, sc.accent
	case recordings.Opened:
		return fmt.Sprintf("opened %q, %s", text, shortSize(e.Length)), sc.accent
	case recordings.Disconnect:
		return "disconnected: " + text, sc.accent
	case recordings.Output, recordings.Debug:
		return text, ink{}
	case recordings.Mark:
		return "mark " + text, sc.accent
	}
	if e.Failed() {
		return "✗ " + text, sc.bad
	}
	return text, sc.warn
}

// note says of m what has no room on the arrow.
func (m *moment) note(sc *scene) string {
	e := &m.event
	var words []string
	switch {
	case m.step == arrives || e.Kind == recordings.Connect:
		words = append(words, from(e.Front, e.Conn))
	case m.step == leaves && e.Failed():
		text, _ := sc.events.Text(e)
		words = append(words, shortDuration(e.Done.Sub(e.Started)), reasonOf(clip(text, longText)))
	case m.step == replies && e.Failed():
		words = append(words, shortDuration(e.Duration()))
	}
	if e.Kind == 0 {
		words = append(words, m.text)
	}
	if m.step == arrives && m.open > 1 {
		words = append(words, fmt.Sprintf("%d in flight", m.open))
	}
	if e.Kind == recordings.Connect {
		words = append(words, m.text)
	}
	return strings.Join(words, ", ")
}

// time formats when a row is, in w cells.
func (p *ladder) time(sc *scene, row, w int) string {
	when := p.moments[row].when
	switch p.requests.clock {
	case sinceFirst:
		return fmt.Sprintf("%+.6f", float64(when-p.zero)/1e9)
	case sinceRow:
		if row == 0 {
			return "-"
		}
		return shortDuration(when.Sub(p.moments[row-1].when))
	}
	format := ladderTime
	if w < len(format) {
		format = ladderTimeShort
	}
	return sc.wall(when).Format(format)
}
