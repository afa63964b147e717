package host

import (
	"context"
	"fmt"
	"sync"
	"syscall"

	"workbench/plugins"
)

// An admission is a client that was let in: a connection, with handles or without.
type admission struct {
	params plugins.OpenParams
}

// Admit implements plugins.Admitter. Under serialize_connections a client waits
// here for the one before, outside of the gate, so that it holds up no reload.
func (h *Host) Admit(ctx context.Context, p plugins.OpenParams) (leave func(), err error) {
	a := &admission{params: p}
	for {
		n, err := h.gate.enter(ctx, nil)
		if err != nil {
			return nil, err
		}
		g, turn, err := h.register(a)
		if err == nil && turn == nil {
			err = g.instance.Preconnect(ctx, p)
			if err != nil {
				h.dismiss(a)
			}
		}
		h.gate.leave(n)
		switch {
		case err != nil:
			return nil, err
		case turn == nil:
			return sync.OnceFunc(func() { h.dismiss(a) }), nil
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// register counts a among the clients and returns the generation that serves it.
// If it is not its turn, it is not counted, and turn is closed when it should ask again.
func (h *Host) register(a *admission) (g *generation, turn <-chan struct{}, err error) {
	g, err = h.serving()
	if err != nil {
		return nil, nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if g.instance.ThreadModel() == plugins.SerializeConnections && len(h.admitted) > 0 {
		return g, h.turn, nil
	}
	h.admitted[a] = struct{}{}
	return g, nil, nil
}

// dismiss is the end of a client.
func (h *Host) dismiss(a *admission) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.admitted, a)
	h.nextTurn()
}

// nextTurn has those who wait for their turn ask again. The caller holds h.mu.
func (h *Host) nextTurn() {
	close(h.turn)
	h.turn = make(chan struct{})
}

// admitAll lets into the new generation who is in the old one, and refuses if
// one of them would not be let in.
func (s *swap) admitAll(ctx context.Context) error {
	s.host.mu.Lock()
	var list []*admission
	for a := range s.host.admitted {
		list = append(list, a)
	}
	s.host.mu.Unlock()
	if s.policy != KeepOld {
		return nil // who is in stays in
	}
	if model := s.next.instance.ThreadModel(); model == plugins.SerializeConnections && len(list) > 1 {
		return plugins.Errorf(syscall.EBUSY, "the script wants one client at a time (%s) and %d are connected: disconnect all but one and save again", model, len(list))
	}
	for _, a := range list {
		if s.admitted[a] {
			continue
		}
		if err := s.next.instance.Preconnect(ctx, a.params); err != nil {
			return fmt.Errorf("admitting %s#%d: %w", a.params.Front, a.params.Conn, err)
		}
		s.admitted[a] = true
	}
	return nil
}
