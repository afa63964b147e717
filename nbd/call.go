package nbd

import (
	"context"
	"fmt"
	"math"
	"slices"
	"syscall"
	"time"

	"workbench/plugins"
)

// A call is a request of a Client on its way. The caller's memory is in use
// while the call is sending or receiving, and free as soon as the call has
// settled: replied, or given up while neither was the case.
type call struct {
	header  extRequest
	op      plugins.Op
	data    []byte           // the caller's, to send or to fill
	extents []plugins.Extent // what BLOCK_STATUS brought
	left    uint64           // bytes of a READ that have not come; the reader's
	come    arrivals         // which have; the reader's
	problem error            // the server's error; the reader's until replied

	sending   bool // guarded by Client.mu, as are those that follow
	receiving bool
	replied   bool
	givenUp   bool
	settled   chan error // holds one; nil, or why there will be no reply
}

// Sizes of the pieces that a request is cut into.
const (
	// maxPiece is for requests without a payload where headers are short: what 32
	// bits hold, rounded down to the largest minimum block size.
	maxPiece = maxDescriptor

	// defaultPayload is the payload that every server takes (the specification,
	// "Block size constraints").
	defaultPayload = 32 << 20
)

// Do performs r, in pieces if it is larger than the server takes at once. What
// the server did not offer is refused here; zeroes are written if it has no
// WRITE_ZEROES. An error of the server is a *plugins.Error with its text, in a
// *plugins.OffsetError if it says where it struck.
//
// When ctx ends, Do returns at once and the reply will be ignored. Only if the
// server stalls in the midst of taking or sending the data of r is the
// connection given up, as it could not be brought into step again.
func (c *Client) Do(ctx context.Context, r *plugins.Request) error {
	if err := c.Info().Check(r); err != nil {
		return err
	}
	switch r.Op {
	case plugins.OpRead:
		if uint64(cap(r.Data)) < r.Length {
			r.Data = make([]byte, r.Length)
		}
		r.Data = r.Data[:r.Length]
	case plugins.OpExtents:
		return c.extents(ctx, r)
	case plugins.OpZero:
		if c.flags&SendWriteZeroes == 0 {
			return c.writeZeroes(ctx, r)
		}
	}
	most := c.most(r.Op)
	if r.Length <= most {
		_, err := c.roundTrip(ctx, r, nil)
		return err
	}
	for done := uint64(0); done < r.Length; {
		piece := plugins.Request{Op: r.Op, Flags: r.Flags, Offset: r.Offset + done, Length: min(most, r.Length-done)}
		if r.Data != nil {
			piece.Data = r.Data[done : done+piece.Length]
		}
		if _, err := c.roundTrip(ctx, &piece, nil); err != nil {
			return err
		}
		done += piece.Length
	}
	return nil
}

// most returns how many bytes one request may cover.
func (c *Client) most(op plugins.Op) uint64 {
	if op != plugins.OpRead && op != plugins.OpWrite {
		if c.extended {
			return math.MaxUint64
		}
		return maxPiece
	}
	if c.sizes.Maximum == 0 {
		return defaultPayload
	}
	return uint64(c.sizes.Maximum)
}

// extents asks what the beginning of r is made of; a list need not reach the end.
func (c *Client) extents(ctx context.Context, r *plugins.Request) (err error) {
	if !c.allocation {
		r.Extents = append(r.Extents[:0], plugins.Extent{Offset: r.Offset, Length: r.Length})
		return nil
	}
	piece := *r
	piece.Length = min(r.Length, c.most(r.Op))
	r.Extents, err = c.roundTrip(ctx, &piece, r.Extents[:0])
	return err
}

// writeZeroes stands in for a WRITE_ZEROES that the server does not have.
func (c *Client) writeZeroes(ctx context.Context, r *plugins.Request) error {
	const most = 1 << 20
	zeroes := make([]byte, min(r.Length, most))
	for done := uint64(0); done < r.Length; {
		n := min(r.Length-done, most)
		piece := plugins.Request{Op: plugins.OpWrite, Flags: r.Flags & plugins.FlagFUA, Offset: r.Offset + done, Length: n, Data: zeroes[:n]}
		if _, err := c.roundTrip(ctx, &piece, nil); err != nil {
			return err
		}
		done += n
	}
	return nil
}

// stallTimeout is how long a cancelled call may wait for the server to get on
// with its data.
const stallTimeout = time.Second

// roundTrip sends r as it is and waits for the reply. It keeps nothing of r, and
// appends what BLOCK_STATUS brings to extents.
func (c *Client) roundTrip(ctx context.Context, r *plugins.Request, extents []plugins.Extent) ([]plugins.Extent, error) {
	if err := ctx.Err(); err != nil {
		return extents, context.Cause(ctx)
	}
	k := c.newCall(r, extents)
	if err := c.enqueue(k); err != nil {
		return extents, err
	}
	select {
	case err := <-k.settled:
		if err == nil && k.problem != nil {
			err = k.problem
		}
		extents = k.extents
		c.spare.Put(k)
		return extents, err
	case <-ctx.Done():
	}
	c.giveUp(k)
	select {
	case <-k.settled:
	case <-time.After(stallTimeout):
		c.fail(fmt.Errorf("nbd: the server stalled in the midst of a request that was cancelled: %w", syscall.ETIMEDOUT))
		<-k.settled
	}
	return extents, context.Cause(ctx)
}

// newCall returns a call for r.
func (c *Client) newCall(r *plugins.Request, extents []plugins.Extent) *call {
	k, ok := c.spare.Get().(*call)
	if !ok {
		k = &call{settled: make(chan error, 1)}
	}
	*k = call{header: c.wireHeader(r), op: r.Op, data: r.Data, extents: extents, settled: k.settled}
	if r.Op == plugins.OpRead {
		k.left = r.Length
	}
	return k
}

// enqueue hands k to the writer.
func (c *Client) enqueue(k *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return c.err
	case c.closing:
		return ErrClientClosed
	}
	c.cookie++
	k.header.cookie = c.cookie
	c.calls[c.cookie] = k
	c.queue = append(c.queue, k)
	c.wakeWriter()
	return nil
}

// wakeWriter has the writer look at queue and closing. It does not block.
func (c *Client) wakeWriter() {
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// giveUp lets k settle without a reply.
func (c *Client) giveUp(k *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k.givenUp = true
	if i := slices.Index(c.queue, k); i >= 0 { // not sent, and now it will not be
		c.queue = slices.Delete(c.queue, i, i+1)
		delete(c.calls, k.header.cookie)
	}
	k.settle(nil)
}

// settle tells the caller, if k has settled. The caller of settle holds Client.mu.
func (k *call) settle(err error) {
	if k.sending || k.receiving || !k.replied && !k.givenUp && err == nil {
		return
	}
	select {
	case k.settled <- err:
	default: // it was told before
	}
}

// fail ends the connection, for the first reason that there is.
func (c *Client) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
		close(c.stopped)
	}
	c.mu.Unlock()
	c.nc.Close()
}
