package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"workbench/plugins/host"
	"workbench/recordings"
)

// helperVariable makes the test binary show a screen instead of running tests.
const helperVariable = "WORKBENCH_TUI_HELPER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperVariable); mode != "" {
		os.Exit(helper(mode))
	}
	os.Exit(m.Run())
}

// helper shows a screen, with a fault if mode names one, and prints how it ended.
func helper(mode string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log, bench := fixture()
	faulty := &faultyEvents{Events: log, mode: mode}
	o := fixtureOptions()
	o.Title = fmt.Sprintf("pid %d", os.Getpid())
	o.Events, o.Workbench = faulty, faultyBench{bench, faulty}
	err := Run(ctx, o)
	if ctx.Err() != nil {
		fmt.Println("the context ended")
	}
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		fmt.Printf("the screen failed: %s\n", line)
		return 3
	}
	return 0
}

// faultyEvents panics when asked for what a mode says.
type faultyEvents struct {
	Events
	mode  string
	armed atomic.Bool // by R
}

func (f *faultyEvents) Data(e *recordings.Event) ([]byte, bool) {
	if f.mode == "update" { // the bytes are read when a request is opened
		panic("panic in Update")
	}
	return f.Events.Data(e)
}

func (f *faultyEvents) Read(dst []recordings.Event, from uint64) int {
	if f.mode == "view" && len(dst) == 1 && f.armed.Load() { // rows are read one by one
		panic("panic in View")
	}
	return f.Events.Read(dst, from)
}

type faultyBench struct {
	*fakeBench
	events *faultyEvents
}

func (b faultyBench) Kick() {
	if b.events.mode == "command" {
		panic("panic in a command")
	}
	b.events.armed.Store(true)
	b.set(func(s *host.Status) { s.Reloads++; s.Generation++ })
}

// A terminal is a tmux of its own with a shell in it.
type terminal struct {
	t      *testing.T
	socket string
	ctx    context.Context
}

// shellPrompt is what the shell of a terminal prints when it is ready.
const shellPrompt = "READY>"

func newTerminal(t *testing.T, w, h int) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	term := &terminal{t, filepath.Join(t.TempDir(), "tmux"), ctx}
	t.Cleanup(func() {
		term.tmux("kill-server")
		cancel()
	})
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(w), "-y", fmt.Sprint(h),
		"env", "-u", "CI", "-u", "NO_COLOR", // which switch colours off
		"PS1="+shellPrompt, "ENV=", "LC_ALL=C.UTF-8", "sh")
	term.waitFor(shellPrompt)
	return term
}

// tmux runs a command of tmux and returns what it printed.
func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	out, err := exec.CommandContext(term.ctx, "tmux", append([]string{"-u", "-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// keys types keys, by the names that tmux gives them.
func (term *terminal) keys(keys ...string) {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, keys...)...)
}

func (term *terminal) text() string { return term.tmux("capture-pane", "-p") }

// alternate reports whether the alternate screen is on.
func (term *terminal) alternate() bool {
	return strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on}")) == "1"
}

// until asks again and again until nothing is missing any more.
func (term *terminal) until(missing func() string) {
	term.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		what := missing()
		if what == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			term.t.Fatalf("%s; the terminal shows:\n%s", what, term.text())
		}
	}
}

// waitFor waits until the terminal shows all of want, and returns all that it shows.
func (term *terminal) waitFor(want ...string) (text string) {
	term.t.Helper()
	term.until(func() string {
		text = term.text()
		for _, w := range want {
			if !strings.Contains(text, w) {
				return fmt.Sprintf("%q is missing", w)
			}
		}
		return ""
	})
	return text
}

// show starts the helper and waits for its screen.
func (term *terminal) show(mode, environment string) {
	term.t.Helper()
	self, err := os.Executable()
	if err != nil {
		term.t.Fatal(err)
	}
	term.tmux("send-keys", "-l", fmt.Sprintf("clear; %s %s=%s %s; echo status=$? $(stty -a | grep -ow -e -icanon -e -echo -e -isig)end",
		environment, helperVariable, mode, self))
	term.keys("Enter")
	term.waitFor("1·requests", "EFBIG")
	if !term.alternate() {
		term.t.Error("the screen is not the alternate one")
	}
}

