package tui

import (
	"slices"

	"workbench/recordings"
)

// keptDisks is how many disks of a plugin with several exports have a map.
const keptDisks = 8

// A disk is an export and what was done to it.
type disk struct {
	export string
	size   uint64 // as the newest client was told; 0 = nobody was told in this log
	heat   *heat
}

// findDisk returns the disk of an export, nil if it has no map.
func (s *state) findDisk(export string) *disk {
	if i := slices.IndexFunc(s.disks, func(d disk) bool { return d.export == export }); i >= 0 {
		return &s.disks[i]
	}
	return nil
}

// disk returns the disk of an export, which is new if it was not heard of yet;
// nil if there are too many.
func (s *state) disk(export string) *disk {
	if d := s.findDisk(export); d != nil || len(s.disks) == keptDisks {
		return d
	}
	s.disks = append(s.disks, disk{export: export, heat: newHeat(0, 0)})
	return &s.disks[len(s.disks)-1]
}

// resize takes in the size that a client was told.
func (d *disk) resize(size uint64) {
	d.size, d.heat.end = size, size
	d.heat.cover(size)
}

// add takes in a request. Where no client was told the size, the disk is at
// least as large as what was done to it.
func (d *disk) add(e *recordings.Event, answer string) {
	if end := e.Offset + e.Length; d.size == 0 && !e.Failed() && end > e.Offset {
		d.heat.cover(end)
	}
	d.heat.add(e, answer)
}

// extent returns how large a disk is, as far as is known.
func (d *disk) extent() uint64 {
	if d.size > 0 {
		return d.size
	}
	return 1 << (d.heat.shift + heatDepth)
}

// freezeDisks returns a copy that does not change.
func freezeDisks(disks []disk) []disk {
	disks = slices.Clone(disks)
	for i := range disks {
		disks[i].heat = disks[i].heat.clone()
	}
	return disks
}
