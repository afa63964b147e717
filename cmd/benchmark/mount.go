package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A mountPoint is a disk as a file, and who serves it.
type mountPoint struct {
	path    string
	servers []*server
}

func measureMount(ctx context.Context, l *lab) error {
	for _, cached := range []bool{false, true} {
		trials := mountTrials(cached)
		if !slices.ContainsFunc(trials, func(t trial) bool { return l.wants(t.row.name) }) {
			continue
		}
		before := len(l.closers)
		ours, err := l.mountOurs(ctx, cached)
		if err != nil {
			return err
		}
		theirs, err := l.mountTheirs(ctx)
		if err != nil {
			return err
		}
		for _, m := range []*mountPoint{ours, theirs} {
			if err := l.fillMount(ctx, m); err != nil {
				return err
			}
		}
		for _, t := range trials {
			t.row.unit = t.load.unit()
			if err := l.compare(ctx, t.row, l.overMount(ours, t.load, cached), l.overMount(theirs, t.load, cached)); err != nil {
				return err
			}
		}
		if err := l.closeDown(before); err != nil {
			return err
		}
	}
	return nil
}

func mountTrials(cached bool) []trial {
	how := "direct"
	if cached {
		how = "cached"
	}
	var trials []trial
	for _, t := range []struct {
		load
		bound float64
	}{
		{load{pattern: "randread", block: 4 << 10}, 3},
		{load{pattern: "randwrite", block: 4 << 10}, 2},
		{load{pattern: "read", block: 1 << 20}, 3},
		{load{pattern: "write", block: 1 << 20}, 2},
	} {
		trials = append(trials, trial{row{name: how + ", " + t.load.name(), goal: atLeast(t.bound)}, t.load})
	}
	return trials
}

// mountFile makes the file that is mounted over, and sees to it that it is
// unmounted when its server has been stopped.
func (l *lab) mountFile(name string) (string, error) {
	path := l.path(name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return "", err
	}
	l.onClose(func() error { return l.unmount(path) })
	return path, nil
}

func (l *lab) mountOurs(ctx context.Context, cached bool) (*mountPoint, error) {
	d := l.newDoor()
	path, err := l.mountFile("ours" + strconv.Itoa(l.numbers))
	if err != nil {
		return nil, err
	}
	arguments := []string{path, "--headless"}
	if cached {
		arguments = append(arguments, "--cache")
	}
	s, err := l.start(ctx, l.ours(d, "mount", "blocks.lua", arguments...), d)
	if err != nil {
		return nil, err
	}
	return &mountPoint{path, []*server{s.server}}, nil
}

func (l *lab) mountTheirs(ctx context.Context) (*mountPoint, error) {
	nbdkit, err := l.startNbdkit(ctx, "lua", "blocks.lua")
	if err != nil {
		return nil, err
	}
	path, err := l.mountFile("theirs" + strconv.Itoa(l.numbers))
	if err != nil {
		return nil, err
	}
	s, err := l.startServer(ctx, l.command("nbdfuse", []string{path, nbdkit.uri()}), func() bool {
		mounted, err := mountedBelow(path)
		return err == nil && len(mounted) > 0
	})
	if err != nil {
		return nil, err
	}
	return &mountPoint{path, []*server{s, nbdkit.server}}, nil
}

// unmount takes away what the end of its server left mounted.
func (l *lab) unmount(path string) error {
	mounted, err := mountedBelow(path)
	if err != nil || len(mounted) == 0 {
		return err
	}
	_, err = runTool(context.Background(), stopLimit, l.dir, nil, "umount", "-l", path)
	return err
}

// mountedBelow returns the mount points at and below path. It looks into a list,
// because to look at a mount itself may take for ever.
func mountedBelow(path string) ([]string, error) {
	list, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("what is mounted: %w", err)
	}
	var found []string
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); len(fields) > 4 && (fields[4] == path || strings.HasPrefix(fields[4], path+"/")) {
			found = append(found, fields[4])
		}
	}
	return found, nil
}

// overMount puts the load on a mount. Cached reads take each block once: again, they
// would be answered by the kernel alone.
func (l *lab) overMount(m *mountPoint, w load, cached bool) side {
	arguments := append([]string{"--filename=" + m.path, "--ioengine=psync", "--allow_file_create=0"}, w.arguments(l.seconds)...)
	if !cached {
		arguments = append(arguments, "--direct=1")
	} else if strings.HasSuffix(w.pattern, "read") {
		arguments = slices.DeleteFunc(arguments, func(a string) bool {
			return a == "--time_based" || a == "--norandommap" || strings.HasPrefix(a, "--runtime=")
		})
	}
	return l.fio(w, m.servers, arguments)
}

func (l *lab) fillMount(ctx context.Context, m *mountPoint) error {
	_, err := runTool(ctx, fioSlack, l.dir, m.servers, "dd", "if=/dev/urandom", "of="+m.path,
		"bs=1M", "count="+strconv.Itoa(diskSize>>20), "conv=notrunc", "oflag=direct")
	return err
}
