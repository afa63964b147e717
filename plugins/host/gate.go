package host

import (
	"context"
	"sync"

	"workbench/plugins"
)

// A gate is what every request passes on its way to the script. It can be
// closed: then it waits until nobody is inside, and newcomers wait until it opens
// again. It also knows who is inside, and who waits.
type gate struct {
	mu      sync.Mutex
	shut    chan struct{} // closed when the gate opens; nil while it is open; guarded by mu
	drained chan struct{} // closed when nobody is inside; nil unless somebody waits for it; guarded by mu
	stirred chan struct{} // closed when somebody comes; nil unless somebody waits for it; guarded by mu
	inside  int           // guarded by mu
	passes  []pass        // guarded by mu; used again through free
	free    []int         // indexes of passes not in use; guarded by mu
}

// A pass is a request that has come to the gate and not left.
type pass struct {
	InFlight
	used  bool
	quiet bool // not a client's request: not shown
}

// enter waits for the gate to be open and goes inside. r is shown to those who
// ask who is in flight; nil for what is no request. The caller leaves with the
// number returned. enter fails when ctx ends first.
func (g *gate) enter(ctx context.Context, r *plugins.Request) (int, error) {
	g.mu.Lock()
	n := g.pass(r)
	g.stir()
	for g.shut != nil {
		shut := g.shut
		g.passes[n].Waiting = true
		g.mu.Unlock()
		var err error
		select {
		case <-shut:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		g.mu.Lock()
		if err != nil {
			g.drop(n)
			g.mu.Unlock()
			return 0, err
		}
		g.passes[n].Waiting = false
	}
	g.inside++
	g.mu.Unlock()
	return n, nil
}

// leave ends what enter began.
func (g *gate) leave(n int) {
	g.mu.Lock()
	g.drop(n)
	g.inside--
	if g.inside == 0 && g.drained != nil {
		close(g.drained)
		g.drained = nil
	}
	g.mu.Unlock()
}

// stirs returns a channel that is closed when somebody comes to the gate.
func (g *gate) stirs() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stirred == nil {
		g.stirred = make(chan struct{})
	}
	return g.stirred
}

// wake has stirs tell that something else happens.
func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stir()
}

// stir tells those who wait for it. The caller holds g.mu.
func (g *gate) stir() {
	if g.stirred != nil {
		close(g.stirred)
		g.stirred = nil
	}
}

// pass takes a free pass for r. The caller holds g.mu.
func (g *gate) pass(r *plugins.Request) int {
	var n int
	if last := len(g.free) - 1; last >= 0 {
		n, g.free = g.free[last], g.free[:last]
	} else {
		n = len(g.passes)
		g.passes = append(g.passes, pass{})
	}
	p := &g.passes[n]
	*p = pass{used: true, quiet: r == nil}
	if r != nil {
		p.InFlight = inFlight(r)
	}
	return n
}

// drop gives a pass back. The caller holds g.mu.
func (g *gate) drop(n int) {
	g.passes[n].used = false
	g.free = append(g.free, n)
}

// close shuts the gate and returns when nobody is inside. When ctx ends before,
// it opens the gate again and fails. Only one goroutine may close a gate at a time.
func (g *gate) close(ctx context.Context) error {
	g.mu.Lock()
	g.shut = make(chan struct{})
	if g.inside == 0 {
		g.mu.Unlock()
		return nil
	}
	drained := make(chan struct{})
	g.drained = drained
	g.mu.Unlock()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
		g.open()
		return context.Cause(ctx)
	}
}

// open lets those who wait go on.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut, g.drained = nil, nil
}

// inFlight returns the requests that are inside or wait, oldest first.
func (g *gate) inFlight() []InFlight {
	g.mu.Lock()
	var out []InFlight
	for i := range g.passes {
		if p := &g.passes[i]; p.used && !p.quiet {
			out = append(out, p.InFlight)
		}
	}
	g.mu.Unlock()
	return oldestFirst(out)
}
