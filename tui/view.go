package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"workbench/plugins/host"
)

// View implements tea.Model. It returns exactly height rows of exactly width
// cells, once the size is known.
func (a *app) View() string {
	if a.width <= 0 || a.height <= 0 {
		return ""
	}
	view := strings.Join(a.draw(), "\n")
	if a.ascii {
		view = toASCII(view)
	}
	return view
}

// draw returns the rows of the screen.
func (a *app) draw() []string {
	if a.tooSmall() {
		return a.card()
	}
	rows := make([]string, 0, a.height)
	rows = append(rows, a.header())
	rows = append(rows, a.news()...)
	rows = append(rows, a.body()...)
	rows = append(rows, a.hints()...)
	return append(rows, a.footer())
}

// card fills a terminal that is too small for anything else.
func (a *app) card() []string {
	text := []string{
		"terminal too small",
		fmt.Sprintf("%dx%d, needs %dx%d", a.width, a.height, minWidth, minHeight),
		keyName(a.keyOf("quit.small")) + " quits",
	}
	rows := make([]string, a.height)
	for i := range rows {
		l := newLine(a.width)
		if at := i - (a.height-len(text))/2; at >= 0 && at < len(text) {
			l.put(ink{}, spaces((a.width-len(text[at]))/2)).put(a.scene.key, text[at])
		}
		rows[i] = l.end()
	}
	return rows
}

// body draws the areas, or the menu instead of them.
func (a *app) body() []string {
	if a.menu != nil {
		return a.menu.draw(a, a.width, a.bodyHeight())
	}
	rows := make([]string, a.bodyHeight())
	for _, column := range a.columns {
		y := 0
		for i := range column {
			for _, row := range column[i].draw(a) {
				rows[y] += row
				y++
			}
		}
	}
	return rows
}

// header says what is served, and how much goes on.
func (a *app) header() string {
	sc := &a.scene
	l := newLine(a.width).put(sc.title, " "+a.name()+" ")
	if a.bench != nil {
		sign, i := sc.sign(sc.status.State)
		l.put(i, " "+sign+" "+sc.status.State.String()).put(sc.dim, fmt.Sprintf(" g%d ", sc.status.Generation))
	}
	if n := a.live.status.Held; n > 0 { // clients wait, though the screen may be paused
		l.put(sc.warn, fmt.Sprintf(" ‖ %d held ", n))
	}
	if a.paused {
		_, shown := sc.requests.bounds()
		_, live := a.live.requests.bounds()
		l.put(sc.warn, fmt.Sprintf(" ‖ paused, %s new ", shortCount(uint64(live-shown))))
	}
	if a.noMouse {
		l.put(sc.warn, " mouse off ")
	}

	figures := a.figures()
	used := 1
	for _, f := range figures {
		used += width(f.text) + 2
	}
	if served := clean(strings.TrimSpace(sc.uri + "  " + sc.mount)); l.room-used > 12 {
		l.put(sc.dim, " "+cut(served, l.room-used-2))
	}
	l.fill(ink{}, " ", used)
	for _, f := range figures {
		l.put(ink{}, "  ").put(f.ink, f.text)
	}
	return l.end()
}

// name returns what the screen is called.
func (a *app) name() string {
	switch {
	case a.title != "":
		return a.title
	case a.scene.status.Path != "":
		return filepath.Base(a.scene.status.Path)
	}
	return "workbench"
}

// figures returns what stands at the right of the header.
func (a *app) figures() []cell {
	sc := &a.scene
	cells := []cell{
		{text: shortCount(uint64(sc.finished.rate(sc.now))) + " req/s"},
		{text: shortSize(uint64(sc.moved.rate(sc.now))) + "/s"},
	}
	if sc.failed > 0 {
		cells = append(cells, cell{sc.bad, fmt.Sprintf("✗ %s failed", shortCount(uint64(sc.failed)))})
	} else {
		cells = append(cells, cell{sc.dim, "0 failed"})
	}
	if sc.missed > 0 {
		cells = append(cells, cell{sc.warn, fmt.Sprintf("▾ %s dropped", shortCount(sc.missed))})
	}
	return cells
}

// news returns the rows below the header: what the screen and the host do other
// than usual, so that nobody is in a mode without knowing.
func (a *app) news() []string { return append(a.modes(), a.refusal()...) }

// troubleRows is how many rows what went wrong takes at most.
const troubleRows = 3

// modes returns a row for each mode, and one for what went wrong.
func (a *app) modes() []string {
	sc := &a.scene
	var rows []string
	if a.trouble != "" {
		sign := " ✗ "
		lines := wrap(a.trouble, a.width-4)
		for _, text := range lines[:min(len(lines), troubleRows)] {
			rows = append(rows, newLine(a.width).put(sc.bad, sign+text).end())
			sign = "   "
		}
	}
	if holding := a.holding(); holding != "" {
		rows = append(rows, newLine(a.width).put(sc.warn, " ‖ holding: "+holding).end())
	}
	if p := a.requests.picked; p != nil {
		summary := " · " + p.summary(sc)
		l := newLine(a.width).put(sc.accent, " ▽ filter: ")
		rows = append(rows, l.put(sc.key, cut(clean(p.text), l.room-width(summary))).put(sc.accent, summary).end())
	}
	return rows
}

// holding returns the rules that hold requests, "" if there are none. It says
// what is so now, though the screen may be paused: clients wait for it.
func (a *app) holding() string {
	var texts []string
	for i := range a.live.rules {
		if r := &a.live.rules[i]; r.On && r.Action == host.HoldIt {
			texts = append(texts, r.Text)
		}
	}
	return strings.Join(texts, ", ")
}

// How many rows of a refused reload are shown, and how many on a low terminal
// that also shows a line that is typed.
const (
	refusalRows    = 5
	refusalRowsLow = 2
)

// refusal returns the rows about a reload that was refused, until one is not.
func (a *app) refusal() []string {
	s := &a.scene.status
	if s.Problem == nil {
		return nil
	}
	sc := &a.scene
	bar := func() *line { return newLine(a.width).put(sc.bad, "▌ ") }
	rows := []string{
		bar().put(sc.bad, "✗ reload refused").
			put(ink{}, fmt.Sprintf(" · generation %d still serves, save again, or R", s.Generation)).end(),
	}
	reason := wrap(s.Problem.Error(), a.width-3)
	for _, text := range reason[:min(len(reason), 2)] {
		rows = append(rows, bar().put(ink{}, text).end())
	}
	for text := range strings.Lines(s.Excerpt) {
		rows = append(rows, bar().put(sc.warn, strings.TrimRight(text, "\r\n")).end())
	}
	most := refusalRows
	if a.prompt != nil && a.low() {
		most = refusalRowsLow
	}
	return rows[:min(len(rows), most)]
}

// offerRows returns how many rows a prompt has for what it offers.
func (a *app) offerRows() int {
	switch {
	case a.low():
		return offerRowsLow
	case a.height >= highHeight:
		return offerRowsHigh
	}
	return offerRows
}

// hintRows is how many rows the hint takes at most.
const hintRows = 3

// hints returns the rows above the footer: the line that is typed, or what to try.
func (a *app) hints() []string {
	if a.prompt != nil {
		return a.prompt.draw(&a.scene, a.width, a.offerRows())
	}
	if a.scene.status.Problem != nil && a.low() {
		return nil // the problem needs the room
	}
	var rows []string
	for _, text := range a.hint[:min(len(a.hint), hintRows)] {
		rows = append(rows, newLine(a.width).put(a.scene.accent, " ▸ ").put(ink{}, text).end())
	}
	return rows
}
