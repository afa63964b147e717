package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// save writes a file of a test.
func save(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// hostileScript prints, raises and offers what would disturb a terminal that got
// it as it is: escape sequences, bytes that are no text, long lines, wide
// characters and those without a width, halves of characters.
const hostileScript = `
local ugly = "\027[2J\027[31m\027]0;owned\007\027[?1049l\027[10;10H\155\r\n\t\0\255\254 " ..
  "\230\151\165\230\156\172 e\204\129 \240\159\135\169\240\159\135\170 \226\128\174rtl \239\184\143 \230\151"
function list_exports()
  return {{name = "a" .. ugly, description = ugly}, {name = "", description = ugly}}
end
function open(readonly) print(ugly .. ugly) return {} end
function get_size(h) return 1048576 end
function pread(h, count, offset)
  print(ugly) print(string.rep("long " .. ugly, 500)) print(ugly:sub(1, 30))
  if offset > 0 then error("EIO: " .. ugly) end
  return string.rep(ugly, count):sub(1, count)
end
`

// TestHostileScriptOnTerminal: nothing that a script says reaches the terminal
// but as text within the panels.
func TestHostileScriptOnTerminal(t *testing.T) {
	need(t, "nbdinfo", "qemu-io")
	dir := t.TempDir()
	save(t, filepath.Join(dir, "ugly.lua"), hostileScript, 0o644)
	for _, size := range []struct{ width, height int }{{60, 16}, {100, 30}, {150, 45}} {
		t.Run(fmt.Sprintf("%dx%d", size.width, size.height), func(t *testing.T) {
			run := t.TempDir()
			term := newTerminal(t, size.width, size.height, run)
			term.keys(fmt.Sprintf("cd %s && LC_ALL=C.UTF-8 workbench run %s/ugly.lua -P pid -U s; echo status $?", run, dir), "Enter")
			term.waitScreen(`1·requests|\[1·`)
			term.waitPID(filepath.Join(run, "pid"))
			uri := "nbd+unix:///?socket=" + filepath.Join(run, "s")
			command(t, run, "nbdinfo", "--list", "--json", uri)
			// The second read fails; that is what is looked at.
			command(t, run, "sh", "-c", fmt.Sprintf("qemu-io -r -f raw '%s' -c 'read 0 512' -c 'read 4096 512'; true", uri))
			term.waitScreen(`✗ 1 failed`)
			title := term.tmux("display-message", "-p", "#{pane_title}")
			for _, keys := range []string{"1", "Enter", "q", "2", "3", "4", "5", "6", "7", "z", "k", "z", "?"} {
				term.keys(keys)
				term.waitScreen(`(?s)ugly\.lua .*(│|┃)`)
				term.waitFrames(size.height)
			}
			term.waitScreen(`━ commands`)
			term.waitFrames(size.height)
			if alt := strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}")); alt != "1 0" {
				t.Errorf("alternate screen and cursor: %s, want 1 0", alt)
			}
			if now := term.tmux("display-message", "-p", "#{pane_title}"); now != title {
				t.Errorf("the title is %q", now)
			}
			term.keys("C-c") // from wherever it is
			term.waitScreen(`Quit\?`)
			term.keys("C-c")
			term.waitScreen(`status 0`)
			term.wantShell()
		})
	}
}

// waitFrames waits until each row of the screen, but for the first and the last,
// begins and ends with the line of a frame: one that is being drawn may not, yet.
func (term *terminal) waitFrames(height int) {
	term.t.Helper()
	var rows []string
	defer func() {
		if term.t.Failed() {
			term.t.Logf("the screen:\n%s", strings.Join(rows, "\n"))
		}
	}()
	waitFor(term.t, "every row to have its frame", func() bool {
		rows = strings.Split(strings.TrimSuffix(term.tmux("capture-pane", "-p"), "\n"), "\n")
		return len(rows) == height && !slices.ContainsFunc(rows[1:height-1], func(row string) bool { return !framed(row) })
	})
}

// framed reports whether a row begins and ends with the line of a frame.
func framed(row string) bool {
	first, _ := utf8.DecodeRuneInString(row)
	last, _ := utf8.DecodeLastRuneInString(row)
	return strings.ContainsRune("│┃╭╰┏┗", first) && strings.ContainsRune("│┃╮╯┓┛", last)
}

// TestEditOnTerminal: a write fails; e opens the editor at the line, with the
// terminal to itself, and what is saved there serves. A mistake is told on the
// card, which leads back to the editor.
func TestEditOnTerminal(t *testing.T) {
	need(t, "qemu-io")
	dir := t.TempDir()
	script := filepath.Join(dir, "disk.lua")
	save(t, script, `local disk = workbench.memory("disk", 1048576)
function open(readonly) return disk end
function get_size(h) return 1048576 end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset)
  error("ENOSPC: the disk is full")
end
`, 0o644)
	// An editor that says what it was asked for, waits for a line, and does it.
	save(t, filepath.Join(dir, "editor"), `#!/bin/sh
echo "editing $1 of $2"
read -r change
exec sed -i "$change" "$2"
`, 0o755)
	term := newTerminal(t, 100, 30, t.TempDir())
	term.keys(fmt.Sprintf("cd %s && VISUAL=./editor workbench run disk.lua -U s -P pid; echo status $?", dir), "Enter")
	term.waitScreen(`1·requests`)
	term.waitPID(filepath.Join(dir, "pid"))
	uri := "nbd+unix:///?socket=" + filepath.Join(dir, "s")
	write := func() string {
		return command(t, dir, "sh", "-c", fmt.Sprintf("qemu-io -f raw '%s' -c 'write -P 7 0 4096' 2>&1; true", uri))
	}
	if out := write(); !strings.Contains(out, "No space left") {
		t.Errorf("the write: %s", out)
	}
	term.waitScreen(`✗ ENOSPC`)
	term.keys("e")
	screen := term.waitScreen(`editing \+6 of disk\.lua`)
	if strings.Contains(screen, "1·requests") {
		t.Errorf("the screen is still there:\n%s", screen)
	}
	term.keys("6s/.*/  h:pwrite buf, offset)/", "Enter") // the bracket is missing
	screen = term.waitScreen(`✗ reload refused · generation 1 still serves[\s\S]*6 \|   h:pwrite buf, offset\)[\s\S]*\^`)
	if !strings.Contains(screen, "esc keep  e edit") {
		t.Errorf("no choices:\n%s", screen)
	}
	looks := 0
	waitFor(t, "the editor, when the card takes keys", func() bool {
		if looks%100 == 0 {
			term.keys("e")
		}
		looks++
		return regexp.MustCompile(`editing[\s\S]*editing`).MatchString(term.screen())
	})
	term.keys("C-u", "6s/pwrite/pwrite(/", "Enter") // what was pressed too often is taken back
	term.waitScreen(`↻ generation 2 serves · lines \+1 −1`)
	if out := write(); !strings.Contains(out, "wrote 4096/4096") {
		t.Errorf("the write after it was put right: %s", out)
	}
	if flags := strings.TrimSpace(term.tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")); flags != "1 1 0" {
		t.Errorf("alternate screen, mouse, cursor: %s, want 1 1 0", flags)
	}
	term.keys("q", "y")
	term.waitScreen(`status 0`)
	term.wantShell()
}
