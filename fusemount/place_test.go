package fusemount

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestMountPoints(t *testing.T) {
	needFUSE(t)
	mkdir := func(t *testing.T, path string) {
		t.Helper()
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		prepare    func(t *testing.T, dir string)
		mountpoint string
		export     string
		path       string // of the disk
		left       string // in the directory, when all is over
	}{
		"regular file": {
			prepare:    func(t *testing.T, dir string) { os.WriteFile(filepath.Join(dir, "f"), []byte("below"), 0o644) },
			mountpoint: "f", path: "f", left: "f=below",
		},
		"folder": {
			prepare:    func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "d")) },
			mountpoint: "d", path: "d/disk", left: "d/",
		},
		"folder and export": {
			prepare:    func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "d")) },
			mountpoint: "d", export: "größe 1", path: "d/größe 1", left: "d/",
		},
		"folder and an export that is no file name": {
			prepare:    func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "d")) },
			mountpoint: "d/", export: "a/b", path: "d/disk", left: "d/",
		},
		"nothing": {
			prepare:    func(*testing.T, string) {},
			mountpoint: "new", path: "new", left: "",
		},
		"export of a file": {
			prepare:    func(*testing.T, string) {},
			mountpoint: "new", export: "name", path: "new", left: "",
		},
		"odd names": {
			prepare:    func(t *testing.T, dir string) { mkdir(t, filepath.Join(dir, "a b\t\n\\040#")) },
			mountpoint: "a b\t\n\\040#/new \\ #", path: "a b\t\n\\040#/new \\ #", left: "a b\t\n\\040#/",
		},
		"links": {
			prepare: func(t *testing.T, dir string) {
				mkdir(t, filepath.Join(dir, "d"))
				os.Symlink("d", filepath.Join(dir, "l"))
				os.Symlink("../m", filepath.Join(dir, "d", "n"))
				os.Symlink("f", filepath.Join(dir, "m"))
			},
			mountpoint: "l/n", path: "l/n", left: "d/ d/n@ l@ m@",
		},
	}
	for name, test := range tests {
		for _, helper := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, helper %v", name, helper), func(t *testing.T) {
				if helper {
					needProgram(t, helperName)
				}
				dir := tempDir(t)
				test.prepare(t, dir)
				s := serve(t, fakeConfig{Mountpoint: dir + "/" + test.mountpoint, Export: test.export, Helper: helper})
				if want := filepath.Join(dir, test.path); s.path != want {
					t.Errorf("the disk is at %q, want %q", s.path, want)
				}
				if n := len(mountsUnder(t, dir)); n != 1 {
					t.Errorf("%d mounts", n)
				}
				play(t, filepath.Join(dir, test.path), []step{{openWrite, "ok"}, {"write 5 5 0x61", "5"}, {"read 4 3", "1*00 2*61"}})
				stats := s.mustClose()
				if stats.Opened.Export != test.export || stats.Opened.Conn != testConn {
					t.Errorf("opened with %+v", stats.Opened)
				}
				for _, event := range []string{"trace connect 7 " + dir, "trace opened 7 " + test.export + " 1048576", "trace disconnect 7 <nil>"} {
					if !strings.Contains(test.mountpoint, "\n") && !s.logged(event) {
						t.Errorf("no %q in %q", event, s.logs)
					}
				}
				if got := listing(t, dir); got != test.left {
					t.Errorf("left behind: %q, want %q", got, test.left)
				}
			})
		}
	}
}

// listing names what is in a directory: "dir/ fifo| file=content link@".
func listing(t *testing.T, dir string) string {
	t.Helper()
	if paths := mountsUnder(t, dir); len(paths) > 0 {
		t.Errorf("still mounted: %q", paths)
		return ""
	}
	var out []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch {
		case e.IsDir():
			name += "/"
		case e.Type() == os.ModeSymlink:
			name += "@"
		case !e.Type().IsRegular():
			name += "|"
		default:
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name += "=" + string(data)
		}
		out = append(out, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestFolder(t *testing.T) {
	needFUSE(t)
	dir := filepath.Join(tempDir(t), "folder")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := serve(t, fakeConfig{Mountpoint: dir + "/.", Export: "sda"})
	if got := mustRun(t, "ls", "-a", dir); got != ".\n..\nsda\n" {
		t.Errorf("ls -a: %q", got)
	}
	if got := mustRun(t, "stat", "-c", "%F %a %h", dir); got != "directory 500 2\n" {
		t.Errorf("stat: %q", got)
	}
	mustRun(t, "stat", "-f", dir)
	for _, command := range [][]string{
		{"touch", dir + "/new"},
		{"mkdir", dir + "/new"},
		{"ln", "-s", "x", dir + "/new"},
		{"ln", dir + "/sda", dir + "/new"},
		{"mv", dir + "/sda", dir + "/new"},
		{"mkfifo", dir + "/new"},
		{"rm", "-f", dir + "/sda"},
	} {
		if out, err := run(t, command[0], command[1:]...); err == nil || !strings.Contains(out, "not permitted") {
			t.Errorf("%q: %v: %s", command, err, out)
		}
	}
	if out, err := run(t, "cat", dir+"/disk"); err == nil || !strings.Contains(out, "No such file") {
		t.Errorf("cat of a file that is not there: %v: %s", err, out)
	}
	s.mustClose()
}

// A server that was killed leaves a mount whose every use fails with ENOTCONN.
func TestStaleMount(t *testing.T) {
	needFUSE(t)
	for _, kind := range []string{"file", "folder", "nothing"} {
		for _, helper := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, helper %v", kind, helper), func(t *testing.T) {
				if helper {
					needProgram(t, helperName)
				}
				dir := tempDir(t)
				at := filepath.Join(dir, "x")
				switch kind {
				case "file":
					emptyFile(t, dir, "x")
				case "folder":
					os.Mkdir(at, 0o700)
				}
				config := fakeConfig{Mountpoint: at, Helper: helper}
				killed := serve(t, config)
				play(t, killed.path, []step{{openWrite, "ok"}, {"write 5 5 0x61", "5"}})
				killed.kill()
				if n := len(mountsUnder(t, dir)); n != 1 {
					t.Fatalf("%d mounts are left", n)
				}
				if out, err := run(t, "stat", at); err == nil || !strings.Contains(out, "not connected") {
					t.Fatalf("the mount is not stale: %v: %s", err, out)
				}

				s := serve(t, config)
				if !s.logged("log detached a stale mount at " + at) {
					t.Errorf("no message in %q", s.logs)
				}
				play(t, s.path, []step{{openWrite, "ok"}, {"read 0 512", "512*00"}})
				s.mustClose()
				left := map[string]string{"file": "x=", "folder": "x/", "nothing": "x="}[kind]
				if got := listing(t, dir); got != left {
					t.Errorf("left behind: %q, want %q", got, left)
				}
			})
		}
	}
}

