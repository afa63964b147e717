package fusemount

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// A process must not touch a mount that it serves, and a test that hangs in
// one cannot be killed. So three sorts of processes take part: the test, which
// touches no mount; a server, which is this binary again and serves a fakeDisk;
// and programs, this binary again or real ones, which use the file and have a
// time limit.
const (
	roleEnv    = "FUSEMOUNT_TEST_ROLE"
	roleServer = "server"
	roleClient = "client"
	timeLimit  = time.Minute
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case roleServer:
		os.Exit(serverMain())
	case roleClient:
		os.Exit(clientMain(os.Args[1], os.Args[2:]))
	}
	os.Exit(m.Run())
}

// childEnv is the environment of a process that plays role. The race detector
// would have each one sleep for a second before it exits.
func childEnv(role string) []string {
	return append(os.Environ(), roleEnv+"="+role, "GORACE=atexit_sleep_ms=0")
}

// needFUSE skips the test where nothing can be mounted.
func needFUSE(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("mounts file systems")
	}
	_, err := findWay(false)
	if err == nil && os.Geteuid() == 0 {
		return
	}
	missing(t, "mounting needs root and /dev/fuse: %v", err)
}

// needProgram skips the test if a program is not installed.
func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		missing(t, "%v", err)
	}
}

// missing skips, but not where everything must be tested.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// tempDir is t.TempDir with whatever is still mounted in it taken away first.
func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		for _, path := range mountsUnder(t, dir) {
			t.Errorf("%s is still mounted", path)
			ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
			defer cancel()
			if out, err := exec.CommandContext(ctx, "umount", "-l", path).CombinedOutput(); err != nil {
				t.Errorf("umount -l %s: %v: %s", path, err, out)
			}
		}
	})
	return dir
}

// mountsUnder lists what is mounted in dir, the last mounted first.
func mountsUnder(t *testing.T, dir string) []string {
	t.Helper()
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for line := range strings.Lines(string(table)) {
		if e, ok := parseMount(line); ok && strings.HasPrefix(e.path, dir+"/") {
			paths = append([]string{e.path}, paths...)
		}
	}
	return paths
}

// A server is a process that serves a fakeDisk.
type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
	path  string // of the disk

	logs   []string // what the mount told people, and its trace
	reaped sync.Once
}

// serve starts a server. Its mount is gone when the test ends.
func serve(t *testing.T, c fakeConfig) *server {
	t.Helper()
	s, problem := tryServe(t, c)
	if problem != "" {
		t.Fatalf("mounting: %s", problem)
	}
	return s
}

// tryServe starts a server and returns why it could not mount, "" if it could.
func tryServe(t *testing.T, c fakeConfig) (*server, string) {
	t.Helper()
	if c.Size == 0 {
		c.Size = 1 << 20
	}
	if c.User {
		c.Scratch = t.TempDir()
	}
	config, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	limit := timeLimit
	if os.Getenv("WORKBENCH_CYCLES") != "" {
		limit = 10 * timeLimit
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	s := &server{t: t, cmd: exec.CommandContext(ctx, os.Args[0], string(config))}
	s.cmd.Env = childEnv(roleServer)
	if c.User {
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	}
	s.cmd.Stderr = os.Stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	s.lines = bufio.NewScanner(stdout)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.kill()
		cancel()
	})
	kind, text := s.next("mounted", "failed")
	if kind == "failed" {
		return s, text
	}
	if s.path, err = strconv.Unquote(text); err != nil {
		t.Fatal(err)
	}
	return s, ""
}

// next returns the next line of one of the kinds, and keeps what comes before.
func (s *server) next(kinds ...string) (kind, text string) {
	s.t.Helper()
	for s.lines.Scan() {
		kind, text, _ = strings.Cut(s.lines.Text(), " ")
		for _, k := range kinds {
			if k == kind {
				return kind, text
			}
		}
		s.logs = append(s.logs, s.lines.Text())
	}
	s.t.Fatalf("the server ended without saying any of %q: %v", kinds, s.lines.Err())
	return "", ""
}

// stats asks the server what has happened to its disk.
func (s *server) stats() fakeStats {
	s.t.Helper()
	fmt.Fprintln(s.stdin, "stats")
	_, text := s.next("stats")
	var stats fakeStats
	if err := json.Unmarshal([]byte(text), &stats); err != nil {
		s.t.Fatal(err)
	}
	return stats
}

// close unmounts, and returns the last stats and what Close complained about.
func (s *server) close() (fakeStats, string) {
	s.t.Helper()
	fmt.Fprintln(s.stdin, "close")
	_, complaint := s.next("closed")
	stats := s.stats()
	s.stdin.Close()
	s.reaped.Do(func() {
		if err := s.cmd.Wait(); err != nil {
			s.t.Errorf("the server ended with %v", err)
		}
	})
	return stats, complaint
}

