package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	line := "42 (a) (b c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 8 20 0 3 0 100 1000 10"
	if got, err := parseStat(line); err != nil || got != 3*time.Second {
		t.Errorf("%v, %v; want 3s", got, err)
	}
	for _, bad := range []string{"", "42 (a) S 1", strings.Replace(line, "250", "x", 1)} {
		if got, err := parseStat(bad); err == nil {
			t.Errorf("parseStat(%q) = %v", bad, got)
		}
	}
}

func TestParseResident(t *testing.T) {
	if got, err := parseResident("Name:\tx\nVmHWM:\t 4096 kB\nVmRSS:\t  3072 kB\nThreads:\t1\n"); err != nil || got != 3 {
		t.Errorf("%v, %v; want 3", got, err)
	}
	if got, err := parseResident("Name:\tx\nThreads:\t1\n"); err == nil {
		t.Errorf("%v", got)
	}
}

func TestParseFio(t *testing.T) {
	out := `fio: connected to NBD server
{
  "jobs" : [ { "error" : 0,
    "read" : { "iops" : 100.5, "total_ios" : 60, "lat_ns" : { "percentile" : { "50.000000" : 7000 } } },
    "write" : { "iops" : 50, "total_ios" : 0 } } ]
}`
	got, err := parseFio([]byte(out))
	if want := (fioResult{rate: 150.5, requests: 60, latency: 7}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"fio: no such file":                      "what it printed",
		`{"jobs":[{"error":5}]}`:                 "error 5",
		`{"jobs":[{"error":0}]}`:                 "no request",
		"fio: x\n" + `{"jobs":[{"error":0}]} {}`: "what it printed",
	} {
		if _, err := parseFio([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// A tool ends when it takes too long, with what it started, and when its server ends.
func TestRunTool(t *testing.T) {
	long := []string{"sh", "-c", "sleep 300 & sleep 300"}
	if _, err := runTool(t.Context(), 50*time.Millisecond, "", nil, long...); err == nil || !strings.Contains(err.Error(), "not done within 50ms") {
		t.Errorf("too long: %v", err)
	}
	s, err := startServer(exec.Command("sh", "-c", "echo bye >&2; exec sleep 0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runTool(t.Context(), time.Minute, "", []*server{s}, long...); err == nil || !strings.Contains(err.Error(), "sh has ended (exit status 0): bye") {
		t.Errorf("without a server: %v", err)
	}
	if _, err := runTool(t.Context(), time.Minute, "", nil, "sh", "-c", "echo no >&2; exit 3"); err == nil || !strings.HasSuffix(err.Error(), "exit status 3: no") {
		t.Errorf("failure: %v", err)
	}
	if out, err := runTool(t.Context(), time.Minute, "", nil, "echo", "well"); err != nil || string(out) != "well\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestStop(t *testing.T) {
	s, err := startServer(exec.Command("sleep", "300"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if err := s.stop(); err != nil {
		t.Errorf("again: %v", err)
	}
	if err := s.await(context.Background(), func() bool { return false }); err == nil || !strings.Contains(err.Error(), "has ended (signal: terminated)") {
		t.Errorf("await: %v", err)
	}
}
