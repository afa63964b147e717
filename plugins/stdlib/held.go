package stdlib

import (
	"runtime"
	"sync/atomic"
)

// A share is what one disk or buffer holds of the bytes that a script holds in
// all (plugins.Env.Held). A nil share counts nothing.
type share struct {
	total *atomic.Int64
	bytes atomic.Int64
}

// shareOf returns the share of an object in total, which may be nil. What is
// left of it is given back when the garbage collector finds that nobody can
// reach the object any more.
func shareOf[T any](object *T, total *atomic.Int64) *share {
	if total == nil {
		return nil
	}
	s := &share{total: total}
	runtime.AddCleanup(object, func(s *share) { s.add(-s.bytes.Load()) }, s)
	return s
}

// add counts n bytes more, or fewer if n is negative.
func (s *share) add(n int64) {
	if s != nil {
		s.bytes.Add(n)
		s.total.Add(n)
	}
}
