package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// menu is the list of commands, over the panels: first those that can be run
// where the user came from, then the others, which say why not. What is typed
// narrows it.
type menu struct {
	list  list
	only  where      // the place whose commands it has; 0 = all
	text  string     // what was typed
	rows  []*command // in the order in which they stand
	total int        // how many there would be if nothing were typed
}

// newMenu returns the menu of the commands of a place, or of all.
func newMenu(a *app, only where) *menu {
	m := &menu{only: only}
	m.narrow(a, "")
	m.total = len(m.rows)
	return m
}

// narrow keeps the commands that match text.
func (m *menu) narrow(a *app, text string) {
	m.text = clip(text, longText)
	var table []*command
	for i := range a.commands {
		if c := &a.commands[i]; m.only == 0 || c.where == m.only {
			table = append(table, c)
		}
	}
	if m.rows = ownFirst(a, byGroup(table)); strings.TrimSpace(text) != "" {
		m.rows = match(text, table)
	}
	m.rows = runnableFirst(a, m.rows)
	m.list = list{}
	m.feed(a.bodyHeight() - 2)
}

// byGroup sorts commands by the first appearance of their group.
func byGroup(table []*command) []*command {
	order := map[string]int{}
	for _, c := range table {
		if _, ok := order[c.group]; !ok {
			order[c.group] = len(order)
		}
	}
	return ranked(table, func(c *command) int { return order[c.group] })
}

// runnableFirst puts the commands that can be run before the others.
func runnableFirst(a *app, table []*command) []*command {
	return ranked(table, func(c *command) int {
		if a.why(c) != "" {
			return 1
		}
		return 0
	})
}

// ownFirst puts the commands of the place where the user is before those of
// other places, too.
func ownFirst(a *app, table []*command) []*command {
	return ranked(table, func(c *command) int {
		if c.where == a.under() {
			return 0
		}
		return 1
	})
}

// ranked sorts commands by a rank, the lowest first.
func ranked(table []*command, rank func(*command) int) []*command {
	ranks := map[*command]int{}
	for _, c := range table {
		ranks[c] = rank(c)
	}
	out := slices.Clone(table)
	slices.SortStableFunc(out, func(a, b *command) int { return ranks[a] - ranks[b] })
	return out
}

// menuMore is how many rows tell more of the selected command.
const menuMore = 2

func (m *menu) feed(h int) { m.list.feed(0, len(m.rows), h-menuMore) }

// selected returns the selected command, nil if none matches.
func (m *menu) selected() *command {
	if m.list.empty() {
		return nil
	}
	return m.rows[m.list.selected]
}

// usable reports whether the selected command can be run, and if not why.
func (m *menu) usable(a *app) (bool, string) {
	if m == nil || m.selected() == nil {
		return false, "no command is selected"
	}
	why := a.why(m.selected())
	return why == "", why
}

// menuCommands returns the part of the table that is about the menus.
func menuCommands() []command {
	move := func(f func(*list)) func(*app) tea.Cmd { return do(func(a *app) { f(&a.menu.list) }) }
	both := inMenu | inCopy
	return []command{
		{
			id: "menu.run", keys: []string{"enter"}, where: both, title: "run",
			help:    "run the selected command",
			enabled: func(a *app) (bool, string) { return a.menu.usable(a) },
			run:     func(a *app) tea.Cmd { return a.choose(a.menu.selected()) },
		},
		{
			id: "menu.close", keys: []string{"esc"}, where: both, title: "close",
			help: "close this list",
			run:  do(func(a *app) { a.menu = nil }),
		},
		{
			id: "menu.down", keys: []string{"down", "ctrl+n"}, where: both, title: "down",
			help: "select the next command",
			run:  move(func(l *list) { l.move(1) }),
		},
		{
			id: "menu.up", keys: []string{"up", "ctrl+p"}, where: both, title: "up",
			help: "select the command before",
			run:  move(func(l *list) { l.move(-1) }),
		},
		{
			id: "menu.down.page", keys: []string{"pgdown", "ctrl+d"}, where: both,
			help: "go down by a page",
			run:  move(func(l *list) { l.move(max(l.height, 1)) }),
		},
		{
			id: "menu.up.page", keys: []string{"pgup"}, where: both,
			help: "go up by a page",
			run:  move(func(l *list) { l.move(-max(l.height, 1)) }),
		},
		{
			id: "menu.first", keys: []string{"home"}, where: both,
			help: "select the first command",
			run:  move((*list).home),
		},
		{
			id: "menu.last", keys: []string{"end"}, where: both,
			help: "select the last command",
			run:  move((*list).end),
		},
		{
			id: "menu.erase", keys: []string{"backspace"}, where: inMenu,
			help: "erase the last character that was typed",
			run: do(func(a *app) {
				if typed := []rune(a.menu.text); len(typed) > 0 {
					a.menu.narrow(a, string(typed[:len(typed)-1]))
				}
			}),
		},
		{
			id: "menu.erase.all", keys: []string{"ctrl+u"}, where: inMenu,
			help: "erase all that was typed",
			run:  do(func(a *app) { a.menu.narrow(a, "") }),
		},
	}
}

