package tui

import (
	"fmt"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// rules is the panel of what is done to requests, in the order in which it is.
type rules struct {
	list    list
	rules   []host.RuleStatus
	removed []removedRule // the newest last
}

// A removedRule is a rule that can be brought back, with its place.
type removedRule struct {
	host.RuleStatus
	place int
}

func (p *rules) rows() *list { return &p.list }

const rulesHead = 1

func (p *rules) feed(sc *scene, w, h int) {
	keep(&p.list, p.rules, sc.rules, func(r *host.RuleStatus) uint64 { return uint64(r.Number) })
	p.rules = sc.rules
	p.list.feed(0, len(p.rules), p.list.height) // so that the selection is one of them
	p.list.feed(0, len(p.rules), h-rulesHead-len(p.more(sc, w, h)))
}

// selected returns the rule that a command is about, nil if there is none.
func (p *rules) selected() *host.RuleStatus {
	if p.list.selected < 0 || p.list.selected >= len(p.rules) {
		return nil
	}
	return &p.rules[p.list.selected]
}

// remember keeps the selected rule, which is removed.
func (p *rules) remember(r host.RuleStatus) {
	if n := len(p.removed); n > 0 && p.removed[n-1].Number == r.Number {
		return // the key was pressed twice
	}
	p.removed = append(p.removed, removedRule{r, p.list.selected})
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
			out.text(sc.dim, sc.named("{rule} adds one, {hold} one that holds every request; {request.rule} makes one from the request that is selected."))
		}
		return block(out.lines, w, h)
	}
	t := newTable(w, []column{
		{title: "no", width: 3, right: true},
		{title: "", width: 5},
		{title: "hits", width: 4, right: true},
		{title: "of", width: 4, right: true, rank: 2},
		{title: "limit", width: 5, right: true, rank: 1},
		{title: "rule", width: 30, grows: w < 90},
		{title: "newest hit", width: 34, rank: 3, grows: w >= 90},
	})
	lines := []string{t.head(sc.dim)}
	lines = append(lines, t.rows(sc, &p.list, func(row int) []cell { return ruleCells(sc, &p.rules[row]) })...)
	more := p.more(sc, w, h)
	return append(block(lines, w, h-len(more)), more...)
}

// more returns the rows about the selected rule: what the list leaves of h, and
// no more than half of it.
func (p *rules) more(sc *scene, w, h int) []string {
	r := p.selected()
	if r == nil || h < 6 {
		return nil
	}
	out := &page{w: w, sc: sc}
	out.head(fmt.Sprintf("rule %d", r.Number))
	if width(clean(r.Text)) > w-32 {
		out.text(ink{}, r.Text)
	}
	if e, ok := sc.hits[r.Number]; ok {
		out.fact("newest hit", sc.op(e.Op), hitText(sc, &e))
	}
	stage := "before the script is asked"
	switch {
	case r.Action == host.Corrupt || r.Action == host.Truncate:
		stage = "on the data, before a write and after a read"
	case r.After:
		stage = "when the script has answered"
	}
	out.fact("acts", ink{}, stage)
	counts := fmt.Sprintf("%s matched, %s acted on", numbered(int(r.Matched), "request"), shortCount(r.Hits))
	if r.Limit > 0 {
		counts += fmt.Sprintf(", %s at most", shortCount(r.Limit))
	}
	out.fact("so far", ink{}, counts)
	room := max(h-rulesHead-len(p.rules), min(h/3, 3))
	return out.lines[:min(len(out.lines), room, h/2)]
}

// hitText says which request a rule acted on.
func hitText(sc *scene, e *recordings.Event) string {
	text := fmt.Sprintf("%s %s %s %s", sc.clock(e.Received), from(e.Front, e.Conn), e.Op, hex(e.Offset))
	if e.Op == plugins.OpFlush {
		text = fmt.Sprintf("%s %s %s", sc.clock(e.Received), from(e.Front, e.Conn), e.Op)
	}
	if e.Failed() {
		text += " ✗ " + plugins.ErrnoName(e.Err())
	}
	return text
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
	newest := cell{sc.dim, "-"}
	if e, ok := sc.hits[r.Number]; ok {
		newest.text = hitText(sc, &e)
	}
	return []cell{
		{text: fmt.Sprint(r.Number)}, sign, {text: shortCount(r.Hits)}, {sc.dim, shortCount(r.Matched)}, limit, {text, r.Text}, newest,
	}
}
