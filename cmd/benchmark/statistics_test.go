package main

import (
	"errors"
	"slices"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{8, 2, 4, 100}, 6},
	} {
		given := slices.Clone(test.values)
		if got := median(test.values); got != test.want {
			t.Errorf("median(%v) = %v, want %v", test.values, got, test.want)
		}
		if !slices.Equal(given, test.values) {
			t.Errorf("median changed %v to %v", given, test.values)
		}
	}
}

func samples(values ...float64) []sample {
	var out []sample
	for _, v := range values {
		out = append(out, sample{value: v})
	}
	return out
}

// The ratio is taken in each pair, and a pair that has only one side, or nothing
// on theirs, has none.
func TestRatios(t *testing.T) {
	r := row{ours: samples(10, 30, 5, 7), theirs: samples(20, 10, 0)}
	if got, want := r.ratios(), []float64{0.5, 3}; !slices.Equal(got, want) {
		t.Errorf("ratios %v, want %v", got, want)
	}
}

func TestVerdict(t *testing.T) {
	ours, theirs := samples(15, 15, 90), samples(10, 10, 10)
	for _, test := range []struct {
		name string
		row  row
		want verdict
	}{
		{"no goal", row{ours: ours, theirs: theirs}, unjudged},
		{"the bound itself", row{ours: ours, theirs: theirs, goal: atLeast(1.5)}, held},
		{"too slow", row{ours: ours, theirs: theirs, goal: atLeast(1.51)}, missed},
		{"short enough", row{ours: ours, theirs: theirs, goal: atMost(1.5)}, held},
		{"too long", row{ours: ours, theirs: theirs, goal: atMost(1.4)}, missed},
		{"not measured", row{goal: atMost(1.4)}, missed},
		{"small enough", row{ours: ours, goal: within(15)}, held},
		{"too large", row{ours: ours, goal: within(14)}, missed},
		{"nothing to judge", row{goal: within(14)}, missed},
		{"failed", row{ours: ours, theirs: theirs, goal: atLeast(1), failure: errors.New("gone")}, missed},
	} {
		if got := test.row.verdict(); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestLatency(t *testing.T) {
	r := row{name: "read", unit: perSecond, ours: []sample{{value: 100, latency: 7}}, theirs: []sample{{value: 50, latency: 14}}}
	got := r.latency(atMost(1))
	if got.verdict() != held || got.unit != microseconds || got.ours[0].value != 7 || got.theirs[0].value != 14 {
		t.Errorf("%+v", got)
	}
}
