package plugins

import (
	"context"
	"errors"
	"math"
)

// maxCount is the most that one callback is asked for: scripts count in 32 bits,
// as nbdkit's do. It is a multiple of the largest minimum block size, so that
// pieces of this length leave an aligned request aligned.
const maxCount = math.MaxUint32 &^ (64<<10 - 1)

// inPieces runs do for one piece of c's range after another, none longer than
// most: c.Offset and c.Length say which. do may change c; each piece begins with
// c's flags as they are now. If there are several, an error says which one it was.
func inPieces(g *guard, c *Call, most uint64, do func() error) error {
	if c.Length <= most {
		return do()
	}
	end, flags := c.Offset+c.Length, c.Flags
	for offset := c.Offset; offset < end; {
		n := min(most, end-offset)
		c.Offset, c.Length, c.Flags = offset, n, flags
		if err := do(); err != nil {
			if _, known := errors.AsType[*OffsetError](err); known {
				return err
			}
			return &OffsetError{Offset: offset, Err: err}
		}
		if g.Err() != nil {
			return context.Cause(g)
		}
		offset += n
	}
	return nil
}
