package export

import (
	"cmp"
	"slices"
)

// window is how many moments are held back to be put in order; it takes about
// 13 MB.
const window = 1 << 16

// A sorter hands moments on in order of time. They come in an order that is
// nearly right, so the older half of what it holds is handed on when it is full.
type sorter struct {
	next func(*moment) error
	held []moment
	size int // how many are held at most
}

func (s *sorter) add(m *moment) error {
	s.held = append(s.held, *m)
	if len(s.held) < s.size {
		return nil
	}
	return s.release(s.size / 2)
}

// flush hands on all that is held.
func (s *sorter) flush() error { return s.release(len(s.held)) }

// release hands on the n oldest.
func (s *sorter) release(n int) error {
	slices.SortFunc(s.held, func(a, b moment) int {
		if c := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Seq, b.Seq)); c != 0 {
			return c
		}
		if a.end == b.end {
			return 0
		} else if b.end {
			return -1
		}
		return 1
	})
	for i := range s.held[:n] {
		if err := s.next(&s.held[i]); err != nil {
			return err
		}
	}
	s.held = slices.Delete(s.held, 0, n)
	return nil
}
