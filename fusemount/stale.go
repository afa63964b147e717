package fusemount

import (
	"slices"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// A staleness is what the kernel must be told to forget: pages of a disk that
// were changed by other ways than its file, and its attributes. One goroutine
// tells it, and no request waits for that, because the kernel may have to wait
// for a request to let go of a page.
type staleness struct {
	mu    sync.Mutex
	nodes map[uint64][]span // guarded by mu
	wake  chan struct{}     // holds a token if nodes is not empty
}

// A span is the bytes from lo up to hi of a file, all of it if hi is 0.
type span struct{ lo, hi uint64 }

// mostSpans are kept apart for a file; more become one.
const mostSpans = 16

func newStaleness() *staleness {
	return &staleness{nodes: map[uint64][]span{}, wake: make(chan struct{}, 1)}
}

// all has a whole file forgotten.
func (s *staleness) all(node uint64) { s.add(node, span{}) }

// add has a span of a file forgotten.
func (s *staleness) add(node uint64, x span) {
	s.mu.Lock()
	s.nodes[node] = merge(s.nodes[node], x)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// merge adds x to spans that are in order and apart, and keeps them so.
func merge(spans []span, x span) []span {
	if x.hi == 0 || len(spans) == 1 && spans[0].hi == 0 {
		return append(spans[:0], span{})
	}
	first, _ := slices.BinarySearchFunc(spans, x.lo, func(s span, lo uint64) int {
		if s.hi < lo {
			return -1
		}
		return 1
	})
	last := first
	for ; last < len(spans) && spans[last].lo <= x.hi; last++ {
		x = span{min(x.lo, spans[last].lo), max(x.hi, spans[last].hi)}
	}
	spans = slices.Replace(spans, first, last, x)
	if len(spans) > mostSpans {
		return append(spans[:0], span{spans[0].lo, spans[len(spans)-1].hi})
	}
	return spans
}

// take returns what there is to tell.
func (s *staleness) take() map[uint64][]span {
	s.mu.Lock()
	defer s.mu.Unlock()
	nodes := s.nodes
	s.nodes = map[uint64][]span{}
	return nodes
}

// run tells the kernel until done is closed. notify may wait for requests: when
// the disk is unmounted they end, and so does it.
func (s *staleness) run(done <-chan struct{}, notify func(node uint64, offset, length int64) fuse.Status) {
	for {
		select {
		case <-done:
			return
		case <-s.wake:
		}
		for node, spans := range s.take() {
			for _, x := range spans {
				// A file that the kernel does not know has nothing to forget.
				notify(node, int64(x.lo), int64(x.hi-x.lo))
			}
		}
	}
}

// Changed tells that bytes of the disk were changed by another way than the
// file whose connection is conn (0 = than any), so that the kernel asks for them
// again, which it soon does. A length of 0 is all there is. A script may show
// the same bytes under several names, so that every file is concerned.
func (f *FS) Changed(conn uint32, offset, length uint64) {
	for _, d := range f.tree.disks {
		s := d.current.Load()
		if conn != 0 && s.conn == conn || length > 0 && offset >= s.info.Size {
			continue
		}
		s.holes.forget()
		d.touch()
		x := span{}
		if length > 0 {
			x = span{offset, offset + s.within(offset, length)}
		}
		f.tree.stale.add(d.node, x)
	}
}
