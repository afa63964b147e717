package host

import (
	"context"
	"sync"
	"sync/atomic"

	"workbench/plugins"
	"workbench/recordings"
)

// A handle is a client's open disk. It stays while generations come and go.
type handle struct {
	host   *Host
	params plugins.OpenParams

	// What it stands on. They change only while the gate is closed, and are
	// read only inside the gate or by who reloads.
	inner      plugins.Handle
	generation *generation

	serial atomic.Bool // what inner says; for those who ask outside of the gate

	leaving bool           // Close was called; guarded by Host.mu
	lent    sync.WaitGroup // those who use inner besides the client; added to under Host.mu, unless leaving
}

var (
	_ plugins.Handle     = (*handle)(nil)
	_ plugins.Finisher   = (*handle)(nil)
	_ plugins.Describer  = (*handle)(nil)
	_ plugins.Serializer = (*handle)(nil)
	_ plugins.Keeper     = (*handle)(nil)
)

// stand has d stand on inner, a handle of generation g.
func (d *handle) stand(inner plugins.Handle, g *generation) {
	d.inner, d.generation = inner, g
	d.serial.Store(plugins.Serial(inner))
}

// KeepsData implements plugins.Keeper.
func (d *handle) KeepsData() bool { return true }

// Serial implements plugins.Serializer. A rule may hold requests or delay them.
func (d *handle) Serial() bool { return d.serial.Load() && d.host.rules.get() == nil }

// Info implements plugins.Handle. A swap never changes what a client was told,
// so it does not matter which generation answers, but that inner must not
// change meanwhile does.
func (d *handle) Info() plugins.Info {
	n, err := d.host.gate.enter(context.Background(), nil)
	if err != nil {
		return plugins.Info{} // not reached: the background never ends
	}
	defer d.host.gate.leave(n)
	return d.inner.Info()
}

// Do implements plugins.Handle. What rules do, and holds, happens outside of the
// gate: a reload need not wait for it.
func (d *handle) Do(ctx context.Context, r *plugins.Request) error {
	if d.host.rules.get() == nil || r.Refuse != nil {
		return d.run(ctx, r)
	}
	asked := *r
	r.Given = false // a person may look at the data, and change them
	answered, err := d.apply(ctx, r, false, nil)
	if !answered {
		err = d.run(ctx, r)
		answered, answer := d.apply(ctx, r, true, err)
		if answered {
			err = answer
		}
	}
	// The client gets what it asked for, whatever the script was asked.
	r.Offset, r.Length, r.Flags = asked.Offset, asked.Length, asked.Flags
	switch {
	case r.Op == plugins.OpRead && err == nil:
		r.Data = fit(r.Data, r.Length)
	case r.Op == plugins.OpWrite:
		r.Data = asked.Data
	}
	return err
}

// run has the script do r.
func (d *handle) run(ctx context.Context, r *plugins.Request) error {
	n, err := d.host.gate.enter(ctx, r)
	if err != nil {
		return err
	}
	defer d.host.gate.leave(n)
	r.Generation = d.generation.number
	return d.inner.Do(ctx, r)
}

// Finish implements plugins.Finisher: the request becomes a fact.
func (d *handle) Finish(r *plugins.Request, err error) {
	d.host.opts.Log.Append(recordings.Event{
		Kind:       recordings.Request,
		Front:      r.Origin.Front,
		Conn:       r.Origin.Conn,
		Cookie:     r.Origin.Cookie,
		PID:        r.Origin.PID,
		Program:    r.Origin.Program,
		Op:         r.Op,
		Callback:   r.Failed,
		Flags:      r.Flags,
		Fate:       r.Fate,
		Rule:       r.Rule,
		Errno:      uint16(plugins.ErrnoOf(err)),
		Generation: r.Generation,
		Offset:     r.Offset,
		Length:     r.Length,
		Times:      r.Times,
	}, requestText(r, err), payload(r, err))
}

// requestText returns why r failed, or what there is to say of its success.
func requestText(r *plugins.Request, err error) string {
	if err == nil && r.Op == plugins.OpExtents {
		return recordings.FormatExtents(r.Extents, r.Offset)
	}
	return errorText(err, r.Op.Callback())
}

// payload returns the bytes that r moved.
func payload(r *plugins.Request, err error) []byte {
	if r.Op == plugins.OpWrite || r.Op == plugins.OpRead && err == nil {
		return r.Data
	}
	return nil
}

// Name implements plugins.Describer.
func (d *handle) Name() string {
	n, err := d.host.gate.enter(context.Background(), nil)
	if err != nil {
		return "" // not reached: the background never ends
	}
	defer d.host.gate.leave(n)
	if s, ok := d.inner.(plugins.Describer); ok {
		return s.Name()
	}
	return d.params.Export
}

// Description implements plugins.Describer.
func (d *handle) Description(ctx context.Context) (string, error) {
	n, err := d.host.gate.enter(ctx, nil)
	if err != nil {
		return "", err
	}
	defer d.host.gate.leave(n)
	if s, ok := d.inner.(plugins.Describer); ok {
		return s.Description(ctx)
	}
	return "", nil
}

// BlockSizes implements plugins.Describer.
func (d *handle) BlockSizes(ctx context.Context) (plugins.BlockSizes, error) {
	n, err := d.host.gate.enter(ctx, nil)
	if err != nil {
		return plugins.BlockSizes{}, err
	}
	defer d.host.gate.leave(n)
	if s, ok := d.inner.(plugins.Describer); ok {
		return s.BlockSizes(ctx)
	}
	return plugins.BlockSizes{}, nil
}

// lend reports whether the caller, who says lent.Done afterwards, may use inner
// besides the client, which waits for that before it closes.
func (d *handle) lend() bool {
	d.host.mu.Lock()
	defer d.host.mu.Unlock()
	if _, open := d.host.handles[d]; !open || d.leaving {
		return false
	}
	d.lent.Add(1)
	return true
}

// Close implements plugins.Handle. The last handle of a generation that serves
// nobody else any more ends that generation.
func (d *handle) Close() error {
	n, err := d.host.gate.enter(context.Background(), nil)
	if err != nil {
		return err
	}
	defer d.host.gate.leave(n)
	d.host.mu.Lock()
	_, open := d.host.handles[d]
	d.leaving = true
	d.host.mu.Unlock()
	if !open {
		return nil // the host closed it when it stopped
	}
	d.lent.Wait()
	err = d.inner.Close()
	d.host.mu.Lock()
	delete(d.host.handles, d)
	d.host.mu.Unlock()
	if !d.host.needed(d.generation) {
		d.host.closeGeneration(context.Background(), d.generation)
	}
	return err
}
