package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"workbench/plugins"
	"workbench/recordings"
)

// A grouping is something by which figures of requests are added up.
type grouping struct {
	name, help string

	// of returns the name of e's group, and the filter that picks the same
	// requests, "" if there is none.
	of func(x *groupCount, e *recordings.Event) (name, filter string)
}

// groupings are offered in this order.
var groupings = [...]grouping{
	{"op", "the operation", func(_ *groupCount, e *recordings.Event) (string, string) {
		return e.Op.String(), "op:" + strings.ToLower(e.Op.String())
	}},
	{"client", "the connection", func(_ *groupCount, e *recordings.Event) (string, string) {
		name := from(e.Front, e.Conn)
		if e.Conn == 0 || e.Front == plugins.NoFront {
			return name, ""
		}
		return name, "conn:" + name
	}},
	{"export", "the disk that the client opened", func(x *groupCount, e *recordings.Event) (string, string) {
		name, known := x.exports[origin{e.Conn, uint64(e.Front)}]
		if !known {
			return "?", ""
		}
		return fmt.Sprintf("%q", name), x.connections[name]
	}},
	{"callback", "the callback that a request is named after", func(_ *groupCount, e *recordings.Event) (string, string) {
		return e.Op.Callback().String(), "op:" + strings.ToLower(e.Op.String())
	}},
	{"error", "the errno, or none", func(_ *groupCount, e *recordings.Event) (string, string) {
		if !e.Failed() {
			return "ok", "!err"
		}
		return plugins.ErrnoName(e.Err()), "err:" + plugins.ErrnoName(e.Err())
	}},
	{"generation", "the generation of the script that answered", func(_ *groupCount, e *recordings.Event) (string, string) {
		if e.Generation == 0 {
			return "none", ""
		}
		return fmt.Sprintf("g%d", e.Generation), fmt.Sprintf("gen:%d", e.Generation)
	}},
	{"length", "how many bytes were asked for", func(_ *groupCount, e *recordings.Event) (string, string) {
		if e.Op == plugins.OpFlush {
			return "-", "op:flush"
		}
		return fmt.Sprint(e.Length), fmt.Sprintf("len:%d", e.Length)
	}},
	{"rule", "the rule that had a hand in it", func(_ *groupCount, e *recordings.Event) (string, string) {
		if e.Rule == 0 {
			return "none", "!rule>0"
		}
		return fmt.Sprintf("rule %d", e.Rule), fmt.Sprintf("rule:%d", e.Rule)
	}},
}

// groupingOf returns the grouping of that name, nil if there is none.
func groupingOf(name string) *grouping {
	for i := range groupings {
		if groupings[i].name == name {
			return &groupings[i]
		}
	}
	return nil
}

// A statsQuestion is what figures are asked for: "by op where len>=64k".
type statsQuestion struct {
	by     *grouping
	filter *recordings.Filter // nil = of all requests
	where  string             // its text
}

// A groupStats has the figures of a group of requests.
type groupStats struct {
	name, filter       string
	count, failed      uint64
	bytes              uint64 // of the disk that they dealt with
	total              time.Duration
	p50, p95, p99, max time.Duration

	times *hdr.Histogram
}

// keptGroups bounds the groups, each of which costs about 30 KB while it is added
// up; what belongs to others is added up as one.
const keptGroups = 200

// longestTime is the longest that is told apart, to two digits.
const longestTime = time.Minute

// A groupCount adds up figures by group, beside the model.
type groupCount struct {
	statsQuestion
	exports     map[origin]string // names, by connection and front
	connections map[string]string // filters, by export
	groups      map[string]*groupStats
	rest        *groupStats // beyond keptGroups
	requests    uint64
}

// newGroupCount returns a count for q over the disks that s knows.
func newGroupCount(q statsQuestion, s *state) *groupCount {
	x := &groupCount{statsQuestion: q, exports: map[origin]string{}, connections: map[string]string{}, groups: map[string]*groupStats{}}
	for i := range s.connections {
		c := &s.connections[i]
		if c.size == 0 || c.refused != "" || c.front == plugins.NoFront {
			continue
		}
		x.exports[origin{c.number, uint64(c.front)}] = c.export
		text := x.connections[c.export]
		if text == "" {
			text = "conn:" + c.name()
		} else {
			text += "," + c.name()
		}
		x.connections[c.export] = text
	}
	return x
}

// read adds up the requests from ≤ event < to.
func (x *groupCount) read(ctx context.Context, events Events, contents recordings.Contents, from, to uint64, progress func(done, total uint64)) {
	chunk := make([]recordings.Event, chunkSize)
	for at := from; at < to && ctx.Err() == nil; progress(at-from, to-from) {
		n := events.Read(chunk, at)
		if n == 0 {
			return
		}
		for i := range chunk[:n] {
			e := &chunk[i]
			if at = e.Seq + 1; e.Seq < to && e.Kind == recordings.Request && (x.filter == nil || x.filter.Match(e, contents)) {
				x.add(e)
			}
		}
	}
}

func (x *groupCount) add(e *recordings.Event) {
	x.requests++
	name, filter := x.by.of(x, e)
	g := x.groups[name]
	switch {
	case g == nil && len(x.groups) < keptGroups:
		g = newGroup(name, filter)
		x.groups[name] = g
	case g == nil:
		if x.rest == nil {
			x.rest = newGroup("others", "")
		}
		g = x.rest
	}
	g.count++
	if e.Failed() {
		g.failed++
	}
	switch e.Op {
	case plugins.OpFlush, plugins.OpExtents: // their length is none that is dealt with
	default:
		g.bytes += e.Length
	}
	d := max(e.Duration(), 0)
	g.total += d
	g.max = max(g.max, d)
	_ = g.times.RecordValue(int64(min(d, longestTime))) // which is within its range
}

func newGroup(name, filter string) *groupStats {
	return &groupStats{name: name, filter: filter, times: hdr.New(1, int64(longestTime), 2)}
}

// summary returns the groups, the largest first.
func (x *groupCount) summary() []groupStats {
	var out []groupStats
	for _, g := range x.groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b groupStats) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.name, b.name)) })
	if x.rest != nil {
		out = append(out, *x.rest)
	}
	for i := range out {
		g := &out[i]
		at := g.times.ValueAtPercentiles([]float64{50, 95, 99})
		g.p50, g.p95, g.p99 = min(time.Duration(at[50]), g.max), min(time.Duration(at[95]), g.max), min(time.Duration(at[99]), g.max)
		g.times = nil
	}
	return out
}
