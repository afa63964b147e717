package plugins

import (
	"fmt"
	"syscall"
)

// extentError is a list of extents that breaks nbdkit's rules (nbdkit_add_extent).
type extentError struct {
	errno syscall.Errno
	msg   string
}

func (e *extentError) Error() string { return e.msg }
func (e *extentError) Unwrap() error { return e.errno }

// normalizeExtents appends to into, which ends there if it has any, what list says
// of the disk from offset on, or tells which of nbdkit's rules list breaks: extents ascend without gaps and
// one of them covers offset. Empty ones are ignored, what lies before offset or
// past the end of the disk is cut away, and neighbours of one type become one.
func normalizeExtents(into, list []Extent, offset, size uint64) ([]Extent, error) {
	started, covered := false, false
	var next uint64 // where the next extent must begin
	for _, e := range list {
		if e.Length == 0 {
			continue
		}
		if e.End() < e.Offset {
			return into, &extentError{syscall.EINVAL, fmt.Sprintf("extent at %d of %d bytes goes past the largest offset", e.Offset, e.Length)}
		}
		if started && e.Offset != next {
			return into, &extentError{syscall.ERANGE, fmt.Sprintf("extent at %d does not follow the one before, which ends at %d", e.Offset, next)}
		}
		started, next = true, e.End()
		if e.Offset >= size || e.End() <= offset {
			continue
		}
		if !covered && e.Offset > offset {
			return into, &extentError{syscall.ERANGE, fmt.Sprintf("the first extent begins at %d: the request begins at %d", e.Offset, offset)}
		}
		covered = true
		e.Length = min(e.End(), size) - max(e.Offset, offset)
		e.Offset = max(e.Offset, offset)
		if n := len(into); n > 0 && into[n-1].Type == e.Type {
			into[n-1].Length += e.Length
			continue
		}
		if len(into) == MaxExtents {
			return into, nil
		}
		into = append(into, e)
	}
	if !covered {
		return into, &extentError{syscall.EINVAL, fmt.Sprintf("no extent covers offset %d", offset)}
	}
	return into, nil
}
