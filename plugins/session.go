package plugins

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// A session is one open disk of an Instance.
type session struct {
	in     *Instance
	params OpenParams
	handle any // what the script's open returned
	info   Info
	own    lane   // for one callback at a time on this connection
	guards guards // of requests
}

var (
	_ Handle     = (*session)(nil)
	_ Describer  = (*session)(nil)
	_ Serializer = (*session)(nil)
	_ Keeper     = (*session)(nil)
)

// Exports runs list_exports. A script without it has its default export alone.
func (in *Instance) Exports(ctx context.Context, p OpenParams) ([]Export, error) {
	lane := in.shared()
	if err := lane.enter(ctx); err != nil {
		return nil, err
	}
	defer lane.leave()
	g := in.guards.take(ctx)
	defer in.guards.put(g)
	if !in.script.Defines(ListExports) {
		name, ok, err := in.defaultExport(g, p)
		if err != nil || !ok {
			return nil, err
		}
		return []Export{{Name: name}}, nil
	}
	c := Call{Callback: ListExports, Open: p, ReadOnly: p.ReadOnly, TLS: p.TLS}
	if err := in.call(g, &c); err != nil {
		return nil, err
	}
	if len(c.Exports) > MaxExports {
		return nil, in.wrong(ListExports, "returned %d exports: %d is the most", len(c.Exports), MaxExports)
	}
	for _, e := range c.Exports {
		if len(e.Name) > MaxString || len(e.Description) > MaxString {
			return nil, in.wrong(ListExports, "returned a name or description of more than %d bytes", MaxString)
		}
	}
	return c.Exports, nil
}

// defaultExport resolves the export "", once for each client. ok is false if
// the script refuses to have one.
func (in *Instance) defaultExport(g *guard, p OpenParams) (name string, ok bool, err error) {
	if !in.script.Defines(DefaultExport) {
		return "", true, nil
	}
	if p.Client != nil {
		if known := p.Client.defaultExport.Load(); known != nil {
			return *known, true, nil
		}
	}
	c := Call{Callback: DefaultExport, Open: p, ReadOnly: p.ReadOnly, TLS: p.TLS}
	if err := in.call(g, &c); err != nil {
		return "", false, err
	}
	name, ok = c.Text, !c.Missing && len(c.Text) <= MaxString
	if ok && p.Client != nil {
		p.Client.defaultExport.Store(&name)
	}
	return name, ok, nil
}

// Open opens the script for one connection: the default export is resolved,
// then open, get_size and the can_* callbacks run, each at most once.
func (in *Instance) Open(ctx context.Context, p OpenParams) (Handle, error) {
	lane := in.shared()
	if err := lane.enter(ctx); err != nil {
		return nil, err
	}
	defer lane.leave()
	g := in.guards.take(ctx)
	defer in.guards.put(g)
	if p.Export == "" {
		name, ok, err := in.defaultExport(g, p)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, &Error{Errno: syscall.ENOENT, Callback: DefaultExport, File: in.file(), Msg: "there is no default export: name one"}
		}
		p.Export = name
	}
	c := Call{Callback: Open, Open: p, ReadOnly: p.ReadOnly}
	if err := in.call(g, &c); err != nil {
		return nil, err
	}
	s := &session{in: in, params: p, handle: c.Handle, own: newLane(), guards: guards{limits: &in.limits}}
	if err := s.learn(g); err != nil {
		return nil, errors.Join(err, s.close(g))
	}
	return s, nil
}

// lane returns what a callback of the session waits for.
func (s *session) lane() lane {
	switch {
	case s.in.serial():
		return s.in.lane
	case s.in.model == SerializeRequests:
		return s.own
	}
	return nil
}

// learn asks the script for the facts of the disk, in nbdkit's order. What a
// missing callback means is nbdkit's rule for C plugins.
func (s *session) learn(g *guard) error {
	defines := s.in.script.Defines
	q := questions{guard: g, s: s}
	i := &s.info

	size := q.integer(GetSize, 0)
	if q.err == nil && size < 0 {
		return s.in.wrong(GetSize, "returned %d: a size cannot be below zero", size)
	}
	i.Size = uint64(size)

	// A server that was started read-only asks nothing about writing.
	i.ReadOnly = s.params.ReadOnly || !q.boolean(CanWrite, defines(Pwrite))
	if !i.ReadOnly {
		i.CanZero = q.boolean(CanZero, defines(Zero))
		// Without a zero that knows of flags, a fast zero fails at once, which is fast.
		i.CanFastZero = q.boolean(CanFastZero, !defines(Zero) || s.in.script.APIVersion() < 2 || !i.CanZero)
		i.CanTrim = q.boolean(CanTrim, defines(Trim))
		i.FUA = q.support(CanFUA, defines(Flush), Emulate)
		if s.in.script.APIVersion() < 2 && defines(Flush) {
			i.FUA = min(i.FUA, Emulate) // a v1 pwrite has no flags to see it by
		}
	}
	i.CanFlush = q.boolean(CanFlush, defines(Flush))
	i.Rotational = q.boolean(IsRotational, false)
	// Who serves one client at a time must not invite it to open several connections.
	i.MultiConn = q.boolean(CanMultiConn, false) && s.in.model != SerializeConnections
	i.Cache = q.support(CanCache, defines(Cache), Native)
	i.CanExtents = q.boolean(CanExtents, defines(Extents))
	return q.err
}

