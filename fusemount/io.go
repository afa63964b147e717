package fusemount

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// within returns how many of n bytes from offset on lie on the disk.
func (d *disk) within(offset, n uint64) uint64 {
	if offset >= d.info.Size {
		return 0
	}
	return min(n, d.info.Size-offset)
}

// Read answers with fewer bytes at the end of the disk, and none behind it.
func (d *disk) Read(interrupt <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n := d.within(in.Offset, uint64(len(buf)))
	if n == 0 {
		return fuse.ReadResultData(nil), fuse.OK
	}
	r, code := d.begin(plugins.OpRead, interrupt, &in.InHeader)
	if code != fuse.OK {
		return nil, code
	}
	r.Offset, r.Length, r.Data = in.Offset, n, buf[:n:n]
	if err := r.do(); err != nil {
		r.end(err)
		return nil, status(err)
	}
	return readAnswer{r}, fuse.OK
}

// A readAnswer is the data of a read on its way to the kernel. It goes out as
// it is, from wherever the handle put it: go-fuse copies no ReadResult that has
// Slices, and calls Done when it has been written.
type readAnswer struct{ r *request }

var _ fuse.ReadResult = readAnswer{}

func (a readAnswer) Size() int                          { return len(a.r.Data) }
func (a readAnswer) Bytes([]byte) ([]byte, fuse.Status) { return a.r.Data, fuse.OK }
func (a readAnswer) Done()                              { a.r.end(nil) }

func (a readAnswer) Slices() ([][]byte, fuse.Status) {
	a.r.data[0] = a.r.Data
	return a.r.data[:], fuse.OK
}

// Write cuts off what lies behind the end, and fails where nothing is left: as
// POSIX has it (write(2), "only as many bytes as there is room for"), so that a
// disk can be filled to its last byte without knowing its size.
func (d *disk) Write(interrupt <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	if len(data) == 0 {
		return 0, fuse.OK
	}
	n := d.within(in.Offset, uint64(len(data)))
	if n == 0 {
		return 0, fuse.Status(syscall.ENOSPC)
	}
	r, code := d.begin(plugins.OpWrite, interrupt, &in.InHeader)
	if code != fuse.OK {
		return 0, code
	}
	r.Offset, r.Length, r.Data = in.Offset, n, data[:n]
	stable := in.Flags&syscall.O_DSYNC != 0 // which O_SYNC includes
	if stable && d.info.FUA != plugins.None {
		r.Flags, stable = plugins.FlagFUA, false
	}
	if code := r.run(); code != fuse.OK {
		return 0, code
	}
	d.modified.Store(int64(plugins.Now()))
	if stable && d.info.CanFlush {
		if code := d.flush(interrupt, &in.InHeader); code != fuse.OK {
			return 0, code
		}
	}
	return uint32(n), fuse.OK
}

// Fsync flushes the disk. One that cannot has nothing to flush; the kernel
// remembers that answer and does not ask again.
func (d *disk) Fsync(interrupt <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	if !d.info.CanFlush {
		return fuse.ENOSYS
	}
	return d.flush(interrupt, &in.InHeader)
}

func (d *disk) flush(interrupt <-chan struct{}, h *fuse.InHeader) fuse.Status {
	r, code := d.begin(plugins.OpFlush, interrupt, h)
	if code != fuse.OK {
		return code
	}
	return r.run()
}

// The modes of fallocate(2).
const (
	keepSize  = 0x01 // FALLOC_FL_KEEP_SIZE
	punchHole = 0x02 // FALLOC_FL_PUNCH_HOLE
	zeroRange = 0x10 // FALLOC_FL_ZERO_RANGE
)

// longest is how much one request without a payload covers: nbdkit's callbacks
// and NBD itself count in 32 bits. A multiple of every block size.
const longest = 1 << 30

// Fallocate makes zeroes.
//
// A hole reads back as zeroes (fallocate(2)), and mkfs relies on it, but what
// NBD trims may read back as anything. So a hole is punched with a zero request
// that may trim, never with a trim. A disk without a zero of its own cannot
// punch: writing zeroes would use up the space that the caller wants to free.
// It can zero a range, by writing.
func (d *disk) Fallocate(interrupt <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	var flags plugins.Flags
	switch {
	case in.Mode == punchHole|keepSize && d.info.CanZero:
		flags = plugins.FlagMayTrim
	case in.Mode == zeroRange|keepSize:
	case in.Mode == zeroRange:
		if in.Length > d.within(in.Offset, in.Length) {
			return fuse.Status(syscall.ENOSPC) // the file cannot grow
		}
	default:
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	for offset, left := in.Offset, d.within(in.Offset, in.Length); left > 0; {
		r, code := d.begin(plugins.OpZero, interrupt, &in.InHeader)
		if code != fuse.OK {
			return code
		}
		n := min(left, longest)
		r.Flags, r.Offset, r.Length = flags, offset, n
		if code := r.run(); code != fuse.OK {
			return code
		}
		d.modified.Store(int64(plugins.Now()))
		offset, left = offset+n, left-n
	}
	return fuse.OK
}

// The origins of lseek(2) that concern holes; the kernel does the others itself.
const (
	seekData = 3 // SEEK_DATA
	seekHole = 4 // SEEK_HOLE
)

// Lseek finds the next data or hole. A hole is what reads as zeroes, for that
// is what programs take it for, whether or not space is allocated to it. There
// is one at the end of every file.
func (d *disk) Lseek(interrupt <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	hole := in.Whence == seekHole
	switch {
	case !hole && in.Whence != seekData:
		return fuse.EINVAL
	case in.Offset >= d.info.Size:
		return fuse.Status(syscall.ENXIO)
	}
	offset, code := in.Offset, fuse.OK
	switch {
	case d.info.CanExtents:
		offset, code = d.seek(interrupt, &in.InHeader, in.Offset, hole)
	case hole:
		offset = d.info.Size
	}
	if code == fuse.OK && offset == d.info.Size && !hole {
		code = fuse.Status(syscall.ENXIO)
	}
	out.Offset = offset
	return code
}

// seek returns the first offset from offset on that is in a hole, or is not;
// the size of the disk if there is none.
func (d *disk) seek(interrupt <-chan struct{}, h *fuse.InHeader, offset uint64, hole bool) (uint64, fuse.Status) {
	for offset < d.info.Size {
		r, code := d.begin(plugins.OpExtents, interrupt, h)
		if code != fuse.OK {
			return 0, code
		}
		r.Offset, r.Length = offset, min(longest, d.info.Size-offset)
		err := r.do()
		next, found := scan(r.Extents, offset, hole)
		r.end(err)
		switch {
		case err != nil:
			return 0, status(err)
		case found:
			return next, fuse.OK
		case next == offset:
			return 0, fuse.EIO // the handle broke its word: no extent holds offset
		}
		offset = next
	}
	return d.info.Size, fuse.OK
}

// scan returns the first offset from offset on that extents has in a hole, or
// not in one, and else the offset where they end.
func scan(extents []plugins.Extent, offset uint64, hole bool) (next uint64, found bool) {
	for _, e := range extents {
		if (e.Type&plugins.ExtentZero != 0) == hole && e.End() > offset {
			return max(offset, e.Offset), true
		}
	}
	if n := len(extents); n > 0 {
		return max(offset, extents[n-1].End()), false
	}
	return offset, false
}
