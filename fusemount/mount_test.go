package fusemount

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cycles is how often things are mounted to see whether something is left behind;
// the variable asks for more.
func cycles(t *testing.T, few int) int {
	text := os.Getenv("WORKBENCH_CYCLES")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("WORKBENCH_CYCLES: %v", err)
	}
	return n
}

// cycle mounts and unmounts n times in this process, with a program that uses
// the file in between, and says what is left behind: "" if nothing is.
func cycle(n int, at string) string {
	count := func() (goroutines, files int) {
		list, _ := os.ReadDir("/proc/self/fd")
		return runtime.NumGoroutine(), len(list)
	}
	var goroutines, files int
	for i := range n {
		if i == 1 { // what is made once was made
			goroutines, files = count()
		}
		if err := cycleOnce(at, i%2 == 0, i%4 == 0); err != nil {
			return fmt.Sprintf("%d: %v", i, err)
		}
	}
	// A goroutine that has said that it is done is not gone before it runs again.
	var g, h int
	for deadline := time.Now().Add(timeLimit / 4); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if g, h = count(); g <= goroutines && h <= files {
			return ""
		}
	}
	stacks := make([]byte, 1<<16)
	return fmt.Sprintf("%d goroutines, before %d; %d files, before %d: %q", g, goroutines, h, files, stacks[:runtime.Stack(stacks, true)])
}

func cycleOnce(at string, cache, use bool) error {
	f, err := Mount(context.Background(), at, Options{Backend: newFakeDisk(fakeConfig{Size: 1 << 20}), Conn: testConn, Cache: cache})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	if use {
		err = exec.CommandContext(ctx, "dd", "of="+f.Path(), "if=/dev/zero", "bs=4096", "count=2", "conv=notrunc", "status=none").Run()
	}
	return errors.Join(err, f.Close(ctx))
}

func TestMountAgainAndAgain(t *testing.T) {
	needFUSE(t)
	needProgram(t, "dd")
	dir := tempDir(t)
	other := t.TempDir()
	s := serve(t, fakeConfig{Mountpoint: filepath.Join(other, "base")})
	for _, at := range []string{filepath.Join(dir, "new"), emptyFile(t, dir, "file"), dir} {
		fmt.Fprintln(s.stdin, "cycle", cycles(t, 30), at)
		if _, left := s.next("cycled"); left != "" {
			t.Errorf("%s: %s", at, left)
		}
	}
	if got, want := listing(t, dir), "file="; got != want {
		t.Errorf("left behind: %q, want %q", got, want)
	}
	s.mustClose()
}

func TestManyMounts(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	for i := range cycles(t, 50) {
		s := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk")})
		if i%10 == 0 {
			play(t, s.path, []step{{openWrite, "ok"}, {"write 0 1 1", "1"}})
		}
		s.mustClose()
	}
	if got := listing(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
}

// A holder is a client that performed its first commands and waits.
type holder struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin interface{ Close() error }
	out   interface{ Read([]byte) (int, error) }
}

// hold starts a client with commands before and after a "wait".
func hold(t *testing.T, path string, before, after []string) *holder {
	t.Helper()
	h := &holder{t: t}
	h.cmd = clientCommand(t, path, append(append(before, "wait"), after...)...)
	stdin, err := h.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.stdin, h.out = stdin, stdout
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h.until("waiting\n")
	return h
}

// until reads the output up to a text.
func (h *holder) until(text string) {
	h.t.Helper()
	var got strings.Builder
	buf := make([]byte, 1)
	for !strings.HasSuffix(got.String(), text) {
		if _, err := h.out.Read(buf); err != nil {
			h.t.Fatalf("client wrote %q, then %v", got.String(), err)
		}
		got.Write(buf)
	}
}

// rest lets the client go on and returns what it answers.
func (h *holder) rest() string {
	h.t.Helper()
	h.stdin.Close()
	var got strings.Builder
	buf := make([]byte, 512)
	for {
		n, err := h.out.Read(buf)
		got.Write(buf[:n])
		if err != nil {
			break
		}
	}
	if err := h.cmd.Wait(); err != nil {
		h.t.Errorf("client: %v", err)
	}
	return got.String()
}

