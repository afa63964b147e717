package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"workbench/recordings"
)

// runRig is newRig with Run in a goroutine that ends with the test.
func runRig(t *testing.T, script string, watch bool) *rig {
	t.Helper()
	r := newRig(t, script, Options{Watch: watch, Settle: 5 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

// TestWatch saves the script in the ways that editors do.
func TestWatch(t *testing.T) {
	must := func(t *testing.T, errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name string
		save func(t *testing.T, path, text string)
	}{
		{"in place", func(t *testing.T, path, text string) {
			must(t, os.WriteFile(path, []byte(text), 0o644))
		}},
		{"renamed over", func(t *testing.T, path, text string) {
			must(t, os.WriteFile(path+".tmp", []byte(text), 0o644), os.Rename(path+".tmp", path))
		}},
		{"moved away and made anew", func(t *testing.T, path, text string) {
			must(t, os.Rename(path, path+"~"), os.WriteFile(path, []byte(text), 0o644), os.Remove(path+"~"))
		}},
		{"link turned", func(t *testing.T, path, text string) {
			target := filepath.Join(t.TempDir(), "elsewhere.fake")
			must(t, os.WriteFile(target, []byte(text), 0o644), os.Symlink(target, path+".tmp"), os.Rename(path+".tmp", path))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := runRig(t, "fill a", true)
			d := r.open()
			r.wantRead(d, "a")
			tc.save(t, r.path, "fill b")
			if e, text := r.waitReloads(2); e.Failed() || e.Generation != 2 {
				t.Fatalf("%+v %s", e, text)
			}
			r.wantRead(d, "b")
			tc.save(t, r.path, "syntax oops")
			if e, _ := r.waitReloads(3); !e.Failed() || e.Generation != 2 {
				t.Fatalf("a broken save: %+v", e)
			}
			tc.save(t, r.path, "fill c")
			if e, text := r.waitReloads(4); e.Failed() || e.Generation != 3 {
				t.Fatalf("%+v %s", e, text)
			}
			r.wantRead(d, "c")
		})
	}
}

// TestSavedUnchanged: a save that changes nothing reloads nothing, and is told of.
func TestSavedUnchanged(t *testing.T) {
	r := runRig(t, "fill a", true)
	save := func(text string, modified time.Time) {
		t.Helper()
		if err := errors.Join(os.WriteFile(r.path+".tmp", []byte(text), 0o644), os.Chtimes(r.path+".tmp", modified, modified), os.Rename(r.path+".tmp", r.path)); err != nil {
			t.Fatal(err)
		}
	}
	saves := 0
	for told := []string(nil); len(told) == 0; _, told = r.events(recordings.Output) { // Run may just have begun to look
		saves++
		save("fill a", time.Now().Add(time.Duration(saves)*time.Minute)) // a file system may not tell times that are close
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, next := r.log.Bounds()
		_ = r.log.Wait(ctx, next) // or save once more
		cancel()
	}
	if _, texts := r.events(recordings.Output); texts[0] != "the script was saved, and nothing in it has changed" {
		t.Errorf("%q", texts)
	}
	if s := r.Status(); s.Unchanged == 0 || s.Reloads != 0 {
		t.Errorf("%d unchanged, %d reloads", s.Unchanged, s.Reloads)
	}
	save("fill b", time.Now().Add(time.Hour))
	if e, text := r.waitReloads(2); e.Failed() || e.Generation != 2 {
		t.Fatalf("%+v %s", e, text)
	}
}

// TestWatchIncluded changes a file that the script loads, also while it is broken.
func TestWatchIncluded(t *testing.T) {
	dir := t.TempDir()
	lib := filepath.Join(dir, "lib.fake")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(lib, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("fill a")
	r := runRig(t, "size 4096", true)
	rel, err := filepath.Rel(filepath.Dir(r.path), lib)
	if err != nil {
		t.Fatal(err)
	}
	r.save("include " + rel)
	r.waitReloads(2)
	d := r.open()
	write("fill b")
	if e, text := r.waitReloads(3); e.Failed() {
		t.Fatal(text)
	}
	r.wantRead(d, "b")
	write("syntax oops")
	if e, text := r.waitReloads(4); !e.Failed() {
		t.Fatal(text)
	}
	write("fill c")
	if e, text := r.waitReloads(5); e.Failed() {
		t.Fatal(text)
	}
	r.wantRead(d, "c")
}

// TestWatchUnchanged touches the script, which does nothing; the change that
// follows is the next reload.
func TestWatchUnchanged(t *testing.T) {
	r := runRig(t, "fill a", true)
	r.save("fill a")
	now := time.Now()
	if err := os.Chtimes(r.path, now, now); err != nil {
		t.Fatal(err)
	}
	r.save("fill b")
	if e, _ := r.waitReloads(2); e.Generation != 2 {
		t.Errorf("generation %d", e.Generation)
	}
	if s := r.Status(); s.Reloads != 1 {
		t.Errorf("%d reloads, want 1", s.Reloads)
	}
}

// TestKick reloads without a watch, also what has not changed.
func TestKick(t *testing.T) {
	r := runRig(t, "fill a", false)
	r.Kick()
	if e, text := r.waitReloads(2); e.Failed() || e.Generation != 2 {
		t.Fatalf("%+v %s", e, text)
	}
	r.save("fill b") // nobody watches
	r.Kick()
	r.waitReloads(3)
	r.wantRead(r.open(), "b")
}

// TestChangedEmpty: a file that has become empty is left alone once, because an
// editor may be about to write it, each time that it does.
func TestChangedEmpty(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	w := &watch{}
	for i, tc := range []struct {
		text       string
		now, later bool
	}{{"fill a", false, false}, {"fill b", true, false}, {"", false, true}, {"", true, false}, {"", false, true}, {"fill a", false, false}, {"", false, true}, {"fill b", true, false}} {
		r.save(tc.text)
		if now, later := w.due(changed(r.loaded())); now != tc.now || later != tc.later {
			t.Errorf("look %d, %q: reload %t, later %t", i, tc.text, now, later)
		}
	}
}
