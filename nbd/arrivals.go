package nbd

import (
	"cmp"
	"errors"
	"slices"
)

// Arrivals are the bytes of a READ that have come. A server may send the pieces of
// the answer in any order, but none of them twice: if only their lengths were
// added up, a piece sent twice would hide one that never came, and the caller
// would take what stood in its memory before for the disk's. The zero value has
// none.
type arrivals struct {
	begin  uint64 // up to here all have come
	beyond []span // what has come behind that, in order, with gaps between
}

// A span is the bytes from first up to, without, end.
type span struct{ first, end uint64 }

// maxSpans bounds the memory that a server can have a client use for the pieces
// of one answer; a sane one keeps them in order.
const maxSpans = 1 << 12

// add notes that n bytes have come, from at on.
func (a *arrivals) add(at, n uint64) error {
	s := span{at, at + n}
	i, _ := slices.BinarySearchFunc(a.beyond, s, func(x, y span) int { return cmp.Compare(x.first, y.first) })
	switch {
	case s.first < a.begin, i > 0 && a.beyond[i-1].end > s.first, i < len(a.beyond) && a.beyond[i].first < s.end:
		return errors.New("some of them had come already")
	case s.first > a.begin && len(a.beyond) == maxSpans:
		return errors.New("the answer is in too many pieces")
	case s.first > a.begin:
		a.beyond = slices.Insert(a.beyond, i, s)
		return nil
	}
	a.begin = s.end
	for len(a.beyond) > 0 && a.beyond[0].first == a.begin {
		a.begin, a.beyond = a.beyond[0].end, a.beyond[1:]
	}
	return nil
}
