package host

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	r := &rig{t: t, path: filepath.Join(dir, "disk.fake")}
	for _, tc := range []struct {
		name, path, script, want, excerpt string
	}{
		{"missing", filepath.Join(dir, "none.fake"), "", "no such file", ""},
		{"a folder", dir, "", "not a regular file", ""},
		{"unknown language", filepath.Join(dir, "disk.txt"), "", "cannot tell the language", ""},
		{"syntax", r.path, "size 1\nsyntax unexpected end", "disk.fake:2: unexpected end", "    2 | syntax unexpected end\n      |        ^"},
		{"top level", r.path, "start boom", "disk.fake:1: boom", "    1 | start boom\n      | ^"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.name == "unknown language" {
				(&rig{t: t, path: tc.path}).save("")
			}
			r.save(tc.script)
			rt := &fakeRuntime{}
			_, err := New(t.Context(), Options{Path: tc.path, Runtimes: []plugins.Runtime{rt}, Log: recordings.NewLog(1 << 16)})
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error %v, want %q on one line", err, tc.want)
			}
			var load *LoadError
			if errors.As(err, &load); load != nil && load.Excerpt != tc.excerpt || load == nil && tc.excerpt != "" {
				t.Errorf("excerpt %+v, want %q", load, tc.excerpt)
			}
			if _, scripts := rt.counts(); scripts != 0 {
				t.Errorf("%d scripts were left running", scripts)
			}
		})
	}
}

// TestName: a handle tells what the default export is called, also after a reload.
func TestName(t *testing.T) {
	r := newRig(t, "default main", Options{})
	d := r.open()
	if got := d.(plugins.Describer).Name(); got != "main" {
		t.Errorf("the default export is %q", got)
	}
	r.save("default disk")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.(plugins.Describer).Name(); got != "disk" {
		t.Errorf("after a reload the default export is %q", got)
	}
}

func TestRequestsBecomeEvents(t *testing.T) {
	r := newRig(t, "fill a", Options{Params: []plugins.Param{{Key: "k", Value: "v"}}})
	d := r.open()
	r.wantRead(d, "a")
	write := plugins.Request{Op: plugins.OpWrite, Offset: 512, Length: 3, Data: []byte("abc"),
		Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1, Cookie: 9}}
	write.Received = plugins.Now()
	err := d.Do(t.Context(), &write)
	plugins.Finish(d, &write, err)

	requests, texts := r.events(recordings.Request)
	if len(requests) != 2 {
		t.Fatalf("%d requests in the log, want 2", len(requests))
	}
	e := requests[1]
	if e.Op != plugins.OpWrite || e.Offset != 512 || e.Length != 3 || e.Conn != 1 || e.Cookie != 9 || e.Generation != 1 ||
		e.Err() != syscall.ENOSPC || e.Callback != plugins.Pwrite || texts[1] != r.path+":7: disk full" {
		t.Errorf("write: %+v %q", e, texts[1])
	}
	if !(e.Received <= e.Started && e.Started < e.Done && e.Done <= e.Replied) {
		t.Errorf("times out of order: %+v", e.Times)
	}
	if data, _ := r.log.Data(&e); string(data) != "abc" {
		t.Errorf("payload %q", data)
	}
	var names []string
	callbacks, _ := r.events(recordings.Callback)
	for _, e := range callbacks {
		names = append(names, e.Callback.String())
	}
	if want := []string{"config", "open", "get_size"}; !slices.Equal(names, want) {
		t.Errorf("callbacks %v, want %v: pread and pwrite are in their requests", names, want)
	}
	output, texts := r.events(recordings.Output)
	if len(output) != 1 || texts[0] != "wrote 3" || output[0].Cookie != 9 || output[0].Callback != plugins.Pwrite {
		t.Errorf("output %+v %q", output, texts)
	}
}

