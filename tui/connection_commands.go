package tui

import tea "github.com/charmbracelet/bubbletea"

// connectionCommands returns the part of the table that is about connections.
func connectionCommands() []command {
	one := func(a *app) (bool, string) { return a.clients.selected(&a.scene) != nil, "no client has connected yet" }
	return []command{
		{
			id: "connection.filter", keys: []string{"enter"}, where: inConnections, title: "filter",
			help: "show the requests of this connection", enabled: one,
			run: func(a *app) tea.Cmd {
				a.focusOn(requestsPanel)
				return a.applyFilter("conn:" + a.clients.selected(&a.scene).name())
			},
			shell: func(a *app) string {
				if c := a.clients.selected(&a.scene); c != nil {
					return a.again("--filter", "conn:"+c.name())
				}
				return ""
			},
		},
		{
			id: "connection.facts", keys: []string{"l", "right"}, where: inConnections, title: "facts",
			help: "go to what was negotiated, and what it means", enabled: one,
			run: do(func(a *app) { a.clients.inside = true }),
		},
		{
			id: "connection.list", keys: []string{"h", "left"}, where: inConnections,
			help: "go back to the connections",
			enabled: func(a *app) (bool, string) {
				return a.clients.inside, "this is the list of connections"
			},
			run: do(func(a *app) { a.clients.inside = false }),
		},
	}
}
