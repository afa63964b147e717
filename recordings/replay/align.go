package replay

import "slices"

const (
	// window is how many requests of each side are held against each other to
	// find where they meet again.
	window = 1024

	// meeting is how many equal ones in a row mean that they have met.
	meeting = 16
)

// A feed gives the requests of one side, in order.
type feed struct {
	next func() *step
	list []*step // read ahead
	done bool
}

// fill reads ahead until there are n, or the end.
func (f *feed) fill(n int) {
	for !f.done && len(f.list) < n {
		if s := f.next(); s != nil {
			f.list = append(f.list, s)
		} else {
			f.done = true
		}
	}
}

// drop forgets the first n.
func (f *feed) drop(n int) {
	f.list = slices.Delete(f.list, 0, n)
}

// alike reports whether a and b ask for the same.
func alike(a, b *step) bool {
	x, y := &a.event, &b.event
	return x.Op == y.Op && x.Offset == y.Offset && x.Length == y.Length && x.Flags == y.Flags
}

// align calls pair with the requests of both sides that belong together, in
// order; a request that has no partner comes with nil. It looks no further than a
// window.
func align(a, b *feed, pair func(x, y *step)) {
	for {
		a.fill(window)
		b.fill(window)
		n := 0
		for n < min(len(a.list), len(b.list)) && alike(a.list[n], b.list[n]) {
			pair(a.list[n], b.list[n])
			n++
		}
		a.drop(n)
		b.drop(n)
		switch {
		case n > 0:
		case len(a.list) == 0 && len(b.list) == 0:
			return
		default:
			i, j := bridge(a, b, pair)
			a.drop(i)
			b.drop(j)
		}
	}
}

// bridge pairs a part of what is read ahead, which begins unalike, by its longest
// common subsequence, and returns how many of each side it has dealt with: at
// least one. It tries a few requests first, for most gaps are small.
func bridge(a, b *feed, pair func(x, y *step)) (i, j int) {
	for n := 4 * meeting; ; n *= 4 {
		x, y := a.list[:min(n, len(a.list))], b.list[:min(n, len(b.list))]
		edits, met := editsOf(x, y)
		whole := n >= window
		if !met && !whole {
			continue
		}
		if !met && !(a.done && b.done) {
			edits = edits[:(len(edits)+1)/2] // what is beyond the window may have the better partner
		}
		for _, e := range edits {
			pair(e[0], e[1])
			if e[0] != nil {
				i++
			}
			if e[1] != nil {
				j++
			}
		}
		return i, j
	}
}

// editsOf pairs x with y by their longest common subsequence, up to where they
// have met again, if they do.
func editsOf(x, y []*step) (edits [][2]*step, met bool) {
	length := commonLengths(x, y)
	for i, j, inARow := 0, 0, 0; i < len(x) || j < len(y); {
		switch {
		case i < len(x) && j < len(y) && alike(x[i], y[j]):
			edits = append(edits, [2]*step{x[i], y[j]})
			i, j, inARow = i+1, j+1, inARow+1
			if inARow == meeting {
				return edits, true
			}
			continue
		case j == len(y) || i < len(x) && length[(i+1)*(len(y)+1)+j] >= length[i*(len(y)+1)+j+1]:
			edits = append(edits, [2]*step{x[i], nil})
			i++
		default:
			edits = append(edits, [2]*step{nil, y[j]})
			j++
		}
		inARow = 0
	}
	return edits, false
}

// commonLengths returns a table of how long the longest common subsequence of
// x[i:] and y[j:] is.
func commonLengths(x, y []*step) []uint16 {
	width := len(y) + 1
	length := make([]uint16, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if alike(x[i], y[j]) {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	return length
}
