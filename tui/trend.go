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
	second int64 // the newest one that was counted
	counts [trendLength]uint32
}

// secondOf returns the second, since the program started, that s is in.
func secondOf(s plugins.Stamp) int64 { return int64(s) / int64(time.Second) }

// add counts n for the second of s.
func (t *trend) add(s plugins.Stamp, n uint64) {
	sec := secondOf(s)
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
		t.counts[t.second%trendLength] = 0
	}
	c := &t.counts[sec%trendLength]
	*c = uint32(min(uint64(*c)+n, 1<<32-1))
}

// at returns what was counted for a second.
func (t *trend) at(sec int64) uint32 {
	if sec < 0 || sec > t.second || sec <= t.second-trendLength {
		return 0
	}
	return t.counts[sec%trendLength]
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
	return t.second == 0 && t.counts[0] == 0 || secondOf(now) > t.second+trendLength
}

// rate returns how many a second there are now: the running second, and of the
// one before it as much as completes a second.
func (t *trend) rate(now plugins.Stamp) float64 {
	sec := secondOf(now)
	gone := float64(int64(now)%int64(time.Second)) / float64(time.Second)
	return float64(t.at(sec)) + float64(t.at(sec-1))*(1-gone)
}
