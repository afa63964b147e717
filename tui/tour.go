package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// A Checklist is a few things to try. Each is ticked off when the log shows that
// it was done; nothing else ticks it.
type Checklist struct {
	Title string
	Intro string // what is seen
	Steps []Step
}

// A Step is one of them.
type Step struct {
	Text string             // what to do
	Hint string             // how; for the key of a command stands its name, as in "{hold} holds all"
	Done *recordings.Filter // an event that matches shows that it was done
}

// A tour is a checklist on the screen, and how far it is.
type tour struct {
	*Checklist
	done   []bool
	folded bool
}

// newTour returns nil if there is no list.
func newTour(c *Checklist) *tour {
	if c == nil {
		return nil
	}
	return &tour{Checklist: c, done: make([]bool, len(c.Steps))}
}

// see ticks off what events show.
func (t *tour) see(events []recordings.Event, from recordings.Contents) {
	if t == nil || t.next() == len(t.Steps) {
		return
	}
	for i := range events {
		for n := range t.Steps {
			t.done[n] = t.done[n] || t.Steps[n].Done.Match(&events[i], from)
		}
	}
}

// next returns the first step that is not done, or how many there are.
func (t *tour) next() int {
	for n, done := range t.done {
		if !done {
			return n
		}
	}
	return len(t.Steps)
}

// draw returns the rows of the card: all steps, or if there is little room the next one.
func (t *tour) draw(sc *scene, w int, low bool) []string {
	next := t.next()
	top := newLine(w).put(sc.border, "──").put(sc.title, " "+t.Title+" ")
	ticked := 0
	for _, done := range t.done {
		if done {
			ticked++
		}
	}
	top.put(sc.dim, fmt.Sprintf("%d of %d ", ticked, len(t.Steps)))
	fold := sc.named(" {tour.fold} folds this ")
	if t.folded {
		fold = sc.named(" {tour.fold} unfolds this ")
	}
	end := func(l *line) string {
		return l.fill(sc.border, "─", width(fold)+2).put(sc.key, fold).put(sc.border, "──").end()
	}
	switch {
	case next == len(t.Steps):
		top.put(sc.good, cut(sc.named("✓ all done: {help} lists what else there is"), top.room-width(fold)-3)+" ")
	case t.folded || low:
		top.put(ink{}, cut(t.Steps[next].Text, top.room-width(fold)-3)+" ")
	}
	rows := []string{end(top)}
	switch {
	case t.folded || next == len(t.Steps):
		return rows
	case low:
		return append(rows, t.hint(sc, w, sc.accent, " ▸ ", ink{})...)
	}
	if t.Intro != "" {
		rows = append(rows, newLine(w).put(sc.dim, "   "+t.Intro).end())
	}
	for n, s := range t.Steps {
		l := newLine(w)
		switch {
		case t.done[n]:
			l.put(sc.good, " ✓ ").put(sc.dim, s.Text)
		case n == next:
			l.put(sc.accent, " ▸ ").put(ink{}, s.Text)
		default:
			l.put(sc.dim, " ○ ").put(ink{}, s.Text)
		}
		rows = append(rows, l.end())
		if n == next {
			rows = append(rows, t.hint(sc, w, ink{}, "   ", sc.key)...)
		}
	}
	return rows
}

// hintRows is how many rows a hint takes at most: the path in it may be long.
const hintRows = 2

// hint returns the rows about how to do the next step, the first of which begins with sign.
func (t *tour) hint(sc *scene, w int, i ink, sign string, text ink) []string {
	var rows []string
	for _, part := range wrap(sc.named(t.Steps[t.next()].Hint), w-4) {
		rows = append(rows, newLine(w).put(i, sign).put(text, part).end())
		sign = "   "
	}
	return rows[:min(len(rows), hintRows)]
}

// tourCommands returns the part of the table that is about the card.
func tourCommands() []command {
	return []command{{
		id: "tour.fold", keys: []string{"H"}, where: inPanels | inDetail,
		help:    "fold the card of things to try, or show it",
		enabled: func(a *app) (bool, string) { return a.tour != nil, "there is no such card: it is a part of the tour" },
		run: func(a *app) tea.Cmd {
			a.tour.folded = !a.tour.folded
			return nil
		},
	}}
}
