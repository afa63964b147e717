package tui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// statsCommands returns the part of the table that is about figures by group.
func statsCommands() []command {
	return []command{{
		id: "stats", keys: []string{"F"}, where: inPanels,
		help: "figures of the requests by op, client, error ...",
		enabled: func(a *app) (bool, string) {
			if _, n := a.scene.requests.bounds(); n == 0 {
				return false, "there is no request"
			}
			return a.idle()
		},
		ask: (*app).askStats,
	}}
}

// askStats asks by what the requests are to be added up.
func (a *app) askStats() (q question, text string) {
	return question{
		sign:    "stats",
		enter:   "{prompt.accept} shows the figures in the panel callbacks, where {callbacks.requests} filters by a group",
		empty:   "by what? as in: by op where len>=64k",
		history: a.past.Stats,
		check: func(text string) error {
			_, err := parseStats(text)
			return err
		},
		complete: completeStats,
		accept: func(a *app, text string) tea.Cmd {
			q, err := parseStats(text)
			if err != nil {
				return nil // it could not be accepted
			}
			a.prompt = nil
			a.past.Stats = remember(a.past.Stats, strings.TrimSpace(text))
			return a.addUp(q)
		},
	}, "by op"
}

// statsWhere stands between the grouping and the filter.
const statsWhere = "where"

// parseStats understands "by op where len>=64k"; "by" may be left out.
func parseStats(text string) (q statsQuestion, err error) {
	rest := strings.TrimLeft(text, " ")
	if cut, ok := strings.CutPrefix(rest, "by "); ok {
		rest = strings.TrimLeft(cut, " ")
	}
	name, rest, _ := strings.Cut(rest, " ")
	if name == "" || name == "by" {
		return q, errors.New("by what? " + groupingNames())
	}
	if q.by = groupingOf(name); q.by == nil {
		return q, fmt.Errorf("there are no figures by %s: want %s", name, groupingNames())
	}
	rest = strings.TrimLeft(rest, " ")
	if rest == "" {
		return q, nil
	}
	word, rest, _ := strings.Cut(rest, " ")
	if word != statsWhere {
		return q, fmt.Errorf("want %s and a filter after by %s, not %s", statsWhere, name, word)
	}
	at := len(text) - len(rest)
	f, err := recordings.ParseFilter(rest)
	if err != nil {
		return q, moved(err, text, at)
	}
	if q.where = strings.TrimSpace(rest); q.where != "" {
		q.filter = f
	}
	return q, nil
}

// groupingNames names the groupings: "op, client ... or rule".
func groupingNames() string {
	var names []string
	for i := range groupings {
		names = append(names, groupings[i].name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// completeStats offers the groupings, and behind them what filters do.
func completeStats(text string, cursor int) (from int, offers []recordings.Candidate) {
	before := text[:cursor]
	if head, _, ok := strings.Cut(before, " "+statsWhere+" "); ok {
		at := len(head) + len(statsWhere) + 2
		from, offers = recordings.Complete(text[at:], cursor-at)
		return at + from, offers
	}
	from = strings.LastIndexByte(before, ' ') + 1
	typed := before[from:]
	offer := func(word, help string) {
		if strings.HasPrefix(word, typed) {
			offers = append(offers, recordings.Candidate{Text: word, Help: help})
		}
	}
	switch words := strings.Fields(before[:from]); {
	case len(words) == 0:
		offer("by ", "and by what the requests are added up")
	case len(words) == 1 && words[0] == "by":
		for i := range groupings {
			offer(groupings[i].name+" ", groupings[i].help)
		}
	case len(words) == 2 && groupingOf(words[1]) != nil:
		offer(statsWhere+" ", "and a filter for the requests")
	}
	return from, offers
}

// addUp adds up the requests that are shown at this moment, beside the model.
func (a *app) addUp(q statsQuestion) tea.Cmd {
	sc := &a.scene
	if q.filter != nil {
		q.filter = q.filter.At(sc.now)
	}
	x := newGroupCount(q, sc.state)
	events, from, to := sc.events, sc.first, sc.requests.end()
	contents := marked{events, &marks{list: slices.Clone(sc.marks.list)}}
	return a.begin("figures "+q.String(), func(ctx context.Context, t *task) outcome {
		x.read(ctx, events, contents, from, to, t.progress)
		return outcome{stats: newGroupedStats(x, ctx.Err() != nil)}
	})
}

// filterGroup shows the requests of the selected group.
func (a *app) filterGroup() tea.Cmd {
	return a.filterBy(a.calls.groups.filterText(a.calls.groups.selected()))
}
