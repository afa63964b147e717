package nbd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"workbench/plugins"
)

// errClientGone is why the backend was stopped in the handshake.
var errClientGone = errors.New("the client hung up")

// beginStep gives the client the time of one step, as far as there is so much
// left for the whole handshake.
func (h *handshake) beginStep() error {
	left := min(h.server.handshakeTimeout(), time.Until(h.until))
	return h.limit(max(left, 1)) // 0 would be for ever
}

// admit waits until the backend lets the client in, who has not been greeted yet.
func (h *handshake) admit(ctx context.Context) (leave func(), err error) {
	h.setWaiting(true)
	defer h.setWaiting(false)
	err = h.attend(ctx, func(ctx context.Context) (err error) {
		leave, err = plugins.Admit(ctx, h.server.Backend, h.params(""))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("nbd: admitting the client: %w", err)
	}
	return leave, nil
}

func (c *conn) setWaiting(waiting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = waiting
	if waiting && c.draining {
		c.cut(ErrServerClosed)
	}
}

// attend has the backend do f, for which it may take as long as it wants: the
// client's time stands still. If the client hangs up meanwhile, f's context ends.
func (h *handshake) attend(ctx context.Context, f func(context.Context) error) error {
	begun := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { h.watch(done, cancel) })
	err := f(ctx)
	close(done)
	watching.Wait()
	h.until = h.until.Add(time.Since(begun))
	if err != nil && errors.Is(context.Cause(ctx), errClientGone) {
		return errClientGone
	}
	return err
}

// watch looks until done is closed whether the client is still there, and
// cancels if it is not. Of one that closed its own direction it is believed for
// hangUpGrace that it waits for the answer, as in the transmission.
func (h *handshake) watch(done <-chan struct{}, cancel context.CancelCauseFunc) {
	poll := time.NewTicker(hangUpPoll)
	defer poll.Stop()
	for halfClosed := time.Duration(0); halfClosed < hangUpGrace; {
		select {
		case <-poll.C:
		case <-done:
			return
		}
		switch hangUp(h.socket) {
		case hungUpWholly:
			halfClosed = hangUpGrace
		case hungUpHalf:
			halfClosed += hangUpPoll
		}
	}
	cancel(errClientGone)
}
