package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
)

// callbackCommands returns the part of the table that is about callbacks.
func callbackCommands() []command {
	some := func(a *app) (bool, string) {
		if g := a.calls.groups.selected(); a.calls.groups != nil {
			return g != nil && g.filter != "", "no filter picks this group"
		}
		c, ok := a.calls.selected()
		return ok && kindOrder(c.Callback) < 0, "it serves no request"
	}
	const instead = "figures by group are shown: {back} leaves them"
	table := func(a *app) (bool, string) {
		if a.calls.groups != nil {
			return false, instead
		}
		return !a.calls.side, "the generations stand side by side"
	}
	return []command{
		{
			id: "callbacks.requests", keys: []string{"enter"}, where: inCallbacks, title: "requests",
			help: "show only the requests of the callback or group", enabled: some,
			run: func(a *app) tea.Cmd {
				if a.calls.groups != nil {
					return a.filterGroup()
				}
				c, _ := a.calls.selected()
				return a.filterBy(callFilter(c.Callback, c.Generation))
			},
		},
		{
			id: "callbacks.side", keys: []string{"u"}, where: inCallbacks, title: "compare",
			help: "set the newest two generations side by side",
			enabled: func(a *app) (bool, string) {
				if a.calls.groups != nil {
					return false, instead
				}
				return len(a.calls.total) > 1 || a.calls.side, "only one generation has been called"
			},
			run: do(func(a *app) { a.calls.side = !a.calls.side }),
		},
		{
			id: "callbacks.sort", keys: []string{">"}, where: inCallbacks, title: "sort",
			help: "sort by the next column", enabled: table,
			run: do(func(a *app) { a.calls.sortBy(1) }),
		},
		{
			id: "callbacks.sort.before", keys: []string{"<"}, where: inCallbacks,
			help: "sort by the column before", enabled: table,
			run: do(func(a *app) { a.calls.sortBy(-1) }),
		},
		{
			id: "callbacks.reverse", keys: []string{"v"}, where: inCallbacks,
			help: "turn the order round", enabled: table,
			run: do(func(a *app) { a.calls.upward = !a.calls.upward }),
		},
	}
}

// callFilter is the filter for what a callback did in a generation.
func callFilter(cb plugins.Callback, generation uint32) string {
	return fmt.Sprintf("cb:%s gen:%d", cb, generation)
}

// filterBy shows the requests that a filter picks.
func (a *app) filterBy(text string) tea.Cmd {
	a.zoomed = a.zoomed && a.focus == requestsPanel
	a.focusOn(requestsPanel)
	a.requests.list.end()
	return a.applyFilter(text)
}
