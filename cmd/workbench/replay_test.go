package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"workbench/plugins"
	"workbench/recordings"
)

// replayDisks are disks in memory of 1 MiB: a Lua script, which runs one request at
// a time and loses every fiftieth write, and a Starlark script that runs them side by side.
var replayDisks = map[string]string{
	"disk.lua": `
local disk = workbench.memory(1048576)
local writes = 0
function open() return disk end
function get_size(h) return h:size() end
function pread(h, count, offset)
  -- bug: pread
  return h:pread(count, offset)
end
function pwrite(h, buf, offset)
  writes = writes + 1
  if writes % 50 == 0 then return end -- lost: a replay in another order would tell
  h:pwrite(buf, offset)
end
function flush(h) end
function zero(h, count, offset, may_trim) h:zero(count, offset, may_trim) end
function trim(h, count, offset) h:trim(count, offset) end
`,
	"disk.star": `
disk = workbench.memory(1048576)
def thread_model():
    return nbdkit.THREAD_MODEL_PARALLEL
def can_multi_conn(h):
    return True
def open(readonly):
    return disk
def get_size(h):
    return h.size()
def pread(h, count, offset):
    # bug: pread
    return h.pread(count, offset)
def pwrite(h, buf, offset):
    h.pwrite(buf, offset)
def flush(h):
    pass
def zero(h, count, offset, may_trim):
    h.zero(count, offset, may_trim)
def trim(h, count, offset):
    h.trim(count, offset)
`,
}

// eightJobs is fio with eight connections that read, write and trim all of the disk.
var eightJobs = []string{
	"fio", "--name=replay", "--ioengine=nbd", "--numjobs=8", "--iodepth=8", "--rw=randrw", "--rwmixread=50",
	"--bsrange=512-8k", "--blockalign=512", "--size=1m", "--number_ios=150", "--randrepeat=0", "--fallocate=none",
	"--continue_on_error=all", "--output-format=terse",
}

