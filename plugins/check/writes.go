package check

import (
	"bytes"
	"context"
	"fmt"

	"workbench/plugins"
)

// checkWrites tries what changes the disk: each time one window of it is read,
// changed, read back, and put back as it was.
func (c *checker) checkWrites(ctx context.Context, conn *connection, disk Disk) {
	if disk.Info.ReadOnly || c.missing(plugins.Pwrite) {
		return
	}
	c.mu.Lock()
	c.report.Written = true
	c.mu.Unlock()
	size := disk.Info.Size
	middle := size / 2
	for i, s := range fit([]span{
		{0, sector}, {sector, 1}, {sector - 1, 2*sector + 2}, {middle - middle%sector, sector}, {middle + 3, 777},
		{size - min(size, sector), sector}, {size - min(size, 1), 1}, {medium, medium}, {middle - middle%medium, large},
	}, disk) {
		w := c.openWindow(ctx, conn, disk, s)
		if w == nil {
			continue
		}
		flags := plugins.Flags(0)
		if disk.Info.FUA != plugins.None && i%2 == 1 {
			flags = plugins.FlagFUA
		}
		if w.write(ctx, flags) {
			w.expect(ctx, w.want, "a write")
			w.expectData(ctx)
		}
		w.restore(ctx)
	}
	if disk.Info.CanFlush && !c.missing(plugins.Flush) && ctx.Err() == nil {
		// An error is reported already.
		_ = c.do(ctx, conn, &plugins.Request{Op: plugins.OpFlush})
	}
	c.checkWipes(ctx, conn, disk)
}

// checkWipes tries trim and zero, where they stand alone and in odd places.
func (c *checker) checkWipes(ctx context.Context, conn *connection, disk Disk) {
	for _, s := range fit([]span{{4 << 10, 4 << 10}, {4<<10 + 1, 1022}, {medium, medium}}, disk) {
		if disk.Info.CanTrim && !c.missing(plugins.Trim) {
			c.wipe(ctx, conn, disk, s, plugins.OpTrim, 0)
		}
		c.wipe(ctx, conn, disk, s, plugins.OpZero, 0)
		c.wipe(ctx, conn, disk, s, plugins.OpZero, plugins.FlagMayTrim)
		if disk.Info.CanFastZero {
			c.wipe(ctx, conn, disk, s, plugins.OpZero, plugins.FlagFastZero|plugins.FlagMayTrim)
		}
	}
}

// wipe takes away what the window has written to s, by a trim or a zero.
func (c *checker) wipe(ctx context.Context, conn *connection, disk Disk, s span, op plugins.Op, flags plugins.Flags) {
	if ctx.Err() != nil || c.watchdog.isHung(op.Callback()) {
		return
	}
	w := c.openWindow(ctx, conn, disk, s)
	if w == nil {
		return
	}
	defer w.restore(ctx)
	r := plugins.Request{Op: op, Offset: s.offset, Length: s.length, Flags: flags}
	if flags&plugins.FlagFastZero != 0 {
		if w.fastZero(ctx, &r) {
			w.expect(ctx, make([]byte, s.length), "a fast zero")
		}
		return
	}
	if c.do(ctx, conn, &r) != nil {
		return
	}
	if op == plugins.OpTrim { // what it leaves is the disk's own affair
		w.expect(ctx, nil, "a trim")
		return
	}
	w.expect(ctx, make([]byte, s.length), "a zero")
}

// checkTogether writes by one client and reads by another, where the disk says
// that clients may share it.
func (c *checker) checkTogether(ctx context.Context, first, second *connection, disk Disk) {
	if !disk.Info.MultiConn || disk.Info.ReadOnly || c.missing(plugins.Pwrite) {
		return
	}
	for _, s := range fit([]span{{disk.Info.Size / 2, sector}}, disk) {
		w := c.openWindow(ctx, first, disk, s)
		if w == nil || !w.write(ctx, 0) {
			continue
		}
		if disk.Info.CanFlush {
			if c.do(ctx, first, &plugins.Request{Op: plugins.OpFlush}) != nil {
				w.restore(ctx)
				continue
			}
		}
		if data, ok := c.read(ctx, second, s.offset, s.length); ok && !bytes.Equal(data, w.want) {
			f := c.about(plugins.CanMultiConn)
			f.Severity, f.Rule = Error, RuleWrite
			f.Text = fmt.Sprintf("can_multi_conn says yes, but a second client does not see what the first has written at %d and flushed", s.offset)
			f.Advice = "let can_multi_conn say no, or keep what is written in one place for all clients"
			c.add(f)
		}
		w.restore(ctx)
	}
}
