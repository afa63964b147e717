package tui

import (
	"time"

	"workbench/plugins"
)

// trendLength is how many seconds a trend looks back.
const trendLength = 32

// A trend counts what happened in each of the last seconds. The zero trend is
// ready. It needs no ticks: old seconds are cleared when a new one comes.
type trend struct {
	used   bool
	second int64 // the newest one that was counted
	counts [trendLength]uint32
}

// secondOf returns the second, since the program started, that s is in. What was
// recorded before is in one below zero.
func secondOf(s plugins.Stamp) int64 {
	sec := int64(s) / int64(time.Second)
	if s < 0 && int64(s)%int64(time.Second) != 0 {
		sec--
	}
	return sec
}

// slot returns where a second is counted.
func slot(sec int64) int64 { return (sec%trendLength + trendLength) % trendLength }

// add counts n for the second of s.
func (t *trend) add(s plugins.Stamp, n uint64) {
	sec := secondOf(s)
	if !t.used {
		t.used, t.second = true, sec
	}
	if sec <= t.second-trendLength {
		return // too long ago
	}
	for t.second < sec {
		if sec-t.second >= trendLength {
			t.counts = [trendLength]uint32{}
			t.second = sec
			break
		}
		t.second++
		t.counts[slot(t.second)] = 0
	}
	c := &t.counts[slot(sec)]
	*c = uint32(min(uint64(*c)+n, 1<<32-1))
}

// at returns what was counted for a second.
func (t *trend) at(sec int64) uint32 {
	if !t.used || sec > t.second || sec <= t.second-trendLength {
		return 0
	}
	return t.counts[slot(sec)]
}

// last returns the counts of the n seconds up to now, the oldest first.
func (t *trend) last(n int, now plugins.Stamp) []uint32 {
	out := make([]uint32, min(max(n, 0), trendLength))
	for i := range out {
		out[i] = t.at(secondOf(now) - int64(len(out)-1-i))
	}
	return out
}

// over reports whether all that was counted is out of sight.
func (t *trend) over(now plugins.Stamp) bool {
	return !t.used || secondOf(now) > t.second+trendLength
}

// rate returns how many a second there are now: the running second, and of the
// one before it as much as completes a second.
func (t *trend) rate(now plugins.Stamp) float64 {
	sec := secondOf(now)
	gone := float64(int64(now)-sec*int64(time.Second)) / float64(time.Second)
	return float64(t.at(sec)) + float64(t.at(sec-1))*(1-gone)
}
