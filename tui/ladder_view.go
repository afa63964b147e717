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
		base, sign = *selection(sc), "▸"
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
	pick := func(i ink) ink {
		if row == p.list.selected {
			return base
		}
		return i
	}
	before := moment{}
	if row > 0 {
		before = p.moments[row-1]
	}
	edge := pick(sc.border)
	text, i := m.label(sc)
	blank := spaces(x.gap)
	served, called := m.open > 0 || before.open > 0, m.calls > 0 || before.calls > 0
	l.put(edge, "│")
	switch m.step {
	case arrives:
		l.put(pick(i), drawArrow(text, x.gap, true)).put(edge, lane(served)).put(base, blank).put(edge, lane(called))
	case enters:
		l.put(base, blank).put(edge, lane(served)).put(pick(i), drawArrow(text, x.gap, true)).put(edge, lane(true))
	case leaves:
		l.put(base, blank).put(edge, lane(served)).put(pick(i), drawArrow(text, x.gap, false)).put(edge, lane(true))
	case replies:
		l.put(pick(i), drawArrow(text, x.gap, false)).put(edge, lane(served)).put(base, blank).put(edge, lane(called))
	default:
		p.drawHappening(l, sc, m, x, pick, served, called, base)
	}
	const least = 6 // cells, to say something
	if note := m.note(sc); note != "" && l.room >= least {
		l.put(pick(sc.dim), " "+note)
	}
	return l.endIn(base)
}

// drawHappening draws what is neither of a request nor a callback, after the
// first lane.
func (p *ladder) drawHappening(l *line, sc *scene, m *moment, x *lanes, pick func(ink) ink, served, called bool, base ink) {
	text, i := m.label(sc)
	edge, blank := pick(sc.border), spaces(x.gap)
	switch m.event.Kind {
	case recordings.Connect:
		l.put(pick(i), drawArrow(text, x.gap, true)).put(edge, lane(served)).put(base, blank).put(edge, lane(called))
	case recordings.Negotiate, recordings.Opened:
		l.put(pick(i), "◀"+drawArrow(text, x.gap-1, true)).put(edge, lane(served)).put(base, blank).put(edge, lane(called))
	case recordings.Disconnect:
		l.put(pick(i), drawArrow(text, x.gap, false)).put(edge, lane(served)).put(base, blank).put(edge, lane(called))
	case recordings.Output, recordings.Debug:
		l.put(base, blank).put(edge, lane(served)).putIn(pick(i), " "+text, x.gap, true).put(edge, lane(called))
	default: // it is about all of them
		l.putIn(pick(i), "══ "+text+" "+strings.Repeat("═", 2*x.gap), 2*x.gap+1, false).put(edge, lane(called))
	}
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
