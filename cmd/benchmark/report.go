package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// A unit is what the values of a row are in.
type unit string

const (
	perSecond    unit = "req/s"
	mebibytes    unit = "MiB/s"
	milliseconds unit = "ms"
	microseconds unit = "µs"
	memory       unit = "MiB"
)

// A report is all that BENCHMARKS.md says.
type report struct {
	command string
	began   time.Time
	took    time.Duration
	pairs   int
	seconds time.Duration // of one turn
	machine []fact
	tables  []table
}

// A fact is a line about the machine or a program on it.
type fact struct{ name, value string }

// A table is what a section came to.
type table struct {
	title, text string
	rows        []row
	failure     error // what ended the section before its last row
}

// write writes the report as Markdown.
func (r *report) write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\n")
	fmt.Fprintf(&b, "Written by `%s` on %s, in %s.\n\n", r.command, r.began.UTC().Format("2 January 2006, 15:04 MST"), r.took.Round(time.Second))
	for _, f := range r.machine {
		fmt.Fprintf(&b, "- %s: %s\n", f.name, f.value)
	}
	b.WriteString("\nBoth sides of a row took turns, " + plural(r.pairs, "pair") + " of " + r.seconds.String() + " a turn where a turn has no end of its own. " +
		"Ours and theirs are medians; the ratio is the median of ours over theirs in each pair, the spread its smallest and largest. " +
		"CPU is what the servers took for a request, user and system.\n\n")
	b.WriteString(r.summary())
	for i := range r.tables {
		r.tables[i].write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// summary says how many targets were held, and which were not.
func (r *report) summary() string {
	var all int
	var bad []string
	for _, t := range r.tables {
		for i := range t.rows {
			switch t.rows[i].verdict() {
			case held:
				all++
			case missed:
				all++
				bad = append(bad, "- "+t.title+": "+t.rows[i].name+"\n")
			}
		}
	}
	text := fmt.Sprintf("**%d of %s held.**", all-len(bad), plural(all, "target"))
	if len(bad) > 0 {
		text += " Missed:\n\n" + strings.TrimSuffix(strings.Join(bad, ""), "\n")
	}
	return text + "\n"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (t *table) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", t.title, t.text)
	withCPU := slices.ContainsFunc(t.rows, func(r row) bool { return median(cpus(r.ours)) > 0 })
	if len(t.rows) > 0 {
		b.WriteString("| | ours | theirs | ratio | spread |")
		rule := "\n|---|---:|---:|---:|---:|"
		if withCPU {
			b.WriteString(" CPU ours | CPU theirs |")
			rule += "---:|---:|"
		}
		b.WriteString(" target | |" + rule + "---|---|\n")
	}
	for i := range t.rows {
		t.rows[i].write(b, withCPU)
	}
	if t.failure != nil {
		fmt.Fprintf(b, "\nThis section ended early: %s\n", oneLine(t.failure))
	}
}

func (r *row) write(b *strings.Builder, withCPU bool) {
	fmt.Fprintf(b, "| %s |", r.name)
	theirs, ratio, spread := "", "", ""
	if ratios := r.ratios(); len(ratios) > 0 {
		theirs = r.unit.format(median(values(r.theirs)))
		ratio = figure(median(ratios))
		spread = figure(slices.Min(ratios)) + " – " + figure(slices.Max(ratios))
	} else if len(r.ours) > 1 {
		v := values(r.ours)
		spread = r.unit.format(slices.Min(v)) + " – " + r.unit.format(slices.Max(v))
	}
	ours := r.unit.format(median(values(r.ours)))
	if r.failure != nil {
		ours, theirs, ratio, spread = "failed: "+strings.ReplaceAll(oneLine(r.failure), "|", `\|`), "", "", ""
	}
	cells := []string{ours, theirs, ratio, spread}
	if withCPU {
		cells = append(cells, microCPU(r.ours), microCPU(r.theirs))
	}
	cells = append(cells, r.goal.text(r.unit), r.verdict().text())
	fmt.Fprintf(b, " %s |\n", strings.Join(cells, " | "))
}

// microCPU writes the CPU time of a side, or nothing.
func microCPU(samples []sample) string {
	if v := median(cpus(samples)); v > 0 {
		return microseconds.format(v)
	}
	return ""
}

func (g goal) text(u unit) string {
	switch g.kind {
	case ratioAtLeast:
		return "≥ " + figure(g.bound)
	case ratioAtMost:
		return "≤ " + figure(g.bound)
	case oursAtMost:
		return "≤ " + u.format(g.bound)
	}
	return ""
}

func (v verdict) text() string {
	return [...]string{unjudged: "", held: "✓ held", missed: "✗ **missed**"}[v]
}

// format writes v with three digits that count.
func (u unit) format(v float64) string {
	if u == perSecond && v >= 9995 {
		return figure(v/1000) + "k " + string(u)
	}
	return figure(v) + " " + string(u)
}

// figure writes v with three digits that count, and no fewer than it has before
// the point.
func figure(v float64) string {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return fmt.Sprintf("%.0f", v)
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	return fmt.Sprintf("%.*f", min(digits, 3), v)
}

// oneLine returns the text of err without what would break a table.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
