package tui

import (
	"math/bits"

	"workbench/plugins"
	"workbench/recordings"
)

// A usage is what a client made of what it was offered.
type usage struct {
	ops      [plugins.OpExtents + 1]uint64 // requests
	flags    [8]uint64                     // requests with the flag of that bit
	finished trend
}

// use takes in a request.
func (u *usage) use(e *recordings.Event) {
	u.ops[min(e.Op, plugins.OpExtents)]++
	for f := uint(e.Flags) & (1<<len(u.flags) - 1); f != 0; f &= f - 1 {
		u.flags[bits.TrailingZeros(f)]++
	}
	u.finished.add(e.Replied, 1)
}

// flagged returns how many requests had a flag.
func (u *usage) flagged(f plugins.Flags) uint64 { return u.flags[bits.TrailingZeros16(uint16(f))] }
