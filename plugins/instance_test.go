package plugins

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
)

func TestLifeCycle(t *testing.T) {
	all := map[Callback]func(*Call) error{}
	for cb := NoCallback + 1; cb < NumCallbacks; cb++ {
		all[cb] = succeed
	}
	all[GetSize] = number(4096)
	all[ThreadModelCallback] = number(int64(Parallel))
	all[DefaultExport] = func(c *Call) error { c.Text = "disk"; return nil }
	f := newFake(all)
	in, err := Start(t.Context(), f, Env{Params: []Param{{"file", "a.img"}, {"size", ""}}})
	if err != nil {
		t.Fatal(err)
	}
	want := "load; config file=a.img; config size=; config_complete; thread_model; get_ready; after_fork"
	if got := f.takeTrace(); got != want {
		t.Errorf("start:\ngot  %s\nwant %s", got, want)
	}
	if in.ThreadModel() != SerializeAllRequests {
		t.Errorf("thread model %s: a script must not loosen the language's", in.ThreadModel())
	}
	h, err := in.Open(t.Context(), OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	want = "default_export readonly=false; open readonly=false; get_size; can_write"
	if got := f.takeTrace(); !strings.HasPrefix(got, want) {
		t.Errorf("open:\ngot  %s\nwant %s...", got, want)
	}
	if err := errors.Join(h.Close(), in.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got, want := f.takeTrace(), "close; cleanup; unload"; got != want {
		t.Errorf("end: got %s, want %s", got, want)
	}
	if !f.closed {
		t.Error("the script was not closed")
	}
}

func TestOpenAsksInOrder(t *testing.T) {
	questions := map[Callback]func(*Call) error{Pwrite: succeed}
	for cb := CanWrite; cb <= CanExtents; cb++ {
		questions[cb] = func(c *Call) error { c.Bool, c.Int = true, 1; return nil }
	}
	for _, tc := range []struct {
		name     string
		readOnly bool
		canWrite bool
		want     string
	}{
		{"writable", false, true, "open readonly=false; get_size; can_write; can_zero; can_fast_zero; can_trim; can_fua; can_flush; is_rotational; can_multi_conn; can_cache; can_extents"},
		{"the server is read-only", true, true, "open readonly=true; get_size; can_flush; is_rotational; can_multi_conn; can_cache; can_extents"},
		{"the script is read-only", false, false, "open readonly=false; get_size; can_write; can_flush; is_rotational; can_multi_conn; can_cache; can_extents"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			questions[CanWrite] = answer(tc.canWrite)
			f := newFake(questions)
			h, err := startFake(t, f, Env{}).Open(t.Context(), OpenParams{ReadOnly: tc.readOnly})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if got := f.takeTrace(); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if got := h.Info().ReadOnly; got != (tc.readOnly || !tc.canWrite) {
				t.Errorf("read-only %v", got)
			}
		})
	}
}

// TestInfo has the rules for callbacks that are not there (nbdkit's for C plugins).
func TestInfo(t *testing.T) {
	type callbacks = map[Callback]func(*Call) error
	readOnly := Info{Size: 1 << 20, ReadOnly: true}
	writable := Info{Size: 1 << 20, CanFastZero: true}
	with := func(i Info, change func(*Info)) Info { change(&i); return i }
	for _, tc := range []struct {
		name    string
		version int
		script  callbacks
		want    Info
	}{
		{"nothing", 1, nil, readOnly},
		{"pwrite", 1, callbacks{Pwrite: succeed}, writable},
		{"pwrite, can_write false", 1, callbacks{Pwrite: succeed, CanWrite: answer(false)}, readOnly},
		{"flush alone", 1, callbacks{Flush: succeed}, with(readOnly, func(i *Info) { i.CanFlush = true })},
		{"pwrite, flush", 1, callbacks{Pwrite: succeed, Flush: succeed}, with(writable, func(i *Info) { i.CanFlush, i.FUA = true, Emulate })},
		{"pwrite, flush, can_flush false", 1, callbacks{Pwrite: succeed, Flush: succeed, CanFlush: answer(false)}, with(writable, func(i *Info) { i.FUA = Emulate })},
		{"native fua, v1", 1, callbacks{Pwrite: succeed, CanFUA: number(2)}, with(writable, func(i *Info) { i.FUA = Native })},
		{"native fua, v1, with a flush", 1, callbacks{Pwrite: succeed, Flush: succeed, CanFUA: number(2)}, with(writable, func(i *Info) { i.CanFlush, i.FUA = true, Emulate })},
		{"native fua, v2", 2, callbacks{Pwrite: succeed, CanFUA: number(2)}, with(writable, func(i *Info) { i.FUA = Native })},
		{"trim", 1, callbacks{Pwrite: succeed, Trim: succeed}, with(writable, func(i *Info) { i.CanTrim = true })},
		{"trim on a read-only disk", 1, callbacks{Trim: succeed}, readOnly},
		{"zero, v1", 1, callbacks{Pwrite: succeed, Zero: succeed}, with(writable, func(i *Info) { i.CanZero = true })},
		{"zero, v2", 2, callbacks{Pwrite: succeed, Zero: succeed}, with(writable, func(i *Info) { i.CanZero, i.CanFastZero = true, false })},
		{"zero, can_zero false, v2", 2, callbacks{Pwrite: succeed, Zero: succeed, CanZero: answer(false)}, writable},
		{"can_fast_zero", 2, callbacks{Pwrite: succeed, Zero: succeed, CanFastZero: answer(true)}, with(writable, func(i *Info) { i.CanZero = true })},
		{"cache", 1, callbacks{Cache: succeed}, with(readOnly, func(i *Info) { i.Cache = Native })},
		{"can_cache emulate", 1, callbacks{CanCache: number(1)}, with(readOnly, func(i *Info) { i.Cache = Emulate })},
		{"extents", 1, callbacks{Extents: succeed}, with(readOnly, func(i *Info) { i.CanExtents = true })},
		{"extents, can_extents false", 1, callbacks{Extents: succeed, CanExtents: answer(false)}, readOnly},
		{"multi-conn, rotational", 1, callbacks{CanMultiConn: answer(true), IsRotational: answer(true)}, with(readOnly, func(i *Info) { i.MultiConn, i.Rotational = true, true })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(tc.script)
			f.version = tc.version
			if got := openFake(t, f, OpenParams{}).Info(); got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	raised := &Error{Callback: Config, File: "fake.txt", Line: 3, Msg: "boom"}
	missing := newFake(nil)
	delete(missing.callbacks, Pread)
	for _, tc := range []struct {
		name   string
		script *fakeScript
		params []Param
		want   string // in the error
		ended  string // what ran after the failure
	}{
		{"without pread", missing, nil, "does not define pread", ""},
		{"parameters without config", newFake(nil), []Param{{"a", "b"}}, "takes no parameters", ""},
		{"config raises", newFake(map[Callback]func(*Call) error{Config: fail(raised), Unload: succeed, Cleanup: succeed}),
			[]Param{{"a", "b"}}, "parameter a=b: config: fake.txt:3: boom", "unload"},
		{"get_ready raises", newFake(map[Callback]func(*Call) error{GetReady: fail(raised)}), nil, "boom", ""},
		{"thread model unknown", newFake(map[Callback]func(*Call) error{ThreadModelCallback: number(4)}), nil, "thread_model: fake.txt: returned 4", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Start(t.Context(), tc.script, Env{Params: tc.params})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q in it", err, tc.want)
			}
			if !tc.script.closed {
				t.Error("the script was not closed")
			}
			if got := tc.script.takeTrace(); tc.ended != "" && !strings.HasSuffix(got, tc.ended) {
				t.Errorf("ran %s, want %s at the end", got, tc.ended)
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	boom := Errorf(syscall.EIO, "boom")
	for _, tc := range []struct {
		name   string
		script map[Callback]func(*Call) error
		want   string
		closed bool // whether the script's close must have run
	}{
		{"open raises", map[Callback]func(*Call) error{Open: fail(boom)}, "boom", false},
		{"size below zero", map[Callback]func(*Call) error{GetSize: number(-5)}, "get_size: fake.txt: returned -5", true},
		{"can_trim raises", map[Callback]func(*Call) error{Pwrite: succeed, CanTrim: fail(boom)}, "boom", true},
		{"can_cache out of range", map[Callback]func(*Call) error{CanCache: number(3)}, "can_cache: fake.txt: returned 3", true},
		{"no default export", map[Callback]func(*Call) error{DefaultExport: func(c *Call) error { c.Missing = true; return nil }}, "no default export", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFake(tc.script)
			f.callbacks[Close] = succeed
			_, err := startFake(t, f, Env{}).Open(t.Context(), OpenParams{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q in it", err, tc.want)
			}
			if got := strings.HasSuffix(f.takeTrace(), "close"); got != tc.closed {
				t.Errorf("close ran: %v, want %v", got, tc.closed)
			}
		})
	}
}

func TestExports(t *testing.T) {
	list := func(c *Call) error { c.Exports = []Export{{"a", "first"}, {"b", ""}}; return nil }
	name := func(c *Call) error { c.Text = "disk"; return nil }
	for _, tc := range []struct {
		name   string
		script map[Callback]func(*Call) error
		want   []Export
	}{
		{"nothing defined", nil, []Export{{}}},
		{"default_export", map[Callback]func(*Call) error{DefaultExport: name}, []Export{{Name: "disk"}}},
		{"list_exports", map[Callback]func(*Call) error{ListExports: list, DefaultExport: name}, []Export{{"a", "first"}, {"b", ""}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := startFake(t, newFake(tc.script), Env{}).Exports(t.Context(), OpenParams{})
			if err != nil || len(got) != len(tc.want) {
				t.Fatalf("got %v, %v, want %v", got, err, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("export %d: %v, want %v", i, got[i], tc.want[i])
				}
			}
		})
	}
}

func TestPanicBecomesEIO(t *testing.T) {
	f := newFake(map[Callback]func(*Call) error{Pread: func(*Call) error { panic("index out of range") }})
	h := openFake(t, f, OpenParams{})
	err := h.Do(t.Context(), &Request{Op: OpRead, Length: 512})
	var script *Error
	if !errors.As(err, &script) || script.Callback != Pread || ErrnoOf(err) != syscall.EIO ||
		!strings.Contains(err.Error(), "index out of range") || !strings.Contains(script.Stack, "fake") {
		t.Errorf("error %v", err)
	}
	f.callbacks[Pread] = newFake(nil).callbacks[Pread]
	if err := h.Do(t.Context(), &Request{Op: OpRead, Length: 512}); err != nil {
		t.Errorf("the next request: %v", err)
	}
}

// TestLaneCanBeGivenUp has a client that goes away while another one's request
// keeps the script busy.
func TestLaneCanBeGivenUp(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	f := newFake(nil)
	read := f.callbacks[Pread]
	f.callbacks[Pread] = func(c *Call) error {
		close(entered)
		<-release
		return read(c)
	}
	h := openFake(t, f, OpenParams{})
	done := make(chan error)
	go func() { done <- h.Do(context.Background(), &Request{Op: OpRead, Length: 512}) }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Do(ctx, &Request{Op: OpRead, Length: 512}); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting request: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Errorf("the request in the script: %v", err)
	}
}

func TestStateIsCarried(t *testing.T) {
	var got any
	old := startFake(t, newFake(map[Callback]func(*Call) error{
		BeforeReload: func(c *Call) error { c.State = map[string]any{"n": int64(3)}; return nil }}), Env{})
	next := startFake(t, newFake(map[Callback]func(*Call) error{
		AfterReload: func(c *Call) error { got = c.State; return nil }}), Env{})
	state, err := old.SaveState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := next.RestoreState(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	if m, ok := got.(map[string]any); !ok || m["n"] != int64(3) {
		t.Errorf("state %v", got)
	}
}
