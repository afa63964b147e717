package stdlib

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

func TestOpenFileModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"", "r"} {
		f := open(t, path, mode)
		got := make([]byte, 4)
		if err := f.ReadAt(got, 3); err != nil || string(got) != "3456" || f.Size() != 10 {
			t.Errorf("mode %q: read %q of %d (%v)", mode, got, f.Size(), err)
		}
		wantErrno(t, "write", f.WriteAt(got, 0), syscall.EROFS)
		wantErrno(t, "trim", f.Trim(1, 0), syscall.EROFS)
		wantErrno(t, "zero", f.Zero(1, 0, true), syscall.EROFS)
		wantErrno(t, "flush", f.Flush(), 0)
	}
	for _, mode := range []string{"r+", "rw"} {
		f := open(t, path, mode)
		if err := f.WriteAt([]byte(mode), 8); err != nil {
			t.Errorf("mode %q: %v", mode, err)
		}
		wantErrno(t, "write past the end", f.WriteAt([]byte("x"), 10), syscall.ENOSPC)
	}
	if got, _ := os.ReadFile(path); string(got) != "01234567rw" {
		t.Errorf("the file holds %q", got)
	}
	f := open(t, path, "w+")
	if f.Size() != 0 {
		t.Errorf("w+: size %d of a file that should be empty", f.Size())
	}
	if err := f.WriteAt([]byte("end"), 4093); err != nil || f.Size() != 4096 {
		t.Errorf("w+: size %d after a write up to 4096 (%v)", f.Size(), err)
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, mode string
		errno            syscall.Errno
	}{
		{"missing", filepath.Join(dir, "none.img"), "", syscall.ENOENT},
		{"directory", dir, "r", syscall.EINVAL},
		{"directory to write", dir, "r+", syscall.EISDIR},
		{"fifo", fifo, "r", syscall.EINVAL},
		{"character device", "/dev/null", "r+", syscall.EINVAL},
		{"unknown mode", "/dev/null", "a+", syscall.EINVAL},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenFile(&plugins.Env{}, c.path, c.mode)
			wantErrno(t, "OpenFile", err, c.errno)
			if err == nil || !strings.Contains(err.Error(), c.path) {
				t.Errorf("the error %v does not name %s", err, c.path)
			}
		})
	}
}

func TestFileErrorsNameThePath(t *testing.T) {
	f := newFile(t, 4096)
	for what, err := range map[string]error{
		"read":  f.ReadAt(make([]byte, 8), 4090),
		"write": f.WriteAt(make([]byte, 8), 4090),
		"trim":  f.Trim(8, 4090),
	} {
		if err == nil || !strings.Contains(err.Error(), f.path) {
			t.Errorf("%s: %v does not name %s", what, err, f.path)
		}
	}
	if err := os.Truncate(f.path, 100); err != nil {
		t.Fatal(err)
	}
	err := f.ReadAt(make([]byte, 200), 0)
	wantErrno(t, "read of a file that became shorter", err, syscall.EIO)
}

func TestFileHoles(t *testing.T) {
	const mib = 1 << 20
	f := newFile(t, 4*mib)
	if err := f.WriteAt(bytes.Repeat([]byte{1}, mib), mib); err != nil {
		t.Fatal(err)
	}
	kind := func(off uint64) plugins.ExtentType {
		t.Helper()
		list, err := f.Extents(4096, off)
		if err != nil || len(list) != 1 || list[0].Offset != off || list[0].Length != 4096 {
			t.Fatalf("Extents(4096, %d) = %v, %v", off, list, err)
		}
		return list[0].Type
	}
	if kind(0) != hole {
		if os.Getenv("CI") == "true" {
			t.Fatal("this file system reports no holes")
		}
		t.Skip("this file system reports no holes")
	}
	if kind(mib) != 0 {
		t.Error("data are reported as a hole")
	}
	if err := f.Trim(mib/2, mib); err != nil {
		t.Fatal(err)
	}
	if kind(mib) != hole || kind(mib+mib/2) != 0 {
		t.Error("the trim punched no hole, or a larger one")
	}
	info, err := os.Stat(f.path)
	if err != nil || info.Size() != 4*mib {
		t.Errorf("the trim changed the size to %d (%v)", info.Size(), err)
	}
}