// mustBeRestored checks that the shell has its terminal back, in order.
func (term *terminal) mustBeRestored(status int) string {
	term.t.Helper()
	text := term.waitFor(fmt.Sprintf("status=%d end", status), "end\n"+shellPrompt)
	if term.alternate() {
		term.t.Error("the alternate screen is still on")
	}
	if strings.Contains(text, "1·requests") {
		term.t.Errorf("the screen is still there:\n%s", text)
	}
	if flags := term.tmux("display-message", "-p", "#{mouse_any_flag} #{cursor_flag}"); flags != "0 1\n" {
		term.t.Errorf("mouse and cursor are %q, want off and on", flags)
	}
	return text
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	term.show("none", "")
	term.keys("?")
	term.waitFor("┏━ commands", "show only the requests")
	term.keys("Escape")
	term.waitFor("[2·callbacks]")
	term.keys("k", "k", "Enter")
	term.waitFor("READ 4 KiB at 0xd000")
	term.tmux("resize-window", "-x", "130", "-y", "40")
	term.waitFor("╭─ 1·requests", "┏━ request")
	term.tmux("resize-window", "-x", "50", "-y", "10")
	term.waitFor("terminal too small")
	term.tmux("resize-window", "-x", "80", "-y", "24")
	term.waitFor("READ 4 KiB at 0xd000")
	term.keys("q")
	term.waitFor("1·requests")
	term.keys("C-c")
	term.waitFor("Quit?")
	term.keys("Escape")
	term.waitFor("? help")
	term.keys("q", "y")
	term.mustBeRestored(0)
}

func TestTerminalAfterPanic(t *testing.T) {
	for _, tt := range []struct {
		mode string
		keys []string
	}{
		{"update", []string{"Enter"}},
		{"view", []string{"R"}},
		{"command", []string{"R"}},
	} {
		t.Run(tt.mode, func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t, 100, 50)
			term.show(tt.mode, "")
			term.keys(tt.keys...)
			text := term.mustBeRestored(3)
			if !strings.Contains(text, "the screen failed: ") {
				t.Errorf("no reason is given:\n%s", text)
			}
		})
	}
}

