package fusemount

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

// In a folder each export is a file, and says what it is.
func TestExports(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	s := serve(t, fakeConfig{
		Mountpoint: dir, Size: 8192, Closed: "shut",
		Exports: []plugins.Export{{Name: "", Description: "the first"}, {Name: "b"}, {Name: "shut"}, {Name: "a/b", Description: "with a slash"}, {Name: "disk"}},
	})
	if s.path != dir {
		t.Errorf("the path is %s, want the folder", s.path)
	}
	if got := mustRun(t, "ls", dir); got != "b\ndisk\ndisk-2\ndisk-3\n" {
		t.Errorf("listed: %q", got)
	}
	if !s.logged(`the export "shut" is not shown: open: fake.lua:3: no disk today`) {
		t.Errorf("nothing said of what could not be opened: %q", s.logs)
	}
	for name, want := range map[string]string{"disk-2": "the first", "b": "", "disk-3": "with a slash"} {
		path := filepath.Join(dir, name)
		described := "user.description=" + want
		if want == "" {
			described = "ENODATA"
		}
		play(t, path, []step{{"describe", described}, {openWrite, "ok"}, {"write 0 1 1", "1"}, {"describe", described}})
	}
	// One file's connection is not the other's.
	play(t, filepath.Join(dir, "b"), []step{{openWrite, "ok"}, {"write 0 1 1", "1"}})
	first := s.stats().Conn
	play(t, filepath.Join(dir, "disk"), []step{{openWrite, "ok"}, {"write 0 1 1", "1"}})
	if second := s.stats().Conn; first == second {
		t.Errorf("two disks have the connection %d", first)
	}
	stats, complaint := s.close()
	if complaint != "" || stats.Closed != 4 {
		t.Errorf("Close: %q; %d disks closed, want 4", complaint, stats.Closed)
	}
}

// A disk that was cut off is opened again, and is perhaps another one. Whoever
// had it open is told.
func TestCutOff(t *testing.T) {
	needFUSE(t)
	for _, cache := range []bool{false, true} {
		for _, folder := range []bool{false, true} {
			t.Run(fmt.Sprint("cache ", cache, ", folder ", folder), func(t *testing.T) {
				dir := tempDir(t)
				at := filepath.Join(dir, "disk")
				if folder {
					at = dir
				}
				s := serve(t, fakeConfig{Mountpoint: at, Cache: cache, Size: 1 << 20, NextSize: 1 << 21})
				h := hold(t, s.path, []string{openWrite, "write 0 4096 0x61", "read 0 4"},
					[]string{"read 8192 4", "write 0 1 1", "fsync", "lseek 0 3", "fallocate 3 0 4096", "close", openWrite, "read 0 4", "write 2000000 4 0x62", "lseek 0 2"})
				fmt.Fprintln(s.stdin, "cut")
				s.next("cut")
				for !s.logged("is another disk now: programs that had it open get ESTALE") {
					s.stats()
				}
				got := translate(h.rest())
				if want := "ok\nESTALE\nESTALE\nESTALE\nESTALE\nESTALE\nok\nok\n4*00\n4\n2097152\n"; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				stats, complaint := s.close()
				if complaint != "" || stats.Closed != 2 {
					t.Errorf("Close: %q, closed %d times", complaint, stats.Closed)
				}
			})
		}
	}
}

// What is in flight is given up when the disk is cut off by force, and only then.
func TestCutOffInFlight(t *testing.T) {
	needFUSE(t)
	s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), HangAt: 512})
	h := hold(t, s.path, []string{openWrite}, []string{"read 512 1", "close", openWrite, "read 0 1"})
	h.stdin.Close()
	s.waitFor("the read", func(stats fakeStats) bool { return stats.InFlight == 1 })
	fmt.Fprintln(s.stdin, "cut force")
	s.next("cut")
	if got := translate(h.rest()); got != "ok\nESTALE\nok\nok\n1*00\n" {
		t.Errorf("got %q", got)
	}
	if _, complaint := s.close(); complaint != "" {
		t.Errorf("Close: %s", complaint)
	}
}

// translate names the errnos in what a client answered.
func translate(text string) string {
	return strings.ReplaceAll(text, syscall.ESTALE.Error(), "ESTALE")
}

// What others changed is seen by who reads through the page cache or a memory map.
func TestChangedByOthers(t *testing.T) {
	needFUSE(t)
	for _, cache := range []bool{false, true} {
		t.Run(fmt.Sprint("cache ", cache), func(t *testing.T) {
			s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), Cache: cache, Size: 1 << 20})
			h := hold(t, s.path, []string{openWrite, "mmap 1048576", "peek 4096", "peek 65536", "read 4096 1"},
				[]string{"until 4096 97", "peek 65536", "read 4096 1", "until 65536 98"})
			fmt.Fprintln(s.stdin, "change 4096 4096 97")
			s.next("changed")
			fmt.Fprintln(s.stdin, "change 65536 1 98")
			s.next("changed")
			if got := h.rest(); !strings.HasPrefix(got, "ok\n97\n") || !strings.HasSuffix(got, "\n1*61\n98\n") {
				t.Errorf("got %q", got)
			}
			s.mustClose()
		})
	}
}

// Requests name the process and the program that asked.
func TestCaller(t *testing.T) {
	needFUSE(t)
	needProgram(t, "dd")
	s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk")})
	mustRun(t, "sh", "-c", `exec 3<>"$0"; exec dd of=/dev/null bs=512 count=1 status=none <&3`, s.path)
	if stats := s.stats(); stats.Program != "dd" || stats.PID == 0 {
		t.Errorf("the read is of %q, process %d", stats.Program, stats.PID)
	}
	s.mustClose()
}

func TestFileNames(t *testing.T) {
	exports := []plugins.Export{{Name: ""}, {Name: "disk"}, {Name: ".."}, {Name: "disk-2"}, {Name: strings.Repeat("x", 300)}, {Name: "disk"}}
	if got, want := strings.Join(fileNames(exports), " "), "disk-3 disk disk-4 disk-2 disk-5 disk-6"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
