package tui

import "slices"

// An index has the numbers of the requests among the events. The requests
// themselves stay in the log. Requests have ordinals, which count from 0 and,
// like the numbers of events, are never given again.
type index struct {
	seqs []uint64
	gone int // requests before seqs[0], which the log has dropped
}

func (x *index) add(seq uint64) { x.seqs = append(x.seqs, seq) }

// dropBefore forgets the requests before an event.
func (x *index) dropBefore(seq uint64) {
	n, _ := slices.BinarySearch(x.seqs, seq)
	x.seqs = x.seqs[n:]
	x.gone += n
}

// bounds returns the first ordinal that is there and the one after the last.
func (x *index) bounds() (first, next int) { return x.gone, x.gone + len(x.seqs) }

// end returns the event after the last request.
func (x *index) end() uint64 {
	if len(x.seqs) == 0 {
		return 0
	}
	return x.seqs[len(x.seqs)-1] + 1
}

// place returns the ordinal of the newest request that is not after an event,
// or else the first.
func (x *index) place(seq uint64) int {
	n, found := slices.BinarySearch(x.seqs, seq)
	if !found {
		n--
	}
	return x.gone + max(n, 0)
}

// before returns how many requests there are before an event.
func (x *index) before(seq uint64) int {
	n, _ := slices.BinarySearch(x.seqs, seq)
	return n
}

// has reports whether an event is among the requests.
func (x *index) has(seq uint64) bool {
	_, found := slices.BinarySearch(x.seqs, seq)
	return found
}

// seq returns the event of the request with an ordinal within bounds.
func (x *index) seq(ordinal int) uint64 { return x.seqs[ordinal-x.gone] }
