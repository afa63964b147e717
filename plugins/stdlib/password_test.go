package stdlib

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

func TestReadPassword(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// inherited returns a descriptor of a file as a shell would have opened it.
	inherited := func(path string) int {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fd, err := unix.Dup(int(f.Fd())) // without FD_CLOEXEC
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	lines := write("lines", "secret\nsecond\n")
	fd := inherited(lines)
	for value, want := range map[string]string{
		"":                                    "",
		"abc":                                 "abc",
		"a-b":                                 "a-b",
		" -":                                  " -",
		"+" + lines:                           "secret",
		"+" + write("open", "no end"):         "no end",
		"+" + write("empty", ""):              "",
		"+" + write("return", "a\r\n"):        "a\r",
		"+" + write("blank", "\nx"):           "",
		fmt.Sprintf("-%d", fd):                "secret",
		fmt.Sprintf("-%#x", inherited(lines)): "secret",
	} {
		if got, err := ReadPassword(value); got != want || err != nil {
			t.Errorf("ReadPassword(%q) = %q, %v; want %q", value, got, err, want)
		}
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
		t.Errorf("the descriptor is still open (%v)", err)
	}

	ours, err := os.Open(lines)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	for value, want := range map[string]string{
		"-":                              "cannot be asked for",
		"-0":                             "standard input",
		"-1":                             "standard input",
		"-2":                             "standard input",
		"-x":                             "number of a file descriptor",
		"--3":                            "number of a file descriptor",
		"-+3":                            "number of a file descriptor",
		"-3x":                            "number of a file descriptor",
		"-99999999999":                   "number of a file descriptor",
		"-9999":                          "not started with it",
		fmt.Sprintf("-%d", ours.Fd()):    "not started with it",
		"+" + filepath.Join(dir, "none"): "none",
		"+":                              "the file of the password",
		"+" + dir:                        "directory",
		"+" + write("long", strings.Repeat("x", maxPassword+1)): "longer than",
	} {
		if got, err := ReadPassword(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadPassword(%.40q) = %q, %v; want an error with %q", value, got, err, want)
		}
	}
	if _, err := ReadPassword("+" + filepath.Join(dir, "none")); plugins.ErrnoOf(err) != syscall.ENOENT {
		t.Errorf("a missing file: %v", err)
	}
}
