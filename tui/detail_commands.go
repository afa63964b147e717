package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins/host"
)

// detailCommands returns the part of the table that is about one request: its
// tree, its bytes.
func detailCommands() []command {
	alone := func(a *app) (bool, string) {
		return a.detail != nil && a.detail.other == nil && !a.detail.gone, "there is no tree here"
	}
	dumped := func(a *app) (bool, string) {
		return a.detail != nil && a.detail.other == nil && len(a.detail.sections) > 0, "there are no bytes to show"
	}
	filters := func(a *app) (bool, string) {
		return a.detail.selectedFilter() != "", "no filter goes with what is selected"
	}
	return []command{
		{
			id: "detail.turn", keys: []string{"tab"}, where: inDetail, title: "tree/bytes", enabled: dumped,
			help: "go from the tree to the bytes, or back",
			run:  do(func(a *app) { a.detail.turn() }),
		},
		{
			id: "detail.filter", keys: []string{`\`}, where: inDetail, title: "filter", enabled: filters,
			help: "filter the requests by what is selected",
			ask:  (*app).askDetailFilter,
		},
		{
			id: "detail.enter", keys: []string{"enter"}, where: inDetail, enabled: alone,
			help: "open or shut the part, or filter by the value",
			run: func(a *app) tea.Cmd {
				d := a.detail
				if i := d.selected(); i >= 0 && d.kids(i) && !d.inBytes {
					d.setShut(i, !d.shut[d.path(i)])
					return nil
				}
				if d.selectedFilter() != "" {
					a.prompt = newPrompt(a.askDetailFilter())
				}
				return nil
			},
		},
		{
			id: "detail.left", keys: []string{"h", "left"}, where: inDetail, enabled: alone,
			help: "shut the part, or go to its head; one byte left",
			run: do(func(a *app) {
				if d := a.detail; d.inBytes {
					d.step(-1)
				} else {
					d.fold()
				}
			}),
		},
		{
			id: "detail.right", keys: []string{"l", "right"}, where: inDetail, enabled: alone,
			help: "open the part, or go into it; one byte right",
			run: do(func(a *app) {
				if d := a.detail; d.inBytes {
					d.step(1)
				} else {
					d.unfold()
				}
			}),
		},
		{
			id: "detail.release", keys: []string{"a"}, where: inDetail, title: "let this go",
			help: "let the held request go on, and see its reply",
			enabled: func(a *app) (bool, string) {
				return a.detail != nil && a.detail.waiting && a.bench != nil, "this request is not held"
			},
			run: func(a *app) tea.Cmd {
				number := a.detail.held.Number
				return a.act(func(c host.Control) error { return c.Release(number) })
			},
		},
	}
}

// selectedFilter returns the filter that goes with what is selected, "" if there
// is none.
func (d *detail) selectedFilter() string {
	if d == nil || d.other != nil || d.gone {
		return ""
	}
	if i := d.selected(); i >= 0 {
		return d.nodes[i].filter
	}
	return ""
}

// askDetailFilter asks for the filter, beginning with what goes with the selected
// part of the request, added to the filter that applies. The list is shown when
// it is accepted.
func (a *app) askDetailFilter() (q question, text string) {
	q, text = a.askFilter()
	apply := q.accept
	q.accept = func(a *app, text string) tea.Cmd {
		cmd := apply(a, text)
		if a.prompt == nil {
			a.detail = nil
			a.focusOn(requestsPanel)
		}
		return cmd
	}
	return q, strings.TrimSpace(text + " " + a.detail.selectedFilter())
}
