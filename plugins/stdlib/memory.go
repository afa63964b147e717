package stdlib

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"workbench/plugins"
)

const (
	pageSize = 64 << 10 // bytes; the unit in which storage is taken and given back
	shards   = 64       // locks; neighbouring pages have different ones
)

// Memory is a sparse disk in memory: only pages that were written take space.
type Memory struct {
	size uint64
	*store
}

// A store is what a Memory holds. Several may share one, of different sizes:
// two generations of a script that want the disk of one name.
type store struct {
	held   *share
	shards [shards]shard // page p stands in shards[p%shards]
}

type page [pageSize]byte

type shard struct {
	mu    sync.RWMutex
	pages map[uint64]*page // by page number; guarded by mu, and so are their bytes
}

var _ Disk = (*Memory)(nil)

// NewMemory returns a disk of size bytes that reads as zeroes. The size alone
// costs nothing; the pages that are written count in held while they exist, nil
// does not count.
func NewMemory(size uint64, held *atomic.Int64) (*Memory, error) {
	if size > MaxSize {
		return nil, fmt.Errorf("a disk of %d bytes is too large: %d is the most", size, uint64(MaxSize))
	}
	s := new(store)
	s.held = shareOf(s, held)
	return &Memory{size, s}, nil
}

// NamedMemory returns the disk called name that stands on shelf, and makes it
// first if there is none: so its contents outlive the script that made it, and
// count where they did first. Each may have a size of its own. What lies behind
// the end of a smaller one stays, for as long as a larger one may come back.
func NamedMemory(shelf *plugins.Shelf, name string, size uint64, held *atomic.Int64) (*Memory, error) {
	m, err := NewMemory(size, held)
	if err != nil {
		return nil, err
	}
	item, err := shelf.Item("memory "+name, func() (any, error) { return m.store, nil })
	if err != nil {
		return nil, err
	}
	s, ok := item.(*store)
	if !ok {
		return nil, fmt.Errorf("memory %q: the name is taken by something that is not a disk", name)
	}
	return &Memory{size, s}, nil
}

// Size returns the size that the disk was made with.
func (m *Memory) Size() uint64 { return m.size }

// Allocated returns how many bytes of storage the disk holds.
func (m *Memory) Allocated() uint64 {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		n += len(s.pages)
		s.mu.RUnlock()
	}
	return uint64(n) * pageSize
}

// ReadAt fills p from off on.
func (m *Memory) ReadAt(p []byte, off uint64) error {
	if err := checkRange(plugins.OpRead, uint64(len(p)), off, m.size); err != nil {
		return err
	}
	for len(p) > 0 {
		number, at := off/pageSize, off%pageSize
		n := min(uint64(len(p)), pageSize-at)
		s := &m.shards[number%shards]
		s.mu.RLock()
		if pg := s.pages[number]; pg != nil {
			copy(p[:n], pg[at:])
		} else {
			clear(p[:n])
		}
		s.mu.RUnlock()
		p, off = p[n:], off+n
	}
	return nil
}

// WriteAt writes p from off on.
func (m *Memory) WriteAt(p []byte, off uint64) error {
	if err := checkRange(plugins.OpWrite, uint64(len(p)), off, m.size); err != nil {
		return err
	}
	for len(p) > 0 {
		number, at := off/pageSize, off%pageSize
		n := min(uint64(len(p)), pageSize-at)
		s := &m.shards[number%shards]
		s.mu.Lock()
		pg := s.pages[number]
		if pg == nil {
			if s.pages == nil {
				s.pages = map[uint64]*page{}
			}
			pg = new(page)
			s.pages[number] = pg
			m.held.add(pageSize)
		}
		copy(pg[at:], p[:n])
		s.mu.Unlock()
		p, off = p[n:], off+n
	}
	return nil
}

// Flush does nothing: memory has no stable storage.
func (m *Memory) Flush() error { return nil }

// Trim frees the pages that lie in the range and clears the rest of it.
func (m *Memory) Trim(n, off uint64) error {
	if err := checkRange(plugins.OpTrim, n, off, m.size); err != nil {
		return err
	}
	m.discard(n, off)
	return nil
}

// Zero is Trim: no page is kept for zeroes, also without mayTrim.
func (m *Memory) Zero(n, off uint64, mayTrim bool) error {
	if err := checkRange(plugins.OpZero, n, off, m.size); err != nil {
		return err
	}
	m.discard(n, off)
	return nil
}

// discard makes the range, which is inside the disk, read as zeroes.
func (m *Memory) discard(n, off uint64) {
	for _, number := range m.pagesIn(n, off) {
		begin := max(off, number*pageSize) - number*pageSize
		end := min(off+n-number*pageSize, pageSize)
		s := &m.shards[number%shards]
		s.mu.Lock()
		switch pg := s.pages[number]; {
		case pg == nil: // freed meanwhile
		case begin == 0 && end == pageSize:
			delete(s.pages, number)
			m.held.add(-pageSize)
		default:
			clear(pg[begin:end])
		}
		s.mu.Unlock()
	}
}

// Extents reports pages as data and what lies between them as holes.
func (m *Memory) Extents(n, off uint64) ([]plugins.Extent, error) {
	if err := checkRange(plugins.OpExtents, n, off, m.size); err != nil {
		return nil, err
	}
	var list []plugins.Extent
	next, end := off, off+n
	for _, number := range m.pagesIn(n, off) {
		begin := max(off, number*pageSize)
		if begin > next {
			list = appendExtent(list, next, begin-next, hole)
		}
		next = min(end, number*pageSize+pageSize)
		list = appendExtent(list, begin, next-begin, 0)
		if len(list) >= plugins.MaxExtents {
			return list[:plugins.MaxExtents], nil
		}
	}
	if next < end {
		list = appendExtent(list, next, end-next, hole)
	}
	return list, nil
}

// pagesIn returns the numbers of the allocated pages that the range touches, in
// ascending order. It takes time by the pages that exist or by the size of the
// range, whichever is less.
func (m *Memory) pagesIn(n, off uint64) []uint64 {
	if n == 0 {
		return nil
	}
	first, last := off/pageSize, (off+n-1)/pageSize
	var list []uint64
	if last-first < m.Allocated()/pageSize {
		for number := first; number <= last; number++ {
			s := &m.shards[number%shards]
			s.mu.RLock()
			if s.pages[number] != nil {
				list = append(list, number)
			}
			s.mu.RUnlock()
		}
		return list
	}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		for number := range s.pages {
			if first <= number && number <= last {
				list = append(list, number)
			}
		}
		s.mu.RUnlock()
	}
	slices.Sort(list)
	return list
}

// Close does nothing: the garbage collector takes the pages when nobody can
// reach the disk any more, and a named one may be wanted by another script.
func (m *Memory) Close() error { return nil }
