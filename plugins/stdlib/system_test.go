package stdlib

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"workbench/plugins"
)

func TestPaths(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := errors.Join(os.WriteFile("file", nil, 0o600), os.Symlink("file", "link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"file": dir + "/file", "link": dir + "/file", "..": filepath.Dir(dir), "/": "/"} {
		got, err := Realpath(path)
		if got != want || err != nil {
			t.Errorf("Realpath(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
	for path, want := range map[string]string{"none": dir + "/none", "link": dir + "/link", "/a/b": "/a/b"} {
		if got, err := AbsolutePath(path); got != want || err != nil {
			t.Errorf("AbsolutePath(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
	_, err = Realpath("none")
	wantErrno(t, "Realpath of what is missing", err, syscall.ENOENT)
	if _, err := Realpath(""); err == nil {
		t.Error("Realpath took an empty path")
	}
	if _, err := AbsolutePath(""); err == nil {
		t.Error("AbsolutePath took an empty path")
	}
}

func TestSleep(t *testing.T) {
	for _, c := range []struct {
		seconds, nanoseconds float64
		want                 time.Duration
	}{{0, 0, 0}, {1.5, 0, 1500 * time.Millisecond}, {0, 2e9, 2 * time.Second}, {1, 500e6, 1500 * time.Millisecond}, {1e6, 0, 1e6 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			if err := Sleep(t.Context(), c.seconds, c.nanoseconds); err != nil || time.Since(began) != c.want {
				t.Errorf("Sleep(%v, %v) took %s, %v; want %s", c.seconds, c.nanoseconds, time.Since(began), err, c.want)
			}
		})
	}
	for _, seconds := range []float64{-1, math.NaN(), math.Inf(1), math.MaxInt32, 1e300} {
		wantErrno(t, "Sleep", Sleep(t.Context(), seconds, 0), syscall.EINVAL)
	}
	wantErrno(t, "Sleep of many nanoseconds", Sleep(t.Context(), 0, 3e18), syscall.EINVAL)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("enough")
		go func() { // ends with the bubble
			time.Sleep(time.Second)
			cancel(reason)
		}()
		began := time.Now()
		err := Sleep(ctx, 1000, 0)
		if time.Since(began) != time.Second || !errors.Is(err, reason) || plugins.ErrnoOf(err) != syscall.ESHUTDOWN {
			t.Errorf("an interrupted Sleep took %s: %v", time.Since(began), err)
		}
	})
}
