package tui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"workbench/plugins/host"
)

// View implements tea.Model. It returns exactly height rows of exactly width
// cells, once the size is known.
func (a *app) View() string {
	if a.over != nil {
		return a.over.View()
	}
	if a.width <= 0 || a.height <= 0 {
		return ""
	}
	view := strings.Join(a.draw(), "\n")
	if a.ascii {
		view = toASCII(view)
	}
	return view
}

// wantsMouse reports whether the mouse is the screen's.
func (a *app) wantsMouse() bool {
	if a.over != nil {
		return a.over.wantsMouse()
	}
	return !a.noMouse
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
	if edge := &rows[len(rows)-1]; a.said.text != "" {
		*edge = a.say(*edge)
	}
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

// stateWidth is the cells of the header for what the host does: " ● serving g12 ".
const stateWidth = 17

// header says what is served, and how much goes on.
func (a *app) header() string {
	sc := &a.scene
	figures := a.figures()
	used := 1
	for _, f := range figures {
		used += width(f.text) + 2
	}
	name := clean(a.name())
	if room := a.width - used - stateWidth; width(name) > room { // its end matters most
		name = cut(name[strings.LastIndexByte(name, '/')+1:], room)
	}
	l := newLine(a.width).put(sc.title, " "+name+" ")
	if a.bench != nil {
		sign, i := sc.sign(sc.status.State)
		l.put(i, " "+sign+" "+sc.status.State.String()).put(sc.dim, fmt.Sprintf(" g%d ", sc.status.Generation))
	}
	if a.parent != nil {
		l.put(sc.dim, a.named(" {back} leaves "))
	}
	if n := a.waiting(); n > 0 { // clients wait, though the screen shows something else
		l.put(sc.warn, fmt.Sprintf(" ‖ %d held ", n))
	}
	if text := slow(a.live); text != "" {
		l.put(sc.warn, " ◐ "+text+" ")
	}
	l.put(sc.bad, a.recordingSign())
	if a.paused {
		_, shown := sc.requests.bounds()
		_, live := a.live.requests.bounds()
		l.put(sc.warn, fmt.Sprintf(" ‖ paused, %s new ", shortCount(uint64(live-shown))))
	}
	if asOf := a.asOf(); asOf != "" {
		l.put(sc.warn, " "+asOf+" ")
	}
	if a.noMouse {
		l.put(sc.warn, " mouse off ")
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

// waiting returns how many clients wait for a person, now.
func (a *app) waiting() int { return a.root().live.status.Held }

// recordingSign says that what happens is recorded, also while a recording is
// shown over it, and how much there is.
func (a *app) recordingSign() string {
	r := a.root().live.recorder
	switch {
	case r.Path == "":
		return ""
	case r.Err != nil:
		return " ✗ rec stopped "
	}
	return " ● rec " + shortSize(uint64(r.Bytes)) + " "
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
	if !sc.live { // of all of it, since no moment of a recording is now
		_, n := sc.requests.bounds()
		if a.travel != nil && sc.state != a.live {
			n = a.passed()
		}
		lasted := sc.ended.Sub(sc.began)
		cells = []cell{
			{text: numbered(n, "request") + " in " + shortDuration(lasted)},
			{text: shortSize(perSecond(sc.bytes, lasted)) + "/s"},
		}
		if n == 0 {
			cells = []cell{{text: "no requests"}}
		}
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

// perSecond returns how much of n there was in a second of d.
func perSecond(n uint64, d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64(float64(n) / d.Seconds())
}

// news returns the rows below the header: what the screen and the host do other
// than usual, so that nobody is in a mode without knowing.
func (a *app) news() []string { return slices.Concat(a.modes(), a.reloaded(), a.refusal()) }

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
	if a.task != nil {
		rows = append(rows, newLine(a.width).put(sc.warn, " ◐ "+a.task.String()).put(sc.dim, a.named(" · {back} stops it")).end())
	}
	if a.result != "" {
		rows = append(rows, newLine(a.width).put(sc.good, " ✓ "+a.result).end())
	}
	if row := a.holdRow(); row != "" {
		rows = append(rows, row)
	}
	if p := a.requests.picked; p != nil {
		summary := " · " + p.summary(sc)
		l := newLine(a.width).put(sc.accent, " ▽ filter: ")
		rows = append(rows, l.put(sc.key, cut(clean(p.text), l.room-width(summary))).put(sc.accent, summary).end())
	}
	if o := a.requests.order; o != nil {
		rows = append(rows, newLine(a.width).put(sc.accent, " ⇅ "+o.summary(sc, a.requests.index(sc))).end())
	}
	if h := a.requests.hunt; h != nil && h.by != 0 {
		first, next := a.requests.bounds(sc)
		rows = append(rows, newLine(a.width).put(sc.accent, " ⌕ looking for ").put(sc.key, h.summary(&a.scene, next-first)).put(sc.key, a.named(", {back} stops")).end())
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

// holdRow says what is held from now on, and how what is held already goes on; it
// is "" if neither is the case.
func (a *app) holdRow() string {
	holding, way := a.holding(), ""
	if n := a.live.status.Held; n > 0 {
		way = fmt.Sprintf("%d held: %s lets all go", n, keyName(a.keyOf("held.release.all")))
	}
	l := newLine(a.width)
	switch {
	case holding != "":
		if way != "" {
			way = " · " + way
		}
		l.put(a.scene.warn, " ‖ "+cut("holding: "+holding, a.width-3-width(way))).put(a.scene.key, way)
	case way != "":
		l.put(a.scene.warn, " ‖ no more to hold · ").put(a.scene.key, way)
	default:
		return ""
	}
	return l.end()
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

// hints returns the rows above the footer: the line that is typed, or what to try.
func (a *app) hints() []string {
	if a.prompt != nil {
		return a.prompt.draw(&a.scene, a.width, a.offerRows())
	}
	if a.tour == nil {
		return nil
	}
	tight := a.low() || a.height < highHeight && len(a.news()) > 1 // news need the room
	return a.tour.draw(&a.scene, a.width, tight)
}
