package plugins

import "sync"

// A Shelf holds named objects that outlive one instance of a script, so that a
// disk in memory survives a reload. It is safe for use from several goroutines.
type Shelf struct {
	mu    sync.Mutex
	items map[string]any // guarded by mu
}

// Item returns the object called name, and makes it first if it is not there.
// make runs under the lock of the shelf and must not call the shelf.
func (s *Shelf) Item(name string, make func() (any, error)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if item, ok := s.items[name]; ok {
		return item, nil
	}
	item, err := make()
	if err != nil {
		return nil, err
	}
	if s.items == nil {
		s.items = map[string]any{}
	}
	s.items[name] = item
	return item, nil
}