// mustClose is close for a test in which nothing can go wrong with it. It
// checks what must be true of every disk.
func (s *server) mustClose() fakeStats {
	s.t.Helper()
	stats, complaint := s.close()
	if complaint != "" {
		s.t.Errorf("Close: %s", complaint)
	}
	total := 0
	for _, n := range stats.Done {
		total += n
	}
	if stats.Finished != total || stats.InFlight != 0 {
		s.t.Errorf("%d of %d requests were finished, %d are in flight", stats.Finished, total, stats.InFlight)
	}
	if stats.Closed != 1 {
		s.t.Errorf("the handle was closed %d times", stats.Closed)
	}
	if stats.BadOrigin != 0 {
		s.t.Errorf("%d requests have a wrong origin or time", stats.BadOrigin)
	}
	return stats
}

// kill ends the server as a crash would.
func (s *server) kill() {
	s.reaped.Do(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait() // the error is the signal
	})
}

// waitFor asks for the stats until ok likes them.
func (s *server) waitFor(what string, ok func(fakeStats) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(timeLimit / 2); ; {
		if ok(s.stats()) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *server) logged(text string) bool {
	for _, line := range s.logs {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// serverMain is the server process: it says "mounted" and the quoted path, obeys the words
// "stats" and "close", and ends with its standard input.
func serverMain() int {
	var c fakeConfig
	if err := json.Unmarshal([]byte(os.Args[1]), &c); err != nil {
		fmt.Println("failed", err)
		return 1
	}
	if c.CloseTimeout == 0 {
		c.CloseTimeout = 5 * time.Second
	}
	if c.User {
		if err := becomeUser(c.Conf, c.Scratch); err != nil {
			fmt.Println("failed", err)
			return 1
		}
	}
	var mu sync.Mutex // guards the standard output
	say := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(words...)
	}
	disk := newFakeDisk(c)
	f, err := Mount(context.Background(), c.Mountpoint, Options{
		Backend:  disk,
		Export:   c.Export,
		ReadOnly: c.ReadOnly,
		Cache:    c.Cache,
		Conn:     testConn,

		AllowOther: c.AllowOther,
		Outside:    c.Outside,

		Log: func(text string) { say("log", text) },
		Trace: Trace{
			Connect:    func(conn uint32, peer string) { say("trace connect", conn, peer) },
			Opened:     func(conn uint32, export string, info plugins.Info) { say("trace opened", conn, export, info.Size) },
			Disconnect: func(conn uint32, err error) { say("trace disconnect", conn, err) },
		},
		helper: c.Helper,
	})
	if err != nil {
		say("failed", err)
		return 0
	}
	if c.Child {
		child := exec.Command("sleep", "60")
		if err := child.Start(); err != nil {
			say("failed", err)
			return 1
		}
		say("child", child.Process.Pid)
	}
	say("mounted", strconv.Quote(f.Path()))
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		word, rest, _ := strings.Cut(commands.Text(), " ")
		switch word {
		case "stats":
			text, _ := json.Marshal(disk.snapshot())
			say("stats", string(text))
		case "survey":
			facts, err := Survey(context.Background())
			for _, f := range facts {
				say("fact", f.State, f.What, f.Text, f.Advice)
			}
			say("surveyed", err)
		case "cycle": // how often, where
			var n int
			var at string
			fmt.Sscan(rest, &n, &at)
			say("cycled", cycle(n, at))
		case "cut":
			disk.cutOff(rest == "force")
			say("cut")
		case "change": // offset, length, byte
			var offset, n int
			var b byte
			fmt.Sscan(rest, &offset, &n, &b)
			disk.change(offset, n, b)
			f.Changed(0, uint64(offset), uint64(n))
			say("changed")
		case "done": // wait for somebody else to unmount
			<-f.Done()
			say("done")
		case "close":
			ctx, cancel := context.WithTimeout(context.Background(), c.CloseTimeout)
			if err := f.Close(ctx); err != nil {
				say("closed", err)
			} else {
				say("closed")
			}
			cancel()
		}
	}
	return 0
}

// run runs a program with a time limit and returns what it wrote.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// mustRun is run for a program that must succeed.
func mustRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := run(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// clientCommand is the client process: see clientMain.
func clientCommand(t *testing.T, path string, commands ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{path}, commands...)...)
	cmd.Env = childEnv(roleClient)
	cmd.Stderr = os.Stderr
	return cmd
}

