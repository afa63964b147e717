package check

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"

	"workbench/plugins"
)

const (
	// neighbours is how much on each side of a write must stay as it was.
	neighbours = 512

	// page is what a window is a multiple of, where the disk allows it: a script
	// that does not get odd places right must not spoil more than is put back.
	page = 4096
)

// restoreTries is how often a write that puts back the disk is sent, for a disk
// that fails now and then.
const restoreTries = 3

// A window is a part of the disk that is changed, with its neighbours, and what
// stood there before.
type window struct {
	c      *checker
	conn   *connection
	disk   Disk
	span          // what is changed
	outer  span   // with the neighbours
	before []byte // of outer, to be put back
	ground []byte // of outer, what is written first
	want   []byte // what is written to span then
}

// openWindow reads what stands in and around s, and writes something there that
// holds no zeroes, which a hole has too; nil if that failed.
func (c *checker) openWindow(ctx context.Context, conn *connection, disk Disk, s span) *window {
	if ctx.Err() != nil || c.watchdog.isHung(plugins.Pwrite) || c.watchdog.isHung(plugins.Pread) {
		return nil
	}
	w := &window{c: c, conn: conn, disk: disk, span: s}
	unit := max(page, uint64(disk.BlockSizes.Minimum)) // both are powers of two
	from := s.offset - min(s.offset, neighbours)
	from -= from % unit
	to := min((s.end()+neighbours+unit-1)/unit*unit, disk.Info.Size)
	to -= to % max(1, uint64(disk.BlockSizes.Minimum))
	w.outer = span{from, to - from}
	random := rand.New(rand.NewPCG(s.offset, s.length))
	noise := func(n uint64) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(1 + random.IntN(255))
		}
		return b
	}
	w.ground, w.want = noise(w.outer.length), noise(s.length)
	var ok bool
	if w.before, ok = w.readOuter(ctx); !ok {
		return nil
	}
	for _, s := range w.pieces() {
		at := s.offset - w.outer.offset
		r := plugins.Request{Op: plugins.OpWrite, Offset: s.offset, Length: s.length, Data: w.ground[at : at+s.length]}
		if c.do(ctx, conn, &r) != nil {
			w.restore(ctx)
			return nil
		}
	}
	if !w.hasGround(ctx) {
		w.restore(ctx)
		return nil
	}
	return w
}

// hasGround reports whether the window holds what was written to all of it.
func (w *window) hasGround(ctx context.Context) bool {
	now, ok := w.readOuter(ctx)
	at := mismatch(now, w.ground)
	if ok && at >= 0 {
		f := w.c.about(plugins.Pwrite)
		f.Severity, f.Rule = Error, RuleWrite
		w.unlike(f, "a write", w.outer, at, now, w.ground, w.before)
	}
	return ok && at < 0
}

// pieces returns the window in parts that the disk takes at once.
func (w *window) pieces() []span {
	most := uint64(plugins.MaxPayload)
	if m := uint64(w.disk.BlockSizes.Maximum); m > 0 {
		most = min(most, m)
	}
	var list []span
	for offset := w.outer.offset; offset < w.outer.end(); {
		s := span{offset, min(most, w.outer.end()-offset)}
		list = append(list, s)
		offset = s.end()
	}
	return list
}

// readOuter reads the window.
func (w *window) readOuter(ctx context.Context) ([]byte, bool) {
	data := make([]byte, 0, w.outer.length)
	for _, s := range w.pieces() {
		part, ok := w.c.read(ctx, w.conn, s.offset, s.length)
		if !ok {
			return nil, false
		}
		data = append(data, part...)
	}
	return data, true
}

// write writes to the inside and reports whether that was done.
func (w *window) write(ctx context.Context, flags plugins.Flags) bool {
	r := plugins.Request{Op: plugins.OpWrite, Offset: w.offset, Length: w.length, Data: w.want, Flags: flags}
	return w.c.do(ctx, w.conn, &r) == nil
}

// fastZero sends a fast zero, which may fail with ENOTSUP, and reports whether it was done.
func (w *window) fastZero(ctx context.Context, r *plugins.Request) bool {
	err := w.conn.Do(ctx, r)
	plugins.Finish(w.conn.Handle, r, err)
	switch errno := plugins.ErrnoOf(err); {
	case err == nil:
		return true
	case errno == syscall.ENOTSUP || errno == syscall.EOPNOTSUPP || ctx.Err() != nil:
	case onPurpose(err):
		w.c.refused(r, err)
	default:
		w.c.failed(RuleFailure, err, "a zero that cannot be fast fails with ENOTSUP")
	}
	return false
}