func TestReload(t *testing.T) {
	r := newRig(t, "fill a\nstate one", Options{})
	d := r.open()
	r.wantRead(d, "a")
	r.save("fill b\nstate two")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantRead(d, "b") // the same handle
	r.wantRead(r.open(), "b")
	s := r.Status()
	if s.State != Serving || s.Generation != 2 || s.Reloads != 1 || s.Refusals != 0 || s.Problem != nil || s.Closed.Longest == 0 {
		t.Errorf("status %+v", s)
	}
	if got := r.rt.restored(); !slices.Equal(got, []string{"one"}) {
		t.Errorf("state carried: %v", got)
	}
	if opened, scripts := r.rt.counts(); opened != 2 || scripts != 1 {
		t.Errorf("%d handles of %d scripts are open, want 2 of 1", opened, scripts)
	}
	requests, _ := r.events(recordings.Request)
	if requests[0].Generation != 1 || requests[1].Generation != 2 {
		t.Errorf("generations %d, %d", requests[0].Generation, requests[1].Generation)
	}
}

func TestReloadRefused(t *testing.T) {
	for _, tc := range []struct{ name, script, want, excerpt string }{
		{"syntax", "fill b\nsyntax bad", "disk.fake:2: bad", "2 | syntax bad"},
		{"start", "start bad", "disk.fake:1: bad", "1 | start bad"},
		{"open", "fill b\nopen bad", "opening it for nbd#1: open: ", "2 | open bad"},
		{"another size", "fill b\nsize 8192", "size: 4096 > 8192", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, "fill a", Options{})
			d := r.open()
			r.save(tc.script)
			err := r.Reload(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q", err, tc.want)
			}
			r.wantRead(d, "a")
			s := r.Status()
			if s.State != Serving || s.Generation != 1 || s.Refusals != 1 || s.Problem == nil || !strings.Contains(s.Excerpt, tc.excerpt) {
				t.Errorf("status %+v", s)
			}
			if e, text := r.waitReloads(2); !e.Failed() || e.Generation != 1 || !strings.Contains(text, tc.want) || !strings.Contains(text, tc.excerpt) {
				t.Errorf("event %+v %q", e, text)
			}
			if opened, scripts := r.rt.counts(); opened != 1 || scripts != 1 {
				t.Errorf("%d handles of %d scripts are open, want 1 of 1", opened, scripts)
			}
			r.save("fill c")
			if err := r.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.wantRead(d, "c")
			if s := r.Status(); s.Generation != 2 || s.Problem != nil || s.Excerpt != "" {
				t.Errorf("after the fix: %+v", s)
			}
		})
	}
}

// blockedRead starts a read that stays in the script until r.rt.block is closed,
// and returns when it is there.
func (r *rig) blockedRead(d plugins.Handle) (done chan error) {
	done = make(chan error, 1)
	go func() { done <- d.Do(context.Background(), &plugins.Request{Op: plugins.OpRead, Length: 1}) }()
	for len(r.Status().InFlight) == 0 {
		if err := r.t.Context().Err(); err != nil {
			r.t.Fatal(err)
		}
	}
	return done
}

// gateShut reports whether newcomers have to wait, a moment after the status says so.
func (r *rig) gateShut() bool {
	r.gate.mu.Lock()
	defer r.gate.mu.Unlock()
	return r.gate.shut != nil
}

