package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"

	"workbench/plugins"
	"workbench/recordings"
)

// recorded serves the test's disk to a shell command, and returns the folder of
// the recording, disk.wbrec.
func recorded(t *testing.T, policy recordings.Policy, shell string) (dir string) {
	t.Helper()
	dir, script := fileDisk(t, 4<<20)
	log := recordings.NewLog(0)
	recorder, err := recordings.Create(filepath.Join(dir, "disk.wbrec"), recordings.Header{Policy: policy}, recordings.RecorderOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	var o benchOptions
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	o.addFlags(flags)
	o.script, o.params = script, []plugins.Param{{Key: "file", Value: filepath.Join(dir, "in.img")}}
	if err := o.complete(flags); err != nil {
		t.Fatal(err)
	}
	b, err := openBench(t.Context(), &o, log)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = b.serve(ctx, func(ctx context.Context) error {
		return runCaptive(ctx, "cd "+dir+"; "+shell, b.vars(), streams{Out: out, Err: out})
	})
	if err != nil {
		text, _ := os.ReadFile(out.Name()) // for the message alone
		t.Errorf("%s: %v\n%s", shell, err, text)
	}
	if err := recorder.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// requests returns the requests of a recording that a filter picks, as op, offset
// and length, in order.
func requests(t *testing.T, path, filter string) (all []string) {
	t.Helper()
	f, err := recordings.ParseFilter(filter)
	if err != nil {
		t.Fatal(err)
	}
	file, err := recordings.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	events := make([]recordings.Event, 100)
	_, next := file.Bounds()
	for from := uint64(0); from < next; {
		n := file.Read(events, from)
		if n == 0 {
			t.Fatal("the recording ends before its end")
		}
		for i := range events[:n] {
			if e := &events[i]; e.Kind == recordings.Request && f.Match(e, file) {
				all = append(all, fmt.Sprintf("%s %d %d", e.Op, e.Offset, e.Length))
			}
		}
		from = events[n-1].Seq + 1
	}
	slices.Sort(all)
	return all
}

// workbench runs the program in this process, and returns its status and what it
// printed.
func workbench(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	status = run(t.Context(), args, streams{In: os.Stdin, Out: files[0], Err: files[1]})
	var texts [2]string
	for i, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return status, texts[0], texts[1]
}

// sameRequests holds what a tool reads against the recording.
func sameRequests(t *testing.T, tool string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d requests, want %d, or other ones:\n%.500q\nwant\n%.500q", tool, len(got), len(want), got, want)
	}
}

// TestExport records fio and qemu-io, and has each tool read what is exported:
// it must find the requests of the recording, no less and no more.
func TestExport(t *testing.T) {
	need(t, "fio", "qemu-io", "nbdinfo", "tshark", "jq")
	const traffic = `timeout -k 5 30 fio --name=load --ioengine=nbd --uri="$uri" --rw=randrw --bs=4k --iodepth=8 --numjobs=2 --size=2M --number_ios=400 --thread &&
		timeout -k 5 30 qemu-io -f raw -c 'write -P 7 1M 200k' -c 'read 1M 200k' -c 'discard 0 64k' -c 'write -z 64k 64k' -c 'read 3M 512' -c flush "$uri" && timeout -k 5 30 nbdinfo --map "$uri"`
	for _, policy := range []recordings.Policy{recordings.PayloadHash, recordings.PayloadFull} {
		t.Run(policy.String(), func(t *testing.T) {
			dir := recorded(t, policy, traffic)
			recording := filepath.Join(dir, "disk.wbrec")
			moved := requests(t, recording, "op:read,write")
			if len(moved) < 800 {
				t.Fatalf("only %d reads and writes were recorded", len(moved))
			}
			for _, name := range []string{"x.pcapng", "x.jsonl", "x.csv", "x.iolog", "x.log", "x.json"} {
				if status, stdout, stderr := workbench(t, "export", recording, "-o", filepath.Join(dir, name)); status != 0 || stdout+stderr != "" {
					t.Fatalf("%s: status %d: %s%s", name, status, stdout, stderr)
				}
			}

			var got []string
			out := command(t, dir, "sh", "-c", "tshark -n -r x.pcapng -Y nbd.from -T fields -e nbd.type -e nbd.from -e nbd.len 2>/dev/null")
			for line := range strings.Lines(out) {
				var kind, offset, length uint64
				if _, err := fmt.Sscan(line, &kind, &offset, &length); err != nil || kind > 1 {
					t.Fatalf("tshark: %q: %v", line, err)
				}
				got = append(got, fmt.Sprintf("%s %d %d", []string{"READ", "WRITE"}[kind], offset, length))
			}
			sameRequests(t, "tshark", got, moved)

			out = command(t, dir, "jq", "-r", `select(.kind == "request") | "\(.op) \(.offset) \(.length)"`, "x.jsonl")
			sameRequests(t, "jq", strings.Split(strings.TrimSpace(out), "\n"), requests(t, recording, ""))

			checkCSV(t, filepath.Join(dir, "x.csv"), requests(t, recording, ""))
			checkNbdkitLines(t, filepath.Join(dir, "x.log"), requests(t, recording, ""))
			checkTrace(t, filepath.Join(dir, "x.json"), requests(t, recording, ""))

			command(t, dir, "truncate", "-s", "4M", "again.img")
			command(t, dir, "timeout", "-k", "5", "30", "fio", "--name=again", "--read_iolog=x.iolog", "--ioengine=psync",
				"--replay_redirect="+filepath.Join(dir, "again.img"), "--replay_no_stall=1", "--output-format=json", "--output=fio.json")
			out = command(t, dir, "jq", "-r", `.jobs[0] | "\(.error) \(.read.total_ios) \(.write.total_ios)"`, "fio.json")
			want := fmt.Sprintf("0 %d %d\n", len(requests(t, recording, "op:read")), len(requests(t, recording, "op:write,zero")))
			if out != want {
				t.Errorf("fio did %s, want %s", out, want)
			}
		})
	}
}

func checkCSV(t *testing.T, path string, want []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	var got []string
	for _, row := range rows[1:] {
		if row[column("kind")] == "request" {
			got = append(got, strings.Join([]string{row[column("op")], row[column("offset")], row[column("length")]}, " "))
		}
	}
	sameRequests(t, "csv", got, want)
}

func checkNbdkitLines(t *testing.T, path string, want []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if words[len(words)-1] != "..." {
			continue
		}
		var offset, length uint64
		if len(words) > 6 {
			if _, err := fmt.Sscanf(words[5]+" "+words[6], "offset=0x%x count=0x%x", &offset, &length); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		got = append(got, fmt.Sprintf("%s %d %d", strings.ToUpper(words[3]), offset, length))
	}
	sameRequests(t, "log", got, want)
}

func checkTrace(t *testing.T, path string, want []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TraceEvents []struct {
			Name, Cat, Ph string
			Ts, Dur       *float64
			Pid, Tid      *int
			Args          struct{ Offset, Length uint64 }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range file.TraceEvents {
		if e.Name == "" || !strings.Contains("XiM", e.Ph) || e.Ts == nil || e.Pid == nil || e.Tid == nil || e.Ph == "X" && e.Dur == nil {
			t.Fatalf("not a trace event: %+v", e)
		}
		if e.Cat == "request" {
			got = append(got, fmt.Sprintf("%s %d %d", e.Name, e.Args.Offset, e.Args.Length))
		}
	}
	sameRequests(t, "trace", got, want)
}

// TestExportOptions is the command line of export.
func TestExportOptions(t *testing.T) {
	need(t, "qemu-io")
	dir := recorded(t, recordings.PayloadHash, `timeout -k 5 30 qemu-io -f raw -c 'write 0 512' -c 'read 0 1k' -c 'read 0 2k' "$uri"`)
	recording := filepath.Join(dir, "disk.wbrec")
	out := filepath.Join(dir, "out.csv")
	for _, test := range []struct {
		args   []string
		status int
		stdout int    // lines; -1: whatever
		stderr string // what it begins with
	}{
		{[]string{"--format", "jsonl", "--filter", "op:read"}, 0, 2, ""},
		{[]string{"--format", "jsonl", "--filter", "op:read | op:write kind:request", "--since", "1h"}, 0, 3, ""},
		{[]string{"--format", "jsonl", "--filter", "op:read | op:write", "--until", "1h"}, 0, 0, ""},
		{[]string{"--format", "csv", "--filter", "op:read len:1k"}, 0, 2, ""},
		{[]string{"--format", "fio", "--filter", "op:read,write"}, 0, 7, ""},
		{[]string{"-o", out}, 0, 0, ""},
		{[]string{"-o", out, "--format", "log"}, 0, 0, ""}, // which replaces it
		{nil, 2, 0, "workbench: -o -: the extension names no format: add --format, one of jsonl, csv, pcapng, fio, log, chrome (see "},
		{[]string{"-o", "x.pcap"}, 2, 0, "workbench: -o x.pcap: the extension names no format"},
		{[]string{"--format", "xml"}, 2, 0, "workbench: --format xml: want one of jsonl, csv"},
		{[]string{"--format", "csv", "--filter", "op:raed"}, 2, 0, "workbench: --filter: "},
		{[]string{"--format", "csv", "--since", "soon"}, 2, 0, "workbench: --since: "},
		{[]string{"--format", "csv", "--since", "1s | err"}, 2, 0, "workbench: --since 1s | err: want a time, as 30s or 12:00:01 (see "},
		{[]string{"--format", "csv", "--command-flags"}, 2, 0, "workbench: --command-flags is for pcapng, not for csv (see "},
		{[]string{"--format", "csv", "-o", recording}, 2, 0, "workbench: -o " + recording + ": this is the recording itself (see "},
		{[]string{"-o", filepath.Join(dir, "none", "x.csv")}, 1, 0, "workbench: -o " + filepath.Join(dir, "none", "x.csv") + ": cannot write there: no such file or directory\n"},
		{[]string{"--format", "csv", "-o", "/dev/full"}, 1, 0, "workbench: writing /dev/full: "},
		{[]string{"more"}, 2, 0, "workbench: \"more\" is one word too many (see 'workbench export --help')\n"},
	} {
		status, stdout, stderr := workbench(t, append([]string{"export", recording}, test.args...)...)
		if status != test.status || strings.Count(stdout, "\n") != test.stdout || !strings.HasPrefix(stderr, test.stderr) || test.stderr == "" && stderr != "" {
			t.Errorf("%q: status %d, want %d\n%s%s", test.args, status, test.status, stdout, stderr)
		}
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), " Read id=") {
		t.Errorf("the file was not replaced: %v\n%s", err, text)
	}
	if status, _, stderr := workbench(t, "export", filepath.Join(dir, "disk.lua"), "-o", filepath.Join(dir, "new.csv")); status != 1 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("a script exported: status %d\n%s", status, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "new.csv")); err == nil {
		t.Error("a file was made for a recording that is none")
	}
}

// TestExportFails wants no file to stay behind where it could not be written.
func TestExportFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	from := filepath.Join(t.TempDir(), "from")
	if err := os.WriteFile(from, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err := writeFile(path, from, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return syscall.ENOSPC
	})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v, want %v", err, syscall.ENOSPC)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("half a file is left")
	}
}

// TestExportCut exports what there is of a recording that was cut, and says so.
func TestExportCut(t *testing.T) {
	need(t, "qemu-io")
	dir := recorded(t, recordings.PayloadFull, `timeout -k 5 30 qemu-io -f raw -c 'write 0 512' -c 'read 0 1k' "$uri"`)
	path := filepath.Join(dir, "disk.wbrec")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-20); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := workbench(t, "export", path, "--format", "jsonl", "--filter", "kind:request op:read,write")
	if status != 0 || strings.Count(stdout, "\n") != 2 || !strings.HasPrefix(stderr, "workbench: "+path+": ") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}
