package fusemount

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// Read returns a request that is done and has the data, in buf or wherever the
// handle put them; the caller ends it when they have been sent. They are fewer at
// the end of the disk, and behind it, as after an error, there is no request.
func (d *disk) Read(interrupt <-chan struct{}, in *fuse.ReadIn, buf []byte) (*request, fuse.Status) {
	s, code := d.session(in.Fh)
	if code != fuse.OK {
		return nil, code
	}
	n := s.within(in.Offset, uint64(len(buf)))
	if n == 0 {
		return nil, fuse.OK
	}
	r, code := s.begin(plugins.OpRead, interrupt, &in.InHeader)
	if code != fuse.OK {
		return nil, code
	}
	r.Offset, r.Length, r.Data = in.Offset, n, buf[:n:n]
	if err := r.do(); err != nil {
		r.end(err)
		return nil, status(err)
	}
	return r, fuse.OK
}

// Write cuts off what lies behind the end, and fails where nothing is left: as
// POSIX has it (write(2), "only as many bytes as there is room for"), so that a
// disk can be filled to its last byte without knowing its size. Data that are
// given nobody will change.
func (d *disk) Write(interrupt <-chan struct{}, in *fuse.WriteIn, data []byte, given bool) (uint32, fuse.Status) {
	s, code := d.session(in.Fh)
	if code != fuse.OK || len(data) == 0 {
		return 0, code
	}
	n := s.within(in.Offset, uint64(len(data)))
	if n == 0 {
		return 0, fuse.Status(syscall.ENOSPC)
	}
	stable := in.Flags&syscall.O_DSYNC != 0 // which O_SYNC includes
	code = s.write(interrupt, &in.InHeader, in.Offset, data[:n:n], given, stable)
	if code != fuse.OK {
		return 0, code
	}
	d.touch()
	return uint32(n), fuse.OK
}

// write writes data; stable data are to outlive a loss of power.
func (s *session) write(interrupt <-chan struct{}, h *fuse.InHeader, offset uint64, data []byte, given, stable bool) fuse.Status {
	var flags plugins.Flags
	if stable && s.info.FUA != plugins.None {
		flags, stable = plugins.FlagFUA, false
	}
	if code := s.change(plugins.OpWrite, interrupt, h, flags, offset, uint64(len(data)), data, given); code != fuse.OK || !stable || !s.info.CanFlush {
		return code
	}
	return s.flush(interrupt, h)
}

// change performs a request that changes the disk.
func (s *session) change(op plugins.Op, interrupt <-chan struct{}, h *fuse.InHeader, flags plugins.Flags, offset, n uint64, data []byte, given bool) fuse.Status {
	r, code := s.begin(op, interrupt, h)
	if code != fuse.OK {
		return code
	}
	r.Flags, r.Offset, r.Length, r.Data, r.Given = flags, offset, n, data, given
	s.holes.forget()
	defer s.holes.forget()
	return r.run()
}

// Fsync flushes the disk. One that cannot has nothing to flush.
func (d *disk) Fsync(interrupt <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	s, code := d.session(in.Fh)
	if code != fuse.OK || !s.info.CanFlush {
		return code
	}
	return s.flush(interrupt, &in.InHeader)
}

func (s *session) flush(interrupt <-chan struct{}, h *fuse.InHeader) fuse.Status {
	r, code := s.begin(plugins.OpFlush, interrupt, h)
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
	s, code := d.session(in.Fh)
	if code != fuse.OK {
		return code
	}
	var flags plugins.Flags
	switch {
	case in.Mode == punchHole|keepSize && s.info.CanZero:
		flags = plugins.FlagMayTrim
	case in.Mode == zeroRange|keepSize:
	case in.Mode == zeroRange:
		if in.Length > s.within(in.Offset, in.Length) {
			return fuse.Status(syscall.ENOSPC) // the file cannot grow
		}
	default:
		return fuse.Status(syscall.EOPNOTSUPP)
	}
	for offset, left := in.Offset, s.within(in.Offset, in.Length); left > 0; {
		n := min(left, longest)
		if code := s.change(plugins.OpZero, interrupt, &in.InHeader, flags, offset, n, nil, false); code != fuse.OK {
			return code
		}
		d.touch()
		offset, left = offset+n, left-n
	}
	return fuse.OK
}

// Lseek finds the next data or hole. A hole is what reads as zeroes, for that
// is what programs take it for, whether or not space is allocated to it. There
// is one at the end of every file.
func (d *disk) Lseek(interrupt <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	s, code := d.session(in.Fh)
	if code != fuse.OK {
		return code
	}
	hole := in.Whence == seekHole
	switch {
	case !hole && in.Whence != seekData:
		return fuse.EINVAL
	case in.Offset >= s.info.Size:
		return fuse.Status(syscall.ENXIO)
	}
	offset := in.Offset
	switch {
	case s.info.CanExtents:
		offset, code = s.seek(interrupt, &in.InHeader, in.Offset, hole)
	case hole:
		offset = s.info.Size
	}
	if code == fuse.OK && offset == s.info.Size && !hole {
		code = fuse.Status(syscall.ENXIO)
	}
	out.Offset = offset
	return code
}

// How much a copy moves by one request, and by one call of a program, which
// asks again for the rest, so that it can be interrupted.
const (
	copyPiece = maxTransfer
	copyMost  = 64 << 20
)

// copyRange copies between two disks of a mount, or within one, without the
// data passing through the program. It returns how much it did, and an error
// only if that is nothing.
func copyRange(interrupt <-chan struct{}, from, to *disk, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	source, code := from.session(in.FhIn)
	if code != fuse.OK {
		return 0, code
	}
	target, code := to.session(in.FhOut)
	if code != fuse.OK {
		return 0, code
	}
	n := source.within(in.OffIn, min(in.Len, copyMost))
	if room := target.within(in.OffOut, n); room == 0 && n > 0 {
		return 0, fuse.Status(syscall.ENOSPC)
	} else {
		n = room
	}
	buf := make([]byte, min(n, copyPiece))
	for done := uint64(0); done < n; {
		piece := buf[:min(n-done, copyPiece)]
		code := source.readInto(interrupt, &in.InHeader, in.OffIn+done, piece)
		if code == fuse.OK {
			code = target.write(interrupt, &in.InHeader, in.OffOut+done, piece, false, false)
		}
		if code != fuse.OK {
			if done == 0 {
				return 0, code
			}
			return uint32(done), fuse.OK
		}
		to.touch()
		done += uint64(len(piece))
	}
	return uint32(n), fuse.OK
}

// readInto fills buf.
func (s *session) readInto(interrupt <-chan struct{}, h *fuse.InHeader, offset uint64, buf []byte) fuse.Status {
	r, code := s.begin(plugins.OpRead, interrupt, h)
	if code != fuse.OK {
		return code
	}
	r.Offset, r.Length, r.Data = offset, uint64(len(buf)), buf
	err := r.do()
	if err == nil {
		copy(buf, r.Data) // which may be memory of the handle's own
	}
	r.end(err)
	return status(err)
}
