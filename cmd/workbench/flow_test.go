package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A flow is a user at the screen, with a disk in a folder of the test's own.
type flow struct {
	*terminal
	t   *testing.T
	dir string
}

// newFlow opens the screen on a script, in front of a socket and behind args.
func newFlow(t *testing.T, script string, args ...string) *flow {
	t.Helper()
	need(t, "qemu-io")
	f := &flow{t: t, dir: t.TempDir()}
	f.save(script)
	pid := ""
	t.Cleanup(func() { // when the terminal has gone, and before the folder does
		waitFor(t, "the program to end", func() bool {
			_, err := os.Stat("/proc/" + pid)
			return pid == "" || errors.Is(err, os.ErrNotExist)
		})
	})
	f.terminal = newTerminal(t, 120, 40, t.TempDir())
	f.keys(fmt.Sprintf("cd %s && export XDG_STATE_HOME=%s XDG_CONFIG_HOME=%s && workbench %s -U nbd.sock -P pid; echo status $?",
		f.dir, f.dir, f.dir, strings.Join(args, " ")), "Enter")
	pid = f.waitPID(filepath.Join(f.dir, "pid"))
	f.waitScreen(`● serving`)
	return f
}

// save writes the script, which the program watches.
func (f *flow) save(script string) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, "disk.lua"), []byte(script), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// io runs qemu-io with commands, which have to succeed, and returns what it printed.
func (f *flow) io(commands ...string) string {
	f.t.Helper()
	args := []string{"-f", "raw"}
	for _, c := range commands {
		args = append(args, "-c", c)
	}
	return command(f.t, f.dir, "qemu-io", append(args, "nbd+unix:///?socket=nbd.sock")...)
}

// enter types a line, which a key opens, and waits until it is closed again.
func (f *flow) enter(key, line string) {
	f.t.Helper()
	f.keys(key)
	f.waitScreen(`esc leave`)
	f.keys(line, "Enter")
	waitFor(f.t, "the line to be done", func() bool { return !strings.Contains(f.screen(), "esc leave") })
}

// quit leaves the screen, and wants the shell back.
func (f *flow) quit() {
	f.t.Helper()
	f.keys("C-c")
	f.waitScreen(`Quit\?`)
	f.keys("C-c")
	f.waitScreen(`status 0`)
	f.wantShell()
}

// ramDisk keeps its blocks in memory; what stands before it makes the flow.
const ramDisk = `
local disk = workbench.memory("disk", 1048576)
function open(readonly) return 1 end
function get_size(h) return 1048576 end
function pread(h, count, offset) slow(offset) return disk:pread(count, offset) end
function pwrite(h, buf, offset) disk:pwrite(buf, offset) end
function flush(h) end
`

const quickDisk = "function slow(offset) end\n" + ramDisk

// TestFlowSlowRequest finds the one request of many that took long.
func TestFlowSlowRequest(t *testing.T) {
	f := newFlow(t, "function slow(offset) if offset == 40960 then nbdkit.nanosleep(2) end end\n"+ramDisk, "run", "disk.lua")
	var reads []string
	for block := range 20 {
		reads = append(reads, fmt.Sprintf("read %dk 4k", 4*block))
	}
	f.io(reads...)
	f.enter("/", "dur>1.9s op:read") // so much a busy machine does not add to the others
	f.waitScreen(`filter: dur>1\.9s op:read · 1 of \d\d`)
	f.keys("Enter")
	f.waitScreen(`READ 4 KiB at 0xa000[\s\S]*took +\d[\d.]*s`)
	f.quit()
}

