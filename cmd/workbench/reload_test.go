package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestReloadUnderFio saves the script 20 times, 5 of them with a syntax error,
// while fio writes and verifies: the client notices nothing.
func TestReloadUnderFio(t *testing.T) {
	need(t, "fio")
	dir, script := fileDisk(t, 64<<20)
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, dir, "run", "disk.lua", "file=in.img", "--headless")
	fio := make(chan string)
	go func() {
		fio <- command(t, dir, "fio", "--name=reload", "--ioengine=nbd", "--uri="+p.uri(), "--size=64m",
			"--rw=randrw", "--bs=4k", "--iodepth=16", "--verify=crc32c", "--verify_backlog=256", "--verify_fatal=1", "--verify_state_save=0",
			"--time_based", "--runtime=10", "--allow_file_create=0")
	}()
	reloads := func() int { return strings.Count(p.stderr.String(), "workbench: reload: ") }
	for save := 1; save <= 20; save++ {
		broken := ""
		if save%4 == 0 {
			broken = "this is no Lua\n"
		}
		change := fmt.Sprintf("%s-- save %d\n%s", text, save, broken)
		if err := os.WriteFile(script, []byte(change), 0o644); err != nil {
			t.Fatal(err)
		}
		waitFor(t, fmt.Sprintf("reload %d", save), func() bool { return reloads() == save })
	}
	if out := <-fio; strings.Contains(out, "err=") && !strings.Contains(out, "err= 0") {
		t.Errorf("fio: %s", out)
	}
	p.stop(t)
	said := p.stderr.String()
	summary := regexp.MustCompile(`generation (\d+); (\d+) reloads, (\d+) refused; the gate was closed for \S+ at the longest`).FindStringSubmatch(said)
	if summary == nil || summary[1] != "16" || summary[2] != "15" || summary[3] != "5" {
		t.Fatalf("summary %v, want generation 16, 15 reloads, 5 refused:\n%s", summary, said)
	}
	t.Log(summary[0])
	if n := strings.Count(said, "this is no Lua"); n != 5 {
		t.Errorf("%d excerpts of the mistake, want 5", n)
	}
}

// TestHangupReloads has SIGHUP reload a script that nobody watches.
func TestHangupReloads(t *testing.T) {
	dir, script := fileDisk(t, 1<<20)
	p := startProgram(t, dir, "run", "disk.lua", "file=in.img", "--no-reload")
	p.signal(t, syscall.SIGHUP)
	waitFor(t, "a reload", func() bool { return strings.Contains(p.stderr.String(), "reload: generation 2 serves") })
	if err := os.WriteFile(script, []byte("oops"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	waitFor(t, "a refusal", func() bool { return strings.Contains(p.stderr.String(), "reload: refused, generation 2 serves on") })
	p.stop(t)
}
