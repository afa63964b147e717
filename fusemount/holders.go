package fusemount

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// holders names what keeps a mount in use: "dd (pid 812)", "the loop device
// /dev/loop0", "what is mounted at /mnt/a". It reads of processes what does not
// ask the mount: which mount a descriptor belongs to, which device a map is of.
// What this user may not look at is not found. It looks at every process, until
// ctx ends.
func holders(ctx context.Context, e *mountEntry) []string {
	var out []string
	pids, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil // not reached: the pattern is a good one
	}
	for _, dir := range pids {
		if ctx.Err() != nil {
			break
		}
		if holds(dir, e) {
			pid := filepath.Base(dir)
			name, err := os.ReadFile(dir + "/comm")
			if err != nil {
				name = []byte("a program")
			}
			out = append(out, fmt.Sprintf("%s (pid %s)", strings.TrimSpace(string(name)), pid))
		}
	}
	loops, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, file := range loops {
		if path, err := os.ReadFile(file); err == nil && e.has(strings.TrimSpace(string(path))) {
			out = append(out, "the loop device /dev/"+strings.Split(file, "/")[3])
		}
	}
	if table, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		for line := range strings.Lines(string(table)) {
			if on, ok := parseMount(line); ok && on.parent == e.id {
				out = append(out, "what is mounted at "+on.path)
			}
		}
	}
	return out
}

// holds reports whether the process of which dir tells uses the mount: by an
// open file, a memory map, or as the folder that it is in.
func holds(dir string, e *mountEntry) bool {
	if dir == fmt.Sprintf("/proc/%d", os.Getpid()) {
		return false
	}
	files, _ := os.ReadDir(dir + "/fd") // not those of others, unless this is root
	for _, file := range files {
		path, err := os.Readlink(dir + "/fd/" + file.Name())
		if err != nil || !e.has(path) {
			continue
		}
		// It may be of what was there before, below the mount.
		text, err := os.ReadFile(dir + "/fdinfo/" + file.Name())
		if err == nil && statusLine("\n"+string(text), "mnt_id") == e.id {
			return true
		}
	}
	for _, link := range []string{"/cwd", "/root"} {
		if path, err := os.Readlink(dir + link); err == nil && e.has(path) {
			return true
		}
	}
	maps, err := os.ReadFile(dir + "/maps")
	return err == nil && slices.ContainsFunc(strings.Split(string(maps), "\n"), e.isMapped)
}

// has reports whether a path leads into the mount.
func (e *mountEntry) has(path string) bool {
	return path == e.path || strings.HasPrefix(path, e.path+"/")
}

// isMapped reports whether a line of /proc/PID/maps is of a file in the mount:
//
//	7f2c8000-7f2c9000 rw-s 00000000 00:35 1    /mnt/disk
func (e *mountEntry) isMapped(line string) bool {
	fields := strings.Fields(line)
	if len(fields) < 6 {
		return false
	}
	major, minor, _ := strings.Cut(fields[3], ":")
	a, aerr := strconv.ParseUint(major, 16, 32)
	b, berr := strconv.ParseUint(minor, 16, 32)
	return aerr == nil && berr == nil && fmt.Sprintf("%d:%d", a, b) == e.device
}

// listed returns names as a sentence has them, but not too many.
func listed(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		names = append(slices.Clone(names[:most]), fmt.Sprintf("%d more", more))
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}
