package tui

import (
	"sort"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/recordings"
)

// askTime asks for the time of a request to go to.
func (a *app) askTime() (q question, text string) {
	first := a.firstRequest()
	parse := func(text string) (plugins.Stamp, error) {
		return recordings.ParseMoment(strings.TrimSpace(text), first)
	}
	return question{
		sign:  "time: ",
		enter: "{prompt.accept} goes to the first request from then on",
		empty: "a time after the first request (1m30s) or of the day (" + a.scene.clock(first) + ")",
		check: func(text string) error {
			if strings.TrimSpace(text) == "" {
				return nil
			}
			_, err := parse(text)
			return err
		},
		complete: func(_ string, cursor int) (int, []recordings.Candidate) { return cursor, nil },
		accept: func(a *app, text string) tea.Cmd {
			if t, err := parse(text); err == nil {
				a.seek(t)
			}
			a.prompt = nil
			return nil
		},
	}, ""
}

// firstRequest returns when the oldest request came that the list has.
func (a *app) firstRequest() plugins.Stamp {
	x := a.requests.index(&a.scene)
	first, next := x.bounds()
	if first == next {
		return a.scene.now
	}
	e, _ := readRequest(&a.scene, x.seq(first))
	return e.Received
}

// seek selects the first request that came at t or later, else the newest.
func (a *app) seek(t plugins.Stamp) {
	x := a.requests.index(&a.scene)
	first, next := x.bounds()
	if a.requests.sortedRows() {
		a.requests.unsort(&a.scene)
	}
	row := first + sort.Search(next-first, func(i int) bool {
		e, ok := readRequest(&a.scene, x.seq(first+i))
		return ok && e.Received >= t
	})
	l := &a.requests.list
	l.pause()
	l.move(min(row, next-1) - l.selected)
}
