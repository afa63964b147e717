package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/plugins/host"
)

// heldRequests is the panel of the requests that wait for a person, the oldest
// first; below them all that is known of the selected one.
type heldRequests struct {
	list  list
	held  []host.HeldRequest
	fed   bool
	acted uint64   // what the user decided on last
	guard keyGuard // armed when another request comes under the selection
	asked bool     // because the user had decided on the one before
}

func (p *heldRequests) rows() *list { return &p.list }

const heldHead = 1

func (p *heldRequests) feed(sc *scene, w, h int) {
	was := p.number()
	keep(&p.list, p.held, sc.held, func(q *host.HeldRequest) uint64 { return q.Number })
	p.held = sc.held
	p.list.feed(0, len(p.held), p.list.height) // so that the selection is one of them
	if is := p.number(); p.fed && is != 0 && is != was {
		p.guard.arm(sc.wall(sc.now))
		p.asked = was == 0 || was == p.acted
	}
	p.fed = true
	p.list.feed(0, len(p.held), h-heldHead-len(p.more(sc, w, h))-len(delays(sc, w, h)))
}

// number returns the number of the selected request, 0 if there is none.
func (p *heldRequests) number() uint64 {
	if q := p.selected(); q != nil {
		return q.Number
	}
	return 0
}

// keep has the selection of l stay with the row of the same number when other
// rows come and go.
func keep[T any, N comparable](l *list, before, after []T, number func(*T) N) {
	if l.selected < 0 || l.selected >= len(before) {
		return
	}
	selected := number(&before[l.selected])
	if i := slices.IndexFunc(after, func(t T) bool { return number(&t) == selected }); i >= 0 {
		l.selected = i
	}
}

// selected returns the request that a command is about, nil if there is none.
func (p *heldRequests) selected() *host.HeldRequest {
	if p.list.selected < 0 || p.list.selected >= len(p.held) {
		return nil
	}
	return &p.held[p.list.selected]
}

func (p *heldRequests) rowAt(y int) int { return p.list.rowAt(y - heldHead) }

func (p *heldRequests) note(sc *scene) string {
	var parts []string
	if n := len(p.held); n > 0 {
		note := fmt.Sprintf("‖ %d held", n)
		if late(sc, &p.held[0]) {
			note += ", a client may give up soon"
		}
		parts = append(parts, note)
	}
	if n := countDelayed(sc); n > 0 {
		parts = append(parts, fmt.Sprintf("◐ %d delayed", n))
	}
	return strings.Join(parts, " · ")
}

func (p *heldRequests) draw(sc *scene, w, h int) []string {
	if len(p.held) == 0 {
		out := &page{w: w, sc: sc}
		out.gap()
		out.text(sc.dim, sc.named("No request is held. {hold} holds every request from now on; the rule op:write => hold, added by {rule}, only writes."))
		waiting := delays(sc, w, h)
		return append(block(out.lines, w, h-len(waiting)), waiting...)
	}
	t := newTable(w, []column{
		{title: "no", width: 4, right: true},
		{title: "age", width: 6, right: true},
		{title: "from", width: 6, rank: 2},
		{title: "op", width: 7},
		{title: "offset", width: 10, right: true},
		{title: "length", width: 8, right: true, rank: 3},
		{title: "stage", width: 6, rank: 1},
		{title: "why", width: 12, rank: 4, grows: true},
	})
	lines := append([]string{t.head(sc.dim)}, t.rows(sc, &p.list, func(row int) []cell { return heldCells(sc, &p.held[row]) })...)
	below := append(delays(sc, w, h), p.more(sc, w, h)...)
	return append(block(lines, w, h-len(below)), below...)
}

func heldCells(sc *scene, q *host.HeldRequest) []cell {
	r := &q.Request
	place, length := cell{text: hex(r.Offset)}, cell{text: shortSize(r.Length)}
	if r.Op == plugins.OpFlush { // it has no place
		place, length = cell{sc.dim, "-"}, cell{sc.dim, "-"}
	}
	return []cell{
		{text: fmt.Sprint(q.Number)},
		waitCell(sc, q),
		{sc.dim, from(r.Origin.Front, r.Origin.Conn)},
		{sc.op(r.Op), r.Op.String()},
		place,
		length,
		{text: stageName(q)},
		{sc.dim, q.Why},
	}
}

// clientPatience is when the kernel's client complains of a request, or gives
// up, and soonTime how long before one is warned.
const (
	clientPatience = 30 * time.Second
	soonTime       = 10 * time.Second
)

// late reports whether the client of a held request may give up soon.
func late(sc *scene, q *host.HeldRequest) bool {
	return q.Request.Origin.Front == plugins.FrontNBD && sc.now.Sub(q.Since) >= clientPatience-soonTime
}

func waitCell(sc *scene, q *host.HeldRequest) cell {
	age := shortDuration(sc.now.Sub(q.Since))
	if late(sc, q) {
		return cell{sc.bad, "▲" + age}
	}
	return cell{sc.warn, age}
}

// stageName says whether the script has seen a held request.
func stageName(q *host.HeldRequest) string {
	if q.After {
		return "after"
	}
	return "before"
}

// heldData is how many bytes of a held request are shown at most.
const heldData = 256

// more returns the rows about the selected request, at most two thirds of h.
func (p *heldRequests) more(sc *scene, w, h int) []string {
	q := p.selected()
	if q == nil {
		return nil
	}
	r := &q.Request
	out := &page{w: w, sc: sc}
	out.head(fmt.Sprintf("held request %d", q.Number))
	out.exact(sc.op(r.Op), describe(r.Op, r.Offset, r.Length))
	if q.Edited {
		out.fact("edited", sc.warn, sc.named("it is not what the client sent; {held.revert} takes it back"))
	}
	out.fact("held by", ink{}, q.Why)
	out.fact("from", ink{}, fmt.Sprintf("%s, cookie 0x%x, flags %s", from(r.Origin.Front, r.Origin.Conn), r.Origin.Cookie, r.Flags))
	switch {
	case !q.After:
		out.fact("stage", ink{}, "before the script, which has not seen it")
	case q.Err != nil:
		out.fact("stage", ink{}, "after the script, which answered:")
		out.fact("", sc.bad, fmt.Sprintf("✗ %s %s", plugins.ErrnoName(plugins.ErrnoOf(q.Err)), clip(q.Err.Error(), longText)))
	default:
		out.fact("stage", ink{}, "after the script, which answered: ✓ ok")
	}
	if late(sc, q) {
		out.fact("waits", sc.bad, fmt.Sprintf("▲ for %s: the kernel's client complains after %s, and others have limits of their own",
			shortDuration(sc.now.Sub(q.Since)), shortDuration(clientPatience)))
	}
	if len(r.Data) > 0 {
		out.head("data, " + amount(len(r.Data), "byte"))
		out.dump(r.Offset, r.Data[:min(len(r.Data), heldData)])
	}
	return out.lines[:min(len(out.lines), max(h*2/3, 0))]
}
