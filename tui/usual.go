package tui

import (
	"math"
	"math/bits"
	"time"

	"workbench/plugins"
)

// usual counts how long requests took, by operation, in steps of a quarter of a
// doubling. The zero value is ready.
type usual struct {
	counts [plugins.OpExtents + 1][4 * 64]uint32
	totals [plugins.OpExtents + 1]uint32
}

// enoughToCompare is how many requests there must be before one is compared with
// the others.
const enoughToCompare = 20

// step returns where d is counted.
func step(d time.Duration) int {
	n := uint64(max(d, 1))
	top := bits.Len64(n) - 1
	quarter := n << (63 - top) >> 61 & 3 // the two bits after the first
	return 4*top + int(quarter)
}

// stepTime returns the least time that is counted at a step.
func stepTime(n int) time.Duration {
	return time.Duration((4 + float64(n%4)) / 4 * math.Exp2(float64(n/4)))
}

func (u *usual) add(op plugins.Op, d time.Duration) {
	if int(op) < len(u.counts) {
		u.counts[op][step(d)]++
		u.totals[op]++
	}
}

// norm is what is usual for an operation.
type norm struct {
	median, p95 time.Duration
	known       bool
}

// of returns what is usual for op.
func (u *usual) of(op plugins.Op) (n norm) {
	if int(op) >= len(u.counts) || u.totals[op] < enoughToCompare {
		return n
	}
	total, sum := uint64(u.totals[op]), uint64(0)
	for i, count := range u.counts[op] {
		sum += uint64(count)
		if n.median == 0 && sum*2 >= total {
			n.median = stepTime(i + 1)
		}
		if sum*100 >= total*95 {
			n.p95 = stepTime(i + 1)
			break
		}
	}
	n.known = true
	return n
}

// level puts d on a scale of 1 to 8: 4 is the median, each further one twice as
// long as the one before. slow says that 95 of a hundred take less. 0 = not known.
func (n *norm) level(d time.Duration) (level int, slow bool) {
	if !n.known {
		return 0, false
	}
	level = 4 + int(math.Round(math.Log2(float64(max(d, 1))/float64(n.median))))
	return max(min(level, 8), 1), d > n.p95
}
