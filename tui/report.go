package tui

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings/replay"
)

// A report is what a replay or a comparison of two recordings found, as the
// panel of recordings shows it.
type report struct {
	*replay.Report
	title    string
	was, is  string // what the two sides are called
	list     list
	above    int    // rows above the differences
	from, to string // the recordings of the two sides, by path; "" = what the screen shows
	stopped  string // why it did not come to its end, "" if it did
}

// keptDifferences is how many differences are listed.
const keptDifferences = 1000

// verdictLines is how many rows the result takes at most.
const verdictLines = 2

// head returns the rows above the differences: the result, and the titles.
func (r *report) head(sc *scene, w int) []string {
	i, text := r.verdict(sc)
	var lines []string
	for _, part := range wrap(text, w-2) {
		lines = append(lines, newLine(w).put(ink{}, " ").put(i, part).end())
	}
	lines = lines[:min(len(lines), verdictLines)]
	if len(r.First) > 0 {
		t := r.table(w)
		lines = append(lines, t.head(sc.dim))
	}
	return lines
}

// table returns the columns of a difference.
func (r *report) table(w int) table {
	return newTable(w, []column{
		{title: "request", width: 7, right: true},
		{title: "from", width: 7, rank: 3},
		{title: "op", width: 7},
		{title: "offset", width: 10, right: true, rank: 1},
		{title: "length", width: 8, right: true, rank: 2},
		{title: "differs", width: 7},
		{title: r.was + " > " + r.is, width: 16, grows: true},
	})
}

func (r *report) feed(sc *scene, w, h int) {
	r.list.feed(0, len(r.First), r.list.height)
	r.above = len(r.head(sc, w))
	r.list.feed(0, len(r.First), h-r.above-len(r.more(sc, w, h)))
}

func (r *report) rowAt(y int) int { return r.list.rowAt(y - r.above) }

func (r *report) note(sc *scene) string {
	if more := r.Differ - uint64(len(r.First)); more > 0 {
		return fmt.Sprintf("the first %d", len(r.First))
	}
	return sc.named("{back}: the list")
}

// selected returns the difference that a command is about, nil if there is none.
func (r *report) selected() *replay.Difference {
	if r == nil || r.list.selected < 0 || r.list.selected >= len(r.First) {
		return nil
	}
	return &r.First[r.list.selected]
}

// verdict says in one line how the sides compare.
func (r *report) verdict(sc *scene) (ink, string) {
	times := fmt.Sprintf("%s %s, %s %s", r.was, shortDuration(r.Recorded), r.is, shortDuration(r.Took))
	requests := amount(int(r.Requests), "request")
	switch {
	case r.stopped != "":
		return sc.warn, fmt.Sprintf("◌ %s: %s up to there, of %s: %s", r.title, r.Verdict(), requests, r.stopped)
	case r.Differ > 0:
		return sc.bad, fmt.Sprintf("✗ %s: %s of %s (%s)", r.title, r.Verdict(), requests, times)
	case r.Compared == 0:
		return sc.warn, fmt.Sprintf("◌ %s: nothing could be compared, of %s", r.title, requests)
	}
	return sc.good, fmt.Sprintf("✓ %s: the same, %s of %s compared (%s)", r.title, grouped(int(r.Compared)), requests, times)
}

func (r *report) draw(sc *scene, w, h int) []string {
	lines := r.head(sc, w)
	if len(r.First) > 0 {
		t := r.table(w)
		lines = append(lines, t.rows(sc, &r.list, func(row int) []cell { return r.cells(sc, &r.First[row]) })...)
	}
	more := r.more(sc, w, h)
	return append(block(lines, w, h-len(more)), more...)
}

func (r *report) cells(sc *scene, d *replay.Difference) []cell {
	e := &d.Event
	op := cell{sc.op(e.Op), e.Op.String()}
	offset, length := cell{text: hex(e.Offset)}, cell{text: shortSize(e.Length)}
	switch {
	case e.Op == 0: // a disk was opened
		op, offset = cell{sc.other, "open"}, cell{sc.dim, "-"}
	case e.Op == plugins.OpFlush:
		offset, length = cell{sc.dim, "-"}, cell{sc.dim, "-"}
	}
	return []cell{{text: fmt.Sprint(e.Seq)}, {sc.dim, from(e.Front, e.Conn)}, op, offset, length, {sc.bad, d.Kind.String()}, {text: r.how(sc, d)}}
}

// how says how the sides differ, with the last name of the script only.
func (r *report) how(sc *scene, d *replay.Difference) string {
	if folder := filepath.Dir(sc.status.Path); folder != "." {
		return strings.ReplaceAll(d.How(), folder+string(filepath.Separator), "")
	}
	return d.How()
}

// more returns the rows about the selected difference, what was left out, and the
// callbacks, as many as there is room for.
func (r *report) more(sc *scene, w, h int) []string {
	out := &page{w: w, sc: sc}
	if d := r.selected(); d != nil {
		out.head(d.What())
		out.text(ink{}, r.how(sc, d))
	}
	if len(r.Left)+len(r.Notes) > 0 {
		out.head("what was left out")
	}
	for _, l := range r.Left {
		out.text(sc.dim, l.String())
	}
	for _, note := range r.Notes {
		out.text(sc.dim, note)
	}
	r.callbacks(out)
	most := h - r.above - min(len(r.First), max(3, h/3))
	return out.lines[:min(len(out.lines), max(most, 0))]
}

// callbacks writes the times of the callbacks of both sides beside each other.
func (r *report) callbacks(out *page) {
	if len(r.Callbacks) == 0 {
		return
	}
	out.head("callbacks, " + r.was + " > " + r.is)
	name := 12
	if out.w > 76 {
		name = 18
	}
	t := newTable(out.w, []column{
		{title: "callback", width: name},
		{title: "count", width: 11, right: true},
		{title: "p50", width: 15, right: true},
		{title: "p99", width: 15, right: true},
		{title: "p50 ×", width: 6, right: true, rank: 1},
		{title: "", width: 1, rank: 2, grows: true},
	})
	out.lines = append(out.lines, t.head(out.sc.dim))
	for _, p := range r.Callbacks {
		name := cell{text: p.Callback().String()}
		if p.Was != nil && p.Was.Generation > 1 {
			name.text += fmt.Sprintf(" g%d", p.Was.Generation)
		}
		if p.Was == nil || p.Is == nil {
			one, of := p.Was, r.was
			if one == nil {
				one, of = p.Is, r.is
			}
			out.lines = append(out.lines, t.row([]cell{name, {text: shortCount(one.Count)}, {text: shortDuration(one.P50)},
				{text: shortDuration(one.P99)}, {}, {out.sc.dim, of + " only"}}, nil))
			continue
		}
		change := cell{text: ratio(p.Was.P50, p.Is.P50)}
		out.lines = append(out.lines, t.row([]cell{
			name,
			{text: shortCount(p.Was.Count) + " > " + shortCount(p.Is.Count)},
			{text: shortDuration(p.Was.P50) + " > " + shortDuration(p.Is.P50)},
			{text: shortDuration(p.Was.P99) + " > " + shortDuration(p.Is.P99)},
			change, {},
		}, nil))
	}
}

// ratio returns how many times as long is is.
func ratio(was, is time.Duration) string {
	if was <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(is)/float64(was))
}