// expect reads the window back. Its inside must be want, unless that is nil, and
// the neighbours as they were.
func (w *window) expect(ctx context.Context, want []byte, after string) {
	now, ok := w.readOuter(ctx)
	if !ok {
		return
	}
	cb := map[string]plugins.Callback{"a write": plugins.Pwrite, "a trim": plugins.Trim}[after]
	if cb == plugins.NoCallback {
		cb = plugins.Zero
		if w.c.missing(cb) {
			cb = plugins.Pwrite // which has written the zeroes
		}
	}
	f := w.c.about(cb)
	f.Severity, f.Rule = Error, RuleWrite
	inside := w.offset - w.outer.offset
	if at := mismatch(now[:inside], w.ground[:inside]); at >= 0 {
		w.touched(f, after, w.outer.offset+uint64(at))
	} else if at := mismatch(now[inside+w.length:], w.ground[inside+w.length:]); at >= 0 {
		w.touched(f, after, w.end()+uint64(at))
	}
	if want == nil {
		return
	}
	inner := now[inside : inside+w.length]
	if at := mismatch(inner, want); at >= 0 {
		w.unlike(f, after, w.span, at, inner, want, w.ground[inside:inside+w.length])
	}
}

// unlike reports that part of the disk does not read as it should.
func (w *window) unlike(f Finding, after string, s span, at int, now, want, before []byte) {
	f.Text = fmt.Sprintf("after %s of %s at %d the byte at %d reads as %#02x: it should be %#02x",
		after, count(s.length, "byte"), s.offset, s.offset+uint64(at), now[at], want[at])
	f.Advice = "look at how the script uses offset and length"
	if bytes.Equal(now, before) {
		f.Advice = "nothing has changed: does it do anything?"
	}
	w.c.add(f)
}

// touched reports a byte beside the window that has changed.
func (w *window) touched(f Finding, after string, at uint64) {
	f.Rule = RuleNeighbour
	f.Text = fmt.Sprintf("%s of %s at %d changed the byte at %d, which is none of them", after, count(w.length, "byte"), w.offset, at)
	f.Advice = "look at how the script uses offset and length: an unaligned request must keep the rest of its block"
	w.c.add(f)
}

// expectData asks for the extents of what was written: they cannot be zeroes.
func (w *window) expectData(ctx context.Context) {
	if !w.disk.Info.CanExtents || w.c.missing(plugins.Extents) {
		return
	}
	r := plugins.Request{Op: plugins.OpExtents, Offset: w.offset, Length: w.length}
	if w.c.do(ctx, w.conn, &r) != nil {
		return
	}
	for _, e := range r.Extents {
		if e.Type&plugins.ExtentZero != 0 && e.Offset < w.end() && e.End() > w.offset {
			f := w.c.about(plugins.Extents)
			f.Severity, f.Rule = Error, RuleExtents
			f.Text = fmt.Sprintf("extents says that %d to %d reads as zeroes, but other bytes were written there", e.Offset, e.End())
			f.Advice = "clients do not read what they are told is zero: a write must change what extents says"
			w.c.add(f)
			return
		}
	}
}

// restore puts the window back as it was, also when ctx has ended.
func (w *window) restore(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for range restoreTries {
		// As the hole that it may have been, if zero can be trusted.
		if firstNonZero(w.before) < 0 && !w.c.found(RuleWrite, RuleNeighbour) {
			r := plugins.Request{Op: plugins.OpZero, Offset: w.outer.offset, Length: w.outer.length, Flags: plugins.FlagMayTrim}
			_ = w.quietly(ctx, &r) // else it is written
		}
		if bytes.Equal(w.readQuietly(ctx), w.before) {
			return
		}
		for _, s := range w.pieces() {
			at := s.offset - w.outer.offset
			r := plugins.Request{Op: plugins.OpWrite, Offset: s.offset, Length: s.length, Data: w.before[at : at+s.length]}
			_ = w.quietly(ctx, &r) // the next look tells
		}
	}
	if bytes.Equal(w.readQuietly(ctx), w.before) {
		return
	}
	f := w.c.about(plugins.Pwrite)
	f.Severity, f.Rule = Error, RuleRestore
	f.Text = fmt.Sprintf("%d to %d could not be put back as it was: it holds bytes of this check", w.outer.offset, w.outer.end())
	f.Advice = "use a copy of what the disk is kept in"
	w.c.add(f)
}

// quietly sends a request whose failure would tell nothing new.
func (w *window) quietly(ctx context.Context, r *plugins.Request) error {
	err := w.conn.Do(ctx, r)
	plugins.Finish(w.conn.Handle, r, err)
	return err
}

// readQuietly reads the window, nil if that fails.
func (w *window) readQuietly(ctx context.Context) []byte {
	var data []byte
	for _, s := range w.pieces() {
		r := plugins.Request{Op: plugins.OpRead, Offset: s.offset, Length: s.length}
		if w.quietly(ctx, &r) != nil {
			return nil
		}
		data = append(data, r.Data...)
	}
	return data
}
