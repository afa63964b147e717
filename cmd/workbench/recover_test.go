package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestKilledMountIsRecovered kills a workbench with SIGKILL and mounts again at
// the same place, for each kind of mount point.
func TestKilledMountIsRecovered(t *testing.T) {
	if !canMount() {
		t.Skip("this machine cannot mount")
	}
	for _, kind := range []string{"missing", "file", "folder"} {
		t.Run(kind, func(t *testing.T) {
			dir, _ := fileDisk(t, 1<<20)
			place, disk := filepath.Join(dir, "place"), filepath.Join(dir, "place")
			switch kind {
			case "file":
				if err := os.WriteFile(place, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			case "folder":
				if err := os.Mkdir(place, 0o755); err != nil {
					t.Fatal(err)
				}
				disk = filepath.Join(place, "disk")
			}
			t.Cleanup(func() { detach(t, place) })
			p := startProgram(t, dir, "mount", "disk.lua", "place", "file=in.img")
			command(t, dir, "dd", "if="+disk, "of=/dev/null", "bs=4096", "count=1")
			p.signal(t, syscall.SIGKILL)
			<-p.ended

			out := command(t, dir, "workbench", "mount", "disk.lua", "place", "file=in.img", "--run", `cmp "$mount" in.img && echo same`)
			if !strings.Contains(out, "same\n") {
				t.Errorf("after the recovery:\n%s", out)
			}
			if mounted(t, place) {
				t.Error("it is still mounted")
			}
		})
	}
}

// mounted reports whether something is mounted at path, without touching it.
func mounted(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), " "+path+" ")
}

// detach takes away a mount that a failed test left.
func detach(t *testing.T, path string) {
	if !mounted(t, path) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "umount", "-l", path).CombinedOutput(); err != nil {
		t.Errorf("umount -l %s: %v\n%s", path, err, out)
	}
}
