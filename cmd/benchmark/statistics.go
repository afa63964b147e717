package main

import "slices"

// A sample is what one turn of one side came to.
type sample struct {
	value   float64 // in the unit of the row
	cpu     float64 // µs of the servers for a request; 0 = not known
	latency float64 // µs of the median request; 0 = not known
}

// A row is one comparison: the turns of both sides, of which those with the same
// index followed each other.
type row struct {
	name         string
	unit         unit
	goal         goal
	ours, theirs []sample // theirs is nil where ours stands alone
	failure      error    // why there is nothing to show
}

// ratios returns ours over theirs of each pair of turns.
func (r *row) ratios() []float64 {
	var out []float64
	for i := range min(len(r.ours), len(r.theirs)) {
		if r.theirs[i].value > 0 {
			out = append(out, r.ours[i].value/r.theirs[i].value)
		}
	}
	return out
}

// values, cpus and latencies pick one figure of each sample.
func values(s []sample) []float64    { return pick(s, func(s sample) float64 { return s.value }) }
func cpus(s []sample) []float64      { return pick(s, func(s sample) float64 { return s.cpu }) }
func latencies(s []sample) []float64 { return pick(s, func(s sample) float64 { return s.latency }) }

func pick(samples []sample, figure func(sample) float64) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = figure(s)
	}
	return out
}

// latency returns the row of r's latencies, of which less is better.
func (r *row) latency(goal goal) row {
	lift := func(samples []sample) []sample {
		var out []sample
		for _, v := range latencies(samples) {
			out = append(out, sample{value: v})
		}
		return out
	}
	return row{name: r.name + ", median latency", unit: microseconds, goal: goal, ours: lift(r.ours), theirs: lift(r.theirs), failure: r.failure}
}

// median returns the middle of v, or 0 of nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// A goal is the bound that a row should keep; the zero goal is none.
type goal struct {
	kind  goalKind
	bound float64
}

type goalKind uint8

const (
	noGoal       goalKind = iota
	ratioAtLeast          // ours over theirs
	ratioAtMost
	oursAtMost // in the unit of the row
)

func atLeast(bound float64) goal { return goal{ratioAtLeast, bound} }
func atMost(bound float64) goal  { return goal{ratioAtMost, bound} }
func within(bound float64) goal  { return goal{oursAtMost, bound} }

// A verdict says whether a goal was held.
type verdict uint8

const (
	unjudged verdict = iota // there is no goal
	held
	missed
)

// verdict judges the median, and a row that failed as missed.
func (r *row) verdict() verdict {
	keeps := false
	switch r.goal.kind {
	case noGoal:
		return unjudged
	case ratioAtLeast:
		keeps = median(r.ratios()) >= r.goal.bound
	case ratioAtMost:
		keeps = len(r.ratios()) > 0 && median(r.ratios()) <= r.goal.bound
	case oursAtMost:
		keeps = len(r.ours) > 0 && median(values(r.ours)) <= r.goal.bound
	}
	if keeps && r.failure == nil {
		return held
	}
	return missed
}
