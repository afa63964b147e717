package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// fastDisk answers at once, so that the server and the screen are all that costs.
const fastDisk = `local zeroes = string.rep("\0", 4096)
function thread_model() return nbdkit.THREAD_MODEL_SERIALIZE_REQUESTS end
function open() return 1 end
function get_size() return 1073741824 end
function pread(h, count, offset) return zeroes end
`

// BenchmarkScreen says what the screen costs under load, and how fast it answers
// then: the rate of reads with the screen by that of a captive run, which shows
// nothing, the best of some turns each, which alternate; and the time from a key
// to the first of what it shows.
func BenchmarkScreen(b *testing.B) {
	if !hasProgram("fio") {
		b.Skip("fio is not installed")
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fast.lua"), []byte(fastDisk), 0o644); err != nil {
		b.Fatal(err)
	}
	const reads = 300_000
	var with, without float64
	var answers []time.Duration
	for b.Loop() {
		for range 3 {
			without = max(without, rateOf(b, dir, reads, nil, "--run", "cat"))
			with = max(with, rateOf(b, dir, reads, &answers))
		}
	}
	slices.Sort(answers)
	b.ReportMetric(without, "req/s")
	b.ReportMetric(with, "screen-req/s")
	b.ReportMetric(with/without, "ratio")
	b.ReportMetric(float64(len(answers)), "keys")
	b.ReportMetric(milliseconds(answers[len(answers)/2]), "key-p50-ms")
	b.ReportMetric(milliseconds(answers[len(answers)-1]), "key-max-ms")
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// rateOf runs the program in a terminal of its own under fio, and returns the
// reads a second. If answers is not nil, it presses keys meanwhile, and adds the
// time that each took to be answered.
func rateOf(b *testing.B, dir string, reads int, answers *[]time.Duration, args ...string) float64 {
	b.Helper()
	run, err := os.MkdirTemp("", "wb")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(run)
	socket, pid := filepath.Join(run, "s"), filepath.Join(run, "pid")
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "workbench", append([]string{"run", "fast.lua", "-U", socket, "-P", pid}, args...)...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "XDG_STATE_HOME="+run, "XDG_CONFIG_HOME="+run)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		b.Fatal(err)
	}
	shown := newGlass(terminal)
	defer func() {
		cancel()
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			b.Error(err)
		}
		terminal.Close()
		<-shown.ended
	}()
	for deadline := time.Now().Add(patience); ; {
		if text, err := os.ReadFile(pid); err == nil && bytes.HasSuffix(text, []byte("\n")) {
			break
		}
		if time.Now().After(deadline) {
			b.Fatalf("the program does not begin: %q", shown.text())
		}
		<-time.After(5 * time.Millisecond) // between two looks
	}
	pressing, stop := context.WithCancel(ctx)
	pressed := make(chan []time.Duration)
	go func() {
		if answers == nil {
			pressed <- nil
			return
		}
		pressed <- shown.press(pressing, terminal)
	}()
	rate := fioReads(b, "nbd+unix://?socket="+socket, reads)
	stop()
	if times := <-pressed; answers != nil {
		*answers = append(*answers, times...)
	}
	return rate
}

// A glass is what a terminal got to show.
type glass struct {
	ended chan struct{}

	mu   sync.Mutex
	all  []byte        // guarded by mu; the newest 64 KiB
	more chan struct{} // guarded by mu; closed when there is more
}

func newGlass(terminal *os.File) *glass {
	g := &glass{ended: make(chan struct{}), more: make(chan struct{})}
	go func() {
		defer close(g.ended)
		buf := make([]byte, 1<<16)
		for {
			n, err := terminal.Read(buf)
			g.add(buf[:n])
			if err != nil {
				return // the program has ended
			}
		}
	}()
	return g
}

func (g *glass) add(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, p...)
	g.all = g.all[max(len(g.all)-1<<16, 0):]
	close(g.more)
	g.more = make(chan struct{})
}

func (g *glass) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return string(g.all)
}

// press opens and closes the list of commands until ctx ends, four times a
// second, and returns how long each opening took to be seen.
func (g *glass) press(ctx context.Context, terminal *os.File) (times []time.Duration) {
	pause := time.NewTicker(250 * time.Millisecond)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return times
		case <-pause.C:
		}
		g.mu.Lock()
		g.all = g.all[:0]
		g.mu.Unlock()
		begin := time.Now()
		if _, err := terminal.WriteString("?"); err != nil {
			return times
		}
		if !g.await(ctx, []byte("commands")) {
			return times
		}
		times = append(times, time.Since(begin))
		if _, err := terminal.WriteString("\x1b"); err != nil {
			return times
		}
		<-pause.C
	}
}

// await waits until want is shown, and reports whether it was before ctx ended.
func (g *glass) await(ctx context.Context, want []byte) bool {
	for {
		g.mu.Lock()
		seen, more := bytes.Contains(g.all, want), g.more
		g.mu.Unlock()
		if seen {
			return true
		}
		select {
		case <-more:
		case <-ctx.Done():
			return false
		}
	}
}
