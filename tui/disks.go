package tui

import (
	"math/bits"
	"slices"

	"workbench/recordings"
)

// How many disks of a plugin with several exports add up what is done to them.
// What was done to others is read from the log when their map is seen; of so many
// it is known that they are there.
const (
	heatedDisks = 8
	keptDisks   = 4096
)

// A disk is an export and what was done to it.
type disk struct {
	export string
	size   uint64 // as the newest client was told; 0 = nobody was told in this log
	reach  uint64 // where what was done to it ends, if nobody was told
	heat   *heat  // nil: a lens finds it
}

// findDisk returns the disk of an export, nil if it is not known.
func (s *state) findDisk(export string) *disk {
	if i := slices.IndexFunc(s.disks, func(d disk) bool { return d.export == export }); i >= 0 {
		return &s.disks[i]
	}
	return nil
}

// diskOf returns the disk of a connection, which is new if it was not heard of
// yet; nil if there are too many.
func (s *state) diskOf(c *connection) *disk {
	if c.disk > 0 {
		return &s.disks[c.disk-1]
	}
	i := slices.IndexFunc(s.disks, func(d disk) bool { return d.export == c.export })
	if i < 0 {
		if i = len(s.disks); i == keptDisks {
			return nil
		}
		d := disk{export: c.export}
		if i < heatedDisks {
			d.heat = newHeat(0, 0)
		}
		s.disks = append(s.disks, d)
	}
	c.disk = i + 1
	return &s.disks[i]
}

// resize takes in the size that a client was told.
func (d *disk) resize(size uint64) {
	if d.size = size; d.heat != nil {
		d.heat.end = size
		d.heat.cover(size)
	}
}

// add takes in a request. Where no client was told the size, the disk is at
// least as large as what was done to it.
func (d *disk) add(e *recordings.Event, answer string) {
	if end := e.Offset + e.Length; d.size == 0 && !e.Failed() && end > e.Offset {
		if d.reach = max(d.reach, end); d.heat != nil {
			d.heat.cover(end)
		}
	}
	if d.heat != nil {
		d.heat.add(e, answer)
	}
}

// extent returns how large a disk is, as far as is known.
func (d *disk) extent() uint64 {
	switch {
	case d.size > 0:
		return d.size
	case d.heat != nil:
		return 1 << (d.heat.shift + heatDepth)
	}
	shift := max(bits.Len64(d.reach-min(d.reach, 1)), heatDepth)
	return 1 << min(shift, 63)
}

// freezeDisks returns a copy that does not change.
func freezeDisks(disks []disk) []disk {
	disks = slices.Clone(disks)
	for i := range disks[:min(len(disks), heatedDisks)] {
		disks[i].heat = disks[i].heat.clone()
	}
	return disks
}
