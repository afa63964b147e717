package recordings

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// TestSaveIsACopy: what is saved reads as what it was saved from.
func TestSaveIsACopy(t *testing.T) {
	dir := t.TempDir()
	facts := someFacts(2000)
	was := open(t, record(t, dir, someHeader(PayloadFull), facts))
	path := filepath.Join(dir, "copy.wbrec")
	if err := Save(t.Context(), path, was, nil); err != nil {
		t.Fatal(err)
	}
	is := open(t, path)
	if missing := is.Missing(); missing != "" {
		t.Error(missing)
	}
	events := readAll(is)
	if len(events) != len(facts) {
		t.Fatalf("%d events, want %d", len(events), len(facts))
	}
	for i := range events {
		checkFact(t, is, PayloadFull, &events[i], facts[i], uint64(i))
	}
	if got, want := len(is.Header().Generations), len(was.Header().Generations); got != want {
		t.Errorf("%d generations, want %d", got, want)
	}
}

// TestSaveFilters: only what matches is there, and the file says so.
func TestSaveFilters(t *testing.T) {
	log := requestLog(1000)
	filter, err := ParseFilter("kind:request op:write")
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, e := range readAll(log) {
		if filter.Match(&e, log) {
			want++
		}
	}
	path := filepath.Join(t.TempDir(), "writes.wbrec")
	if err := Save(t.Context(), path, logRecording{log}, filter); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if got := readAll(f); len(got) != want || want == 0 {
		t.Errorf("%d events, want %d", len(got), want)
	}
	if h := f.Header(); h.Filter != filter.String() {
		t.Errorf("the header says %q", h.Filter)
	}
}

// requestLog returns a log of n reads and writes.
func requestLog(n int) *Log {
	log := NewLog(1 << 20)
	for i := range n {
		e := request(uint64(i) * 512)
		if i%3 == 0 {
			e.Op = plugins.OpWrite
		}
		log.Append(e, "", nil)
	}
	return log
}

// logRecording is a log as a recording that kept no payloads.
type logRecording struct{ *Log }

func (logRecording) Header() Header                       { return Header{Script: "disk.lua", Policy: PayloadHash} }
func (logRecording) Payload(*Event) ([]byte, bool, error) { return nil, false, nil }

// TestSaveLeavesNothing: a file that is there stays, and one that was begun goes.
func TestSaveLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	log := requestLog(10)
	taken := filepath.Join(dir, "taken.wbrec")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Save(t.Context(), taken, logRecording{log}, nil); err == nil {
		t.Error("it writes over a file")
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(dir, "stopped.wbrec")
	if err := Save(ctx, path, logRecording{log}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it leaves a file: %v", err)
	}
}

// TestFullDiskLeavesNothing: a file that has no room for its beginning goes as well.
// It runs in a process of its own, none of whose files can grow meanwhile: one that
// go test started writes a log for it at any time.
func TestFullDiskLeavesNothing(t *testing.T) {
	if os.Getenv("RECORDINGS_FULL_DISK") == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFullDiskLeavesNothing$", "-test.v")
		child.Env = append(os.Environ(), "RECORDINGS_FULL_DISK=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestFullDiskLeavesNothing") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	log := requestLog(10)
	for _, room := range []uint64{0, 4, prologueSize, 100} {
		path := filepath.Join(t.TempDir(), "full.wbrec")
		for name, begin := range map[string]func() error{
			"Save": func() error { return Save(t.Context(), path, logRecording{log}, nil) },
			"Create": func() error {
				_, err := Create(path, someHeader(PayloadHash), RecorderOptions{Log: log})
				return err
			},
		} {
			err := withRoom(t, room, begin)
			if !errors.Is(err, syscall.EFBIG) {
				t.Errorf("%s in %d bytes: %v", name, room, err)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s in %d bytes leaves a file: %v", name, room, err)
			}
		}
	}
}

// withRoom does f while no file may grow beyond so many bytes.
func withRoom(t *testing.T, room uint64, f func() error) error {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(unix.RLIMIT_FSIZE, &syscall.Rlimit{Cur: room, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(unix.RLIMIT_FSIZE, &was)
	return f()
}

// TestSummarize: whole and cut recordings count the same.
func TestSummarize(t *testing.T) {
	dir := t.TempDir()
	facts := someFacts(500)
	var want Tally
	for i := range facts {
		want.add(&facts[i].event)
	}
	path := record(t, dir, someHeader(PayloadHash), facts)
	whole, err := Summarize(t.Context(), path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !whole.Counted || whole.Tally != want || whole.Events != 500 || whole.Missing != "" || want.Requests == 0 || whole.Length <= 0 {
		t.Errorf("%+v, want %+v", whole, want)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.wbrec")
	if err := os.WriteFile(cut, text[:len(text)-trailerSize], 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Summarize(t.Context(), cut, 500)
	if err != nil || !s.Counted || s.Tally != want || s.Missing == "" {
		t.Errorf("cut: %+v, %v", s, err)
	}
	if s, err = Summarize(t.Context(), cut, 499); err != nil || s.Counted || s.Events != 500 {
		t.Errorf("more than was asked for: %+v, %v", s, err)
	}
	if _, err := Summarize(t.Context(), filepath.Join(dir, "none"), 0); err == nil {
		t.Error("a file that is not there has a summary")
	}
}

// TestFileWaits: a file has what it has, and nothing comes behind it.
func TestFileWaits(t *testing.T) {
	f := open(t, record(t, t.TempDir(), someHeader(PayloadHash), []fact{{event: Event{Kind: Request, Times: plugins.Times{Received: 1}}}}))
	if err := f.Wait(t.Context(), 0); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("behind the end: %v", err)
	}
}