// TestFlowInjectError has a program that writes to the mount meet a full disk.
func TestFlowInjectError(t *testing.T) {
	if !canMount() {
		t.Skip("this machine cannot mount")
	}
	f := newFlow(t, quickDisk, "mount", "disk.lua", "disk")
	f.enter("i", "op:write off:64k..128k => fail ENOSPC")
	f.keys("6")
	f.waitScreen(`● on +0 op:write off:64k\.\.128k => fail`)
	dd := func(seek string) string {
		return command(t, f.dir, "sh", "-c", "timeout -s KILL 20 dd if=/dev/zero of=disk bs=4k count=1 conv=notrunc seek="+seek+" 2>&1; true")
	}
	if said := dd("1"); strings.Contains(said, "No space") {
		t.Errorf("a write elsewhere failed: %s", said)
	}
	if said := dd("16"); !strings.Contains(said, "No space left on device") {
		t.Errorf("dd said %s", said)
	}
	f.waitScreen(`WRITE +0x10000[^\n]*✗ ENOS`)
	f.keys("t") // switched off, it hurts nobody
	f.waitScreen(`○ off`)
	if said := dd("16"); strings.Contains(said, "No space") {
		t.Errorf("a rule that is off acted: %s", said)
	}
	f.quit()
}

// TestFlowBrokenSave saves a mistake, which changes nothing for clients, and mends it.
func TestFlowBrokenSave(t *testing.T) {
	f := newFlow(t, quickDisk, "run", "disk.lua")
	f.io("write -P 0x5a 0 4k")
	f.save(quickDisk + "function flush(h\n")
	f.waitScreen(`reload refused[\s\S]*disk\.lua:\d+`)
	f.io("read -P 0x5a 0 4k")
	f.save(quickDisk + "-- mended\n")
	f.waitScreen(`● serving g2`)
	waitFor(t, "the refusal to go", func() bool { return !strings.Contains(f.screen(), "reload refused") })
	f.io("read -P 0x5a 0 4k")
	f.quit()
}

// TestFlowUndo goes back to the generation before a save that was a mistake.
func TestFlowUndo(t *testing.T) {
	f := newFlow(t, quickDisk, "run", "disk.lua")
	f.io("write -P 0x5a 0 4k")
	f.save(quickDisk + "function pread(h, count, offset) return string.rep('x', count) end\n")
	f.waitScreen(`● serving g2`)
	f.io("read -P 0x78 0 4k")
	f.keys("U")
	f.waitScreen(`● serving g3`)
	f.io("read -P 0x5a 0 4k")
	f.quit()
}

// TestFlowEditHeld holds a write, changes what it writes, and lets it go: the
// client is told that all went well, and reads what was written instead.
func TestFlowEditHeld(t *testing.T) {
	f := newFlow(t, quickDisk, "run", "disk.lua")
	f.keys("p")
	f.waitScreen(`holding: => hold`)
	written := make(chan string, 1)
	go func() {
		written <- command(t, f.dir, "qemu-io", "-t", "writeback", "-f", "raw", "-c", "write -P 0x5a 8k 4k", "nbd+unix:///?socket=nbd.sock")
	}()
	f.waitScreen(`‖ 1 held[\s\S]*WRITE +0x2000[\s\S]*held request`)
	f.enter("e", "fill=a5")
	f.waitScreen(`(?i)edited`)
	f.keys("p") // what follows is not held
	waitFor(t, "the end of holding", func() bool { return !strings.Contains(f.screen(), "holding") })
	f.keys("a")
	if said := <-written; !strings.Contains(said, "wrote 4096/4096 bytes at offset 8192") {
		t.Errorf("qemu-io said %s", said)
	}
	f.waitScreen(`No request is held`)
	if said := f.io("read -P 0xa5 8k 4k"); strings.Contains(said, "verification failed") {
		t.Errorf("the edit did not reach the script: %s", said)
	}
	f.quit()
}

// TestFlowMap goes to a place on the map of the disk, and sees its requests alone.
func TestFlowMap(t *testing.T) {
	f := newFlow(t, quickDisk, "run", "disk.lua")
	f.io("write -P 1 0 4k", "write -P 2 512k 4k", "read 512k 4k", "read 768k 4k")
	f.keys("8", "z")
	f.waitScreen(`\[8·map\][\s\S]*b both`)
	f.keys("g", "Enter") // the cell where the disk begins
	screen := f.waitScreen(`filter: off:0x0\.\.0x[0-9a-f]+[^\n]* · 1 of \d+`)
	if strings.Contains(screen, "0x80000") || !strings.Contains(screen, "WRITE") {
		t.Errorf("the filter of the map picks others:\n%s", screen)
	}
	f.quit()
}
