package plugins

import (
	"context"
	"testing"
)

// TestCondemnedGuard has a call end at the moment at which its guard decides that
// it took too long, and before the guard says so: the next call is not stopped
// for it.
func TestCondemnedGuard(t *testing.T) {
	all := guards{limits: &limits{}}
	defer all.close()
	ctx := context.Background()
	g := all.take(ctx)
	g.enter(Now())
	g.started.Store(condemned) // as look does; it cancels after that
	g.leave()
	all.put(g)
	next := all.take(ctx)
	if next == g {
		t.Error("the guard was used again")
	}
	all.put(next)
}
