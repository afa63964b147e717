package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestReloadUnderFio saves the script a hundred times, 25 times with a mistake
// and 5 times with another size, while one fio writes and verifies over NBD and
// another one through the mount: neither notices anything.
func TestReloadUnderFio(t *testing.T) {
	need(t, "fio")
	if !canMount() {
		t.Skip("this machine cannot mount")
	}
	const half = 16 << 20
	dir, script := fileDisk(t, 2*half)
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, dir, "mount", "disk.lua", "disk", "file=in.img", "--headless")
	clients := make(chan string, 2)
	for _, client := range [][]string{
		{"--ioengine=nbd", "--uri=" + p.uri(), "--iodepth=16", "--bs=4k", "--offset=0"},
		{"--ioengine=psync", "--filename=disk", "--bs=16k", "--offset=" + strconv.Itoa(half)},
	} {
		args := append([]string{"--name=reload", "--size=" + strconv.Itoa(half), "--rw=randrw", "--verify=crc32c", "--verify_backlog=128",
			"--verify_fatal=1", "--verify_state_save=0", "--time_based", "--runtime=25", "--allow_file_create=0", "--randrepeat=0"}, client...)
		go func() { clients <- command(t, dir, "fio", args...) }()
	}
	reloads := func() int { return strings.Count(p.stderr.String(), "workbench: reload: ") }
	for save := 1; save <= 100; save++ {
		change := fmt.Sprintf("%s-- save %d\n", text, save)
		switch {
		case save%4 == 0:
			change += "this is no Lua\n"
		case save%20 == 10:
			change += "local size = get_size\nfunction get_size(h) return size(h) - 512 end\n"
		}
		if err := os.WriteFile(script, []byte(change), 0o644); err != nil {
			t.Fatal(err)
		}
		waitFor(t, fmt.Sprintf("reload %d", save), func() bool { return reloads() == save })
	}
	for range 2 {
		if out := <-clients; strings.Contains(out, "err=") && !strings.Contains(out, "err= 0") {
			t.Errorf("fio: %s", out)
		}
	}
	p.stop(t)
	said := p.stderr.String()
	summary := regexp.MustCompile(`generation (\d+); (\d+) reloads, (\d+) refused; the gate was closed for \S+ at the longest \(p99 \S+\)`).FindStringSubmatch(said)
	if summary == nil || summary[1] != "71" || summary[2] != "70" || summary[3] != "30" {
		t.Fatalf("summary %v, want generation 71, 70 reloads, 30 refused:\n%s", summary, said)
	}
	t.Log(summary[0])
	if n := strings.Count(said, "this is no Lua"); n != 25 {
		t.Errorf("%d excerpts of the mistake, want 25", n)
	}
	if n := strings.Count(said, "cannot be told that the disk changed (size: 33554432 > 33553920)"); n != 5 {
		t.Errorf("%d refusals of another size, want 5", n)
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
