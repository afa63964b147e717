package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A terminal is a tmux server of the test's own, with one shell in it.
type terminal struct {
	t      *testing.T
	socket string
	closed bool // by the test
}

// newTerminal starts a shell whose temporary folder is tmp.
func newTerminal(t *testing.T, width, height int, tmp string) *terminal {
	t.Helper()
	need(t, "tmux")
	dir, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	term := &terminal{t: t, socket: filepath.Join(dir, "tmux")}
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height),
		"-e", "XDG_STATE_HOME="+t.TempDir(), "-e", "XDG_CONFIG_HOME="+t.TempDir(),
		"-e", "TMPDIR="+tmp, "-e", "PS1=ready> ", "-e", "TERM=screen-256color", "env", "-u", "ENV", "sh")
	t.Cleanup(func() {
		if !term.closed {
			term.tmux("kill-server")
		}
	})
	term.tmux("set-option", "-g", "status", "off")
	term.tmux("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
	term.waitScreen(`ready>$`)
	return term
}

// tmux runs a command of the test's own server.
func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "tmux", append([]string{"-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Errorf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (term *terminal) keys(keys ...string) {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, keys...)...)
}

func (term *terminal) screen() string {
	term.t.Helper()
	return strings.TrimRight(term.tmux("capture-pane", "-p"), "\n ")
}

// waitScreen waits until the screen matches, and returns it.
func (term *terminal) waitScreen(pattern string) string {
	term.t.Helper()
	re := regexp.MustCompile(pattern)
	var screen string
	defer func() {
		if term.t.Failed() {
			term.t.Logf("the screen, waiting for %s:\n%s", pattern, screen)
		}
	}()
	waitFor(term.t, "the screen to show "+pattern, func() bool {
		screen = term.screen()
		return re.MatchString(screen)
	})
	return screen
}

// wantShell wants the terminal as it was: the shell's own screen, keys echoed.
func (term *terminal) wantShell() {
	term.t.Helper()
	term.waitScreen(`ready>$`)
	if alt := strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")); alt != "0 0 1" {
		term.t.Errorf("alternate screen, mouse, cursor: %s, want 0 0 1", alt)
	}
	term.keys("stty -a | grep -c -e ' echo ' -e ' icanon '", "Enter")
	term.waitScreen(`(?m)^[12]\nready>$`)
}

// TestTour gives the bare tour in a terminal: requests move, an edit of the
// script is swapped in, and q leaves nothing behind.
func TestTour(t *testing.T) {
	for _, size := range []struct{ width, height int }{{80, 24}, {160, 50}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			tmp := t.TempDir()
			term := newTerminal(t, size.width, size.height, tmp)
			term.keys("workbench; echo status $?", "Enter")
			term.waitScreen(`READ[\s\S]*WRITE|WRITE[\s\S]*READ`)
			if size.height >= 50 {
				term.waitScreen(`pread[\s\S]*[0-9](ns|µs|ms)`)
			}

			scripts, err := filepath.Glob(filepath.Join(tmp, "*", tourScript))
			if err != nil || len(scripts) != 1 {
				t.Fatalf("the script of the tour: %v, %v", scripts, err)
			}
			text, err := os.ReadFile(scripts[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(scripts[0], append(text, "\n-- edited\n"...), 0o644); err != nil {
				t.Fatal(err)
			}
			term.waitScreen(`\bg2\b`)
			if err := os.WriteFile(scripts[0], append(text, "\nthis is no Lua\n"...), 0o644); err != nil {
				t.Fatal(err)
			}
			term.waitScreen(`this is no Lua|refused`)

			term.keys("q", "y")
			term.waitScreen(`status 0`)
			term.wantShell()
			left, err := os.ReadDir(tmp)
			if err != nil || len(left) != 0 {
				t.Errorf("left in the temporary folder: %v, %v", left, err)
			}
		})
	}
}

// TestClosedTerminal takes the terminal away: the program ends, and leaves
// nothing behind.
func TestClosedTerminal(t *testing.T) {
	dir, _ := fileDisk(t, 1<<20)
	tmp := t.TempDir()
	term := newTerminal(t, 80, 24, tmp)
	term.keys(fmt.Sprintf("cd %s && workbench run disk.lua file=in.img -P pid", dir), "Enter")
	term.waitScreen(`1·requests`)
	pid := term.waitPID(filepath.Join(dir, "pid"))
	term.tmux("kill-server")
	term.closed = true
	waitFor(t, "the program to end", func() bool {
		_, err := os.Stat("/proc/" + pid)
		return errors.Is(err, os.ErrNotExist)
	})
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// waitPID waits for a process id file and returns what is in it.
func (term *terminal) waitPID(path string) string {
	term.t.Helper()
	var text []byte
	waitFor(term.t, "the process id", func() bool {
		var err error
		text, err = os.ReadFile(path)
		return err == nil && strings.HasSuffix(string(text), "\n")
	})
	return strings.TrimSpace(string(text))
}

// TestRunOnTheScreen shows the screen in a terminal, and ends it cleanly at SIGTERM.
func TestRunOnTheScreen(t *testing.T) {
	dir, _ := fileDisk(t, 1<<20)
	tmp := t.TempDir()
	term := newTerminal(t, 120, 40, tmp)
	term.keys(fmt.Sprintf("cd %s && workbench run disk.lua file=in.img -P pid; echo status $?", dir), "Enter")
	term.waitScreen(`1·requests`)
	pid := term.waitPID(filepath.Join(dir, "pid"))
	term.keys("?")
	term.waitScreen(`load the script again`)
	command(t, dir, "kill", "-TERM", pid)
	term.waitScreen(`status 0`)
	term.wantShell()
	if left, err := os.ReadDir(tmp); err != nil && !errors.Is(err, os.ErrNotExist) || len(left) != 0 {
		t.Errorf("left in the temporary folder: %v, %v", left, err)
	}
}

// TestFilterOnTerminal: --filter is the filter that the screen begins with.
func TestFilterOnTerminal(t *testing.T) {
	dir, _ := fileDisk(t, 1<<20)
	term := newTerminal(t, 100, 24, t.TempDir())
	term.keys(fmt.Sprintf("cd %s && workbench run disk.lua file=in.img -U sock --filter op:write; echo status $?", dir), "Enter")
	term.waitScreen(`filter: op:write · 0 of 0`)
	need(t, "qemu-io")
	command(t, dir, "timeout", "20", "qemu-io", "-f", "raw", "-c", "read 0 512", "-c", "write 512 512", "nbd+unix:///?socket=sock")
	term.waitScreen(`filter: op:write · 1 of \d+[\s\S]*WRITE +0x200`)
	term.keys("q", "y")
	term.waitScreen(`status 0`)
	term.keys("clear; workbench run disk.lua file=in.img --filter op:wriet; echo status $?", "Enter")
	term.waitScreen(`did you mean write\?[\s\S]*status 2`)
}

// tourScriptIn returns the path of the tour's script.
func tourScriptIn(t *testing.T, tmp string) string {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join(tmp, "*", tourScript))
	if err != nil || len(scripts) != 1 {
		t.Fatalf("the script of the tour: %v, %v", scripts, err)
	}
	return scripts[0]
}

