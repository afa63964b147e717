package plugins

import (
	"context"
	"syscall"
)

// emulatedPiece is how much one write of an emulated zero, or one read of an
// emulated cache request, moves: as much as nbdkit's, because a script that
// fails in one of them can tell the difference.
const emulatedPiece = MaxPayload

// Do performs r: what the script can do is called, what it cannot is put
// together from what it can (nbdkit's rules).
func (s *session) Do(ctx context.Context, r *Request) error {
	if err := s.info.Check(r); err != nil {
		return err
	}
	lane := s.lane()
	if err := lane.enter(ctx); err != nil {
		return err
	}
	g := s.guards.take(ctx)
	c := &g.call
	defer func() {
		*c = Call{} // keep nothing of the request alive
		s.guards.put(g)
		lane.leave()
	}()

	*c = Call{Request: r, Open: s.params, Handle: s.handle,
		Offset: r.Offset, Length: r.Length, Flags: r.Flags & scriptFlags, Data: r.Data, Given: r.Given && r.Op == OpWrite}
	fua := s.splitFUA(c)
	var err error
	switch r.Op {
	case OpRead:
		err = s.read(g, c)
		r.Data = c.Data
	case OpWrite:
		err = s.call(g, c, Pwrite, syscall.EROFS)
	case OpFlush:
		err = s.call(g, c, Flush, syscall.EINVAL)
	case OpTrim:
		err = inPieces(g, c, maxCount, func() error { return s.call(g, c, Trim, syscall.EINVAL) })
	case OpZero:
		err = s.zero(g, c)
	case OpCache:
		err = s.cache(g, c)
	case OpExtents:
		r.Extents, err = s.extents(g, c, r.Extents[:0])
	}
	if err == nil && fua {
		c.Flags = 0 // those of the request are not the flush's
		err = s.call(g, c, Flush, syscall.EINVAL)
	}
	return err
}

// splitFUA takes FUA out of the flags that the script will see unless the
// script does it by itself, and reports whether a flush must follow.
func (s *session) splitFUA(c *Call) (flush bool) {
	writes := c.Request.Op.Writes()
	if c.Flags&FlagFUA == 0 || writes && s.info.FUA == Native {
		return false
	}
	c.Flags &^= FlagFUA
	return writes
}

// call runs cb with the rest of c as it is, and gives errno if the script
// promised cb (by can_*) but does not define it.
func (s *session) call(g *guard, c *Call, cb Callback, errno syscall.Errno) error {
	if !s.in.script.Defines(cb) {
		return &Error{Errno: errno, Callback: cb, File: s.in.file(), Msg: "the script says it can, but does not define this callback"}
	}
	c.Callback = cb
	return s.in.call(g, c)
}

// read runs pread and holds the script to the length that was asked for.
func (s *session) read(g *guard, c *Call) error {
	switch {
	case s.in.script.APIVersion() < 2:
		c.Data = nil // it returns its own
	case uint64(cap(c.Data)) >= c.Length:
		c.Data = c.Data[:c.Length]
		clear(c.Data) // what it does not fill must not show another request's bytes
	default:
		c.Data = make([]byte, c.Length)
	}
	if err := s.call(g, c, Pread, syscall.EIO); err != nil {
		return err
	}
	if uint64(len(c.Data)) < c.Length {
		return s.in.wrong(Pread, "returned %d bytes: %d were asked for at offset %d", len(c.Data), c.Length, c.Offset)
	}
	c.Data = c.Data[:c.Length]
	return nil
}

// zero runs the script's zero, or writes zeroes where it has none or says
// ENOTSUP. A fast zero never falls back to writing.
func (s *session) zero(g *guard, c *Call) error {
	fast := c.Flags&FlagFastZero != 0
	native := s.info.CanZero && s.in.script.Defines(Zero)
	if fast && (!native || s.in.script.APIVersion() < 2) {
		return Errorf(syscall.ENOTSUP, "the disk has no zero that is faster than writing")
	}
	if !native {
		return s.writeZeroes(g, c)
	}
	return inPieces(g, c, maxCount, func() error {
		piece := *c
		err := s.call(g, c, Zero, syscall.EINVAL)
		if errno := ErrnoOf(err); err == nil || fast || errno != syscall.ENOTSUP && errno != syscall.EOPNOTSUPP {
			return err
		}
		*c = piece
		return s.writeZeroes(g, c)
	})
}

// writeZeroes covers the range of c with writes; the last one carries FUA if c does.
func (s *session) writeZeroes(g *guard, c *Call) error {
	fua, end := c.Flags&FlagFUA, c.Offset+c.Length
	zeroes := make([]byte, min(c.Length, emulatedPiece))
	return inPieces(g, c, emulatedPiece, func() error {
		c.Data, c.Flags = zeroes[:c.Length], 0
		if c.Offset+c.Length == end {
			c.Flags = fua
		}
		return s.call(g, c, Pwrite, syscall.EROFS)
	})
}

// cache runs the script's cache, or reads the range and throws it away.
func (s *session) cache(g *guard, c *Call) error {
	if s.info.Cache == Native {
		if !s.in.script.Defines(Cache) {
			return nil // promised without a callback: nothing to do
		}
		return inPieces(g, c, maxCount, func() error { return s.call(g, c, Cache, syscall.EINVAL) })
	}
	scratch := make([]byte, min(c.Length, emulatedPiece))
	return inPieces(g, c, emulatedPiece, func() error {
		c.Data, c.Flags = scratch[:c.Length], 0
		return s.read(g, c)
	})
}

// maxExtentCalls is how many callbacks one request for extents may need. The
// answer need not reach the end: who asks for more than a terabyte asks again.
const maxExtentCalls = 256

// extents asks the script what the range is made of, in pieces as long as it
// answers them whole; a disk that cannot say is data.
func (s *session) extents(g *guard, c *Call, into []Extent) ([]Extent, error) {
	if !s.info.CanExtents {
		return append(into, Extent{Offset: c.Offset, Length: c.Length}), nil
	}
	end, flags, most := c.Offset+c.Length, c.Flags, MaxExtents
	if flags&FlagReqOne != 0 {
		most = 1
	}
	for range maxExtentCalls {
		c.Length, c.Flags, c.Extents = min(end-c.Offset, maxCount), flags, nil
		if err := s.call(g, c, Extents, syscall.EINVAL); err != nil {
			return into, err
		}
		var err error
		if into, err = normalizeExtents(into, c.Extents, c.Offset, s.info.Size); err != nil {
			file, line := s.in.script.Position(Extents)
			return into, &Error{Errno: ErrnoOf(err), Callback: Extents, File: file, Line: line, Msg: err.Error()}
		}
		known := into[len(into)-1].End()
		if known < c.Offset+c.Length || known >= end || len(into) > most {
			break
		}
		c.Offset = known
	}
	return into, nil
}