func TestTerminalContextEnds(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	term.show("none", "")
	var pid int
	if _, err := fmt.Sscanf(strings.TrimSpace(term.text()), "pid %d", &pid); err != nil {
		t.Fatalf("%v:\n%s", err, term.text())
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	text := term.mustBeRestored(0)
	if !strings.Contains(text, "the context ended") {
		t.Errorf("%s", text)
	}
}

// TestTerminalSuspend: ctrl-z gives the shell its terminal back, and fg the screen.
func TestTerminalSuspend(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	term.keys("set -m", "Enter")
	term.show("none", "")
	modes := 0 // how often it was asked how the terminal is set
	wantModes := func() {
		t.Helper()
		modes++
		term.keys(fmt.Sprintf("clear; echo modes%d: $(stty -a | grep -ow -e -icanon -e -echo -e -isig | wc -l)", modes), "Enter")
		term.waitFor(fmt.Sprintf("modes%d: 0\n%s", modes, shellPrompt))
	}
	for _, mouse := range []string{"1", "0"} {
		term.keys("C-z")
		term.waitFor("workbench is suspended", "Stopped", shellPrompt)
		if flags := term.flags(); flags != "0 0 1" {
			t.Errorf("suspended: alternate screen, mouse and cursor are %q, want 0 0 1", flags)
		}
		wantModes()
		term.keys("fg", "Enter")
		term.waitFor("1·requests", "EFBIG", "? help")
		term.waitForFlags("1 " + mouse + " 0")
		term.keys("?")
		term.waitFor("type to narrow")
		term.keys("Escape")
		term.waitFor("[2·callbacks]")
		if mouse == "1" {
			term.keys("M")
			term.waitFor("mouse off")
		}
	}
	term.keys("q", "y")
	term.waitForFlags("0 0 1") // what stood behind the program on its line is forgotten by the shell
	wantModes()
}

// TestTerminalStopped: a program that was stopped without being asked takes the
// terminal again when it goes on.
func TestTerminalStopped(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	term.keys("set -m", "Enter")
	term.show("none", "")
	var pid int
	if _, err := fmt.Sscanf(strings.TrimSpace(term.text()), "pid %d", &pid); err != nil {
		t.Fatalf("%v:\n%s", err, term.text())
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	term.until(func() string {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if !bytes.Contains(stat, []byte(") T ")) {
			return fmt.Sprintf("the program is not stopped: %v %s", err, stat)
		}
		return ""
	})
	// The shell has got the terminal as the screen had it.
	term.keys("stty sane; printf '\\033[?1049l\\033[?25h\\033[?1002l'; clear", "C-j")
	term.waitForFlags("0 0 1")
	term.tmux("resize-window", "-x", "90", "-y", "30")
	term.keys("fg", "Enter")
	term.waitFor("1·requests", "EFBIG", "? help")
	term.waitForFlags("1 1 0")
	term.keys("?")
	term.waitFor("type to narrow")
	term.keys("Escape")
	term.waitFor("[2·callbacks]")
	term.keys("q", "y")
	term.waitForFlags("0 0 1")
	term.keys("clear; stty -a | grep -ow -e -icanon -e -echo -e -isig | wc -l", "Enter")
	term.waitFor("0\n" + shellPrompt)
}

// TestTerminalEditor: an editor has the terminal as a shell leaves it, and then
// the screen has it again, with the size that it has meanwhile.
func TestTerminalEditor(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	editor := filepath.Join(t.TempDir(), "editor")
	script := "#!/bin/sh\necho edits $1 with $(stty -a | grep -ow -e -icanon -e -echo -e -isig | wc -l) less\nread line\nexit 7\n"
	if err := os.WriteFile(editor, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	term.show("none", "VISUAL="+editor)
	for _, w := range []int{100, 80} {
		term.keys("3", "e")
		term.waitFor("edits +", "with 0 less")
		term.waitForFlags("0 0 1")
		term.tmux("resize-window", "-x", fmt.Sprint(w), "-y", "30")
		term.keys("Enter")
		term.waitFor("1·requests", "exit status 7")
		term.waitForFlags("1 1 0")
		term.until(func() string {
			longest := 0
			for row := range strings.Lines(term.text()) {
				longest = max(longest, utf8.RuneCountInString(strings.TrimRight(row, " \n")))
			}
			if longest != w {
				return fmt.Sprintf("the longest row has %d cells, want %d", longest, w)
			}
			return ""
		})
		term.keys("?")
		term.waitFor("type to narrow")
		term.keys("Escape")
		term.waitFor("? help")
	}
	term.keys("q", "y")
	term.mustBeRestored(0)
}

// flags returns whether alternate screen, mouse and cursor are on.
func (term *terminal) flags() string {
	return strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"))
}

func (term *terminal) waitForFlags(want string) {
	term.t.Helper()
	term.until(func() string {
		if got := term.flags(); got != want {
			return fmt.Sprintf("alternate screen, mouse and cursor are %q, want %q", got, want)
		}
		return ""
	})
}

// TestTerminalSuspendWithoutShell: where nothing could take over, ctrl-z says so
// and the screen goes on.
func TestTerminalSuspendWithoutShell(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term.tmux("respawn-pane", "-k", "env", helperVariable+"=none", self)
	term.waitFor("1·requests", "EFBIG")
	term.keys("C-z")
	term.waitFor("✗ not suspended: there is no shell", "1·requests")
	term.waitForFlags("1 1 0")
	term.keys("?")
	term.waitFor("type to narrow")
}

// TestTerminalCloses: when the terminal goes away the screen ends, and does not
// go on for nobody.
func TestTerminalCloses(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	report := filepath.Join(t.TempDir(), "report")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// A second terminal, which can be closed while the first has the report. The
	// program ignores SIGHUP, as one that reloads by it does.
	term.tmux("new-window", "-d", "-n", "doomed", "trap '' HUP; "+helperVariable+"=none "+self+" 2>"+report+".err; echo $? >"+report)
	term.until(func() string {
		if !strings.Contains(term.tmux("capture-pane", "-p", "-t", "doomed"), "1·requests") {
			return "the second terminal has no screen"
		}
		return ""
	})
	term.tmux("kill-window", "-t", "doomed")
	term.keys("clear; until test -s "+report+"; do sleep 0.1; done; echo ended=$(cat "+report+")", "Enter")
	term.waitFor("ended=3")
}

// TestTerminalCopies: what is copied arrives at the terminal.
func TestTerminalCopies(t *testing.T) {
	t.Parallel()
	term := newTerminal(t, 80, 24)
	term.tmux("set-option", "-g", "set-clipboard", "on")
	term.show("none", "")
	term.keys("y", "y")
	term.waitFor("✓ copied", "bytes: row")
	term.until(func() string {
		if !strings.Contains(term.tmux("list-buffers", "-F", "#{buffer_sample}"), "WRITE") {
			return "tmux got no clipboard"
		}
		return ""
	})
	term.waitFor("1·requests", "EFBIG")
	term.keys("q", "y")
	term.mustBeRestored(0)
}

func TestTerminalColours(t *testing.T) {
	for _, tt := range []struct {
		environment string
		colours     bool
	}{
		{"NO_COLOR=1", false},
		{"COLORTERM=truecolor TERM=xterm-256color", true},
	} {
		t.Run(tt.environment, func(t *testing.T) {
			t.Parallel()
			term := newTerminal(t, 80, 24)
			term.show("none", tt.environment)
			if got := strings.Contains(term.tmux("capture-pane", "-p", "-e"), "\x1b["); got != tt.colours {
				t.Errorf("colours: %v, want %v", got, tt.colours)
			}
			term.keys("q", "y")
			term.mustBeRestored(0)
		})
	}
}

func TestRunNeedsTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := Run(t.Context(), Options{Events: emptyLog(), Input: r, Output: w}); !errors.Is(err, ErrNoTerminal) {
		t.Errorf("%v, want ErrNoTerminal", err)
	}
}
