package replay

import "slices"

// A span is a part of a disk, from at to before end.
type span struct{ at, end uint64 }

// intersect returns what a and b have in common; it is empty if end <= at.
func (a span) intersect(b span) span { return span{max(a.at, b.at), min(a.end, b.end)} }

func (a span) empty() bool { return a.end <= a.at }

// maxSpans bounds what spans remember. Beyond it they close their smallest gaps.
const maxSpans = 1 << 16

// spans is a set of bytes: ascending parts that do not touch. The zero value is
// empty. It never holds less than what was added, but it may hold more once it
// consists of very many parts.
type spans struct{ list []span }

// find returns the first part that ends after at.
func (s *spans) find(at uint64) int {
	i, _ := slices.BinarySearchFunc(s.list, at, func(p span, at uint64) int {
		if p.end > at {
			return 1
		}
		return -1
	})
	return i
}

// add puts a into s.
func (s *spans) add(a span) {
	if a.empty() {
		return
	}
	i := s.find(a.at)
	if i > 0 && s.list[i-1].end == a.at {
		i--
	}
	j := i
	for j < len(s.list) && s.list[j].at <= a.end {
		a.at, a.end = min(a.at, s.list[j].at), max(a.end, s.list[j].end)
		j++
	}
	s.list = slices.Replace(s.list, i, j, a)
	for gap := uint64(4096); len(s.list) > maxSpans; gap *= 2 {
		s.close(gap)
	}
}

// close joins parts that are no further apart than gap.
func (s *spans) close(gap uint64) {
	out := s.list[:1]
	for _, p := range s.list[1:] {
		if last := &out[len(out)-1]; p.at-last.end <= gap {
			last.end = p.end
		} else {
			out = append(out, p)
		}
	}
	s.list = out
}

// remove takes a out of s.
func (s *spans) remove(a span) {
	if a.empty() {
		return
	}
	i := s.find(a.at)
	j := i
	var left []span
	for ; j < len(s.list) && s.list[j].at < a.end; j++ {
		if p := s.list[j]; p.at < a.at {
			left = append(left, span{p.at, a.at})
		}
		if p := s.list[j]; p.end > a.end {
			left = append(left, span{a.end, p.end})
		}
	}
	s.list = slices.Replace(s.list, i, j, left...)
}

// within returns what s has in common with a.
func (s *spans) within(a span) (out spans) {
	for i := s.find(a.at); i < len(s.list) && s.list[i].at < a.end; i++ {
		if both := s.list[i].intersect(a); !both.empty() {
			out.list = append(out.list, both)
		}
	}
	return out
}
