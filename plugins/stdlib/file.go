package stdlib

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// A File is a disk in a file or on a block device.
type File struct {
	file     *os.File
	path     string
	writable bool
	grows    bool // opened by "w+": begins empty, and writing past the end is how it gets a size
	size     atomic.Uint64
}

var _ Disk = (*File)(nil)

// zeroPiece is how much one write of zeroes moves where the system has nothing better.
const zeroPiece = 1 << 20

// OpenFile opens the regular file or block device at path. The modes are those
// of fopen: "r" or "" to read; "r+" or "rw" to read and write what exists,
// whose size is fixed from now on; "w+" to make the file, or empty the one that
// is there: it is as large as what has been written. env is asked whether it may
// be changed.
func OpenFile(env *plugins.Env, path, mode string) (*File, error) {
	f := &File{path: path}
	flags := os.O_RDONLY
	switch mode {
	case "", "r":
	case "r+", "rw":
		flags = os.O_RDWR
	case "w+":
		flags = os.O_RDWR | os.O_CREATE | os.O_TRUNC
		f.grows = true
	default:
		return nil, plugins.Errorf(syscall.EINVAL, "%s: there is no mode %q: use r, r+ or w+", path, mode)
	}
	if err := env.MayChange(path, flags); err != nil {
		return nil, err
	}
	f.writable = flags != os.O_RDONLY
	// O_NONBLOCK so that a FIFO is refused below rather than waited for.
	file, err := os.OpenFile(path, flags|unix.O_NONBLOCK, 0o666)
	if err != nil {
		return nil, err // "open PATH: reason"
	}
	f.file = file
	if err := f.measure(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// measure finds the size, and refuses what has none.
func (f *File) measure() error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	const device = os.ModeDevice | os.ModeCharDevice
	if !info.Mode().IsRegular() && info.Mode()&device != os.ModeDevice {
		return plugins.Errorf(syscall.EINVAL, "%s: neither a regular file nor a block device", f.path)
	}
	size, err := f.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	f.size.Store(uint64(size))
	return nil
}

// Size returns the size that the file had when it was opened, or, of one that
// was opened with "w+", the end of what has been written.
func (f *File) Size() uint64 { return f.size.Load() }

// ReadAt fills p from off on.
func (f *File) ReadAt(p []byte, off uint64) error {
	if err := checkRange(plugins.OpRead, uint64(len(p)), off, f.Size()); err != nil {
		return f.named(err)
	}
	n, err := f.file.ReadAt(p, int64(off))
	if errors.Is(err, io.EOF) {
		return plugins.Errorf(syscall.EIO, "%s: ended after %d of %d bytes at %d: somebody made the file shorter", f.path, n, len(p), off)
	}
	return err
}

// WriteAt writes p from off on.
func (f *File) WriteAt(p []byte, off uint64) error {
	limit := f.Size()
	if f.grows {
		limit = MaxSize
	}
	if err := f.checkWrite(plugins.OpWrite, uint64(len(p)), off, limit); err != nil {
		return err
	}
	if _, err := f.file.WriteAt(p, int64(off)); err != nil {
		return err
	}
	for end := off + uint64(len(p)); ; {
		size := f.Size()
		if end <= size || f.size.CompareAndSwap(size, end) {
			return nil
		}
	}
}

// Flush is fdatasync.
func (f *File) Flush() error {
	if err := f.control(unix.Fdatasync); err != nil {
		return fmt.Errorf("flush %s: %w", f.path, err)
	}
	return nil
}

// Trim punches a hole; where the file system cannot, zeroes are written.
func (f *File) Trim(n, off uint64) error {
	if err := f.checkWrite(plugins.OpTrim, n, off, f.Size()); err != nil {
		return err
	}
	return f.allocate(unix.FALLOC_FL_PUNCH_HOLE, n, off)
}

// Zero zeroes the range in place, or punches a hole if mayTrim; where the file
// system cannot, zeroes are written.
func (f *File) Zero(n, off uint64, mayTrim bool) error {
	if err := f.checkWrite(plugins.OpZero, n, off, f.Size()); err != nil {
		return err
	}
	if mayTrim {
		return f.allocate(unix.FALLOC_FL_PUNCH_HOLE, n, off)
	}
	return f.allocate(unix.FALLOC_FL_ZERO_RANGE, n, off)
}

// allocate makes a range zero by fallocate, or by writing where that is not
// possible: EINVAL is a block device's word for a range of part sectors.
func (f *File) allocate(mode uint32, n, off uint64) error {
	if n == 0 {
		return nil
	}
	err := f.control(func(fd int) error {
		return unix.Fallocate(fd, mode|unix.FALLOC_FL_KEEP_SIZE, int64(off), int64(n))
	})
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return f.writeZeroes(n, off)
	}
	return fmt.Errorf("zeroing %d bytes at %d of %s: %w", n, off, f.path, err)
}

func (f *File) writeZeroes(n, off uint64) error {
	zeroes := make([]byte, min(n, zeroPiece))
	for n > 0 {
		piece := zeroes[:min(n, zeroPiece)]
		if _, err := f.file.WriteAt(piece, int64(off)); err != nil {
			return err
		}
		off, n = off+uint64(len(piece)), n-uint64(len(piece))
	}
	return nil
}

// Extents asks the file system where data are; one that does not know has data everywhere.
func (f *File) Extents(n, off uint64) ([]plugins.Extent, error) {
	if err := checkRange(plugins.OpExtents, n, off, f.Size()); err != nil {
		return nil, f.named(err)
	}
	var list []plugins.Extent
	end := off + n
	for off < end && len(list) < plugins.MaxExtents {
		data, err := f.seek(off, end, unix.SEEK_DATA)
		if errors.Is(err, unix.EINVAL) {
			return appendExtent(list, off, end-off, 0), nil
		}
		if err != nil {
			return nil, err
		}
		if data > off {
			list = appendExtent(list, off, data-off, hole)
			off = data
			continue
		}
		next, err := f.seek(off, end, unix.SEEK_HOLE)
		if err != nil {
			return nil, err
		}
		if next == off {
			next = end // the file shrank meanwhile; what is not there is not a hole
		}
		list = appendExtent(list, off, next-off, 0)
		off = next
	}
	return list, nil
}

// seek returns where the next data or the next hole begins, end if not before.
// It moves the position of the file, which nothing here uses.
func (f *File) seek(off, end uint64, whence int) (uint64, error) {
	var at int64
	err := f.control(func(fd int) (err error) {
		at, err = unix.Seek(fd, int64(off), whence)
		return err
	})
	if errors.Is(err, unix.ENXIO) { // no more of it in the file
		return end, nil
	}
	if err != nil {
		return 0, fmt.Errorf("looking for holes in %s: %w", f.path, err)
	}
	return min(uint64(at), end), nil
}

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// checkWrite returns why the range cannot be changed.
func (f *File) checkWrite(op plugins.Op, n, off, size uint64) error {
	if !f.writable {
		return plugins.Errorf(syscall.EROFS, "%s: opened for reading only: use mode r+", f.path)
	}
	return f.named(checkRange(op, n, off, size))
}

// named adds the path to an error about a range.
func (f *File) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// control runs a system call on the descriptor, which stays open meanwhile, and
// again if a signal interrupts it.
func (f *File) control(call func(fd int) error) error {
	conn, err := f.file.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = conn.Control(func(fd uintptr) {
		for result = unix.EINTR; result == unix.EINTR; {
			result = call(int(fd))
		}
	})
	return errors.Join(err, result)
}