// recordDisk writes the script, records what a client does to it, and returns the file.
func recordDisk(t *testing.T, dir, script, name string, policy recordings.Policy, client ...string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, script), []byte(replayDisks[script]), 0o644); err != nil {
		t.Fatal(err)
	}
	var o benchOptions
	flags := pflag.NewFlagSet("record", pflag.ContinueOnError)
	o.addFlags(flags)
	if err := flags.Parse([]string{"--no-reload"}); err != nil {
		t.Fatal(err)
	}
	o.script = filepath.Join(dir, script)
	if err := o.complete(flags); err != nil {
		t.Fatal(err)
	}
	log := recordings.NewLog(0)
	path := filepath.Join(dir, name)
	rec, err := recordings.Create(path, recordings.Header{Script: o.script, Policy: policy}, recordings.RecorderOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	b, err := openBench(t.Context(), &o, log)
	if err != nil {
		t.Fatal(err)
	}
	err = b.serve(t.Context(), func(context.Context) error {
		words := slices.Clone(client)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "URI", b.uri())
		}
		command(t, dir, words[0], words[1:]...)
		return nil
	})
	if err := errors.Join(err, rec.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// A comparison is what replay or diff printed as JSON, with its exit status.
type comparison struct {
	status      int
	differences []jsonDifference
	left        map[string]uint64
	summary     jsonCompared
	printed     string
}

// compared runs replay or diff.
func compared(t *testing.T, args ...string) comparison {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	c := comparison{left: map[string]uint64{}}
	c.status = run(t.Context(), append(args, "--json"), streams{In: null, Out: out, Err: out})
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	c.printed = string(text)
	lines := bufio.NewScanner(strings.NewReader(c.printed))
	for lines.Scan() {
		var kind struct {
			Kind, Why string
			Count     uint64
		}
		if json.Unmarshal(lines.Bytes(), &kind) != nil {
			continue // a complaint, which the test that expects none prints
		}
		switch kind.Kind {
		case "difference":
			var d jsonDifference
			if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
				t.Fatal(err)
			}
			c.differences = append(c.differences, d)
		case "left":
			c.left[kind.Why] = kind.Count
		case "summary":
			if err := json.Unmarshal(lines.Bytes(), &c.summary); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

// TestReplayUnchanged replays what eight clients of fio did against the same
// script, 20 times.
func TestReplayUnchanged(t *testing.T) {
	need(t, "fio")
	for script := range replayDisks {
		t.Run(script, func(t *testing.T) {
			dir := t.TempDir()
			file := recordDisk(t, dir, script, "a.wbrec", recordings.PayloadFull, append(eightJobs, "--uri=URI")...)
			for range 20 {
				c := compared(t, "replay", file, filepath.Join(dir, script))
				if c.status != 0 || c.summary.Differ != 0 || c.summary.Requests < 1200 || c.summary.Connections < 8 {
					t.Fatalf("status %d: %s", c.status, c.printed)
				}
				if left := c.left["unknown"]; script == "disk.lua" && left != 0 || left > c.summary.Requests/5 {
					t.Errorf("%d reads were not compared", left)
				}
			}
			if c := compared(t, "diff", file, file); c.status != 0 || c.summary.Compared != c.summary.Requests || c.summary.Requests < 1200 {
				t.Errorf("status %d: %s", c.status, c.printed)
			}
		})
	}
}

// TestReplayFindsBugs replays against scripts with one wrong byte, and one wrong errno.
func TestReplayFindsBugs(t *testing.T) {
	need(t, "qemu-io")
	var session []string
	for block := range 64 {
		session = append(session, "-c", fmt.Sprintf("write -P %d %d 4096", block+1, block*4096), "-c", fmt.Sprintf("read %d 4096", block*4096))
	}
	for _, c := range []struct {
		script, old, bug string
		what, op         string
		offset, at       uint64
		text             string
	}{
		{"disk.lua", "-- bug: pread", `if offset == 81920 then local s = h:pread(count, offset) return s:sub(1, 1234) .. "!" .. s:sub(1236) end`,
			"data", "READ", 81920, 81920 + 1234, "byte 1234 (0x144d2 on the disk): 1515"},
		{"disk.star", "# bug: pread", `if offset == 81920: s = h.pread(count, offset); return s[:1234] + b"!" + s[1235:]`,
			"data", "READ", 81920, 81920 + 1234, "byte 1234 (0x144d2 on the disk): 1515"},
		{"disk.lua", "-- bug: pread", `if offset == 40960 then error("EIO: a bad sector") end`,
			"errno", "READ", 40960, 0, "ok > EIO pread: DISK:7: a bad sector"},
		{"disk.star", "# bug: pread", `if offset == 40960: fail("EIO: a bad sector")`,
			"errno", "READ", 40960, 0, "ok > EIO pread: DISK:12: a bad sector"},
		{"disk.lua", "  writes = writes + 1", "  writes = writes + 1 if offset == 40960 then error(\"EPERM: not here\") end",
			"errno", "WRITE", 40960, 0, "ok > EPERM pwrite: DISK:11: not here"},
	} {
		t.Run(c.script+" "+c.what+" "+c.op, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"qemu-io", "-f", "raw", "URI"}, session...)
			file := recordDisk(t, dir, c.script, "a.wbrec", recordings.PayloadFull, args...)
			script := filepath.Join(dir, c.script)
			if got := compared(t, "replay", file, script); got.status != 0 {
				t.Fatalf("before: %s", got.printed)
			}
			if err := os.WriteFile(script, []byte(strings.Replace(replayDisks[c.script], c.old, c.bug, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			got := compared(t, "replay", file, script)
			if got.status != 1 || len(got.differences) != 1 {
				t.Fatalf("status %d: %s", got.status, got.printed)
			}
			d := got.differences[0]
			if d.What != c.what || d.Op != c.op || d.Offset != c.offset || c.what == "data" && (d.At == nil || *d.At != c.at) {
				t.Errorf("%+v", d)
			}
			if want := strings.ReplaceAll(c.text, "DISK", script); !strings.Contains(d.Text, want) {
				t.Errorf("%s\nwant %s", d.Text, want)
			}
		})
	}
}

// TestReplayKeepsFiles replays writes against a disk in a file: not unless it is allowed.
func TestReplayKeepsFiles(t *testing.T) {
	need(t, "qemu-io")
	dir, script := fileDisk(t, 1<<20)
	file := recordDisk(t, t.TempDir(), "disk.star", "a.wbrec", recordings.PayloadFull,
		"qemu-io", "-f", "raw", "URI", "-c", "read 0 4096", "-c", "write -P 5 4096 4096", "-c", "read 0 512")
	image := filepath.Join(dir, "in.img")
	contents := func() string {
		text, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := contents()
	c := compared(t, "replay", file, script, "file="+image)
	if c.status != 1 || !strings.Contains(c.printed, image+" for writing") || !strings.Contains(c.printed, "--allow-writes") || contents() != before {
		t.Errorf("status %d: %s", c.status, c.printed)
	}
	if c := compared(t, "replay", file, script, "file="+image, "-r"); c.status != 0 || c.left["read_only"] != 1 || contents() != before {
		t.Errorf("status %d: %s", c.status, c.printed)
	}
	if c := compared(t, "replay", file, script, "file="+image, "--allow-writes"); c.status != 0 || contents()[4096:8192] != strings.Repeat("\x05", 4096) {
		t.Errorf("status %d: %s", c.status, c.printed)
	}
	emptied := filepath.Join(dir, "empty.lua")
	if err := os.WriteFile(emptied, fmt.Appendf(nil, "local f = io.open(%q, 'w')\n%s", image, replayDisks["disk.lua"]), 0o644); err != nil {
		t.Fatal(err)
	}
	before = contents()
	if c := compared(t, "replay", file, emptied); c.status != 1 || !strings.Contains(c.printed, image+" for writing") || contents() != before {
		t.Errorf("status %d: %s", c.status, c.printed)
	}
}

// TestFileGuard asks for files.
func TestFileGuard(t *testing.T) {
	g := &fileGuard{}
	if g.persist("a", false) != nil || g.check(plugins.OpRead) != nil || g.check(plugins.OpTrim) == nil {
		t.Error("a file that is only opened stops only what writes")
	}
	if g.persist("b", true) == nil || g.check(0) == nil {
		t.Error("a file that is emptied stops everything")
	}
	if g := (&fileGuard{allow: true}); g.persist("b", true) != nil || g.check(plugins.OpWrite) != nil {
		t.Error("what is allowed is stopped")
	}
}

// TestProgressBar draws what a terminal would get, and nothing elsewhere.
func TestProgressBar(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := newProgressBar(f)
	b.show(1, 4)
	b.clear()
	b = &progressBar{to: f}
	b.show(1, 4)
	b.show(2, 4) // too soon
	b.clear()
	text, err := os.ReadFile(f.Name())
	if want := "\r[#######.......................]  25%  1 of 4\r\x1b[K"; err != nil || string(text) != want {
		t.Errorf("%q, want %q (%v)", text, want, err)
	}
}