func TestCloseWhileInUse(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	s := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk")})
	h := hold(t, s.path, []string{openWrite, "write 0 1 1"}, []string{"write 0 1 1", "read 0 1", "fsync"})
	s.mustClose()
	if !s.logged("log " + s.path + " is in use: taking it away from " + filepath.Base(os.Args[0]) + " (pid " + fmt.Sprint(h.cmd.Process.Pid) + ") (") {
		t.Errorf("no message in %q", s.logs)
	}
	if got := listing(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
	if got, want := h.rest(), "ok\nENOTCONN\nENOTCONN\nENOTCONN\n"; got != strings.ReplaceAll(want, "ENOTCONN", syscall.ENOTCONN.Error()) {
		t.Errorf("the program that had the file open got %q", got)
	}
}

// As root may force and others may not, the helper needs the program to end,
// or the file system that lets it abort a connection.
func TestCloseWhileInUseByHelper(t *testing.T) {
	needFUSE(t)
	needProgram(t, helperName)
	dir := tempDir(t)
	s := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk"), Helper: true, CloseTimeout: time.Second})
	h := hold(t, s.path, []string{openWrite, "write 0 1 1"}, []string{"write 0 1 1"})
	control, err := mountAt("/sys/fs/fuse/connections")
	if err != nil {
		t.Fatal(err)
	}
	want := "" // of what Close complains about
	if control == nil {
		want = "programs still have the file open, until they close it or this program ends"
	}
	stats, complaint := s.close()
	if !strings.HasSuffix(complaint, want) || want == "" && complaint != "" {
		t.Errorf("Close: %q, want %q", complaint, want)
	}
	if stats.InFlight != 0 {
		t.Errorf("%d requests in flight", stats.InFlight)
	}
	if got := h.rest(); !strings.HasPrefix(got, "ok\n") || got == "ok\n1\n" {
		t.Errorf("the program that had the file open got %q", got)
	}
}

// Requests in flight finish, but not for longer than Close may take.
func TestCloseWithRequestsInFlight(t *testing.T) {
	needFUSE(t)
	tests := map[string]struct {
		config fakeConfig
		want   string // of the read
	}{
		"that finish":        {fakeConfig{SlowAt: 512, SlowFor: 300 * time.Millisecond}, "1*00"},
		"that never do":      {fakeConfig{HangAt: 512, CloseTimeout: 300 * time.Millisecond}, "ESHUTDOWN"},
		"that take too long": {fakeConfig{SlowAt: 512, SlowFor: timeLimit, CloseTimeout: 300 * time.Millisecond}, "ESHUTDOWN"},
		"of one reader":      {fakeConfig{Serial: true, HangAt: 512, CloseTimeout: 300 * time.Millisecond}, "ESHUTDOWN"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			config := test.config
			config.Mountpoint = filepath.Join(tempDir(t), "disk")
			s := serve(t, config)
			h := hold(t, s.path, []string{openWrite}, []string{"read 512 1", "read 0 1"})
			h.stdin.Close()
			s.waitFor("the read", func(stats fakeStats) bool { return stats.Done["READ"] > 0 })
			s.mustClose()
			// The second read came while the disk was being closed, or after.
			got := strings.Split(h.rest(), "\n")
			cut := len(got) > 1 && test.want == "ESHUTDOWN" && got[1] == syscall.ECONNABORTED.Error() // the kernel was quicker
			if len(got) != 4 || got[0] != "ok" || got[1] != test.want && !cut {
				t.Errorf("got %q, want %q for the first read", got, test.want)
			}
			if got[2] != "ESHUTDOWN" && got[2] != syscall.ENOTCONN.Error() && got[2] != syscall.ECONNABORTED.Error() {
				t.Errorf("the second read got %s", got[2])
			}
		})
	}
}

