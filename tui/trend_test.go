package tui

import (
	"slices"
	"testing"
	"time"

	"workbench/plugins"
)

func TestTrend(t *testing.T) {
	sec := func(s float64) plugins.Stamp { return plugins.Stamp(s * float64(time.Second)) }
	var tr trend
	if !tr.over(sec(0.5)) {
		t.Error("an unused trend is not over")
	}
	tr.add(sec(10.2), 3)
	if tr.over(sec(12)) || !tr.over(sec(10+trendLength+1)) {
		t.Error("a trend is over when its last second is out of sight")
	}
	tr.add(sec(10.9), 1)
	tr.add(sec(12.0), 5)
	tr.add(sec(11.5), 2) // late, but still in the window
	if got, want := tr.last(4, sec(12.5)), []uint32{0, 4, 2, 5}; !slices.Equal(got, want) {
		t.Errorf("the last 4 seconds are %v, want %v", got, want)
	}
	if got := tr.rate(sec(12.5)); got != 5+2*0.5 {
		t.Errorf("rate %v, want 6", got)
	}
	if got := tr.rate(sec(14)); got != 0 {
		t.Errorf("rate %v two seconds later, want 0", got)
	}
	tr.add(sec(12+trendLength), 7)
	if got := tr.at(12); got != 0 {
		t.Errorf("a second beyond the window counts %d", got)
	}
	tr.add(sec(1), 9) // too late
	tr.add(sec(10_000), 1)
	if got, want := tr.last(2, sec(10_001)), []uint32{1, 0}; !slices.Equal(got, want) {
		t.Errorf("after a long silence %v, want %v", got, want)
	}
	tr.add(sec(10_000), 1<<40)
	if got := tr.at(10_000); got != 1<<32-1 {
		t.Errorf("a huge count is %d, want the largest", got)
	}
}

// TestTrendOfARecording: what was recorded came before this program, whose start is zero.
func TestTrendOfARecording(t *testing.T) {
	var tr trend
	for sec := int64(-100); sec < 3; sec++ {
		tr.add(plugins.Stamp(sec*int64(time.Second)+1), 2)
	}
	now := plugins.Stamp(2*time.Second + time.Second/2)
	if got := tr.last(4, now); !slices.Equal(got, []uint32{2, 2, 2, 2}) {
		t.Errorf("%v", got)
	}
	if got := tr.rate(plugins.Stamp(-time.Second / 4)); got != 2+2*0.25 {
		t.Errorf("rate %v, want 2.5", got)
	}
}

func TestSparkline(t *testing.T) {
	if got := sparkline([]uint32{0, 1, 50, 100, 1 << 31}); got != " ▁▁▁█" {
		t.Errorf("%q", got)
	}
	if got := sparkline([]uint32{0, 0}); got != "  " {
		t.Errorf("%q", got)
	}
}

// TestTrendBeforeStart: what was recorded before the program started has stamps
// below zero, and is counted like the rest.
func TestTrendBeforeStart(t *testing.T) {
	var before, after trend
	const away = 1000 * 1000 * ms
	for i := range 100 {
		at := plugins.Stamp(i*i) * 37 * ms
		before.add(at-away, uint64(i))
		after.add(at, uint64(i))
		if a, b := before.last(trendLength, at-away), after.last(trendLength, at); !slices.Equal(a, b) {
			t.Fatalf("at %d the counts are %v, and %v after the start", i, a, b)
		}
		if a, b := before.rate(at-away+300*ms), after.rate(at+300*ms); a != b {
			t.Fatalf("at %d the rate is %v, and %v after the start", i, a, b)
		}
	}
	if before.over(9801*37*ms-away) || !before.over(0) {
		t.Error("over too soon, or never")
	}
}
