package tui

import (
	"fmt"
	"strings"
)

// connections is the panel of the clients, the newest first; below them what
// the selected one negotiated.
type connections struct {
	list  list
	order []int // rows, as places in state.connections
}

func (p *connections) rows() *list { return &p.list }

const connectionsHead = 1

func (p *connections) feed(sc *scene, w, h int) {
	p.order = p.order[:0]
	for _, closed := range []bool{false, true} { // those that are open stand above
		for i := len(sc.connections) - 1; i >= 0; i-- {
			if sc.connections[i].closed == closed {
				p.order = append(p.order, i)
			}
		}
	}
	p.list.feed(0, len(p.order), p.list.height) // so that the selection is one of them
	p.list.feed(0, len(p.order), h-connectionsHead-len(p.more(sc, w, h)))
}

func (p *connections) rowAt(y int) int { return p.list.rowAt(y - connectionsHead) }

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
		{title: "since", width: 8, rank: 3},
		{title: "size", width: 8, right: true, rank: 5},
		{title: "export", width: 10, rank: 4},
		{title: "peer", width: 12, rank: 6, grows: true},
	})
	lines := []string{t.head(sc.dim)}
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		var mark *ink
		if row == p.list.selected && sc.focused {
			mark = selection(sc)
		}
		lines = append(lines, t.row(p.cells(sc, &sc.connections[p.order[row]]), mark))
	}
	more := p.more(sc, w, h)
	return append(block(lines, w, h-len(more)), more...)
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
	export := c.export
	if export == "" {
		export = "(default)"
	}
	return []cell{
		sign,
		{name, from(c.front, c.number)},
		{name, shortCount(c.requests)},
		errors,
		{name, shortSize(c.sent)},
		{name, shortSize(c.received)},
		{sc.dim, sc.wall(c.since).Format("15:04:05")},
		{name, shortSize(c.size)},
		{name, export},
		{sc.dim, c.peer},
	}
}

// more returns the rows about the selected connection, at most half of h.
func (p *connections) more(sc *scene, w, h int) []string {
	if p.list.selected < 0 || p.list.selected >= len(p.order) {
		return nil
	}
	c := &sc.connections[p.order[p.list.selected]]
	out := &page{w: w, sc: sc}
	out.head(from(c.front, c.number))
	if c.peer != "" {
		out.fact("peer", ink{}, c.peer)
	}
	if c.refused != "" {
		out.fact("refused", sc.bad, c.refused)
	}
	if c.closed {
		end := "closed at " + sc.clock(c.until)
		if c.end != "" {
			end += ": " + c.end
		}
		out.fact("state", ink{}, end)
	}
	if len(c.options) > 0 {
		out.fact("negotiated", ink{}, strings.Join(c.options, "; "))
	}
	if len(out.lines) < 2 {
		return nil
	}
	return out.lines[:min(len(out.lines), max(h/2, 0))]
}