// A mount dies with its process, though a child of that lives on.
func TestStaleMountWithChild(t *testing.T) {
	needFUSE(t)
	for _, helper := range []bool{false, true} {
		t.Run(fmt.Sprint("helper ", helper), func(t *testing.T) {
			config := fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "x"), Helper: helper, Child: true}
			s := serve(t, config)
			s.kill()
			pid, err := strconv.Atoi(strings.TrimPrefix(s.logs[len(s.logs)-1], "child "))
			if err != nil {
				t.Fatalf("no child in %q", s.logs)
			}
			defer syscall.Kill(pid, syscall.SIGKILL)
			config.Child = false
			serve(t, config).mustClose()
			if err := syscall.Kill(pid, 0); err != nil {
				t.Errorf("the child is gone: %v", err)
			}
		})
	}
}

func TestRefusedPlaces(t *testing.T) {
	needFUSE(t)
	needProgram(t, "mount")
	dir := tempDir(t)
	live := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "live")})
	if err := os.Mkdir(filepath.Join(dir, "dead"), 0o700); err != nil {
		t.Fatal(err)
	}
	serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "dead")}).kill()
	tmpfs := filepath.Join(dir, "tmpfs")
	if err := os.Mkdir(tmpfs, 0o700); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "mount", "-t", "tmpfs", "some-source", tmpfs)
	emptyFile(t, dir, "file")
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Symlink("loop", filepath.Join(dir, "loop"))
	os.Symlink("live", filepath.Join(dir, "link"))

	tests := []struct{ at, want string }{
		{"live", "something is mounted there already (workbench-"},
		{"link", "something is mounted there already (workbench-"},
		{"tmpfs", "something is mounted there already (some-source, type tmpfs): unmount that first, or choose another place"},
		{"no/such/folder/x", "the folder " + dir + "/no/such/folder does not exist: create it first"},
		{"file/x", dir + "/file is not a folder"},
		{"dead/x", "the folder " + dir + "/dead is a mount whose program is gone"},
		{"fifo", "there is neither a regular file nor a folder"},
		{"loop", "too many levels of symbolic links"},
	}
	for _, test := range tests {
		t.Run(test.at, func(t *testing.T) {
			at := filepath.Join(dir, test.at)
			s, problem := tryServe(t, fakeConfig{Mountpoint: at})
			if !strings.HasPrefix(problem, "mounting at "+at+": ") || !strings.Contains(problem, test.want) {
				t.Errorf("got %q, want %q", problem, test.want)
			}
			if s.logged("trace connect") {
				t.Errorf("a mount that was refused began: %q", s.logs)
			}
		})
	}
	play(t, live.path, []step{{openWrite, "ok"}, {"write 0 5 0x61", "5"}})
	live.mustClose()
	mustRun(t, "umount", tmpfs)
	mustRun(t, "umount", filepath.Join(dir, "dead"))
	if got, want := listing(t, dir), "dead/ fifo| file= link@ loop@ tmpfs/"; got != want {
		t.Errorf("left behind: %q, want %q", got, want)
	}
}

func TestNoMountPoint(t *testing.T) {
	if _, err := findPlace("", bySyscall, nil); err == nil {
		t.Error("the working directory is no default mount point")
	}
}

// A disk that cannot be opened leaves the place as it was.
func TestOpenFails(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	at := filepath.Join(dir, "new")
	s, problem := tryServe(t, fakeConfig{Mountpoint: at, OpenErrno: syscall.EACCES})
	if want := "mounting at " + at + ": open: fake.lua:3: no disk today"; problem != want {
		t.Errorf("got %q, want %q", problem, want)
	}
	if !s.logged("trace connect 7 "+at) || !s.logged("trace disconnect 7 open: fake.lua:3: no disk today") {
		t.Errorf("trace: %q", s.logs)
	}
	if got := listing(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
}
