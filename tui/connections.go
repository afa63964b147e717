package tui

import (
	"fmt"

	"workbench/plugins"
)

// connections is the panel of the clients, the newest first; below them what
// the selected one negotiated, in words.
type connections struct {
	list  list
	order []int     // rows, as places in state.connections
	names []connKey // the same by name

	inside bool // the keys move in the facts, not in the connections
	facts  list
	known  []fact // of the selected connection
}

// A connKey names a connection.
type connKey struct {
	front  plugins.Front
	number uint32
}

func (c *connection) key() connKey { return connKey{c.front, c.number} }
func (c *connection) name() string { return from(c.front, c.number) }

func (p *connections) rows() *list {
	if p.inside {
		return &p.facts
	}
	return &p.list
}

const connectionsHead = 1

func (p *connections) feed(sc *scene, w, h int) {
	before := p.names
	p.order, p.names = p.order[:0], nil
	for _, closed := range []bool{false, true} { // those that are open stand above
		for i := len(sc.connections) - 1; i >= 0; i-- {
			if c := &sc.connections[i]; c.closed == closed {
				p.order, p.names = append(p.order, i), append(p.names, c.key())
			}
		}
	}
	if p.list.selected > 0 || p.inside { // the newest is shown as long as no other was chosen
		keep(&p.list, before, p.names, func(k *connKey) connKey { return *k })
	}
	p.list.feed(0, len(p.order), p.list.height) // so that the selection is one of them
	p.known = nil
	if c := p.selected(sc); c != nil {
		p.known = factsOf(sc, c)
	}
	p.inside = p.inside && len(p.known) > 0
	list := p.listRows(h)
	p.list.feed(0, len(p.order), list-connectionsHead)
	p.facts.feed(0, len(p.known), h-list-factsHead-len(p.meaning(sc, w, h)))
}

// listRows returns how many rows the list has: half of them, fewer if it needs
// fewer, and one for the selected connection while the facts have the keys.
func (p *connections) listRows(h int) int {
	rows := min(len(p.order), max(h/2-connectionsHead, 1))
	if p.inside {
		rows = min(rows, max(h/5, 1))
	}
	return min(rows+connectionsHead, h)
}

// selected returns the connection that a command is about, nil if there is none.
func (p *connections) selected(sc *scene) *connection {
	if p.list.selected < 0 || p.list.selected >= len(p.names) {
		return nil
	}
	for i := range sc.connections {
		if c := &sc.connections[i]; c.key() == p.names[p.list.selected] {
			return c
		}
	}
	return nil
}

func (p *connections) rowAt(y int) int {
	if p.inside {
		return p.facts.rowAt(y - p.list.height - connectionsHead - factsHead)
	}
	return p.list.rowAt(y - connectionsHead)
}

func (p *connections) note(sc *scene) string {
	return fmt.Sprintf("%d open, %d closed", sc.open(), len(sc.connections)-sc.open())
}

func (p *connections) draw(sc *scene, w, h int) []string {
	if len(p.order) == 0 {
		return block([]string{newLine(w).end(), newLine(w).put(sc.dim, "  No client has connected yet.").end()}, w, h)
	}
	t := newTable(w, []column{
		{title: "", width: 1},
		{title: "from", width: 7},
		{title: "requests", width: 8, right: true},
		{title: "err", width: 4, right: true},
		{title: "read", width: 8, right: true, rank: 2},
		{title: "written", width: 8, right: true, rank: 1},
		{title: "req/s", width: 5, right: true, rank: 2},
		{title: "since", width: 8, rank: 3},
		{title: "size", width: 8, right: true, rank: 5},
		{title: "export", width: 10, rank: 4},
		{title: "peer", width: 12, rank: 6, grows: true},
	})
	above := *sc
	above.focused = sc.focused && !p.inside
	lines := append([]string{t.head(sc.dim)}, t.rows(&above, &p.list, func(row int) []cell {
		return p.cells(sc, &sc.connections[p.order[row]])
	})...)
	lines = block(lines, w, p.listRows(h))
	return block(append(lines, p.drawFacts(sc, w, h)...), w, h)
}

func (p *connections) cells(sc *scene, c *connection) []cell {
	sign, name := cell{sc.good, "●"}, ink{}
	if c.refused != "" {
		sign = cell{sc.bad, "✗"}
	} else if c.closed {
		sign, name = cell{sc.dim, "○"}, sc.dim
	}
	errors := cell{sc.dim, "-"}
	if c.errors > 0 {
		errors = cell{sc.bad, shortCount(c.errors)}
	}
	return []cell{
		sign,
		{name, c.name()},
		{name, shortCount(c.requests)},
		errors,
		{name, shortSize(c.sent)},
		{name, shortSize(c.received)},
		{name, rateText(sc, c)},
		{sc.dim, sc.wall(c.since).Format("15:04:05")},
		{name, shortSize(c.size)},
		{name, exportName(c.export)},
		{sc.dim, c.peer},
	}
}

// exportName returns how an export is called where its name alone would not do.
func exportName(export string) string {
	if export == "" {
		return "(default)"
	}
	return export
}

// rateText returns how many requests a second a client makes now.
func rateText(sc *scene, c *connection) string {
	if c.closed {
		return "-"
	}
	return shortCount(uint64(c.usage.finished.rate(sc.now)))
}
