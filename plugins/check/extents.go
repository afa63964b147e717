package check

import (
	"context"
	"fmt"

	"workbench/plugins"
)

const (
	// maxWalk bounds how many answers a walk over the extents may take.
	maxWalk = 256

	// maxZeroes bounds how many extents are looked into that say they are zeroes.
	maxZeroes = 32

	// sample is how much of the beginning and end of such an extent is read.
	sample = 4 << 10
)

// checkExtents walks over the disk by its extents, and reads samples of what is
// said to be zeroes. nbdkit's rules for a list are the instance's to watch.
func (c *checker) checkExtents(ctx context.Context, conn *connection, disk Disk) {
	if !disk.Info.CanExtents || c.missing(plugins.Extents) {
		return
	}
	walk := c.walk(ctx, conn, disk.Info.Size)
	if len(walk) == 0 {
		return
	}
	c.compareMiddle(ctx, conn, disk, walk)
	looked := 0
	for _, e := range walk {
		if e.Type&plugins.ExtentZero == 0 || looked == maxZeroes {
			continue
		}
		looked++
		for _, s := range fit([]span{{e.Offset, min(e.Length, sample)}, {e.End() - min(e.Length, sample), min(e.Length, sample)}}, disk) {
			if s.offset >= e.Offset && s.end() <= e.End() {
				c.checkZeroes(ctx, conn, e, s)
			}
		}
	}
}

// missing reports whether the script promised cb without defining it, which is
// reported elsewhere.
func (c *checker) missing(cb plugins.Callback) bool { return !c.watchdog.started().Defines(cb) }

// walk returns the extents of the disk, as far as it gets.
func (c *checker) walk(ctx context.Context, conn *connection, size uint64) []plugins.Extent {
	var walk []plugins.Extent
	offset := uint64(0)
	for range maxWalk {
		if offset >= size || ctx.Err() != nil {
			break
		}
		r := plugins.Request{Op: plugins.OpExtents, Offset: offset, Length: size - offset}
		if c.do(ctx, conn, &r) != nil {
			break
		}
		walk = append(walk, r.Extents...)
		offset = walk[len(walk)-1].End()
	}
	return walk
}

// compareMiddle asks about one place in the middle: the answer must be the one of the walk.
func (c *checker) compareMiddle(ctx context.Context, conn *connection, disk Disk, walk []plugins.Extent) {
	for _, s := range fit([]span{{disk.Info.Size / 2, sector}}, disk) {
		r := plugins.Request{Op: plugins.OpExtents, Offset: s.offset, Length: s.length, Flags: plugins.FlagReqOne}
		if c.do(ctx, conn, &r) != nil || len(r.Extents) == 0 {
			continue
		}
		for _, e := range walk {
			if e.Offset <= s.offset && s.offset < e.End() && e.Type != r.Extents[0].Type {
				f := c.about(plugins.Extents)
				f.Severity, f.Rule = Warning, RuleExtents
				f.Text = fmt.Sprintf("extents from 0 on say %s at %d, extents from there on say %s", kind(e.Type), s.offset, kind(r.Extents[0].Type))
				f.Advice = "look at how extents uses its offset: what it lists has offsets of the disk, not of the request"
				c.add(f)
			}
		}
	}
}

// checkZeroes reads s, which is in an extent that says it reads as zeroes.
func (c *checker) checkZeroes(ctx context.Context, conn *connection, e plugins.Extent, s span) {
	data, ok := c.read(ctx, conn, s.offset, s.length)
	at := firstNonZero(data)
	if !ok || at < 0 {
		return
	}
	f := c.about(plugins.Extents)
	f.Severity, f.Rule = Error, RuleExtents
	f.Text = fmt.Sprintf("extents says that %d to %d reads as zeroes, but pread returns %#02x at %d", e.Offset, e.End(), data[at], s.offset+uint64(at))
	f.Advice = "clients do not read what they are told is zero: leave EXTENT_ZERO away unless it is certain"
	c.add(f)
}

// checkCache asks the disk to fetch the beginning.
func (c *checker) checkCache(ctx context.Context, conn *connection, disk Disk) {
	if disk.Info.Cache == plugins.None {
		return
	}
	for _, s := range fit([]span{{0, medium}}, disk) {
		// An error is reported already.
		_ = c.do(ctx, conn, &plugins.Request{Op: plugins.OpCache, Offset: s.offset, Length: s.length})
	}
}

// kind names an extent for people.
func kind(t plugins.ExtentType) string {
	switch t {
	case plugins.ExtentHole:
		return "hole"
	case plugins.ExtentZero:
		return "zero"
	case plugins.ExtentHole | plugins.ExtentZero:
		return "hole and zero"
	}
	return "data"
}

// firstNonZero returns the first place that is not zero, -1 if there is none.
func firstNonZero(data []byte) int {
	for i, b := range data {
		if b != 0 {
			return i
		}
	}
	return -1
}
