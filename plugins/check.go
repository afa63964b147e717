package plugins

import (
	"fmt"
	"syscall"
)

// Limits on one request. Requests without a payload are bounded by the disk alone.
const (
	MaxPayload = 64 << 20 // bytes that one read or write may move
	MaxExtents = 1 << 20  // extents that one answer may list
	MaxString  = 4096     // bytes of an export name or description
	MaxExports = 10000    // exports that may be listed
)

// flagsOf says which flags a request may carry. FUA means nothing on a request
// that writes nothing, but a server that offers it must accept it everywhere
// (the specification, "Command flags").
var flagsOf = [...]Flags{
	OpRead:    FlagFUA | FlagDF,
	OpWrite:   FlagFUA,
	OpFlush:   FlagFUA,
	OpTrim:    FlagFUA,
	OpZero:    FlagFUA | FlagMayTrim | FlagFastZero,
	OpCache:   FlagFUA,
	OpExtents: FlagFUA | FlagReqOne,
}

// Flags returns the flags that o may carry.
func (o Op) Flags() Flags {
	if int(o) < len(flagsOf) {
		return flagsOf[o]
	}
	return 0
}

// Check returns why r cannot be done on a disk with these facts, nil if it can.
// What passes lies inside the disk, has a length (but for a flush), carries
// only flags that its operation has, and is permitted. The errors are nbdkit's,
// and so is their order, which decides for a request with several mistakes.
func (i Info) Check(r *Request) error {
	if r.Op == 0 || int(r.Op) >= len(flagsOf) {
		if r.Refuse != nil {
			return r.Refuse
		}
		return Errorf(syscall.EINVAL, "unknown operation %d", r.Op)
	}
	if r.Op.Writes() && i.ReadOnly {
		return Errorf(syscall.EROFS, "%s on a read-only disk", r.Op)
	}
	if err := i.checkRange(r); err != nil {
		return err
	}
	if r.Refuse != nil {
		return r.Refuse
	}
	if extra := r.Flags &^ flagsOf[r.Op]; extra != 0 {
		return Errorf(syscall.EINVAL, "%s does not take the flag %s", r.Op, extra)
	}
	if r.Flags&FlagFUA != 0 && i.FUA == None {
		return Errorf(syscall.EINVAL, "the disk cannot FUA")
	}
	if err := checkPayload(r); err != nil {
		return err
	}
	return i.checkOffered(r)
}

// checkRange holds offset and length against the disk.
func (i Info) checkRange(r *Request) error {
	errno := syscall.EINVAL
	switch r.Op {
	case OpFlush:
		if r.Offset != 0 || r.Length != 0 {
			return Errorf(errno, "FLUSH takes no offset and no length")
		}
		return nil
	case OpWrite, OpZero:
		errno = syscall.ENOSPC
	}
	if r.Length == 0 {
		return Errorf(errno, "%s of no bytes", r.Op)
	}
	if r.Offset > i.Size || r.Length > i.Size-r.Offset {
		err := Errorf(errno, "%s of %d bytes at %d goes past the end of the disk (%d bytes)", r.Op, r.Length, r.Offset, i.Size)
		if r.Offset < i.Size {
			return &OffsetError{Offset: i.Size, Err: err}
		}
		return err
	}
	return nil
}

// checkPayload bounds what moves at once.
func checkPayload(r *Request) error {
	if r.Op != OpRead && r.Op != OpWrite {
		return nil
	}
	if r.Length > MaxPayload {
		return Errorf(syscall.ENOMEM, "%s of %d bytes: %d is the most at once", r.Op, r.Length, MaxPayload)
	}
	if r.Op == OpWrite && uint64(len(r.Data)) != r.Length {
		return Errorf(syscall.EINVAL, "WRITE of %d bytes came with %d", r.Length, len(r.Data))
	}
	return nil
}

// checkOffered holds the operation against what the disk can do.
func (i Info) checkOffered(r *Request) error {
	missing := ""
	switch {
	case r.Op == OpFlush && !i.CanFlush:
		missing = "flush"
	case r.Op == OpTrim && !i.CanTrim:
		missing = "trim"
	case r.Op == OpCache && i.Cache == None:
		missing = "cache"
	case r.Flags&FlagFastZero != 0 && !i.CanFastZero:
		missing = "fast zero"
	}
	if missing != "" {
		return Errorf(syscall.EINVAL, "the disk cannot %s", missing)
	}
	return nil
}

// check returns what is wrong with b, nil for the zero value (nbdkit's rules).
func (b BlockSizes) check() error {
	power := func(n uint32) bool { return n&(n-1) == 0 }
	switch {
	case b == BlockSizes{}:
		return nil
	case b.Minimum < 1 || b.Minimum > 64<<10 || !power(b.Minimum):
		return fmt.Errorf("minimum block size %d is not a power of two between 1 and 65536", b.Minimum)
	case b.Preferred < 512 || b.Preferred > 32<<20 || !power(b.Preferred):
		return fmt.Errorf("preferred block size %d is not a power of two between 512 and 33554432", b.Preferred)
	case b.Maximum != 0xffffffff && b.Maximum%b.Minimum != 0:
		return fmt.Errorf("maximum block size %d is not a multiple of the minimum %d", b.Maximum, b.Minimum)
	case b.Minimum > b.Preferred || b.Preferred > b.Maximum:
		return fmt.Errorf("block sizes %d, %d, %d are not in ascending order", b.Minimum, b.Preferred, b.Maximum)
	}
	return nil
}
