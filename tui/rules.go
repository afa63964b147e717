package tui

import (
	"fmt"

	"workbench/plugins/host"
)

// rules is the panel of what is done to requests, in the order in which it is.
type rules struct {
	list  list
	rules []host.RuleStatus
}

func (p *rules) rows() *list { return &p.list }

const rulesHead = 1

func (p *rules) feed(sc *scene, _, h int) {
	keep(&p.list, p.rules, sc.rules, func(r *host.RuleStatus) uint64 { return uint64(r.Number) })
	p.rules = sc.rules
	p.list.feed(0, len(p.rules), h-rulesHead)
}

// selected returns the rule that a command is about, nil if there is none.
func (p *rules) selected() *host.RuleStatus {
	if p.list.selected < 0 || p.list.selected >= len(p.rules) {
		return nil
	}
	return &p.rules[p.list.selected]
}

func (p *rules) rowAt(y int) int { return p.list.rowAt(y - rulesHead) }

func (p *rules) note(*scene) string {
	on := 0
	for i := range p.rules {
		if p.rules[i].On {
			on++
		}
	}
	if off := len(p.rules) - on; off > 0 {
		return fmt.Sprintf("%d on, %d off", on, off)
	}
	if on > 0 {
		return fmt.Sprintf("%d on", on)
	}
	return ""
}

func (p *rules) draw(sc *scene, w, h int) []string {
	if len(p.rules) == 0 {
		out := &page{w: w, sc: sc}
		out.gap()
		out.text(sc.dim, "No rule. A rule says what is done to the requests that match a filter, as in")
		out.exact(sc.key, "  op:write => fail ENOSPC limit=3")
		if sc.live {
			out.text(sc.dim, "i adds one, p one that holds every request.")
		}
		return block(out.lines, w, h)
	}
	t := newTable(w, []column{
		{title: "no", width: 3, right: true},
		{title: "", width: 5},
		{title: "hits", width: 4, right: true},
		{title: "of", width: 4, right: true, rank: 2},
		{title: "limit", width: 5, right: true, rank: 1},
		{title: "rule", width: 30, grows: true},
	})
	lines := []string{t.head(sc.dim)}
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		var mark *ink
		if row == p.list.selected && sc.focused {
			mark = selection(sc)
		}
		lines = append(lines, t.row(ruleCells(sc, &p.rules[row]), mark))
	}
	return block(lines, w, h)
}

func ruleCells(sc *scene, r *host.RuleStatus) []cell {
	sign, text := cell{sc.good, "● on"}, ink{}
	switch {
	case !r.On:
		sign, text = cell{sc.dim, "○ off"}, sc.dim
	case r.Limit > 0 && r.Hits >= r.Limit:
		sign, text = cell{sc.dim, "◌ out"}, sc.dim // as often as it may
	}
	limit := cell{sc.dim, "-"}
	if r.Limit > 0 {
		limit = cell{text: shortCount(r.Limit)}
	}
	return []cell{
		{text: fmt.Sprint(r.Number)}, sign, {text: shortCount(r.Hits)}, {sc.dim, shortCount(r.Matched)}, limit, {text, r.Text},
	}
}
