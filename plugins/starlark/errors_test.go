package starlark_test

import (
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

func TestErrors(t *testing.T) {
	tests := []struct {
		name  string
		body  string // of pread, from line 3 on
		errno syscall.Errno
		line  int
		msg   string
	}{
		{"fail", `fail("disk", 1, "on fire")`, 0, 3, "disk 1 on fire"},
		{"fail with separator", `fail("a", "b", sep = "")`, 0, 3, "ab"},
		{"fail with an errno", `fail("ENOSPC: disk full")`, syscall.ENOSPC, 3, "disk full"},
		{"fail with an errno in small letters", `fail("enospc:disk full")`, syscall.ENOSPC, 3, "disk full"},
		{"fail with an errno alone", `fail("ENOSPC:")`, syscall.ENOSPC, 3, "no space left on device"},
		{"fail with an unknown name", `fail("EWHAT: x")`, 0, 3, "EWHAT: x"},
		{"fail with a word that is no errno", `fail("note: x")`, 0, 3, "note: x"},
		{"error by name", `nbdkit.error("EFBIG", "too big")`, syscall.EFBIG, 3, "too big"},
		{"error by number", `nbdkit.error(28, "full")`, syscall.ENOSPC, 3, "full"},
		{"error with a bad name", `nbdkit.error("EWHAT", "x")`, 0, 3, `errno: no error is called "EWHAT": want a name such as "ENOSPC", or a number`},
		{"error without text", `nbdkit.error("EIO")`, 0, 3, "message: wanted a string, got nothing"},
		{"set_error, then a failure", "nbdkit.set_error(nbdkit_enospc)\n    return {}[1]", syscall.ENOSPC, 4, "key 1 not in dict"},
		{"set_error, then a wrong result", `nbdkit.set_error("EPERM")`, syscall.EPERM, 2, "wanted bytes, got NoneType"},
		{"set_error to none", "nbdkit.set_error('EPERM')\n    nbdkit.set_error(0)\n    fail('x')", 0, 5, "x"},
		{"set_error, then error", "nbdkit.set_error('EPERM')\n    nbdkit.error('EROFS', 'x')", syscall.EROFS, 4, "x"},
		{"set_error of a negative number", `nbdkit.set_error(-5)`, 0, 3, "errno: there is no error number -5"},
		{"set_error of a float", `nbdkit.set_error(5.0)`, 0, 3, `errno: wanted a name such as "ENOSPC" or a number, got 5`},
		{"division by zero", "x = 1\n    return x // 0", 0, 4, "floored division by zero"},
		{"a function deeper", `return deeper(offset)`, 0, 11, "unknown binary op: int + string"},
		{"in an argument of a builtin", `return b"x" * (1 << 60)`, 0, 3, "repeat count 1152921504606846976 too large"},
		{"a missing attribute", `return h.pread(1)`, 0, 3, "string has no .pread field or method"},
		{"a disk", `return memory.pread(count, 1 << 20)`, syscall.EINVAL, 3, "READ of 512 bytes at 1048576 goes past the end of the disk (4096 bytes)"},
		{"a disk that is full", `memory.pwrite(b"ab", 4095)`, syscall.ENOSPC, 3, "WRITE of 2 bytes at 4095 goes past the end of the disk (4096 bytes)"},
		{"a file", `workbench.file("/no/such/file")`, syscall.ENOENT, 3, "open /no/such/file: no such file or directory"},
		{"set_error counts more than the system's", "nbdkit.set_error('EIO')\n    workbench.file('/no/such/file')", syscall.EIO, 4, "open /no/such/file: no such file or directory"},
		{"parse_size", `nbdkit.parse_size("1MB")`, 0, 3, `"1MB" is not a size`},
		{"endless recursion", `return endless(1)`, 0, 14, "Starlark stack overflow"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Lines 1 and 2, the body padded to line 6, and the rest at known places.
			text := "nbdkit_enospc = 28\ndef pread(h, count, offset):\n    " + tt.body + strings.Repeat("\n", 6-strings.Count(tt.body, "\n")) + `
def deeper(n):
    return n + "x"

def endless(n):
    return endless(n + 1)
memory = workbench.memory(4096)
def open(readonly): return "h"
def get_size(h): return 1 << 30
`
			h := open(t, text, plugins.Env{})
			_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Length: 512})
			e := scriptError(t, err)
			if e.Errno != tt.errno || e.Line != tt.line || !strings.HasPrefix(e.Msg, tt.msg) || e.File != "disk.star" || e.Callback != plugins.Pread {
				t.Errorf("errno %d, line %d: %v\nwant %d, line %d: %s", e.Errno, e.Line, e, tt.errno, tt.line, tt.msg)
			}
			if lines := strings.Count(e.Stack, "\n"); lines > 60 {
				t.Errorf("the stack has %d lines", lines)
			}
		})
	}
}

