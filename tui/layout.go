package tui

import (
	"slices"
	"strings"
)

// The sizes at which the layout changes, in cells.
const (
	minWidth, minHeight = 60, 16 // below this there is only a card
	lowHeight           = 24     // below this rows are scarce
	highHeight          = 36     // from here on there are some to spare
	twoAreas            = 80     // from here on there is a second area below the requests,
	twoAreasHeight      = 14     // if the body is so high
	twoColumns          = 120    // from here on all panels are on the screen,
	allPanelsHeight     = 24     // if the body is so high
	requestsWidth       = 70     // what the requests get at least beside other panels
)

// An area is a framed rectangle of the screen. It shows one of its panels; the
// others are tabs in its frame.
type area struct {
	x, y, w, h int
	panels     []int
	shown      int
	detail     bool // it shows the selected request instead
}

// An areaColumn is areas that stand upon each other.
type areaColumn []area

// tooSmall reports whether the terminal has no room for the screen.
func (a *app) tooSmall() bool { return a.width < minWidth || a.height < minHeight }

// low reports whether rows are scarce.
func (a *app) low() bool { return a.height < lowHeight }

// bodyHeight returns the rows between header and footer that areas have.
func (a *app) bodyHeight() int {
	return a.height - 2 - len(a.news()) - len(a.hints())
}

// layout divides the body: one area with all panels as tabs; requests above and
// the others below, as tabs; or requests at the left and the others at the right.
func (a *app) layout() []areaColumn {
	if a.tooSmall() {
		return nil
	}
	y, h := 1+len(a.news()), a.bodyHeight()
	full := area{x: 0, y: y, w: a.width, h: h, panels: panelsFrom(requestsPanel), shown: a.focus, detail: a.detail != nil}
	others := area{y: y, panels: panelsFrom(callbacksPanel), shown: a.below}
	list := area{x: 0, y: y, panels: []int{requestsPanel}, shown: requestsPanel}

	switch {
	case a.zoomed || a.width < twoAreas || h < twoAreasHeight:
		return []areaColumn{{full}}

	case a.width < twoColumns:
		if a.detail != nil {
			return []areaColumn{{full}}
		}
		list.w, others.w = a.width, a.width
		list.h = (h + 1) / 2
		others.y, others.h = y+list.h, h-list.h
		return []areaColumn{{list, others}}
	}

	list.w, list.h = max(a.width*58/100, requestsWidth), h
	if a.detail != nil {
		list.w = requestsWidth // a request needs the room more
	}
	others.x, others.w, others.h = list.w, a.width-list.w, h
	if a.detail != nil {
		others.detail = true
		return []areaColumn{{list}, {others}}
	}
	if h < allPanelsHeight {
		return []areaColumn{{list}, {others}}
	}
	var right areaColumn
	heights := []int{h * 36 / 100, h * 36 / 100, 0}
	heights[2] = h - heights[0] - heights[1]
	for i, shown := range []int{callbacksPanel, scriptPanel, a.last} {
		one := others
		one.y, one.h, one.panels, one.shown = y, heights[i], []int{shown}, shown
		if i == 2 {
			one.panels = panelsFrom(connectionsPanel)
		}
		right = append(right, one)
		y += one.h
	}
	return []areaColumn{{list}, right}
}

// areas returns all areas.
func (a *app) areas() []area { return slices.Concat(a.columns...) }

// detailSize returns the room for the detail within its frame.
func (a *app) detailSize() (w, h int) {
	for _, r := range a.areas() {
		if r.detail {
			return r.w - 2, r.h - 2
		}
	}
	return 0, 0
}

// noteRoom is the cells that the titles of several panels leave for the note of
// the one that is shown.
const noteRoom = 18

// tabs returns the titles in the frame of r, in the order of r.panels. Among
// several, the one that is shown has brackets. Where there is no room for all
// names, the last ones are numbers only.
func (r *area) tabs() []string {
	var out []string
	used := 3 // of the frame
	if len(r.panels) > 1 {
		used += noteRoom
	}
	for _, p := range r.panels {
		title := panelKey(p) + "·" + panelNames[p]
		if len(r.panels) > 1 && p == r.shown {
			title = "[" + title + "]"
		} else {
			title = " " + title + " "
		}
		out = append(out, title)
		used += width(title) + 1
	}
	for i, p := range slices.Backward(r.panels) {
		if used > r.w && p != r.shown {
			short := " " + panelKey(p) + " "
			used -= width(out[i]) - width(short)
			out[i] = short
		}
	}
	return out
}

// tabAt returns the panel whose title is x cells from the left end of r's frame, or -1.
func (r *area) tabAt(x int) int {
	if r.detail {
		return -1
	}
	at := 2
	for i, title := range r.tabs() {
		if x >= at && x < at+width(title) {
			return r.panels[i]
		}
		at += width(title) + 1
	}
	return -1
}

// draw returns the rows of r with its frame: a heavy one if it has the keys.
func (r *area) draw(a *app) []string {
	focused := r.detail || a.detail == nil && r.shown == a.focus
	edge, lines := a.scene.border, []rune("╭─╮│╰╯")
	title := a.scene.dim
	if focused && a.menu == nil {
		edge, lines = a.scene.accent, []rune("┏━┓┃┗┛")
		title = a.scene.title
	}
	w, h := r.w-2, r.h-2
	sc := a.scene
	sc.focused = focused

	var body []string
	var note string
	top := newLine(r.w).put(edge, string(lines[:2]))
	if r.detail {
		body, note = a.detail.draw(&sc, w, h), a.detail.note(&sc)
		top.put(title, a.detail.title())
	} else {
		p := a.panels[r.shown]
		body, note = p.draw(&sc, w, h), p.note(&sc)
		for i, tab := range r.tabs() {
			if i > 0 {
				top.put(edge, string(lines[1]))
			}
			if r.panels[i] == r.shown {
				top.put(title, tab)
			} else {
				top.put(a.scene.dim, tab)
			}
		}
	}
	return frame(r.w, top, note, edge, a.scene.dim, lines, body)
}

// shorten leaves out the last parts of a note, which have dots between them,
// until it fits into room cells; it returns "" if not even the first does.
func shorten(note string, room int) string {
	for width(note) > room {
		at := strings.LastIndex(note, " · ")
		if at < 0 {
			return ""
		}
		note = note[:at]
	}
	return note
}

// frame completes top, the upper edge of a frame of w cells that has its title
// already, with a note, and puts body, rows of w-2 cells, into the frame.
func frame(w int, top *line, note string, edge, noteInk ink, lines []rune, body []string) []string {
	corner := func(n int) string { return string(lines[n]) }
	if note = shorten(clean(note), top.room-5); note != "" {
		top.fill(edge, corner(1), width(note)+4).put(noteInk, " "+note+" ").put(edge, corner(1))
	}
	top.fill(edge, corner(1), 1).put(edge, corner(2))

	side := edge.on + corner(3) + edge.off
	out := append(make([]string, 0, len(body)+2), top.end())
	for _, row := range body {
		out = append(out, side+row+side)
	}
	bottom := newLine(w).put(edge, corner(4)).fill(edge, corner(1), 1).put(edge, corner(5))
	return append(out, bottom.end())
}
