package tui

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/plugins/lua"
	"workbench/recordings"
)

// newHost returns a host that serves the script of the fixture.
func newHost(t *testing.T, log *recordings.Log) *host.Host {
	t.Helper()
	script := filepath.Join(t.TempDir(), "disk.lua")
	if err := os.WriteFile(script, []byte("function open() end "+fixtureSource), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := host.New(t.Context(), host.Options{Path: script, Runtimes: []plugins.Runtime{lua.Runtime{}}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// until brings what is in the log to the screen until so many requests are held.
func (s *screen) until(held int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for {
		_, next := s.log.Bounds()
		s.now = plugins.Now()
		s.pulse()
		if len(s.app.live.held) == held {
			return
		}
		if err := s.log.Wait(ctx, next); err != nil {
			s.t.Fatalf("%d requests are held, want %d: %v\n%s", len(s.app.live.held), held, err, s.text())
		}
	}
}

// TestHoldForReal holds requests of a real host, and lets go, fails and drops them.
func TestHoldForReal(t *testing.T) {
	log := recordings.NewLog(1 << 20)
	h := newHost(t, log)
	s := newScreen(t, 120, 40, log, nil, Options{Workbench: h})
	d, err := h.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	do := func(op plugins.Op) chan error {
		done := make(chan error, 1)
		go func() {
			q := plugins.Request{Op: op, Offset: 8192, Length: 512, Data: make([]byte, 512), Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1}}
			done <- d.Do(t.Context(), &q)
		}()
		return done
	}

	s.press("p 5")
	s.until(0)
	s.mustShow("‖ holding: => hold")
	read := do(plugins.OpRead)
	s.until(1)
	s.mustShow("‖ 1 held", "READ 512 B at 0x2000", "before the script", "held by     rule 1: => hold")
	s.press("x n o s p tab")
	s.mustShow("✗ nosp is no name of an error")
	s.press("ctrl+u e n o s p tab enter")
	if err := <-read; plugins.ErrnoOf(err) != syscall.ENOSPC {
		t.Errorf("the read that was to fail with ENOSPC: %v", err)
	}
	s.until(0)
	s.mustShow("No request is held")

	write := do(plugins.OpWrite)
	s.until(1)
	s.press("a")
	if err := <-write; err != nil {
		t.Errorf("the write that was let go: %v", err)
	}
	flush := do(plugins.OpRead)
	s.until(1)
	s.press("X") // it has just come
	s.mustShow("has just come here", "READ 512 B")
	s.now += 1000 * ms
	s.press("X")
	if err := <-flush; plugins.ErrnoOf(err) != syscall.ECONNRESET {
		t.Errorf("the read that was dropped: %v", err)
	}

	s.press("p")
	s.until(0)
	s.mustNotShow("holding")
	s.press("i " + typed("op:read => fail EPERM limit=1") + " enter 6")
	s.until(0)
	s.mustShow("op:read => fail EPERM limit=1")
	if err := <-do(plugins.OpRead); plugins.ErrnoOf(err) != syscall.EPERM {
		t.Errorf("the read that a rule fails: %v", err)
	}
	if err := <-do(plugins.OpRead); err != nil {
		t.Errorf("the read after that: %v", err)
	}
	s.pulse()
	s.mustShow("◌ out    1 op:read")
	s.press("D")
	s.until(0)
	s.mustShow("No rule.")
}

// TestEditForReal edits a write that a real host holds, and answers a read by hand.
func TestEditForReal(t *testing.T) {
	log := recordings.NewLog(1 << 20)
	h := newHost(t, log)
	s := newScreen(t, 120, 40, log, nil, Options{Workbench: h})
	d, err := h.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	read := func() (string, error) {
		q := plugins.Request{Op: plugins.OpRead, Offset: 4096, Length: 8}
		err := d.Do(t.Context(), &q)
		return string(q.Data), err
	}
	held := make(chan error, 1)
	s.press("p") // the panel of what is held comes to the front
	s.until(0)
	go func() {
		q := plugins.Request{Op: plugins.OpWrite, Offset: 0, Length: 8, Data: []byte("original")}
		held <- d.Do(t.Context(), &q)
	}()
	s.until(1)
	s.press("e ctrl+u " + typed(`off=4k data="edit" data@6=2121`) + " enter")
	s.until(1)
	s.mustShow("WRITE 8 B at 0x1000", "it is not what the client sent")
	s.press("a")
	if err := <-held; err != nil {
		t.Fatal(err)
	}
	answers := make(chan string, 1)
	go func() {
		got, err := read()
		answers <- got
		held <- err
	}()
	s.until(1)
	s.press("= " + typed(`fill="no"`) + " enter")
	if got, err := <-answers, <-held; got != "nononono" || err != nil {
		t.Errorf("the read was answered with %q, %v", got, err)
	}
	s.press("p")
	s.until(0)
	if got, err := read(); got != "editin!!" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

// TestCompletedRulesWork: what is offered behind the arrow is what rules know.
func TestCompletedRulesWork(t *testing.T) {
	arguments := map[string]string{"fail": " EIO", "delay": " 1ms", "corrupt": " 1", "truncate": " 1"}
	values := map[string]string{"limit=": "3", "p=": "0.5"}
	h := newHost(t, emptyLog())
	for _, action := range actions() {
		for _, option := range append(behind(), recordings.Candidate{}) {
			if action.Text == "corrupt" || action.Text == "truncate" {
				option.Text = ""
			}
			text := "op:write => " + action.Text + arguments[action.Text] + " " + option.Text + values[option.Text]
			if err := checkRule(text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if _, err := h.AddRule(text); err != nil {
				t.Error(err)
			}
		}
	}
}
