package plugintest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"workbench/plugins"
)

// lifecycle checks the order of the callbacks, and whom what they print belongs to.
func lifecycle(t *testing.T, l Language) {
	r := l.rig(t, "lifecycle")
	if err := r.start(plugins.Param{Key: "a", Value: "1"}, plugins.Param{Key: "b", Value: ""}); err != nil {
		t.Fatal(err)
	}
	if m := r.instance.ThreadModel(); m != l.Loosest {
		t.Errorf("thread model %s, want %s", m, l.Loosest)
	}
	h, err := r.instance.Open(r.ctx, plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{Handle: h, t: t, ctx: r.ctx}
	d.read(512, 4096)
	d.must(plugins.Request{Op: plugins.OpFlush})
	if err := h.Close(); err != nil {
		t.Errorf("closing the handle: %v", err)
	}
	if err := r.instance.Close(r.ctx); err != nil {
		t.Errorf("closing the script: %v", err)
	}

	want := []printed{{text: "top"}}
	say := func(cb plugins.Callback, text string) { want = append(want, printed{callback: cb, text: text}) }
	if r.instance.Callbacks()[0] == plugins.Load {
		say(plugins.Load, "load")
	}
	say(plugins.Config, "config a=1")
	say(plugins.Config, "config b=")
	for _, cb := range []plugins.Callback{plugins.ConfigComplete, plugins.ThreadModelCallback, plugins.GetReady, plugins.AfterFork,
		plugins.Open, plugins.GetSize, plugins.CanWrite, plugins.CanFlush, plugins.CanMultiConn} {
		say(cb, cb.String())
	}
	want = append(want, printed{plugins.Pread, 4096, "pread 4096"})
	for _, cb := range []plugins.Callback{plugins.Flush, plugins.Close, plugins.Cleanup, plugins.Unload} {
		say(cb, cb.String())
	}
	if got := r.output(); !reflect.DeepEqual(got, want) {
		t.Errorf("printed %v\nwant    %v", got, want)
	}
	calls := r.calls()
	if len(calls) != len(want)-1 {
		t.Fatalf("callbacks %v, want those that printed", calls)
	}
	for i, cb := range calls {
		if cb != want[i+1].callback {
			t.Errorf("callback %d is %s, want %s", i, cb, want[i+1].callback)
		}
	}
}

// refused checks scripts that cannot be served at all.
func refused(t *testing.T, l Language) {
	t.Run("no pread", func(t *testing.T) {
		if err := l.rig(t, "nopread").start(); err == nil || !strings.Contains(err.Error(), "pread") {
			t.Errorf("started with %v, want an error that names pread", err)
		}
	})
	t.Run("syntax", func(t *testing.T) {
		r := l.rig(t, "syntax")
		_, err := l.Runtime.Compile(r.source())
		r.wantPlace(err, plugins.NoCallback, r.line("@syntax"), "")
	})
	t.Run("top level", func(t *testing.T) {
		r := l.rig(t, "toplevel")
		r.wantPlace(r.start(), plugins.NoCallback, r.line("@toplevel"), "")
	})
	t.Run("negative size", func(t *testing.T) {
		r := l.rig(t, "negative").mustStart()
		if _, err := r.instance.Open(r.ctx, plugins.OpenParams{}); err == nil || !strings.Contains(err.Error(), "-1") {
			t.Errorf("opened with %v, want an error that says -1", err)
		}
	})
}

func parameters(t *testing.T, l Language) {
	t.Run("taken", func(t *testing.T) {
		r := l.rig(t, "config").mustStart(plugins.Param{Key: "size", Value: "64k"})
		if got := r.open(plugins.OpenParams{}).Info().Size; got != 64<<10 {
			t.Errorf("size %d, want 65536", got)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		r := l.rig(t, "config")
		r.wantPlace(r.start(plugins.Param{Key: "colour", Value: "red"}), plugins.Config, r.line("@unknown"), "unknown parameter colour")
	})
	t.Run("missing", func(t *testing.T) {
		r := l.rig(t, "config")
		r.wantPlace(r.start(), plugins.ConfigComplete, r.line("@missing"), "")
	})
	t.Run("not a size", func(t *testing.T) {
		if err := l.rig(t, "config").start(plugins.Param{Key: "size", Value: "1MB"}); err == nil || !strings.Contains(err.Error(), "1MB") {
			t.Errorf("started with %v, want an error that says 1MB", err)
		}
	})
	t.Run("none wanted", func(t *testing.T) {
		if err := l.rig(t, "minimal").start(plugins.Param{Key: "a", Value: "b"}); err == nil || !strings.Contains(err.Error(), "a=b") {
			t.Errorf("started with %v, want an error that says a=b", err)
		}
	})
}

func exports(t *testing.T, l Language) {
	r := l.rig(t, "exports").mustStart()
	got, err := r.instance.Exports(r.ctx, plugins.OpenParams{})
	want := []plugins.Export{{Name: "a"}, {Name: "b", Description: "the second"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Exports() = %v, %v; want %v", got, err, want)
	}
	for asked, handle := range map[string]string{"": "a", "b": "b"} {
		d := r.open(plugins.OpenParams{Export: asked})
		if got := d.read(2, 0); got != handle+handle {
			t.Errorf("export %q reads %q", asked, got)
		}
		describer := d.Handle.(plugins.Describer)
		if text, err := describer.Description(r.ctx); err != nil || text != handle {
			t.Errorf("export %q is described as %q, %v", asked, text, err)
		}
		sizes, err := describer.BlockSizes(r.ctx)
		if want := (plugins.BlockSizes{Minimum: 512, Preferred: 4096, Maximum: 1 << 20}); err != nil || sizes != want {
			t.Errorf("block sizes %v, %v", sizes, err)
		}
	}
}

// reload checks what a script can carry over to its next generation.
func reload(t *testing.T, l Language) {
	before := l.rig(t, "reload").mustStart()
	before.open(plugins.OpenParams{}).write("kept", 1000)
	state, err := before.instance.SaveState(before.ctx)
	want := map[string]any{"text": "a", "number": int64(7), "list": []any{int64(1), true, "z"}}
	if err != nil || !reflect.DeepEqual(state, want) {
		t.Fatalf("before_reload gave %#v, %v; want %#v", state, err, want)
	}

	after := l.rig(t, "reload")
	after.shelf = before.shelf
	after.mustStart()
	if err := after.instance.RestoreState(after.ctx, state); err != nil {
		t.Fatal(err)
	}
	if out := after.output(); len(out) != 1 || out[0] != (printed{callback: plugins.AfterReload, text: "a 7"}) {
		t.Errorf("after_reload printed %v", out)
	}
	if got := after.open(plugins.OpenParams{}).read(4, 1000); got != "kept" {
		t.Errorf("the named memory reads %q in the next generation", got)
	}
}

// interrupt checks that a script which never returns can be stopped, and goes on after.
func interrupt(t *testing.T, l Language) {
	r := l.rig(t, "spin")
	enough := errors.New("the test has seen enough")
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	r.onPrint = func(text string) {
		if text == "spinning" {
			cancel(enough)
		}
	}
	r.mustStart()
	d := r.open(plugins.OpenParams{})
	err := d.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 1, Offset: 512})
	if !errors.Is(err, enough) {
		t.Errorf("stopped with %v, want the cause of the cancellation in it", err)
	}
	var e *plugins.Error
	if !errors.As(err, &e) || e.Callback != plugins.Pread || e.Line == 0 {
		t.Errorf("error %v does not say where the script was", err)
	}
	if got := d.read(3, 0); len(got) != 3 {
		t.Errorf("the next read returned %q", got)
	}
}

// independence checks that two starts of one program share nothing.
func independence(t *testing.T, l Language) {
	r := l.rig(t, "ramdisk")
	program, err := l.Runtime.Compile(r.source())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		in, err := plugins.Start(r.ctx, program, plugins.Env{})
		if err != nil {
			t.Fatal(err)
		}
		r.instance = in
		d := r.open(plugins.OpenParams{})
		if got := d.read(1, 0); got != "\x00" {
			t.Errorf("start %d sees what another wrote: %q", i, got)
		}
		d.write("x", 0)
	}
}