// questions asks callbacks about a session until one fails.
type questions struct {
	guard *guard
	s     *session
	err   error
}

// ask runs cb and reports whether it answered.
func (q *questions) ask(cb Callback, c *Call) bool {
	if q.err != nil || !q.s.in.script.Defines(cb) {
		return false
	}
	*c = Call{Callback: cb, Open: q.s.params, Handle: q.s.handle}
	q.err = q.s.in.call(q.guard, c)
	return q.err == nil
}

func (q *questions) boolean(cb Callback, missing bool) bool {
	var c Call
	if q.ask(cb, &c) {
		return c.Bool
	}
	return missing && q.err == nil
}

func (q *questions) integer(cb Callback, missing int64) int64 {
	var c Call
	if q.ask(cb, &c) {
		return c.Int
	}
	return missing
}

// support asks for none, emulate or native; a missing callback means level if
// the feature's own callback is there.
func (q *questions) support(cb Callback, defined bool, level Support) Support {
	missing := None
	if defined {
		missing = level
	}
	n := q.integer(cb, int64(missing))
	if n < int64(None) || n > int64(Native) {
		q.err = q.s.in.wrong(cb, "returned %d: want none (0), emulate (1) or native (2)", n)
		return None
	}
	return Support(n)
}

func (s *session) Info() Info { return s.info }

// KeepsData says yes: to all languages data are values.
func (s *session) KeepsData() bool { return true }

// Serial reports whether one request of this connection is done at a time.
func (s *session) Serial() bool { return s.lane() != nil }

func (s *session) Name() string { return s.params.Export }

func (s *session) Description(ctx context.Context) (string, error) {
	c := Call{Callback: ExportDescription, Open: s.params, Handle: s.handle}
	if err := s.runCall(ctx, &c); err != nil {
		return "", err
	}
	if len(c.Text) > MaxString {
		return "", s.in.wrong(ExportDescription, "returned %d bytes: %d is the most", len(c.Text), MaxString)
	}
	return c.Text, nil
}

func (s *session) BlockSizes(ctx context.Context) (BlockSizes, error) {
	c := Call{Callback: BlockSize, Open: s.params, Handle: s.handle}
	if err := s.runCall(ctx, &c); err != nil {
		return BlockSizes{}, err
	}
	if err := c.BlockSizes.check(); err != nil {
		return BlockSizes{}, s.in.wrong(BlockSize, "%v", err)
	}
	return c.BlockSizes, nil
}

// closeTimeout is how long a script may take to close a handle. It is not the
// caller's context that counts, because a handle that the script was not told
// of would leak what open took.
const closeTimeout = 5 * time.Second

// Close runs the script's close.
func (s *session) Close() error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), closeTimeout,
		Errorf(syscall.ETIMEDOUT, "it was not done after %s", closeTimeout))
	defer cancel()
	lane := s.lane()
	if err := lane.enter(ctx); err != nil {
		return fmt.Errorf("closing a handle: %w", err)
	}
	defer lane.leave()
	defer s.guards.close()
	g := s.guards.take(ctx)
	defer s.guards.put(g)
	return s.close(g)
}

// runCall runs a callback of the session that may not be defined.
func (s *session) runCall(ctx context.Context, c *Call) error {
	if !s.in.script.Defines(c.Callback) {
		return nil
	}
	lane := s.lane()
	if err := lane.enter(ctx); err != nil {
		return err
	}
	defer lane.leave()
	g := s.guards.take(ctx)
	defer s.guards.put(g)
	return s.in.call(g, c)
}

// close is Close for a caller that holds the lane.
func (s *session) close(g *guard) error {
	if !s.in.script.Defines(Close) {
		return nil
	}
	return s.in.call(g, &Call{Callback: Close, Open: s.params, Handle: s.handle})
}