func TestReloadWaitsForRequests(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	r.rt.block = make(chan struct{})
	d := r.open()
	read := r.blockedRead(d)
	r.save("fill b")
	reload := make(chan error, 1)
	go func() { reload <- r.Reload(context.Background()) }()
	for !r.gateShut() {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	late := make(chan error, 1) // comes while the gate is closed
	go func() {
		req := plugins.Request{Op: plugins.OpRead, Length: 2}
		err := d.Do(context.Background(), &req)
		if err == nil && string(req.Data) != "bb" {
			err = errors.New("it read the old generation: " + string(req.Data))
		}
		late <- err
	}()
	for len(r.Status().InFlight) < 2 {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Do(gone, &plugins.Request{Op: plugins.OpRead, Length: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that hung up at the gate: %v", err)
	}
	close(r.rt.block)
	for what, ch := range map[string]chan error{"read": read, "reload": reload, "late read": late} {
		if err := <-ch; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestReloadGivesUpWaiting(t *testing.T) {
	r := newRig(t, "fill a", Options{Drain: 1})
	r.rt.block = make(chan struct{})
	d := r.open()
	read := r.blockedRead(d)
	r.save("fill b")
	err := r.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), "READ 0x0 1 of -#0 is in flight") {
		t.Errorf("error %v", err)
	}
	close(r.rt.block)
	if err := <-read; err != nil {
		t.Error(err)
	}
	r.wantRead(d, "a")
}

// TestReloadOfAScriptThatHangs has a generation that never gets ready, and one
// that never lets go of its state: the clients go on with the old one.
func TestReloadOfAScriptThatHangs(t *testing.T) {
	for _, tc := range []struct {
		name, first, second string
		quick               Options // in what hangs
		want                string
	}{
		{"start", "fill a", "spin start", Options{Build: time.Millisecond}, "the script did not start in 1ms"},
		{"open", "fill a", "fill b\nspin open", Options{Build: time.Millisecond}, "the script did not start in 1ms"},
		{"before_reload", "fill a\nstate s\nspin before_reload", "fill b\nstate s", Options{Drain: time.Millisecond}, "the state was not carried over in 1ms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, tc.first, tc.quick)
			d := r.open()
			r.save(tc.second)
			if err := r.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			r.wantRead(d, "a")
			if s := r.Status(); s.State != Serving || s.Generation != 1 {
				t.Errorf("status %+v", s)
			}
		})
	}
}

// TestReloadGivenUp ends a reload from outside: that is no fault of the script.
func TestReloadGivenUp(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	r.save("spin start")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := r.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if events, _ := r.events(recordings.Reload); len(events) != 1 {
		t.Errorf("%d events, want the first load alone", len(events))
	}
	if s := r.Status(); s.State != Serving || s.Refusals != 0 || s.Problem != nil {
		t.Errorf("status %+v", s)
	}
}

// TestCloseWithoutTime: when those that are closed before it have used up all the
// time, the script is told that it ends, nevertheless.
func TestCloseWithoutTime(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // one of two ways was taken at random
		r := newRig(t, "cleanup yes", Options{})
		if err := r.Close(ended); err != nil {
			t.Fatal(err)
		}
		if _, scripts := r.rt.counts(); scripts != 0 {
			t.Fatalf("%d scripts are left", scripts)
		}
	}
}

func TestCloseEndsEverything(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	if err := r.Host.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(t.Context(), plugins.OpenParams{}); plugins.ErrnoOf(err) != syscall.ESHUTDOWN {
		t.Errorf("open after the end: %v", err)
	}
	if err := r.Reload(t.Context()); plugins.ErrnoOf(err) != syscall.ESHUTDOWN {
		t.Errorf("reload after the end: %v", err)
	}
	if s := r.Status(); s.State != Stopped {
		t.Errorf("state %s", s.State)
	}
	if err := d.Close(); err != nil {
		t.Errorf("a handle that the host has closed: %v", err)
	}
}

// TestExtentsAreTold: the event of EXTENTS says what the answer was.
func TestExtentsAreTold(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	q := plugins.Request{Op: plugins.OpExtents, Offset: 512, Length: 1024}
	err := d.Do(t.Context(), &q)
	plugins.Finish(d, &q, err)
	if err != nil {
		t.Fatal(err)
	}
	_, text := r.lastRequest()
	if list := recordings.ParseExtents(text, 512); len(list) != 1 || list[0].Offset != 512 || list[0].Type != 0 || list[0].Length < 512 {
		t.Errorf("the text is %q", text)
	}
}
