package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// newTestLab has two pairs of turns.
func newTestLab(t *testing.T) *lab {
	t.Helper()
	l, err := newLab("workbench", settings{pairs: 2})
	if err != nil {
		t.Fatal(err)
	}
	l.section = "test"
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(l.dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", l.dir, err)
		}
	})
	return l
}

// The sides take turns, in pairs, and only in rows that are wanted.
func TestCompare(t *testing.T) {
	l := newTestLab(t)
	l.picked = regexp.MustCompile("^test: wanted$")
	var turns []string
	does := func(who string) side {
		return func(context.Context) (sample, error) {
			turns = append(turns, who)
			return sample{value: float64(len(turns))}, nil
		}
	}
	for _, name := range []string{"other", "wanted"} {
		if err := l.compare(t.Context(), row{name: name}, does("A"), does("B")); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(turns, ""); got != "ABAB" {
		t.Errorf("turns %s", got)
	}
	if len(l.rows) != 1 || !slices.Equal(l.rows[0].ratios(), []float64{0.5, 0.75}) {
		t.Errorf("rows %+v", l.rows)
	}
}

// A turn that fails ends its row, and the end of everything is an error.
func TestCompareFails(t *testing.T) {
	l := newTestLab(t)
	broken := errors.New("broken")
	turns := 0
	ours := func(context.Context) (sample, error) { turns++; return sample{value: 1}, nil }
	theirs := func(context.Context) (sample, error) { return sample{}, broken }
	if err := l.compare(t.Context(), row{name: "a"}, ours, theirs); err != nil {
		t.Fatal(err)
	}
	if turns != 1 || len(l.rows) != 1 || l.rows[0].failure != broken {
		t.Errorf("after %d turns: %+v", turns, l.rows)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.compare(ctx, row{name: "b"}, ours, ours); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What was opened last is closed first, also if that fails.
func TestCloseDown(t *testing.T) {
	l := newTestLab(t)
	before := len(l.closers)
	var closed []string
	broken := errors.New("broken")
	l.onClose(func() error { closed = append(closed, "first"); return nil })
	l.onClose(func() error { closed = append(closed, "second"); return broken })
	if err := l.closeDown(before); !errors.Is(err, broken) || !slices.Equal(closed, []string{"second", "first"}) || len(l.closers) != before {
		t.Errorf("%v: %q, %d left", err, closed, len(l.closers))
	}
}

func TestMountedBelow(t *testing.T) {
	if got, err := mountedBelow("/proc"); err != nil || !slices.Contains(got, "/proc") {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := mountedBelow(t.TempDir()); err != nil || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
}

// The names of a row and of a section are what -rows and -sections go by.
func TestSections(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sections() {
		if seen[s.name] || s.title == "" || s.text == "" {
			t.Errorf("section %+v", s)
		}
		seen[s.name] = true
	}
	if got, err := choose("mount,lua"); err != nil || len(got) != 2 || got[0].name != "lua" {
		t.Errorf("%v, %v", got, err)
	}
	trial := depthTrial(load{pattern: "randwrite", block: 1 << 20, depth: 64}, goal{})
	if trial.row.name != "1 MiB random write, depth 64" {
		t.Errorf("%q", trial.row.name)
	}
}