func TestErrnoIsForgottenAfterTheCall(t *testing.T) {
	h := open(t, `
def open(readonly): return None
def get_size(h): return 4096
def pread(h, count, offset):
    if offset == 0: nbdkit.set_error("ENOSPC")
    else: fail("later")
    return b"x" * count
`, plugins.Env{})
	read(t, h, 0, 1)
	_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Offset: 1, Length: 1})
	if errno := plugins.ErrnoOf(err); errno != syscall.EIO {
		t.Errorf("errno %s", plugins.ErrnoName(errno))
	}
}

// nbdkit's rule: a zero that says ENOTSUP is done by writing, whether it fails or not.
func TestZeroFallsBackToWrites(t *testing.T) {
	for _, body := range []string{"nbdkit.set_error('ENOTSUP')", "nbdkit.set_error(95)", "fail('EOPNOTSUPP: no')", "nbdkit.error('ENOTSUP', 'no')"} {
		h := open(t, minimal+`
written = []
def pwrite(h, buf, offset): written.append((offset, buf))
def zero(h, count, offset, may_trim): `+body+`
def pread(h, count, offset): return str(written)
`, plugins.Env{})
		if _, err := do(t, h, plugins.Request{Op: plugins.OpZero, Offset: 7, Length: 3}); err != nil {
			t.Fatal(err)
		}
		if got, want := read(t, h, 0, 22), `[(7, b"\x00\x00\x00")]`; got != want {
			t.Errorf("%s: written %s", body, got)
		}
	}
}

func TestStackIsInnermostFirst(t *testing.T) {
	h := open(t, `
def open(readonly): return None
def get_size(h): return 4096
def inner(): fail("x")
def pread(h, count, offset): inner()
`, plugins.Env{})
	_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Length: 1})
	e := scriptError(t, err)
	if want := "in fail\ndisk.star:4:18: in inner\ndisk.star:5:35: in pread\n"; e.Stack != want {
		t.Errorf("stack\n%s\nwant\n%s", e.Stack, want)
	}
	if e.Column != 18 {
		t.Errorf("column %d", e.Column)
	}
}

func TestWrongNumberOfParameters(t *testing.T) {
	h := open(t, `
def open(readonly): return None
def get_size(h): return 4096
def pread(h, buf, offset, flags): pass
`, plugins.Env{})
	_, err := do(t, h, plugins.Request{Op: plugins.OpRead, Length: 1})
	e := scriptError(t, err)
	if e.Line != 4 || e.Msg != "function pread missing 1 argument (flags)" {
		t.Errorf("error %v", e)
	}
}

func TestStartErrors(t *testing.T) {
	tests := []struct {
		name, text string
		line       int
		msg        string
	}{
		{"top level", "x = 1\nfail('ENOENT: no disk here')\n", 2, "no disk here"},
		{"API version", "API_VERSION = 3\n" + minimal, 0, "API_VERSION is 3: want 1 or 2"},
		{"API version of another type", "API_VERSION = '2'\n" + minimal, 0, `API_VERSION is "2": want 1 or 2`},
		{"no pread", "def open(r): pass\ndef get_size(h): pass\n", 0, "the script does not define pread"},
		{"a client at the top level", "x = 0\nnbdkit.export_name()\n", 2, "there is no client here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			program, err := compile(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			_, err = plugins.Start(t.Context(), program, plugins.Env{})
			e := scriptError(t, err)
			if e.Line != tt.line || !strings.HasPrefix(e.Msg, tt.msg) || e.File != "disk.star" || e.Callback != plugins.NoCallback {
				t.Errorf("error %v", e)
			}
		})
	}
}
