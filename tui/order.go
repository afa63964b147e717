package tui

import (
	"cmp"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/recordings"
)

// An ordering is the requests of the list sorted by a column, as they were at a moment.
type ordering struct {
	by      int  // the column
	falling bool // the largest first
	at      plugins.Stamp
	upTo    uint64   // what is in the log from here on is not in it
	picked  *picked  // the filter that applied
	seqs    []uint64 // nil while they are sorted
}

// sorted is the message that brings the rows of an order.
type sorted struct {
	order *ordering
	seqs  []uint64
}

// sortKey returns what the column by sorts e by.
func sortKey(by int, e *recordings.Event) uint64 {
	switch by {
	case colFrom:
		return uint64(e.Front)<<32 | uint64(e.Conn)
	case colOp:
		return uint64(e.Op)
	case colOffset:
		return e.Offset
	case colLength:
		return e.Length
	case colFlags:
		return uint64(e.Flags)
	case colWait:
		return uint64(max(e.Started.Sub(e.Received), 0))
	case colScript:
		return uint64(max(e.InCallback, 0))
	case colTook:
		return uint64(max(e.Duration(), 0))
	case colGen:
		return uint64(e.Generation)
	case colSum:
		return e.Sum
	case colCookie:
		return e.Cookie
	case colResult:
		return uint64(e.Errno)
	}
	return uint64(e.Received) ^ 1<<63 // what is in a recording was before the program started
}

// sortRows sorts the requests with the numbers seqs, which are ascending.
// It gives up when stop is closed.
func sortRows(stop <-chan struct{}, events Events, seqs []uint64, by int, falling bool) []uint64 {
	type row struct{ key, seq uint64 }
	rows := make([]row, 0, len(seqs))
	chunk := make([]recordings.Event, chunkSize)
	for len(seqs) > 0 && !stopped(stop) {
		n := events.Read(chunk, seqs[0])
		if n == 0 {
			break
		}
		for i := range chunk[:n] {
			e := &chunk[i]
			for len(seqs) > 0 && seqs[0] < e.Seq { // dropped meanwhile
				seqs = seqs[1:]
			}
			if len(seqs) > 0 && seqs[0] == e.Seq {
				rows = append(rows, row{sortKey(by, e), e.Seq})
				seqs = seqs[1:]
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		c := cmp.Compare(a.key, b.key)
		if falling {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.seq, b.seq))
	})
	out := make([]uint64, len(rows))
	for i := range rows {
		out[i] = rows[i].seq
	}
	return out
}

// sortBy has the list sorted by a column; by time, which it is anyway, ends that.
func (a *app) sortBy(by int, falling bool) tea.Cmd {
	p, sc := a.requests, &a.scene
	if by == colTime && !falling {
		p.unsort(sc)
		return nil
	}
	x := p.index(sc)
	o := &ordering{by: by, falling: falling, at: sc.now, upTo: x.end(), picked: p.picked}
	p.order = o
	events, seqs := sc.events, x.seqs[:len(x.seqs):len(x.seqs)]
	return a.beside.command(func(stop <-chan struct{}) tea.Msg { return sorted{o, sortRows(stop, events, seqs, by, falling)} })
}

// takeOrder shows the rows of an order, unless another one was asked for meanwhile.
func (p *requests) takeOrder(msg sorted) {
	if p.order != msg.order {
		return
	}
	p.order.seqs = msg.seqs
	p.list = list{}
}

// unsort shows the requests in the order of time again.
func (p *requests) unsort(sc *scene) {
	if p.list.log { // it was to be sorted, and is not yet
		p.order = nil
		return
	}
	seq, ok := p.selectedSeq(sc)
	p.order = nil
	p.list = newLog()
	if ok {
		p.list.pause()
		p.list.selected = p.index(sc).place(seq)
		_, p.list.seen = p.index(sc).bounds()
	}
}

// sortedRows reports whether the rows of the list are those of an order.
func (p *requests) sortedRows() bool { return p.order != nil && p.order.seqs != nil }

// summary says what the rows are sorted by, and how old that is.
func (o *ordering) summary(sc *scene, x *index) string {
	direction := "the smallest first"
	if o.falling {
		direction = "the largest first"
	}
	text := fmt.Sprintf("sorted by %s, %s", columnNames[o.by], direction)
	if o.seqs == nil {
		return text + ", in a moment"
	}
	text += ", as of " + sc.wall(o.at).Format("15:04:05")
	if newer := len(x.seqs) - x.before(o.upTo); newer > 0 {
		text += fmt.Sprintf(", %s newer", grouped(newer))
	}
	return text
}