// TestTourSteps does what the tour has people try, by the keys that it names, on
// small terminals too: each is ticked off. Before that none is, whatever the
// clients do.
func TestTourSteps(t *testing.T) {
	for _, size := range []struct{ width, height int }{{60, 16}, {80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			tmp, err := os.MkdirTemp("", "wb") // a short name
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(tmp) })
			term := newTerminal(t, size.width, size.height, tmp)
			term.keys("workbench; echo status $?", "Enter")
			term.waitScreen(`✗ [1-9]\d* failed`) // of the script itself: the clients have been there for some time
			term.waitScreen(`tour 0 of 3[\s\S]*tour-\s*\d+/tour.lua`)

			term.keys("p")
			term.waitScreen(`holding: => hold`)
			term.waitScreen(`‖ 2 held`)
			term.keys("p")
			waitFor(t, "the end of holding", func() bool { return !strings.Contains(term.screen(), "holding") })
			term.keys("A")
			term.waitScreen(`tour 1 of 3`)
			term.keys("i")
			term.waitScreen(`WHEN => ACTION|adds the rule|want`)
			term.keys("-l", "op:write => fail ENOSPC")
			term.waitScreen(`enter adds the rule`)
			term.keys("Enter")
			term.waitScreen(`tour 2 of 3`)
			script := tourScriptIn(t, tmp)
			text, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(script, append(text, "\nthis is no Lua\n"...), 0o644); err != nil {
				t.Fatal(err)
			}
			term.waitScreen(`reload refused`)
			if screen := term.screen(); !strings.Contains(screen, "2 of 3") {
				t.Errorf("a refused reload is taken for one that was done:\n%s", screen)
			}
			if err := os.WriteFile(script, append(text, "\n-- edited\n"...), 0o644); err != nil {
				t.Fatal(err)
			}
			term.waitScreen(`tour 3 of 3 ✓ all done`)
			term.keys("H")
			term.waitScreen(`H unfolds`)
			term.keys("q", "y")
			term.waitScreen(`status 0`)
			term.wantShell()
		})
	}
}

// TestScreenRemembers: what is typed is there in the next run with the script,
// and not in one with another; a reload by SIGHUP leaves the screen alone.
func TestScreenRemembers(t *testing.T) {
	dir, _ := fileDisk(t, 1<<20)
	term := newTerminal(t, 100, 30, t.TempDir())
	start := func(script, options string) string {
		term.keys(fmt.Sprintf("clear; cd %s && rm -f pid && workbench run %s file=in.img -P pid %s; echo status $?", dir, script, options), "Enter")
		term.waitScreen(`requests`)
		return term.waitPID(filepath.Join(dir, "pid"))
	}
	leave := func() {
		term.keys("q", "y")
		term.waitScreen(`status 0`)
		term.wantShell()
	}
	pid := start("disk.lua", "")
	term.keys(":", "f", "i", "l", "t", "e", "r", "Space", "e", "r", "r", "Enter")
	term.waitScreen(`filter: err`)
	command(t, dir, "kill", "-HUP", pid)
	term.waitScreen(`serving g2[\s\S]*filter: err`)
	leave()

	start("disk.lua", "--ascii --no-mouse")
	term.waitScreen(`mouse off[\s\S]*#= 1-requests =`)
	if mouse := term.tmux("display-message", "-p", "#{mouse_any_flag}"); mouse != "0\n" {
		t.Errorf("with --no-mouse the mouse is %q", mouse)
	}
	term.keys("/", "Up")
	term.waitScreen(`/ err_`)
	term.keys("Escape")
	term.waitScreen(`\? help`) // else it would be Alt and the next key
	term.keys(":", "Up")
	term.waitScreen(`: filter err_`)
	term.keys("Escape")
	term.waitScreen(`\? help`)
	leave()

	text, err := os.ReadFile(filepath.Join(dir, "disk.lua"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "other.lua"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	start("other.lua", "")
	term.keys("/", "Up")
	term.waitScreen(`enter shows all requests`)
	term.keys("Escape")
	term.waitScreen(`\? help`)
	leave()
}
