package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRecordingsOnTheScreen records a client, changes the script, replays, sees
// the difference, opens it and goes back; then it opens the recording by itself.
func TestRecordingsOnTheScreen(t *testing.T) {
	need(t, "qemu-io")
	dir := t.TempDir()
	script := "local disk = workbench.memory(1048576)\n" +
		"function open() return disk end\nfunction get_size(h) return 1048576 end\n" +
		"function pread(h, n, at) return h:pread(n, at) end\nfunction pwrite(h, b, at) h:pwrite(b, at) end\n"
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "disk.lua"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(script)
	term := newTerminal(t, 120, 40, t.TempDir())
	term.keys(fmt.Sprintf("cd %s && XDG_STATE_HOME=%s/state workbench run disk.lua -U sock; echo status $?", dir, dir), "Enter")
	term.waitScreen(`1·requests`)
	term.keys("W")
	term.waitScreen(`record into`)
	term.keys("-l", "run.wbrec full")
	term.keys("Enter")
	term.waitScreen(`● rec \d+ `)
	command(t, dir, "timeout", "20", "qemu-io", "-f", "raw", "-c", "write -P 7 4k 4k", "-c", "read -P 7 4k 4k", "nbd+unix:///?socket=sock")
	term.waitScreen(`READ +0x1000`)
	term.keys("W")
	term.waitScreen(`✓ recorded \d+ events, .* in run.wbrec`)
	if _, err := os.Stat(filepath.Join(dir, "run.wbrec")); err != nil {
		t.Fatal(err)
	}

	write(strings.Replace(script, "h:pwrite(b, at)", "h:pwrite(string.rep('x', #b), at)", 1))
	term.waitScreen(`\bg2\b`)
	term.keys("BTab", "z") // the last panel
	term.waitScreen(`✓ whole disk.lua .*run.wbrec`)
	term.keys("r")
	term.waitScreen(`enter sends it to a fresh start`)
	term.keys("Enter")
	term.waitScreen(`✗ run.wbrec, replayed: 1 differs of \d+ requests[\s\S]*data +byte 0 \(0x1000 on the disk\)`)
	term.keys("Enter")
	term.waitScreen(`run.wbrec: disk.lua, [\s\S]*esc leaves[\s\S]*READ 4 KiB at 0x1000[\s\S]*07 07 07`)
	term.keys("Escape")
	term.waitScreen(`esc leaves[\s\S]*2·callbacks`)
	term.keys("Escape")
	term.waitScreen(`1 differs of`)
	term.keys("Enter") // and quits from within
	term.waitScreen(`esc leaves`)
	term.keys("C-c")
	term.waitScreen(`Quit\?`)
	term.keys("C-c")
	term.waitScreen(`status 0`)
	term.wantShell()

	term.keys("clear; workbench open run.wbrec --filter op:read; echo status $?", "Enter")
	term.waitScreen(`run.wbrec: disk.lua[\s\S]*filter: op:read · 1 of \d+[\s\S]*READ +0x1000`)
	term.keys("w")
	term.waitScreen(`save to`)
	term.keys("-l", "reads.csv")
	term.keys("Enter")
	term.waitScreen(`✓ saved .*reads.csv`)
	term.keys("q", "y")
	term.waitScreen(`status 0`)
	if text, err := os.ReadFile(filepath.Join(dir, "reads.csv")); err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("%v\n%s", err, text)
	}
}

// idleTime is for how long an idle screen is watched, and idleLooks how often,
// since what has just happened may still be on its way to the terminal.
const (
	idleTime  = 1500 * time.Millisecond
	idleLooks = 4
)

// TestIdleScreenIsSilent: without traffic nothing is written to the terminal, over
// a live disk and over a recording. What is written would go to the pipe, too.
func TestIdleScreenIsSilent(t *testing.T) {
	need(t, "qemu-io")
	dir, _ := fileDisk(t, 1<<20)
	term := newTerminal(t, 120, 40, t.TempDir())
	output := filepath.Join(dir, "written")
	written := func() int64 {
		t.Helper()
		info, err := os.Stat(output)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	watch := func(what string) {
		t.Helper()
		term.tmux("pipe-pane", "cat >"+output)
		waitFor(t, "the pipe", func() bool { _, err := os.Stat(output); return err == nil })
		was := written()
		for look := 1; ; look++ {
			<-time.After(idleTime)
			is := written()
			if is == was {
				break
			}
			if look == idleLooks {
				t.Errorf("%s: still written to, %d bytes, while nothing happens", what, is)
				break
			}
			was = is
		}
		term.tmux("pipe-pane") // ends the pipe
		if err := os.Remove(output); err != nil {
			t.Fatal(err)
		}
	}
	term.keys(fmt.Sprintf("cd %s && workbench run disk.lua file=in.img -U sock --record run.wbrec; echo status $?", dir), "Enter")
	term.waitScreen(`1·requests`)
	command(t, dir, "timeout", "20", "qemu-io", "-f", "raw", "-c", "read 0 512", "nbd+unix:///?socket=sock")
	term.waitScreen(` 0 req/s[\s\S]*READ`)
	// The trends run out half a minute after the last request.
	waitFor(t, "the trends to run out", func() bool { return !strings.ContainsAny(term.screen(), "▁▂▃▄▅▆▇█") })
	watch("a live disk")
	term.keys("q", "y")
	term.waitScreen(`status 0`)
	term.keys("clear; workbench open run.wbrec; echo status $?", "Enter")
	term.waitScreen(`\d requests? in`)
	watch("a recording")
	term.keys("q", "y")
	term.waitScreen(`status 0`)
}
