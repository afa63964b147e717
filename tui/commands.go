package tui

import (
	"fmt"
	"os"
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// A command is something that the user can do. Keys, footer, menu, palette and
// KEYS.md are made from the one table of them.
type command struct {
	id    string   // as it is typed in the palette, where a blank does for a point
	group string   // the heading that it stands under; see [groups]
	keys  []string // as Bubble Tea names them; the first is shown in the footer
	where where
	title string // for the footer, a word or two; "" = it is not there
	help  string // for the menu, half a sentence

	// enabled tells whether it can be run now, and if not, why; nil = always.
	enabled func(*app) (bool, string)

	// run changes a. What might wait is left to the command that it returns.
	// A command that needs an argument has ask instead: it returns what is to be
	// typed, and the text to begin with. One that has both runs, and takes an
	// argument in the palette only.
	run func(*app) tea.Cmd
	ask func(*app) (question, string)

	// shell returns the line that does the same in a shell; nil or "" = there is none.
	shell func(*app) string

	// preview returns what it would copy; nil if it copies nothing.
	preview func(*app) string
}

// find returns the command that key has in a place, nil if there is none. The
// card of a refused reload stands above another place, and comes first.
func find(table []command, place where, key string) *command {
	if place&inReload != 0 && place != inReload {
		if c := find(table, inReload, key); c != nil {
			return c
		}
	}
	for i := range table {
		if c := &table[i]; c.where&place != 0 && slices.Contains(c.keys, key) {
			return c
		}
	}
	return nil
}

// do makes the run function of a command that waits for nothing.
func do(f func(*app)) func(*app) tea.Cmd {
	return func(a *app) tea.Cmd {
		f(a)
		return nil
	}
}

// A group is commands that have something in common, and its name.
type group struct {
	name     string
	commands []command
}

// groups returns the parts of the table. The footer drops what stands last when
// it has little room, so the order is that of use.
func groups() []group {
	return []group{
		{"screen", viewCommands()},
		{"requests", openCommands()},
		{"request", detailCommands()},
		{"held", heldCommands()},
		{"rules", ruleCommands()},
		{"map", mapCommands()},
		{"connections", connectionCommands()},
		{"source", scriptCommands()},
		{"callbacks", callbackCommands()},
		{"callbacks", statsCommands()},
		{"output", outputCommands()},
		{"view", listCommands()},
		{"leave", quitCommands()},
		{"recordings", recordingCommands()},
		{"disk", holdCommands()},
		{"disk", injectCommands()},
		{"script", generationCommands()},
		{"script", refusalCommands()},
		{"copy", copyCommands()},
		{"screen", screenCommands()},
		{"requests", requestCommands()},
		{"recordings", keepCommands()},
		{"screen", tourCommands()},
		{"panels", panelCommands()},
		{"move", moveCommands()},
		{"leave", leaveCommands()},
		{"menu", menuCommands()},
		{"typing", promptCommands()},
	}
}

// commands returns the table.
func commands() []command {
	var table []command
	for _, g := range groups() {
		for _, c := range g.commands {
			c.group = g.name
			table = append(table, c)
		}
	}
	return table
}

// viewCommands returns the part of the table that opens and closes what lies
// over the panels.
func viewCommands() []command {
	return []command{
		{
			id: "help", keys: []string{"?"}, where: inLists, title: "help",
			help: "what can be done here, and all other commands",
			run:  do(func(a *app) { a.menu = newMenu(a, 0) }),
		},
		{
			id: "close", keys: []string{"esc", "q"}, where: inDetail, title: "close",
			help: "go back to the list",
			run:  do((*app).closeDetail),
		},
	}
}

// openCommands returns the part of the table that goes to requests.
func openCommands() []command {
	some := func(a *app) (bool, string) { return !a.requests.list.empty(), "there is no request" }
	return []command{
		{
			id: "request.open", keys: []string{"enter"}, where: inRequests, title: "open",
			help: "show all of the request: fields, bytes, times", enabled: some,
			run: do(func(a *app) {
				a.requests.list.pause()
				a.detail = &detail{ordinal: -1}
			}),
		},
		{
			id: "ladder.open", keys: []string{"enter"}, where: inLadder, title: "open",
			help: "show all of the request: fields, bytes, times",
			enabled: func(a *app) (bool, string) {
				_, ok := a.ladder.selectedRequest()
				return ok, "no request is selected"
			},
			run: do(func(a *app) {
				a.requests.list.pause()
				a.detail = &detail{ordinal: a.requests.list.selected}
				seq, _ := a.ladder.selectedRequest()
				a.detail.show(&a.scene, seq)
			}),
		},
		{
			id: "held.open", keys: []string{"enter"}, where: inHeld, title: "open",
			help:    "show its fields and bytes, and later the reply",
			enabled: func(a *app) (bool, string) { return a.held.selected() != nil, "no request is held" },
			run: do(func(a *app) {
				q := *a.held.selected()
				a.detail = &detail{subject: heldSubject(&a.scene, &q), ordinal: a.requests.list.selected, waiting: true, lookFrom: a.live.next}
			}),
		},
		{
			id: "goto", keys: []string{"T"}, where: inRequests,
			help: "go to the first request from a time on", enabled: some,
			ask: (*app).askTime,
		},
	}
}

// listCommands returns the part of the table that is about what the lists show.
func listCommands() []command {
	return []command{
		{
			id: "filter", keys: []string{"/"}, where: inPanels, title: "filter",
			help: "show only the requests that match a filter",
			ask:  (*app).askFilter,
		},
		{
			id: "follow", keys: []string{"f"}, where: inRequests | inOutput, title: "follow",
			help: "follow the newest row, or stop",
			enabled: func(a *app) (bool, string) {
				return a.focus != requestsPanel || a.requests.order == nil, "the requests are sorted: {sort} and {prompt.accept} go back to time"
			},
			run: do(func(a *app) {
				if l := a.rows(); l.follow {
					l.pause()
				} else {
					l.end()
				}
			}),
		},
		{
			id: "pause", keys: []string{" "}, where: inPanels | inDetail, title: "pause",
			help: "freeze the screen, not the disk; again: go on",
			enabled: func(a *app) (bool, string) {
				return a.travel == nil, "the screen shows an earlier moment: {back} goes back to the end"
			},
			run: do((*app).pause),
		},
		{
			id: "palette", keys: []string{":", "ctrl+p"}, where: inLists, title: "command",
			help: "type a command; what it may be is offered",
			ask:  (*app).askCommand,
		},
	}
}

// generationCommands returns the part of the table that changes what serves.
func generationCommands() []command {
	return []command{
		{
			id: "reload", keys: []string{"R"}, where: inPanels | inDetail, title: "reload",
			help: "load the script again now",
			enabled: func(a *app) (bool, string) {
				return a.bench != nil, "there is no script to load: this is a recording"
			},
			run: func(a *app) tea.Cmd {
				bench := a.bench
				return func() tea.Msg { bench.Kick(); return nil }
			},
			shell: func(a *app) string {
				if a.bench == nil {
					return ""
				}
				return fmt.Sprintf("kill -HUP %d", os.Getpid())
			},
		},
		{
			id: "undo", keys: []string{"U"}, where: inPanels | inDetail, title: "earlier code",
			help: "go back to the generation before this one",
			enabled: func(a *app) (bool, string) {
				return a.bench != nil && a.scene.status.Past > 0, "there is no generation before this one"
			},
			run: func(a *app) tea.Cmd {
				bench := a.bench
				a.said = cell{a.scene.dim, "the file stays as it is: R or the next save loads it again"}
				return func() tea.Msg { bench.KickUndo(); return nil }
			},
		},
	}
}

// screenCommands returns the part of the table that is about the panels and the
// way through them.
func screenCommands() []command {
	return []command{
		{
			id: "panel.next", keys: []string{"tab"}, where: inPanels, title: "panel",
			help: "go to the next panel",
			run:  do(func(a *app) { a.focusOn((a.focus + 1) % numPanels) }),
		},
		{
			id: "zoom", keys: []string{"z"}, where: inPanels | inDetail, title: "zoom",
			help: "give the panel the whole screen, or take it back",
			run:  do(func(a *app) { a.zoomed = !a.zoomed }),
		},
		{
			id: "mouse", keys: []string{"M"}, where: inPanels | inDetail, title: "mouse",
			help: "leave the mouse to the terminal, or take it back",
			run:  do(func(a *app) { a.noMouse = !a.noMouse }),
		},
		{
			id: "back", keys: []string{"esc"}, where: inPanels,
			help:    "go back to where you came from",
			enabled: (*app).canGoBack,
			run:     do((*app).back),
		},
		{
			id: "panel.previous", keys: []string{"shift+tab"}, where: inPanels,
			help: "go to the panel before",
			run:  do(func(a *app) { a.focusOn((a.focus + numPanels - 1) % numPanels) }),
		},
	}
}

// moveCommands returns the part of the table that moves in lists.
func moveCommands() []command {
	return []command{
		{
			id: "down", keys: []string{"j", "down"}, where: inLists,
			help: "select the next row",
			run:  do(func(a *app) { a.rows().move(1) }),
		},
		{
			id: "up", keys: []string{"k", "up"}, where: inLists,
			help: "select the row before, and stop following",
			run:  do(func(a *app) { a.rows().move(-1) }),
		},
		{
			id: "newest", keys: []string{"G", "end"}, where: inLists,
			help: "select the newest row, and follow",
			run:  do(func(a *app) { a.edge().end() }),
		},
		{
			id: "oldest", keys: []string{"g", "home"}, where: inLists,
			help: "select the oldest row",
			run:  do(func(a *app) { a.edge().home() }),
		},
		{
			id: "down.half", keys: []string{"ctrl+d"}, where: inLists,
			help: "go down by half a page",
			run:  do(func(a *app) { a.pages(1, 2) }),
		},
		{
			id: "up.half", keys: []string{"ctrl+u"}, where: inLists,
			help: "go up by half a page",
			run:  do(func(a *app) { a.pages(-1, 2) }),
		},
		{
			id: "down.page", keys: []string{"pgdown"}, where: inLists,
			help: "go down by a page",
			run:  do(func(a *app) { a.pages(1, 1) }),
		},
		{
			id: "up.page", keys: []string{"pgup"}, where: inLists,
			help: "go up by a page",
			run:  do(func(a *app) { a.pages(-1, 1) }),
		},
	}
}

// panelCommands returns the commands that go to a panel each.
func panelCommands() []command {
	var table []command
	for p, name := range panelNames {
		table = append(table, command{
			id: "panel." + name, keys: []string{panelKey(p)}, where: inPanels,
			help: "go to the panel " + name,
			run:  do(func(a *app) { a.focusOn(p) }),
		})
	}
	return table
}

// pages moves by a page, or a part of it, down or up.
func (a *app) pages(direction, part int) {
	l := a.rows()
	if a.detail != nil && a.detail.other != nil && a.menu == nil {
		l.move(direction * max(a.detail.sizes.h/part, 1))
		return
	}
	l.move(direction * max(l.height/part, 1))
}
