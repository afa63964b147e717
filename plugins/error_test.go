package plugins

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

func TestErrorText(t *testing.T) {
	for _, tc := range []struct {
		want string
		e    Error
	}{
		{"boom", Error{Msg: "boom"}},
		{"disk.lua: boom", Error{File: "disk.lua", Msg: "boom"}},
		{"disk.lua:3: boom", Error{File: "disk.lua", Line: 3, Msg: "boom"}},
		{"pread: disk.lua:3: boom", Error{Callback: Pread, File: "disk.lua", Line: 3, Msg: "boom"}},
		{"pread: boom", Error{Callback: Pread, Msg: "boom"}},
	} {
		if got := tc.e.Error(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	const source = "one\n\tif x then\r\n"
	for _, tc := range []struct {
		name string
		e    Error
		want string
	}{
		{"column", Error{Line: 2, Column: 5}, "    2 | \tif x then\n      | \t   ^"},
		{"no column", Error{Line: 2}, "    2 | \tif x then\n      | \t^"},
		{"column past the line", Error{Line: 1, Column: 99}, "    1 | one\n      | ^"},
		{"no line", Error{}, ""},
		{"line past the text", Error{Line: 9}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.e.Excerpt(source); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestErrnoOf(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want syscall.Errno
	}{
		{"none", nil, 0},
		{"script set it", fmt.Errorf("wrapped: %w", &Error{Errno: syscall.ENOSPC}), syscall.ENOSPC},
		{"script set none", &Error{Msg: "boom"}, syscall.EIO},
		{"system call", &os.PathError{Op: "open", Err: syscall.ENOENT}, syscall.ENOENT},
		{"cancelled", context.Canceled, syscall.ESHUTDOWN},
		{"too late", context.DeadlineExceeded, syscall.ETIMEDOUT},
		{"anything", errors.New("boom"), syscall.EIO},
		{"joined", errors.Join(Errorf(syscall.EROFS, "a"), errors.New("b")), syscall.EROFS},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ErrnoOf(tc.err); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestWireErrno is the table of nbdkit, measured row by row.
func TestWireErrno(t *testing.T) {
	for _, tc := range []struct {
		errno syscall.Errno
		flags Flags
		want  syscall.Errno
	}{
		{0, 0, 0},
		{syscall.EPERM, 0, 1}, {syscall.EROFS, 0, 1}, {syscall.EIO, 0, 5}, {syscall.ENOMEM, 0, 12},
		{syscall.EINVAL, 0, 22}, {syscall.ENOSPC, 0, 28}, {syscall.EDQUOT, 0, 28}, {syscall.EFBIG, 0, 28},
		{syscall.ESHUTDOWN, 0, 108},
		{syscall.ENOTSUP, 0, 22}, {syscall.ENOTSUP, FlagFastZero, 95}, {syscall.EOPNOTSUPP, FlagFastZero, 95},
		{syscall.EOVERFLOW, 0, 22}, {syscall.EOVERFLOW, FlagDF, 75},
		{syscall.ENOENT, 0, 22}, {syscall.EACCES, 0, 22}, {syscall.EPIPE, 0, 22}, {syscall.Errno(9999), 0, 22},
	} {
		if got := WireErrno(tc.errno, tc.flags); got != tc.want {
			t.Errorf("%s with flags %s: %d, want %d", ErrnoName(tc.errno), tc.flags, got, tc.want)
		}
	}
}

func TestErrnoNames(t *testing.T) {
	for _, row := range errnos {
		e, ok := ParseErrno(row.name)
		if !ok || e != row.errno {
			t.Errorf("%s: %v %v", row.name, e, ok)
		}
	}
	if e, ok := ParseErrno("enospc"); e != syscall.ENOSPC || !ok {
		t.Errorf("lower case: %v %v", e, ok)
	}
	if _, ok := ParseErrno("ENOTHING"); ok {
		t.Error("ENOTHING was found")
	}
	if got := ErrnoName(syscall.ENOTSUP); got != "ENOTSUP" {
		t.Errorf("ENOTSUP is called %s", got)
	}
}
