package fusemount

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const table = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw
60 27 0:50 / /mnt/a\040b rw,nosuid - fuse.workbench workbench-41 rw,user_id=0
62 61 0:52 / /mnt/pile rw - fuse.workbench workbench-43 rw
61 27 0:51 / /mnt/pile rw - tmpfs none rw
63 62 0:53 / /mnt/pile/in rw - tmpfs \134\043\011\012 rw
64 27 0:54 / /mnt/other rw - fuse.nbdfuse nbdfuse-9 rw
65 27 0:55 / /mnt/fake rw - tmpfs workbench-9 rw
66 27 0:56 / /mnt/odd rw - fuse.workbench workbench-x rw
nonsense
- -
`

func TestTopMount(t *testing.T) {
	tests := []struct {
		path, source string // "" = nothing is mounted there
		device       string
		pid          int // 0 = not ours
	}{
		{"/", "/dev/vda", "254:0", 0},
		{"/mnt", "", "", 0},
		{"/mnt/a b", "workbench-41", "0:50", 41},
		{`/mnt/a\040b`, "", "", 0},
		{"/mnt/pile", "workbench-43", "0:52", 43},
		{"/mnt/pile/in", "\\#\t\n", "0:53", 0},
		{"/mnt/other", "nbdfuse-9", "0:54", 0},
		{"/mnt/fake", "workbench-9", "0:55", 0},
		{"/mnt/odd", "workbench-x", "0:56", 0},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			e := topMount(table, test.path)
			if e == nil {
				e = &mountEntry{}
			}
			if pid, _ := e.pid(); e.source != test.source || e.device != test.device || pid != test.pid {
				t.Errorf("got %+v of process %d, want %+v", e, pid, test)
			}
		})
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"":           "",
		"plain":      "plain",
		`\040`:       " ",
		`a\134b\134`: `a\b\`,
		`\04`:        `\04`,
		`\999`:       `\999`,
		`\400`:       `\400`,
		`x\`:         `x\`,
	} {
		if got := unescape(in); got != want {
			t.Errorf("unescape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestServesFUSE(t *testing.T) {
	if servesFUSE(os.Getpid()) {
		t.Error("this process serves no mount")
	}
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if servesFUSE(cmd.Process.Pid) {
		t.Error("a process that is gone serves no mount")
	}
	needFUSE(t)
	s := serve(t, fakeConfig{Mountpoint: tempDir(t) + "/disk"})
	if !servesFUSE(s.cmd.Process.Pid) {
		t.Error("a server serves a mount")
	}
	s.mustClose()
}

func TestStale(t *testing.T) {
	// The path of an entry that is not known to be stale must not be asked:
	// these have none.
	for name, e := range map[string]mountEntry{
		"our own":           {fsType: "fuse.workbench", source: source(os.Getpid())},
		"another program's": {fsType: "fuse.nbdfuse", source: "nbdfuse"},
		"no FUSE":           {fsType: "ext4", source: "/dev/sda"},
		"alive":             {fsType: "fuse.workbench", source: fmt.Sprint("workbench-", 1), path: "/"},
	} {
		if e.stale() {
			t.Errorf("%s mount counts as stale", name)
		}
	}
}
