package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHistoryIsKept: what is typed is there in the next run.
func TestHistoryIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "workbench", "history", "disk.json")
	run := func(keys string) *screen {
		log, bench := fixture()
		o := fixtureOptions()
		o.History = path
		s := newScreen(t, 80, 24, log, bench, o)
		before := s.app.past
		s.press(keys)
		if err := s.app.past.write(path, &before); err != nil {
			t.Fatal(err)
		}
		return s
	}
	run("j k")
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written though nothing was typed")
	}
	run("/ " + typed("op:write") + " enter / ctrl+u " + typed("err") + " enter i " + typed("err => hold after") + " enter : " + typed("zoom") + " enter")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	s := run("/ up up")
	if s.app.prompt.text != "op:write" {
		t.Errorf("the filters before: %q", s.app.prompt.text)
	}
	if s := run(": up"); s.app.prompt.text != "zoom" {
		t.Errorf("the command before: %q", s.app.prompt.text)
	}
	if s := run("i up"); s.app.prompt.text != "err => hold after" {
		t.Errorf("the rule before: %q", s.app.prompt.text)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("files beside it: %v, %v", files, err)
	}
}

// TestHistoryOfTwo: two programs that end one after the other both have their say.
func TestHistoryOfTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.json")
	common := history{Filters: []string{"a", "b"}}
	if err := common.write(path, &history{}); err != nil {
		t.Fatal(err)
	}
	one, two := common, common
	one.Filters = remember(one.Filters, "one")
	two.Filters = remember(two.Filters, "two")
	if err := one.write(path, &common); err != nil {
		t.Fatal(err)
	}
	if err := two.write(path, &common); err != nil {
		t.Fatal(err)
	}
	got, err := readHistory(path)
	if want := []string{"a", "b", "one", "two"}; err != nil || !slices.Equal(got.Filters, want) {
		t.Errorf("%v, %v, want %v", got.Filters, err, want)
	}
}

// TestHistoryDamaged: a file that cannot be read is told, and replaced.
func TestHistoryDamaged(t *testing.T) {
	for _, text := range []string{"{", "", `{"filters": 7}`, `{"filters": ["` + strings.Repeat("x", historySize) + `"]}`} {
		path := filepath.Join(t.TempDir(), "disk.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		log, bench := fixture()
		o := fixtureOptions()
		o.History = path
		s := newScreen(t, 200, 24, log, bench, o)
		s.mustShow("what was typed in earlier runs is not known: " + path + " is damaged")
		before := s.app.past
		s.press("/ " + typed("err") + " enter")
		if err := s.app.past.write(path, &before); err != nil {
			t.Fatal(err)
		}
		if h, err := readHistory(path); err != nil || !slices.Equal(h.Filters, []string{"err"}) {
			t.Errorf("afterwards: %v, %v", h, err)
		}
	}
}

// TestHistoryIsBounded: no more is kept than fits, and nothing that could not have been typed.
func TestHistoryIsBounded(t *testing.T) {
	h := history{Filters: []string{"a\x1b[2Jb", strings.Repeat("x", longText+1), " "}}
	for i := range 2 * keptHistory {
		h.Rules = append(h.Rules, fmt.Sprint(i))
	}
	h.tidy()
	if want := []string{"a[2Jb"}; !slices.Equal(h.Filters, want) || len(h.Rules) != keptHistory || h.Rules[keptHistory-1] != "199" {
		t.Errorf("%q, %d rules", h.Filters, len(h.Rules))
	}
	if err := h.write("/dev/null/disk.json", &history{}); err == nil || !strings.Contains(err.Error(), "keeping what was typed") {
		t.Errorf("a folder that cannot be made: %v", err)
	}
}