// client runs commands on a file in a process of its own and returns the
// answer to each.
func client(t *testing.T, path string, commands ...string) []string {
	t.Helper()
	out, err := clientCommand(t, path, commands...).Output()
	if err != nil {
		t.Fatalf("client %q: %v", commands, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// A step is a command of the client and the answer that it must get.
type step struct{ command, want string }

// play runs steps in one client process.
func play(t *testing.T, path string, steps []step) {
	t.Helper()
	var commands []string
	for _, s := range steps {
		commands = append(commands, s.command)
	}
	answers := client(t, path, commands...)
	if len(answers) != len(steps) {
		t.Fatalf("%d answers to %d commands: %q", len(answers), len(steps), answers)
	}
	for i, s := range steps {
		if answers[i] != s.want {
			t.Errorf("%s: got %q, want %q", s.command, answers[i], s.want)
		}
	}
}

// clientMain performs commands on the file path and prints one line for each:
// the name of an errno, or a result.
func clientMain(path string, commands []string) int {
	var fd int
	var mapped []byte
	for _, command := range commands {
		word, rest, _ := strings.Cut(command, " ")
		var n []int64
		for _, arg := range strings.Fields(rest) {
			v, err := strconv.ParseInt(arg, 0, 64)
			if err != nil {
				fmt.Println(err)
				return 1
			}
			n = append(n, v)
		}
		var result any = "ok"
		var err error
		switch word {
		case "open": // flags
			fd, err = unix.Open(path, int(n[0])|unix.O_CLOEXEC, 0)
		case "close":
			err = unix.Close(fd)
		case "read": // offset, length: the length and the run-length of the data
			buf := make([]byte, n[1])
			var got int
			got, err = unix.Pread(fd, buf, n[0])
			if err == nil {
				result = runs(buf[:got])
			}
		case "write": // offset, length, byte
			result, err = unix.Pwrite(fd, bytes.Repeat([]byte{byte(n[2])}, int(n[1])), n[0])
		case "append": // length, byte
			result, err = unix.Write(fd, bytes.Repeat([]byte{byte(n[1])}, int(n[0])))
		case "fsync":
			err = unix.Fsync(fd)
		case "fallocate": // mode, offset, length
			err = unix.Fallocate(fd, uint32(n[0]), n[1], n[2])
		case "lseek": // offset, whence
			result, err = unix.Seek(fd, n[0], int(n[1]))
		case "ftruncate": // size
			err = unix.Ftruncate(fd, n[0])
		case "fstat":
			var st unix.Stat_t
			if err = unix.Fstat(fd, &st); err == nil {
				result = fmt.Sprintf("%o %d bytes, %d blocks of %d, %d:%d", st.Mode, st.Size, st.Blocks, st.Blksize, st.Uid, st.Gid)
			}
		case "chmod": // mode
			err = unix.Fchmod(fd, uint32(n[0]))
		case "utimes":
			err = unix.Futimes(fd, []unix.Timeval{{Sec: 1}, {Sec: 2}})
		case "mmap": // length
			mapped, err = unix.Mmap(fd, 0, int(n[0]), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		case "poke": // offset, byte
			mapped[n[0]] = byte(n[1])
		case "peek": // offset
			result = mapped[n[0]]
		case "until": // offset, byte: for that to be there
			for limit := time.Now().Add(timeLimit / 4); mapped[n[0]] != byte(n[1]) && time.Now().Before(limit); {
				runtime.Gosched()
			}
			result = mapped[n[0]]
		case "describe":
			buf := make([]byte, 1024)
			var size int
			if size, err = unix.Listxattr(path, buf); err == nil {
				name := strings.TrimRight(string(buf[:size]), "\x00")
				if size, err = unix.Getxattr(path, cmp.Or(name, descriptionAttribute), buf); err == nil {
					result = name + "=" + string(buf[:size])
				}
			}
		case "msync":
			err = unix.Msync(mapped, unix.MS_SYNC)
		case "wait": // for the end of the standard input
			fmt.Println("waiting")
			io.Copy(io.Discard, os.Stdin)
		default:
			err = errors.New("no such command")
		}
		var errno syscall.Errno
		switch {
		case errors.As(err, &errno):
			fmt.Println(plugins.ErrnoName(errno))
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println(result)
		}
	}
	return 0
}

// runs describes data in short: "512*00 512*61".
func runs(data []byte) string {
	if len(data) == 0 {
		return "nothing"
	}
	var out []string
	for start := 0; start < len(data); {
		end := start
		for end < len(data) && data[end] == data[start] {
			end++
		}
		out = append(out, fmt.Sprintf("%d*%02x", end-start, data[start]))
		start = end
	}
	return strings.Join(out, " ")
}

// emptyFile makes a file to mount on.
func emptyFile(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
