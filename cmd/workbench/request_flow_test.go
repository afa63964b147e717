package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// flowScript is a disk that is slow in one place and full in another.
const flowScript = `local disk = workbench.memory("disk", 1024 * 1024)
function open(readonly) return {} end
function get_size(h) return disk:size() end
function pread(h, count, offset)
  if offset == 0x3000 then nbdkit.nanosleep(1) end
  return disk:pread(count, offset)
end
function pwrite(h, buf, offset)
  if offset >= 0x80000 then nbdkit.set_error("EFBIG"); error("disk full") end
  disk:pwrite(buf, offset)
end
`

// qemuIO runs commands of qemu-io on a socket and returns what it printed.
func qemuIO(ctx context.Context, socket string, commands ...string) string {
	args := []string{"-f", "raw"}
	for _, c := range commands {
		args = append(args, "-c", c)
	}
	// A command that fails is told in what is printed, too.
	out, _ := exec.CommandContext(ctx, "qemu-io", append(args, "nbd+unix:///?socket="+socket)...).CombinedOutput()
	return string(out)
}

// TestRequestFlow does, in a terminal and with a real client, what one looks at
// requests for: find the slow one, hold one and see its reply, step back in a
// recording.
func TestRequestFlow(t *testing.T) {
	need(t, "qemu-io")
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	dir, err := os.MkdirTemp("", "wb") // a short path, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "flow.lua"), []byte(flowScript), 0o644); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	term := newTerminal(t, 160, 50, t.TempDir())
	term.keys(fmt.Sprintf("cd %s && clear && workbench run flow.lua -U s --record r.wbrec; clear; echo status $?", dir), "Enter")
	term.waitScreen(`No request yet`)

	// The slow request is the first when they are sorted by how long they took.
	commands := []string{"write -P 0x55 0 64k"}
	for i := range 8 {
		commands = append(commands, fmt.Sprintf("read %#x 4k", i*0x1000))
	}
	qemuIO(ctx, socket, append(commands, "write 512k 4k")...)
	term.waitScreen(`WRITE +0x80000 .*✗ EFBIG`)
	term.keys("o")
	term.waitScreen(`order:`)
	term.keys("-l", "took")
	term.keys("Enter")
	term.waitScreen(`sorted by took, the largest first, as of [^\n]*\n[^\n]*\n[^\n]*\n[^\n]*▸[^\n]*READ +0x3000 +4 KiB +-? +[^\n]*\ds`)
	term.keys("o")
	term.waitScreen(`order:`)
	term.keys("Enter")

	// What failed shows both sides of its error, and where it is in the script.
	term.keys("G", "Enter")
	term.waitScreen(`✗ script raised EFBIG at flow.lua:9 > wire ENOSPC`)
	term.keys("Escape")
	term.waitScreen(`2·callbacks`)

	// A READ that is held is shown field by field, and then its reply.
	term.keys("p")
	term.waitScreen(`holding: => hold`)
	answer := make(chan string, 1)
	go func() { answer <- qemuIO(ctx, socket, "read -P 0x55 0x1000 512") }()
	term.waitScreen(`‖ 1 held`)
	term.keys("5", "Enter")
	screen := term.waitScreen(`before the script: a lets it go`)
	for _, field := range []string{"magic ", "command flags ", "command ", "cookie ", "offset ", "length ", "request, 28 bytes"} {
		if !strings.Contains(screen, field) {
			t.Errorf("the held request has no %q:\n%s", field, screen)
		}
	}
	term.keys("a")
	term.waitScreen(`▸- reply +structured reply OFFSET_DATA to READ`)
	term.waitScreen(`55 55 55 55`)
	select {
	case out := <-answer:
		if !strings.Contains(out, "read 512/512 bytes at offset 4096") || strings.Contains(out, "verification failed") {
			t.Errorf("qemu-io said %q", out)
		}
	case <-ctx.Done():
		t.Fatal("the client has no answer")
	}
	term.keys("Escape") // alone: with what follows it would be another key
	term.waitScreen(`No request is held`)
	term.keys("p", "1", "g", "m")
	term.waitScreen(`▸[^\n]*WRITE +0x0[^\n]*`)
	term.waitScreen(`mark a`)
	term.keys("q", "y")
	term.waitScreen(`status 0`)

	// The recording has the mark, and is shown as of a request.
	term.keys("clear; workbench open r.wbrec; clear; echo status $?", "Enter")
	term.waitScreen(`following · 11`)
	term.keys("[", "[")
	term.waitScreen(`◀ as of request 9 of 11 .*0 failed`)
	term.keys("'")
	term.waitScreen(`◀ as of request 1 of 11`)
	term.waitScreen(`mark a`)
	term.keys("Escape")
	term.waitScreen(`following · 11`)
	term.keys("q", "y")
	term.waitScreen(`status 0`)
}
