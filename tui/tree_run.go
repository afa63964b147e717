package tui

import (
	"fmt"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// script adds the part about the script: which callback, its error, what it printed.
func (d *decoder) script() {
	e, sc := &d.event, d.sc
	what := fmt.Sprintf("%s, generation %d", e.Op.Callback(), e.Generation)
	switch {
	case d.held != nil && !d.held.After:
		d.part("script", "has not seen it yet", "", sc.dim)
		return
	case e.Failed() && e.Callback != plugins.NoCallback:
		d.part("script", "✗ "+what, "", sc.bad)
	case e.Failed():
		d.part("script", "✗ not to blame", "the request was refused, or failed by hand or rule", sc.warn)
	case e.Started == 0:
		d.part("script", "not called", "", sc.dim)
	default:
		d.part("script", "✓ "+what, "", sc.good)
	}
	if e.Failed() {
		name := plugins.ErrnoName(e.Err())
		d.add(node{name: "raised", value: name, more: e.Err().Error(), ink: sc.bad, filter: "err:" + name})
		if wire := plugins.WireErrno(e.Err(), e.Flags); e.Front == plugins.FrontNBD {
			more := "as it is"
			if wire != e.Err() {
				more = "NBD has no number for " + name
			}
			d.add(node{name: "on the wire", value: plugins.ErrnoName(wire), more: more, ink: sc.bad, filter: "wire:" + plugins.ErrnoName(wire)})
		}
		if file, number, ok := placeOfError(d.text); ok {
			d.add(node{name: "at", value: file + ":" + number, filter: "line:" + number})
		}
		d.add(node{name: "reason", value: reasonOf(d.text), ink: sc.bad})
		for l := range strings.Lines(excerptFor(sc, e, d.text)) {
			d.add(node{drawn: func(out *line) { out.put(sc.warn, strings.TrimRight(l, "\r\n")) }})
		}
	}
	for _, l := range sc.printed(e) {
		d.add(node{name: "printed", value: l.text})
	}
}

// times adds the part about when what happened, each as a bar where it belongs.
func (d *decoder) times() {
	e, sc := &d.event, d.sc
	if d.held != nil {
		d.part("times", "held for "+shortDuration(sc.now.Sub(d.held.Since)), "", sc.warn)
		if e.Received != 0 {
			d.add(node{name: "received", value: sc.wall(e.Received).Format("2006-01-02 15:04:05.000000")})
		}
		return
	}
	d.part("times", "took "+shortDuration(e.Duration()), "", ink{})
	d.nodes[len(d.nodes)-1].filter = "dur>=" + shortDuration(e.Duration())
	d.add(node{name: "received", value: sc.wall(e.Received).Format("2006-01-02 15:04:05.000000"), filter: "req:" + fmt.Sprint(e.Seq)})
	if e.Started == 0 {
		return
	}
	for _, part := range []struct {
		name, sign string
		from, to   plugins.Stamp
		ink        ink
		filter     string
	}{
		{"waited", "░", e.Received, e.Started, sc.dim, "wait"},
		{"in script", "█", e.Started, e.Done, sc.op(e.Op), "script"},
		{"replied", "▒", e.Done, e.Replied, sc.dim, ""},
	} {
		took := part.to.Sub(part.from)
		more := ""
		if part.name == "in script" && e.InCallback > 0 && e.InCallback != took {
			more = fmt.Sprintf("%s itself %s", e.Op.Callback(), shortDuration(e.InCallback))
		}
		n := node{name: part.name, value: shortDuration(took), more: more}
		if part.filter != "" && took > 0 {
			n.filter = part.filter + ">=" + shortDuration(took) // rounded down: it picks this one, too
		}
		n.drawn = func(l *line) {
			l.putIn(ink{}, shortDuration(took), 7, false)
			before, cells := barCells(e, part.from, part.to, min(timesBar, l.room))
			l.put(ink{}, spaces(before)).put(part.ink, strings.Repeat(part.sign, cells))
			if more != "" {
				l.put(sc.dim, " "+more)
			}
		}
		d.add(n)
	}
}

// timesBar is the width of the picture of where the time went.
const timesBar = 40

// barCells returns where in w cells for all of e the time between two stamps is.
func barCells(e *recordings.Event, from, to plugins.Stamp, w int) (before, cells int) {
	total := e.Duration()
	if total <= 0 {
		return 0, 0
	}
	at := func(s plugins.Stamp) int { // a log from elsewhere may have any stamps
		return max(min(int(float64(s.Sub(e.Received))/float64(total)*float64(w)), w), 0)
	}
	before = at(from)
	if cells = at(to) - before; cells <= 0 && to > from {
		before, cells = min(before, w-1), 1
	}
	return before, max(cells, 0)
}
