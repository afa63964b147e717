package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for something that should come soon.
const patience = 60 * time.Second

// waitFor returns when ready does true, and fails the test if that takes too long.
func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ready(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", patience, what)
		}
		pause := time.NewTimer(5 * time.Millisecond) // between two looks
		<-pause.C
	}
}

// A program is a server that runs beside the test: the workbench, if nothing else is said.
type program struct {
	cmd    *exec.Cmd
	stderr syncBuffer
	socket string
	ended  chan struct{}
}

// startProgram starts the program with args, a socket and a process id file, and
// returns when it is ready. It is ended with the test.
func startProgram(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	return startServer(t, dir, append([]string{"workbench"}, args...)...)
}

// startServer is startProgram for any server that knows -U and -P.
func startServer(t *testing.T, dir string, command ...string) *program {
	t.Helper()
	tmp, err := os.MkdirTemp("", "wb") // a short path, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	p := &program{socket: filepath.Join(tmp, "s"), ended: make(chan struct{})}
	pid := filepath.Join(tmp, "pid")
	p.cmd = exec.Command(command[0], append(command[1:], "-U", p.socket, "-P", pid)...)
	p.cmd.Dir, p.cmd.Stderr = dir, &p.stderr
	// Under the race detector a program would sleep for a second when it ends.
	p.cmd.Env = append(os.Environ(), "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		// The state of the process tells how it ended.
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.signal(t, syscall.SIGKILL)
		<-p.ended
	})
	waitFor(t, "the program to be ready", func() bool {
		if p.hasEnded() {
			t.Fatalf("the program has ended: %s\n%s", p.cmd.ProcessState, p.stderr.String())
		}
		text, err := os.ReadFile(pid)
		return err == nil && bytes.HasSuffix(text, []byte("\n"))
	})
	return p
}

func (p *program) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *program) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
}

// stop ends the program as a user would, and wants it to end well.
func (p *program) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	waitFor(t, "the program to end", p.hasEnded)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("%s\n%s", p.cmd.ProcessState, p.stderr.String())
	}
}

func (p *program) uri() string { return "nbd+unix://?socket=" + p.socket }

// command runs another program, for patience at most, and returns what it printed.
func command(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fileDisk makes a folder with the test's Lua disk and an image of size bytes.
func fileDisk(t *testing.T, size int64) (dir, script string) {
	t.Helper()
	dir = t.TempDir()
	text, err := os.ReadFile("testdata/disk.lua")
	if err != nil {
		t.Fatal(err)
	}
	script = filepath.Join(dir, "disk.lua")
	if err := os.WriteFile(script, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.img"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "in.img"), size); err != nil {
		t.Fatal(err)
	}
	return dir, script
}

// A syncBuffer is a bytes.Buffer that may be read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
