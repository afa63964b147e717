package check

import (
	"bytes"
	"context"
	"fmt"

	"workbench/plugins"
)

// A span is a part of a disk.
type span struct{ offset, length uint64 }

func (s span) end() uint64 { return s.offset + s.length }

// The lengths of requests.
const (
	sector  = 512
	medium  = 64 << 10
	large   = 1 << 20
	largest = 32 << 20 // what clients send at the most, who ask nothing
)

// readSpans returns what is read: the ends, the odd rest, odd offsets, and long runs.
func readSpans(disk Disk) []span {
	size := disk.Info.Size
	middle := size / 2
	list := []span{
		{0, medium}, {0, sector}, {0, 1}, {1, 1}, {sector - 1, 2}, {sector, sector},
		{middle - middle%sector, sector}, {middle + 3, 777}, {middle - middle%medium, medium},
		{size - min(size, medium), medium}, {size - min(size, sector), sector}, {size - min(size, 1), 1},
		{size - size%sector, size % sector}, // the odd rest
		{0, large}, {middle - middle%large, large},
	}
	if size >= largest {
		list = append(list, span{0, largest})
	}
	return fit(list, disk)
}

// fit cuts spans to the disk, and to the block sizes that it wants.
func fit(list []span, disk Disk) []span {
	block := max(1, uint64(disk.BlockSizes.Minimum))
	end := disk.Info.Size - disk.Info.Size%block
	longest := uint64(plugins.MaxPayload)
	if m := uint64(disk.BlockSizes.Maximum); m > 0 {
		longest = min(longest, m)
	}
	var out []span
	seen := map[span]bool{}
	for _, s := range list {
		from := s.offset - s.offset%block
		to := min(end, (s.end()+block-1)/block*block, from+longest)
		if s.length == 0 || from >= to || seen[span{from, to - from}] {
			continue
		}
		seen[span{from, to - from}] = true
		out = append(out, span{from, to - from})
	}
	return out
}

// The canaries stand in the buffers that a script is to fill, so that what it
// leaves as it was shows: it is other in the second read.
const (
	canary1 = 0xa7
	canary2 = 0x58
)

// checkReads reads each span twice, and holds it against what other reads said.
func (c *checker) checkReads(ctx context.Context, conn *connection, disk Disk) {
	type piece struct {
		span
		data []byte
	}
	var known []piece
	defer c.watchdog.canary.Store(0)
	for _, s := range readSpans(disk) {
		if ctx.Err() != nil || c.watchdog.isHung(plugins.Pread) {
			return
		}
		c.watchdog.canary.Store(canary1)
		data, ok := c.read(ctx, conn, s.offset, s.length)
		if !ok {
			continue
		}
		c.watchdog.canary.Store(canary2)
		again, ok := c.read(ctx, conn, s.offset, s.length)
		if !ok {
			continue
		}
		if !c.isStable(disk, s, data, again) {
			continue
		}
		for _, k := range known {
			from, to := max(s.offset, k.offset), min(s.end(), k.end())
			if from >= to {
				continue
			}
			a, b := data[from-s.offset:to-s.offset], k.data[from-k.offset:to-k.offset]
			if at := mismatch(a, b); at >= 0 {
				c.differ(s, k.span, from+uint64(at))
				break
			}
		}
		if s.length <= large {
			known = append(known, piece{s, data})
		}
	}
}

// isStable reports whether two reads of s agree. If they do not, that is a
// mistake, or else what such a disk is for: statistics, say, that nobody writes.
func (c *checker) isStable(disk Disk, s span, data, again []byte) bool {
	at := mismatch(data, again)
	if at < 0 {
		return true
	}
	f := c.about(plugins.Pread)
	f.Rule = RuleData
	unfilled := 0
	for i := range data {
		if data[i] != again[i] && data[i] == canary1 && again[i] == canary2 {
			unfilled++
		}
	}
	switch {
	case unfilled > 0:
		f.Severity = Warning
		f.Text = fmt.Sprintf("pread left %s of its buffer as they were, the first at %d", count(unfilled, "byte"), s.offset+uint64(at))
		f.Advice = "fill all of it, also with zeroes: nbdkit sends what happens to stand there"
	case disk.Info.ReadOnly:
		c.mu.Lock()
		c.report.Changing = true
		c.mu.Unlock()
		return false
	default:
		f.Severity = Note
		f.Text = fmt.Sprintf("two reads of %s at %d gave different bytes, the first at %d", count(s.length, "byte"), s.offset, s.offset+uint64(at))
		f.Advice = "if that is not meant: clients that cache will see one or the other"
	}
	c.add(f)
	return false
}

// differ reports two reads that overlap and do not agree.
func (c *checker) differ(s, k span, at uint64) {
	f := c.about(plugins.Pread)
	f.Severity, f.Rule = Error, RuleData
	f.Text = fmt.Sprintf("the byte at %d depends on the request: READ of %s at %d and READ of %s at %d do not agree",
		at, count(s.length, "byte"), s.offset, count(k.length, "byte"), k.offset)
	f.Advice = "look at how pread uses its offset and its count"
	c.add(f)
}

// mismatch returns the first place where a and b differ, -1 if none.
func mismatch(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
