package host

import (
	"context"
	"sync"
	"time"

	"workbench/plugins"
)

// delays are the requests that a rule has wait for a time.
type delays struct {
	mu   sync.Mutex
	list map[*InFlight]struct{} // guarded by mu
}

// wait returns when rule's time for r is over, or with the reason for the end of ctx.
func (s *delays) wait(ctx context.Context, r *plugins.Request, rule *rule) error {
	q := inFlight(r)
	q.Rule, q.Until = rule.number, plugins.Now()+plugins.Stamp(rule.delay)
	s.mu.Lock()
	if s.list == nil {
		s.list = map[*InFlight]struct{}{}
	}
	s.list[&q] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.list, &q)
		s.mu.Unlock()
	}()
	timer := time.NewTimer(rule.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// all returns them, in no order.
func (s *delays) all() []InFlight {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []InFlight
	for q := range s.list {
		out = append(out, *q)
	}
	return out
}
