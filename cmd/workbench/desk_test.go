package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"workbench/nbd"
	"workbench/plugins"
	"workbench/recordings"
	"workbench/tui"
)

// TestDesk records a bench from the middle of its life on, and sends what was
// recorded to the live disk and to a fresh start of the script.
func TestDesk(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "disk.lua")
	text := "local disk = workbench.memory(1048576)\nfunction open() return disk end\nfunction get_size(h) return 1048576 end\n" +
		"function pread(h, n, at) return h:pread(n, at) end\nfunction pwrite(h, b, at) h:pwrite(b, at) end\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log := recordings.NewLog(1 << 20)
	b, err := openBench(t.Context(), &benchOptions{script: script, unix: "-", port: -1, threads: 4, tls: "off", maskHandshake: maskAll}, log)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "run.wbrec")
	err = b.serve(t.Context(), func(ctx context.Context) error {
		conn, err := nbd.Dial(ctx, b.uri())
		if err != nil {
			return err
		}
		defer conn.Close()
		do := func(op plugins.Op, text string) {
			t.Helper()
			r := plugins.Request{Op: op, Offset: 4096, Length: uint64(len(text)), Data: []byte(text)}
			if err := conn.Do(ctx, &r); err != nil || string(r.Data) != text {
				t.Errorf("%s: %q, %v", op, r.Data, err)
			}
		}
		do(plugins.OpRead, "\x00\x00\x00\x00\x00") // before the recording
		waitFor(t, "its event", func() bool { return requestsIn(log) == 1 })
		recorder := screenRecorder{b}
		if s := recorder.Status(); s.Path != "" {
			t.Errorf("it records already: %+v", s)
		}
		if err := recorder.Start(path, recordings.PayloadFull); err != nil {
			return err
		}
		if err := recorder.Start(filepath.Join(dir, "second.wbrec"), recordings.PayloadFull); err == nil {
			t.Error("two recordings at once")
		}
		if _, err := os.Stat(filepath.Join(dir, "second.wbrec")); err == nil {
			t.Error("the one that was refused left a file")
		}
		do(plugins.OpWrite, "hello")
		do(plugins.OpRead, "hello")
		waitFor(t, "the events of what was answered", func() bool { return requestsIn(log) == 3 })
		s, err := recorder.Stop()
		if err != nil || s.Path != path || s.Events == 0 {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := recorder.Stop(); err == nil {
			t.Error("what has ended can be stopped")
		}

		f, err := recordings.OpenFile(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if h := f.Header(); len(h.Generations) != 1 || h.Generations[0].Text != text || len(h.Exports) != 1 {
			t.Errorf("the header lacks what was before: %+v", h)
		}
		fresh, err := b.replay(ctx, f, tui.ReplayOptions{})
		if err != nil || fresh.Differ != 0 || fresh.Requests != 3 || len(fresh.Callbacks) == 0 {
			t.Errorf("to a fresh start: %+v, %v", fresh, err)
		}
		_, from := log.Bounds()
		live, err := b.replay(ctx, f, tui.ReplayOptions{Live: true})
		if err != nil || live.Requests != 3 || live.Compared != 2 || live.Differ != 0 {
			t.Errorf("to the live disk: %+v, %v", live, err)
		}
		checkGuest(t, log, from)
		do(plugins.OpRead, "hello")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// requestsIn returns how many requests a short log has.
func requestsIn(log *recordings.Log) (n int) {
	events := make([]recordings.Event, 100)
	for _, e := range events[:log.Read(events, 0)] {
		if e.Kind == recordings.Request {
			n++
		}
	}
	return n
}

// checkGuest wants the events from a number on to be those of a client of the
// screen's own, which wrote nothing.
func checkGuest(t *testing.T, log *recordings.Log, from uint64) {
	t.Helper()
	events := make([]recordings.Event, 100)
	kinds := map[recordings.Kind]int{}
	for _, e := range events[:log.Read(events, from)] {
		kinds[e.Kind]++
		if e.Kind != recordings.Request {
			continue
		}
		if e.Front != plugins.NoFront || e.Conn != 1 || e.Fate&plugins.Replayed == 0 || e.Op.Writes() {
			t.Errorf("a request of the replay: %+v", e)
		}
	}
	for kind, want := range map[recordings.Kind]int{recordings.Connect: 1, recordings.Opened: 1, recordings.Request: 2, recordings.Disconnect: 1} {
		if kinds[kind] != want {
			t.Errorf("%d events %s, want %d", kinds[kind], kind, want)
		}
	}
}
