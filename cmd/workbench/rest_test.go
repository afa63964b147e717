package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// A screen at rest may give the processor away so often in restTime: it looks at
// its files every two seconds. One that draws thirty times a second does so 480
// times and more.
const (
	restTime     = 3 * time.Second
	restSwitches = 60
)

// TestScreenRests: while nothing happens, the program neither writes to the
// terminal nor wakes up, whether a client is connected or not.
func TestScreenRests(t *testing.T) {
	need(t, "qemu-io")
	dir := t.TempDir()
	run, err := os.MkdirTemp("", "wb") // a short path, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	save(t, filepath.Join(dir, "disk.lua"), quickDisk, 0o644)
	socket, pid := filepath.Join(run, "s"), filepath.Join(run, "pid")
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "workbench", "run", "disk.lua", "-U", socket, "-P", pid)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_STATE_HOME="+run, "XDG_CONFIG_HOME="+run,
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	shown := newGlass(terminal)
	defer func() {
		cancel()
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 0 {
			t.Error(err)
		}
		terminal.Close()
		<-shown.ended
	}()
	if !shown.await(ctx, []byte("1·requests")) {
		t.Fatalf("there is no screen: %q", shown.text())
	}
	wantRest(t, "without a client", cmd.Process.Pid, shown)

	client := exec.CommandContext(ctx, "qemu-io", "-f", "raw", "nbd+unix:///?socket="+socket)
	commands, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		commands.Close()
		if err := client.Wait(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := commands.Write([]byte("write 0 4k\n")); err != nil {
		t.Fatal(err)
	}
	if !shown.await(ctx, []byte("WRITE")) {
		t.Fatalf("the request is not shown: %q", shown.text())
	}
	wantRest(t, "with a client", cmd.Process.Pid, shown)
}

// wantRest wants a process and its screen to come to rest: figures of what was
// before run out first.
func wantRest(t *testing.T, when string, pid int, shown *glass) {
	t.Helper()
	var switches, written int
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		shown.mu.Lock()
		shown.all = shown.all[:0]
		shown.mu.Unlock()
		before := switchesOf(t, pid)
		<-time.After(restTime) // which is measured
		switches, written = switchesOf(t, pid)-before, len(shown.text())
		if switches <= restSwitches && written == 0 {
			t.Logf("%s: %d switches in %s", when, switches, restTime)
			return
		}
	}
	t.Errorf("%s the program does not rest: at last it gave the processor away %d times in %s, and wrote %d bytes", when, switches, restTime, written)
}

// voluntarySwitches finds how often a thread gave the processor away.
var voluntarySwitches = regexp.MustCompile(`(?m)^voluntary_ctxt_switches:\s*(\d+)$`)

// switchesOf returns how often the threads of a process gave the processor away.
func switchesOf(t *testing.T, pid int) (sum int) {
	t.Helper()
	files, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/status")
	if err != nil || len(files) == 0 {
		t.Fatalf("the threads of %d: %v, %v", pid, files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that has ended
		}
		m := voluntarySwitches.FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s: %q", f, text)
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}
