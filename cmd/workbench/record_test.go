package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"workbench/recordings"
)

// fioReads runs n random reads of 4 KiB against uri, and returns how many
// there were in a second. It is ended if the server goes away.
func fioReads(t testing.TB, uri string, n int) float64 {
	t.Helper()
	out, err := exec.Command("timeout", "60", "fio", "--name=reads", "--ioengine=nbd", "--uri="+uri, "--rw=randread", "--bs=4k",
		fmt.Sprintf("--size=%d", n*4096), "--iodepth=16", "--norandommap", "--output-format=json").Output()
	if err != nil {
		t.Fatalf("fio: %v\n%s", err, out)
	}
	out = out[bytes.IndexByte(out, '{'):] // it may say something first
	var report struct {
		Jobs []struct {
			Read struct {
				IOPS float64 `json:"iops"`
			} `json:"read"`
		} `json:"jobs"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&report); err != nil || len(report.Jobs) != 1 {
		t.Fatalf("fio: %v\n%s", err, out)
	}
	return report.Jobs[0].Read.IOPS
}

// A program that is killed in the middle of its load leaves a recording that
// opens and holds all but the last block.
func TestRecordingOfAKilledProgram(t *testing.T) {
	need(t, "fio")
	const size = 64 << 20
	dir, script := fileDisk(t, size)
	path := filepath.Join(dir, "killed.wbrec")
	p := startProgram(t, dir, "run", script, "file=in.img", "--record", path)
	load := exec.Command("timeout", "-s", "KILL", "30", "fio", "--name=load", "--ioengine=nbd", "--uri="+p.uri(), "--rw=randread", "--bs=4k",
		"--size=64m", "--iodepth=16", "--norandommap", "--time_based", "--runtime=25")
	if err := load.Start(); err != nil {
		t.Fatal(err)
	}
	grown := func(n int64) func() bool {
		return func() bool {
			info, err := os.Stat(path)
			return err == nil && info.Size() > n
		}
	}
	waitFor(t, "some blocks", grown(128<<10))
	p.signal(t, syscall.SIGKILL)
	waitFor(t, "the program to end", p.hasEnded)
	// fio's engine spins for ever when its server has gone.
	if err := load.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := load.Wait(); err == nil {
		t.Error("fio did not notice that its server was killed")
	}

	f, err := recordings.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	first, next := f.Bounds()
	if missing := f.Missing(); first != 0 || next < 1000 || missing == "" {
		t.Errorf("events from %d to %d, missing %q", first, next, missing)
	}
	var events [256]recordings.Event
	for from := first; from < next; {
		n := f.Read(events[:], from)
		if n == 0 || events[0].Seq != from {
			t.Fatalf("event %d cannot be read", from)
		}
		for i := range events[:n] {
			if e := &events[i]; e.Kind == recordings.Request && e.Length > 0 && e.Sum == 0 {
				t.Fatalf("request %d has no sum", e.Seq)
			}
		}
		from = events[n-1].Seq + 1
	}
	if h := f.Header(); len(h.Generations) != 1 || len(h.Exports) != 1 || h.Exports[0].Info.Size != size {
		t.Errorf("header %+v", h)
	}
}

// BenchmarkRecording says what recording costs: the rate of reads with --record
// by that without, the best of some turns each, which alternate.
func BenchmarkRecording(b *testing.B) {
	if !hasProgram("fio") {
		b.Skip("fio is not installed")
	}
	dir := b.TempDir()
	script, err := filepath.Abs("testdata/disk.lua")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.img"), nil, 0o644); err != nil {
		b.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "in.img"), 1<<30); err != nil {
		b.Fatal(err)
	}
	image := "file=" + filepath.Join(dir, "in.img")
	turn := 0
	rate := func(record bool) float64 {
		turn++
		o := benchOptions{script: script, unix: "-", port: -1, threads: 16, tls: "off", maskHandshake: maskAll}
		_, params, err := splitArgs([]string{script, image}, "the plugin")
		if err != nil {
			b.Fatal(err)
		}
		o.params = params
		if record {
			o.record, o.keep = filepath.Join(dir, fmt.Sprint(turn, recordingExt)), recordings.PayloadHash
		}
		w, err := openBench(b.Context(), &o, recordings.NewLog(0))
		if err != nil {
			b.Fatal(err)
		}
		var iops float64
		if err := w.serve(b.Context(), func(context.Context) error {
			iops = fioReads(b, w.uri(), 200_000)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		if record {
			s := w.recording().Status()
			b.ReportMetric(float64(s.Bytes)/float64(s.Events), "B/event")
			b.ReportMetric(float64(s.Waits.Count), "waits")
		}
		return iops
	}
	var with, without float64
	for b.Loop() {
		for range 3 {
			without, with = max(without, rate(false)), max(with, rate(true))
		}
	}
	b.ReportMetric(without, "req/s")
	b.ReportMetric(with, "recorded-req/s")
	b.ReportMetric(with/without, "ratio")
}
