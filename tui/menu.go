package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// menu is the list of all commands, over the panels. Those that cannot be used
// where the user came from say why.
type menu struct {
	list  list
	table []command
	from  where // the place that it was opened from
}

func newMenu(table []command, from where) *menu {
	return &menu{table: table, from: from}
}

func (m *menu) feed(h int) { m.list.feed(0, len(m.table), h) }

// why returns "" if c can be used from where the menu was opened, else the reason against it.
func (m *menu) why(a *app, c *command) string {
	if c.where&m.from == 0 {
		return "only in: " + c.where.String()
	}
	if c.enabled != nil {
		if ok, why := c.enabled(a); !ok {
			return why
		}
	}
	return ""
}

// usable reports whether the selected command can be run, and if not why.
func (m *menu) usable(a *app) (bool, string) {
	if m == nil {
		return false, "no command is selected"
	}
	why := m.why(a, &m.table[m.list.selected])
	return why == "", why
}

// run closes the menu and runs the selected command.
func (m *menu) run(a *app) tea.Cmd {
	a.menu = nil
	return a.run(&m.table[m.list.selected])
}

// draw returns h rows of w cells.
func (m *menu) draw(a *app, w, h int) []string {
	t := newTable(w, []column{{title: "keys", width: 12}, {title: "does", width: 30, grows: true}})
	var lines []string
	from, to := m.list.visible()
	for i := from; i < to; i++ {
		c := &m.table[i]
		var names []string
		for _, k := range c.keys {
			names = append(names, keyName(k))
		}
		cells := []cell{{a.scene.key, strings.Join(names, " ")}, {text: c.help}}
		if why := m.why(a, c); why != "" {
			cells[0].ink = a.scene.dim
			cells[1] = cell{a.scene.dim, c.help + " · " + why}
		}
		var mark *ink
		if i == m.list.selected {
			mark = &a.scene.selected
		}
		lines = append(lines, t.row(cells, mark))
	}
	return block(lines, w, h)
}
