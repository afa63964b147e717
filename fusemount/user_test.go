package fusemount

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The users of these tests, who need not exist.
const (
	testUser  = 65534
	otherUser = 65533
)

// becomeUser makes the process an ordinary user's, in a mount namespace that its
// parent gave it: there everybody may open /dev/fuse, as on most machines, and
// conf stands in the configuration of fusermount3.
func becomeUser(conf, scratch string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("a namespace of its own: %w", err)
	}
	if err := unix.Mount("tmpfs", scratch, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("tmpfs: %w", err)
	}
	device, file := filepath.Join(scratch, "fuse"), filepath.Join(scratch, "conf")
	if err := unix.Mknod(device, unix.S_IFCHR|0o666, int(unix.Mkdev(10, 229))); err != nil {
		return fmt.Errorf("mknod: %w", err)
	}
	if err := os.Chmod(device, 0o666); err != nil { // the umask was at it
		return err
	}
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		return err
	}
	for from, to := range map[string]string{device: "/dev/fuse", file: confFile} {
		if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount --bind %s %s: %w", from, to, err)
		}
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(testUser); err != nil {
		return err
	}
	if err := syscall.Setuid(testUser); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) // as a user's own program is
}

// userDir makes a folder that testUser can mount in.
func userDir(t *testing.T) string {
	t.Helper()
	dir := tempDir(t)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, testUser, testUser); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// as runs a shell command where s lives, as a user of that world.
func (s *server) as(user int, command string) (string, error) {
	s.t.Helper()
	id := fmt.Sprint(user)
	return run(s.t, "nsenter", "--mount", "--target", fmt.Sprint(s.cmd.Process.Pid), "--setuid", id, "--setgid", id, "--", "sh", "-c", command)
}

// Whoever is not root mounts by fusermount3, for himself or for all.
func TestOrdinaryUser(t *testing.T) {
	needFUSE(t)
	for _, name := range []string{helperName, "nsenter", "dd"} {
		needProgram(t, name)
	}
	const conf = "# a comment\nuser_allow_other\n"
	for _, test := range []struct {
		name, conf string
		others     bool
		folder     bool
	}{
		{name: "for himself"},
		{name: "for himself, in a folder", folder: true},
		{name: "for all", others: true, conf: conf},
		{name: "for all, in a folder", others: true, folder: true, conf: conf},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := userDir(t)
			at := filepath.Join(dir, "disk")
			if test.folder {
				at = dir
			}
			s := serve(t, fakeConfig{Mountpoint: at, AllowOther: test.others, User: true, Conf: test.conf})
			if out, err := s.as(testUser, "echo abc | dd bs=4 conv=notrunc status=none of="+s.path+" && head -c 3 "+s.path); err != nil || out != "abc" {
				t.Errorf("the user himself: %q, %v", out, err)
			}
			if stats := s.stats(); stats.Program != "head" {
				t.Errorf("the read is of %q", stats.Program)
			}
			for _, other := range []int{otherUser, 0} {
				out, err := s.as(other, "head -c 3 "+s.path+" && echo def | dd bs=4 conv=notrunc status=none of="+s.path)
				if test.others && (err != nil || out != "abc") {
					t.Errorf("user %d: %q, %v", other, out, err)
				}
				if !test.others && !strings.Contains(out, "Permission denied") {
					t.Errorf("user %d was let in: %q", other, out)
				}
				if _, err := s.as(testUser, "echo abc | dd bs=4 conv=notrunc status=none of="+s.path); err != nil {
					t.Error(err)
				}
			}
			if facts, err := s.as(testUser, "cat "+confFile); err != nil || facts != test.conf {
				t.Errorf("fuse.conf: %q, %v", facts, err)
			}
			inside, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", s.cmd.Process.Pid))
			if err != nil || topMount(string(inside), at) == nil {
				t.Errorf("the mount is not listed: %v", err)
			}
			fmt.Fprintln(s.stdin, "close")
			if _, complaint := s.next("closed"); complaint != "" {
				t.Errorf("Close: %s", complaint)
			}
			inside, err = os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", s.cmd.Process.Pid))
			if err != nil || topMount(string(inside), at) != nil {
				t.Errorf("it is still mounted: %v", err)
			}
			s.stdin.Close()
			if got := listing(t, dir); got != "" {
				t.Errorf("left behind: %q", got)
			}
		})
	}
	t.Run("for all, which the configuration forbids", func(t *testing.T) {
		dir := userDir(t)
		s, problem := tryServe(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk"), AllowOther: true, User: true})
		if !strings.Contains(problem, "allow_other only allowed if 'user_allow_other' is set in /etc/fuse.conf") {
			t.Errorf("got %q, logs %q", problem, s.logs)
		}
		if got := listing(t, dir); got != "" {
			t.Errorf("left behind: %q", got)
		}
	})
}
