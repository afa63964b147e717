package fusemount

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// fsName makes the type of the mounts "fuse.workbench". The source, the first
// column of df, names the process as well, so that a mount whose process is
// gone can be told without asking the mount.
const fsName = "workbench"

func source(pid int) string { return fmt.Sprintf("%s-%d", fsName, pid) }

// A mountEntry is one line of /proc/self/mountinfo (proc_pid_mountinfo(5)).
type mountEntry struct {
	id, parent string
	device     string // "major:minor"
	path       string // where it is mounted
	fsType     string
	source     string
}

// pid returns the process that serves e, if e is a mount of this program.
func (e *mountEntry) pid() (int, bool) {
	digits, ok := strings.CutPrefix(e.source, fsName+"-")
	if !ok || e.fsType != "fuse."+fsName {
		return 0, false
	}
	pid, err := strconv.Atoi(digits)
	return pid, err == nil && pid > 0
}

// mountAt returns the mount that is on top at path, which has no symbolic
// links; nil if there is none.
func mountAt(path string) (*mountEntry, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mount table: %w", err)
	}
	return topMount(string(table), path), nil
}

// ownMount is mountAt, if that is a mount of this process.
func ownMount(path string) (*mountEntry, error) {
	e, err := mountAt(path)
	if err != nil || e == nil {
		return nil, err
	}
	if pid, ok := e.pid(); !ok || pid != os.Getpid() {
		return nil, nil
	}
	return e, nil
}

// topMount finds in a mount table what is mounted at path. Mounts at one path
// lie on each other: each but the lowest has the one below as its parent.
func topMount(table, path string) *mountEntry {
	var here []mountEntry
	covered := map[string]bool{} // ids that have another mount of the same path on them
	for line := range strings.Lines(table) {
		if e, ok := parseMount(line); ok && e.path == path {
			here = append(here, e)
			covered[e.parent] = true
		}
	}
	for i := range here {
		if !covered[here[i].id] {
			return &here[i]
		}
	}
	return nil
}

// parseMount reads
//
//	36 35 98:0 /root /mount/point rw,noatime master:1 - type source options
//
// where any number of optional fields precede the hyphen.
func parseMount(line string) (mountEntry, bool) {
	before, after, ok := strings.Cut(line, " - ")
	left, right := strings.Fields(before), strings.Fields(after)
	if !ok || len(left) < 6 || len(right) < 2 {
		return mountEntry{}, false
	}
	return mountEntry{
		id:     left[0],
		parent: left[1],
		device: left[2],
		path:   unescape(left[4]),
		fsType: unescape(right[0]),
		source: unescape(right[1]),
	}, true
}

// unescape undoes the kernel's way of writing white space, backslash and "#":
// a backslash and three octal digits.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// stale reports whether e was left behind by a process that was killed. It
// asks the mount itself only when nobody serves it any more, so that the
// kernel answers at once; and for what the kernel does not remember.
func (e *mountEntry) stale() bool {
	pid, ok := e.pid()
	if !ok || pid == os.Getpid() || servesFUSE(pid) {
		return false
	}
	var st syscall.Statfs_t
	return errors.Is(syscall.Statfs(e.path, &st), syscall.ENOTCONN)
}

// servesFUSE reports whether a process has /dev/fuse open, or may have.
func servesFUSE(pid int) bool {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	fds, err := os.ReadDir(dir)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) // it lives, but does not let us look
	}
	for _, fd := range fds {
		if file, err := os.Readlink(dir + "/" + fd.Name()); err == nil && file == "/dev/fuse" {
			return true
		}
	}
	return false
}