// Somebody else may unmount the disk: the rest happens by itself.
func TestUnmountedByOthers(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	at := filepath.Join(dir, "disk")
	s := serve(t, fakeConfig{Mountpoint: at})
	play(t, s.path, []step{{openWrite, "ok"}, {"write 0 1 1", "1"}})
	mustRun(t, "umount", at)
	fmt.Fprintln(s.stdin, "done")
	s.next("done")
	if got := listing(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
	if stats := s.stats(); stats.Closed != 1 {
		t.Errorf("the handle was closed %d times", stats.Closed)
	}
	// What is there now is none of its business any more.
	emptyFile(t, dir, "disk")
	s.mustClose()
	if got := listing(t, dir); got != "disk=" {
		t.Errorf("left behind: %q", got)
	}
}

func TestDetachedByOthers(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	s := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk"), CloseTimeout: 300 * time.Millisecond})
	h := hold(t, s.path, []string{openWrite}, []string{"write 0 1 1"})
	mustRun(t, "umount", "-l", s.path)
	if _, complaint := s.close(); !strings.Contains(complaint, "unmounted by somebody else, but programs still have the file open") {
		t.Errorf("Close: %q", complaint)
	}
	h.rest()
}

// umount -f fails while the file is in use, but cuts the connection all the same.
func TestAbortedByOthers(t *testing.T) {
	needFUSE(t)
	dir := tempDir(t)
	s := serve(t, fakeConfig{Mountpoint: filepath.Join(dir, "disk")})
	h := hold(t, s.path, []string{openWrite}, []string{"write 0 1 1"})
	if _, err := run(t, "umount", "-f", s.path); err == nil {
		t.Error("umount -f took away a file that is in use")
	}
	fmt.Fprintln(s.stdin, "done")
	s.next("done")
	if got := listing(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
	s.mustClose()
	if got := h.rest(); got != "ok\n"+syscall.ENOTCONN.Error()+"\n" {
		t.Errorf("the program that had the file open got %q", got)
	}
}

// A file that was created to mount on is not removed when somebody used it.
func TestCreatedFileInUse(t *testing.T) {
	dir := t.TempDir()
	p := &place{path: filepath.Join(dir, "new"), missing: true}
	if err := p.create(); err != nil {
		t.Fatal(err)
	}
	if err := p.create(); err == nil {
		t.Error("created what was there already")
	}
	if err := os.WriteFile(p.path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.remove(); err != nil {
		t.Error(err)
	}
	if got := listing(t, dir); got != "new=data" {
		t.Errorf("left behind: %q", got)
	}
	if err := os.Remove(p.path); err != nil {
		t.Fatal(err)
	}
	if err := p.remove(); err != nil {
		t.Errorf("removing what is gone: %v", err)
	}
}

// A program that is killed does not have to wait for its answer; one that only
// gets a signal does.
func TestSignals(t *testing.T) {
	needFUSE(t)
	for i, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL, syscall.SIGINT, syscall.SIGKILL} {
		serial := i >= 2
		t.Run(fmt.Sprintf("%s, serial %v", sig, serial), func(t *testing.T) {
			needProgram(t, "tail") // which does not catch it
			s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), HangAt: 512, Serial: serial})
			cmd := exec.Command("tail", "-c", "+513", s.path)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s.waitFor("the read", func(stats fakeStats) bool { return stats.InFlight == 1 })
			cmd.Process.Signal(sig)
			s.waitFor("the end of the read", func(stats fakeStats) bool { return stats.InFlight == 0 })
			if err := cmd.Wait(); err == nil || err.Error() != "signal: "+sig.String() {
				t.Errorf("the program ended with %v", err)
			}
			stats := s.mustClose()
			if len(stats.Errors) != 1 || stats.Errors[0] != errStopped.Error() {
				t.Errorf("errors %q", stats.Errors)
			}
		})
	}
	t.Run("caught", func(t *testing.T) {
		needProgram(t, "dd") // which catches it, and stops
		s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), HangAt: 512})
		cmd := exec.Command("dd", "if="+s.path, "bs=512", "skip=1", "count=1", "status=none")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		s.waitFor("the read", func(stats fakeStats) bool { return stats.InFlight == 1 })
		cmd.Process.Signal(syscall.SIGINT)
		s.waitFor("the end of the read", func(stats fakeStats) bool { return stats.InFlight == 0 })
		if err := cmd.Wait(); err == nil || err.Error() != "signal: interrupt" {
			t.Errorf("the program ended with %v", err)
		}
		s.mustClose()
	})
	t.Run("interrupted, killed later", func(t *testing.T) {
		s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), HangAt: 512})
		h := hold(t, s.path, []string{openWrite}, []string{"read 512 1"})
		h.stdin.Close()
		s.waitFor("the read", func(stats fakeStats) bool { return stats.InFlight == 1 })
		h.cmd.Process.Signal(syscall.SIGURG) // which Go sends to itself
		h.cmd.Process.Kill()
		h.cmd.Wait()
		s.mustClose()
	})
	t.Run("interrupted", func(t *testing.T) {
		s := serve(t, fakeConfig{Mountpoint: emptyFile(t, tempDir(t), "disk"), SlowAt: 512, SlowFor: 500 * time.Millisecond})
		h := hold(t, s.path, []string{openWrite}, []string{"read 512 1"})
		h.stdin.Close()
		s.waitFor("the read", func(stats fakeStats) bool { return stats.Done["READ"] > 0 })
		for range 10 {
			h.cmd.Process.Signal(syscall.SIGURG)
		}
		if got := h.rest(); got != "ok\n1*00\n" {
			t.Errorf("got %q", got)
		}
		if stats := s.mustClose(); len(stats.Errors) != 0 {
			t.Errorf("errors %q", stats.Errors)
		}
	})
}
