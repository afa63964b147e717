package fusemount

import (
	"sort"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// The origins of lseek(2) that concern holes; the kernel does the others itself.
const (
	seekData = 3 // SEEK_DATA
	seekHole = 4 // SEEK_HOLE
)

// seek returns the first offset from offset on that is in a hole, or is not;
// the size of the disk if there is none.
func (s *session) seek(interrupt <-chan struct{}, h *fuse.InHeader, offset uint64, hole bool) (uint64, fuse.Status) {
	for offset < s.info.Size {
		if next, known, found := s.holes.scan(offset, hole); found {
			return next, fuse.OK
		} else if known {
			offset = next
			continue
		}
		version := s.holes.version()
		r, code := s.begin(plugins.OpExtents, interrupt, h)
		if code != fuse.OK {
			return 0, code
		}
		r.Offset, r.Length = offset, min(longest, s.info.Size-offset)
		err := r.do()
		next, found := scan(r.Extents, offset, hole)
		if err == nil {
			s.holes.keep(version, r.Extents)
		}
		r.end(err)
		switch {
		case err != nil:
			return 0, status(err)
		case found:
			return next, fuse.OK
		case next == offset:
			return 0, fuse.EIO // the handle broke its word: no extent holds offset
		}
		offset = next
	}
	return s.info.Size, fuse.OK
}

// scan returns the first offset from offset on that extents has in a hole, or
// not in one, and else the offset where they end. A hole is what reads as zeroes.
func scan(extents []plugins.Extent, offset uint64, hole bool) (next uint64, found bool) {
	first := sort.Search(len(extents), func(i int) bool { return extents[i].End() > offset })
	for _, e := range extents[first:] {
		if (e.Type&plugins.ExtentZero != 0) == hole {
			return max(offset, e.Offset), true
		}
	}
	if n := len(extents); n > 0 {
		return max(offset, extents[n-1].End()), false
	}
	return offset, false
}

// An extentCache keeps what the disk said last about its holes, for a moment:
// who copies a file asks by turns where the next data and the next hole begin,
// and each answer tells of many. A write makes it forget all.
type extentCache struct {
	mu      sync.Mutex
	extents []plugins.Extent // guarded by mu; contiguous
	until   plugins.Stamp    // guarded by mu; when they are forgotten
	writes  uint64           // guarded by mu; how often there was a write
}

const (
	extentsLast = plugins.Stamp(200 * time.Millisecond)
	mostExtents = 1 << 14 // kept: 384 KiB
)

// version is for keep: what was asked before a write is not kept after it.
func (c *extentCache) version() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writes
}

func (c *extentCache) keep(version uint64, extents []plugins.Extent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version != c.writes || len(extents) > mostExtents {
		return
	}
	c.extents = append(c.extents[:0], extents...)
	c.until = plugins.Now() + extentsLast
}

// forget is called when a write begins and when it has ended, since what is
// asked in between may be told either way.
func (c *extentCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	c.extents = c.extents[:0]
}

// scan is scan in what is kept; known is false if that says nothing of offset.
func (c *extentCache) scan(offset uint64, hole bool) (next uint64, known, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.extents)
	if n == 0 || plugins.Now() > c.until || offset < c.extents[0].Offset || offset >= c.extents[n-1].End() {
		return 0, false, false
	}
	next, found = scan(c.extents, offset, hole)
	return next, true, found
}
