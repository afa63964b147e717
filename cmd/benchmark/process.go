package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startLimit = 20 * time.Second // for a server to be ready
	stopLimit  = 10 * time.Second // for one to end
	pollEvery  = 2 * time.Millisecond

	// ticksPerSecond is what /proc counts CPU time in, on every Linux.
	ticksPerSecond = 100
)

// A server is a program that runs beside the measurements, until it is stopped.
type server struct {
	name   string
	cmd    *exec.Cmd
	said   *tail
	ended  chan struct{} // closed when it has ended
	status error         // of its end; set before ended is closed
}

// startServer starts command and returns at once.
func startServer(cmd *exec.Cmd) (*server, error) {
	s := &server{name: cmd.Path, cmd: cmd, said: &tail{}, ended: make(chan struct{})}
	if cmd.Stderr == nil {
		cmd.Stderr = s.said
	}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.status = cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// await returns when ready does true.
func (s *server) await(ctx context.Context, ready func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("%s was not ready within %s: %s", s.name, startLimit, s.said.text()))
	defer cancel()
	look := time.NewTicker(pollEvery)
	defer look.Stop()
	for !ready() {
		select {
		case <-look.C:
		case <-s.ended:
			return s.died()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// isWritten reports whether a process id file is there, to its end.
func isWritten(path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && bytes.HasSuffix(text, []byte("\n"))
}

// died says that the server has ended, and what it said last.
func (s *server) died() error {
	return fmt.Errorf("%s has ended (%v): %s", s.name, s.cmd.ProcessState, s.said.text())
}

// stop asks the server to end, and kills it if it does not in time.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	patience := time.NewTimer(stopLimit)
	defer patience.Stop()
	select {
	case <-s.ended:
		return nil
	case <-patience.C:
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.ended
	return fmt.Errorf("%s did not end within %s", s.name, stopLimit)
}

// cpu returns the time that the server was on a processor so far.
func (s *server) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseStat(string(text))
}

// parseStat returns the user and system time in a line of /proc/PID/stat. The
// name of the program, in parentheses, may hold anything.
func parseStat(line string) (time.Duration, error) {
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/PID/stat: %q", line)
	}
	var ticks int64
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/PID/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// resident returns the memory that the server holds, in MiB.
func (s *server) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseResident(string(text))
}

func parseResident(status string) (float64, error) {
	_, rest, found := strings.Cut(status, "\nVmRSS:")
	if fields := strings.Fields(rest); found && len(fields) >= 2 && fields[1] == "kB" {
		if kib, err := strconv.ParseFloat(fields[0], 64); err == nil {
			return kib / 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc/PID/status has no VmRSS")
}

// runTool runs a program that ends by itself, for limit at most, and returns its
// standard output. It is killed with all it started when ctx ends, or one of the
// servers that it uses.
func runTool(ctx context.Context, limit time.Duration, dir string, uses []*server, command ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s", limit))
	defer cancel()
	watched, abandon := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	defer func() { abandon(nil); watching.Wait() }()
	for _, s := range uses {
		watching.Go(func() {
			select {
			case <-s.ended:
				abandon(s.died())
			case <-watched.Done():
			}
		})
	}
	cmd := exec.CommandContext(watched, command[0], command[1:]...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.Output()
	switch {
	case err == nil:
		return out, nil
	case watched.Err() != nil:
		err = context.Cause(watched)
	}
	return nil, fmt.Errorf("%s: %w: %s", command[0], err, said.text())
}

// A tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte // guarded by mu
}

const tailSize = 400

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	t.buf = t.buf[max(0, len(t.buf)-tailSize):]
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
