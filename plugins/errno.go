package plugins

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
)

// errnos is the one table of error numbers: the name that scripts, rules and
// the screen use, and the number that NBD sends for it. NBD knows eight errors;
// what is not listed here, or has wire 0, goes out as EINVAL.
var errnos = []struct {
	name  string
	errno syscall.Errno
	wire  syscall.Errno
}{
	{"EPERM", syscall.EPERM, syscall.EPERM},
	{"EROFS", syscall.EROFS, syscall.EPERM},
	{"EIO", syscall.EIO, syscall.EIO},
	{"ENOMEM", syscall.ENOMEM, syscall.ENOMEM},
	{"EINVAL", syscall.EINVAL, syscall.EINVAL},
	{"ENOSPC", syscall.ENOSPC, syscall.ENOSPC},
	{"EDQUOT", syscall.EDQUOT, syscall.ENOSPC},
	{"EFBIG", syscall.EFBIG, syscall.ENOSPC},
	{"EOVERFLOW", syscall.EOVERFLOW, syscall.EOVERFLOW},
	{"ENOTSUP", syscall.ENOTSUP, syscall.ENOTSUP},
	{"EOPNOTSUPP", syscall.EOPNOTSUPP, syscall.ENOTSUP},
	{"ESHUTDOWN", syscall.ESHUTDOWN, syscall.ESHUTDOWN},
	{"ENOENT", syscall.ENOENT, 0},
	{"EINTR", syscall.EINTR, 0},
	{"ENXIO", syscall.ENXIO, 0},
	{"EBADF", syscall.EBADF, 0},
	{"EAGAIN", syscall.EAGAIN, 0},
	{"EACCES", syscall.EACCES, 0},
	{"EBUSY", syscall.EBUSY, 0},
	{"EEXIST", syscall.EEXIST, 0},
	{"ENODEV", syscall.ENODEV, 0},
	{"EISDIR", syscall.EISDIR, 0},
	{"ENOTDIR", syscall.ENOTDIR, 0},
	{"EFAULT", syscall.EFAULT, 0},
	{"ELOOP", syscall.ELOOP, 0},
	{"ENAMETOOLONG", syscall.ENAMETOOLONG, 0},
	{"EMFILE", syscall.EMFILE, 0},
	{"ETXTBSY", syscall.ETXTBSY, 0},
	{"ESPIPE", syscall.ESPIPE, 0},
	{"EPIPE", syscall.EPIPE, 0},
	{"EDOM", syscall.EDOM, 0},
	{"ERANGE", syscall.ERANGE, 0},
	{"ENOSYS", syscall.ENOSYS, 0},
	{"ENODATA", syscall.ENODATA, 0},
	{"ETIMEDOUT", syscall.ETIMEDOUT, 0},
	{"ECANCELED", syscall.ECANCELED, 0},
	{"ECONNRESET", syscall.ECONNRESET, 0},
	{"EHOSTUNREACH", syscall.EHOSTUNREACH, 0},
}

// ErrnoName returns the name of e, "ENOSPC", or its text if it has none here.
func ErrnoName(e syscall.Errno) string {
	for _, row := range errnos {
		if row.errno == e {
			return row.name
		}
	}
	return e.Error()
}

// ParseErrno returns the errno that a script names, in any case: "enospc".
func ParseErrno(name string) (syscall.Errno, bool) {
	for _, row := range errnos {
		if strings.EqualFold(row.name, name) {
			return row.errno, true
		}
	}
	return 0, false
}

// ErrnoNames returns the names that [ParseErrno] knows, those that NBD knows first.
func ErrnoNames() []string {
	names := make([]string, len(errnos))
	for i, row := range errnos {
		names[i] = row.name
	}
	return names
}

// ErrnoOf returns the errno that err carries: 0 for nil, what a script set or a
// system call returned, and EIO for an error that has none.
func ErrnoOf(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	var script *Error
	var errno syscall.Errno
	switch {
	case errors.As(err, &script):
		if script.Errno != 0 {
			return script.Errno
		}
		return syscall.EIO
	case errors.As(err, &errno) && errno != 0:
		return errno
	case errors.Is(err, context.Canceled):
		return syscall.ESHUTDOWN
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return syscall.ETIMEDOUT
	}
	return syscall.EIO
}

// WireErrno returns the error number that NBD sends for e in answer to a
// request with the given flags. ENOTSUP is for fast zeroes alone and EOVERFLOW
// for unfragmented reads; as every error that NBD does not know, they are
// EINVAL to anybody else (nbdkit's rule; the specification, "Error values").
func WireErrno(e syscall.Errno, f Flags) syscall.Errno {
	if e == 0 {
		return 0
	}
	for _, row := range errnos {
		if row.errno != e || row.wire == 0 {
			continue
		}
		if row.wire == syscall.ENOTSUP && f&FlagFastZero == 0 ||
			row.wire == syscall.EOVERFLOW && f&FlagDF == 0 {
			return syscall.EINVAL
		}
		return row.wire
	}
	return syscall.EINVAL
}
