package stdlib

import (
	"math"
	"syscall"

	"workbench/plugins"
)

// MaxSize is the largest disk, in bytes: offsets are signed in the kernel and
// in nbdkit.
const MaxSize = math.MaxInt64

// A Disk is bytes that a script can keep its data in. Every method may be
// called from several goroutines; two that overlap in time and place may see
// each other's work in part. Each does all that it is asked, or fails with an
// error that has an errno: EINVAL for a range that is not inside the disk,
// ENOSPC if something was to be written there. Nothing is kept of p.
type Disk interface {
	// Size returns the size in bytes, at most [MaxSize].
	Size() uint64

	ReadAt(p []byte, off uint64) error
	WriteAt(p []byte, off uint64) error

	// Flush returns when all that was written is on stable storage.
	Flush() error

	// Trim gives back the storage of n bytes, which then read as zeroes.
	Trim(n, off uint64) error

	// Zero makes n bytes read as zeroes. Without mayTrim a disk that can keeps
	// their storage allocated.
	Zero(n, off uint64, mayTrim bool) error

	// Extents says what each part of the n bytes is, in ascending order and
	// without gaps. It stops at [plugins.MaxExtents].
	Extents(n, off uint64) ([]plugins.Extent, error)

	// Close releases what the disk holds of the system. Not to be used after.
	Close() error
}

// checkRange returns why n bytes at off are not inside a disk of that size.
func checkRange(op plugins.Op, n, off, size uint64) error {
	if off <= size && n <= size-off {
		return nil
	}
	errno := syscall.EINVAL
	if op == plugins.OpWrite || op == plugins.OpZero {
		errno = syscall.ENOSPC
	}
	return plugins.Errorf(errno, "%s of %d bytes at %d goes past the end of the disk (%d bytes)", op, n, off, size)
}

// appendExtent adds the next n bytes to list, joining what is alike.
func appendExtent(list []plugins.Extent, off, n uint64, kind plugins.ExtentType) []plugins.Extent {
	if last := len(list) - 1; last >= 0 && list[last].Type == kind {
		list[last].Length += n
		return list
	}
	return append(list, plugins.Extent{Offset: off, Length: n, Type: kind})
}

// hole is what a part without storage is.
const hole = plugins.ExtentHole | plugins.ExtentZero