// draw returns h rows of w cells, with the frame.
func (m *menu) draw(a *app, w, h int) []string {
	sc := &a.scene
	top := newLine(w).put(sc.accent, "┏━")
	note := "type to narrow · " + fmt.Sprint(len(m.rows))
	switch {
	case m.only != 0:
		top.put(sc.title, " copy ")
		note = "a letter copies"
	case m.text == "":
		top.put(sc.title, " commands ")
	default:
		top.put(sc.title, " commands: ").put(sc.key, m.text).put(sc.accent, "▏").put(ink{}, " ")
		note = fmt.Sprintf("%d of %d", len(m.rows), m.total)
	}
	inner := append(m.drawRows(a, w-2, h-2-menuMore), m.drawMore(a, w-2)...)
	return frame(w, top, note, sc.accent, sc.dim, []rune("┏━┓┃┗┛"), inner)
}

// drawRows draws the commands: heading, keys, what it does or why it cannot.
func (m *menu) drawRows(a *app, w, h int) []string {
	sc := &a.scene
	t := newTable(w, []column{{title: "group", width: 11, rank: 1}, {title: "keys", width: 12}, {title: "does", width: 40, grows: true}})
	var lines []string
	from, to := m.list.visible()
	for i := from; i < to; i++ {
		c := m.rows[i]
		cells := []cell{{sc.dim, ""}, {sc.key, a.keysOf(c)}, {text: c.help}}
		if i == from || m.rows[i-1].group != c.group {
			cells[0].text = c.group
		}
		if why := a.why(c); why != "" {
			cells[1].ink = sc.dim
			cells[2] = cell{sc.dim, c.help + " · " + why}
		}
		var mark *selection
		if i == m.list.selected {
			mark = &selection{sc.selected, "▸"}
		}
		lines = append(lines, t.row(cells, mark))
	}
	if len(m.rows) == 0 {
		lines = append(lines, newLine(w).put(sc.dim, a.named("  No command matches: {menu.erase}, or {menu.erase.all} to begin anew.")).end())
	}
	return block(lines, w, h)
}

// drawMore tells how the selected command is typed, and what does the same
// in a shell.
func (m *menu) drawMore(a *app, w int) []string {
	c := m.selected()
	if c == nil {
		return block(nil, w, menuMore)
	}
	sc := &a.scene
	first := newLine(w).put(sc.border, "── ").put(sc.key, ":"+spoken(c.id)).put(ink{}, " ")
	why := a.why(c)
	if why != "" {
		first.put(sc.warn, "✗ "+why+" ")
	}
	first.fill(sc.border, "─", 0)
	second := newLine(w)
	switch {
	case why != "":
	case c.preview != nil:
		second.put(sc.dim, " ▸ ").put(ink{}, c.preview(a))
	case c.shell != nil && c.shell(a) != "":
		second.put(sc.dim, " $ ").put(ink{}, c.shell(a))
	}
	return []string{first.end(), second.end()}
}

// keysOf names the keys of c: "j ↓". What has its key in a menu of its own has
// the key of that before it.
func (a *app) keysOf(c *command) string {
	if c.where != inCopy || a.where() == inCopy {
		return keysText(c)
	}
	if menu := a.keyOf("copy"); menu != "" && len(c.keys) > 0 {
		return keyName(menu) + " " + keyName(c.keys[0])
	}
	return ""
}
