package plugins

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadSource(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	src, err := ReadSource(write("Disk.LUA", "#! /usr/bin/env lua \nreturn 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if src.Ext() != ".lua" || src.Dir() != dir || src.Shebang() != "/usr/bin/env lua" {
		t.Errorf("ext %q, dir %q, shebang %q", src.Ext(), src.Dir(), src.Shebang())
	}
	if (Source{Text: "return 1"}).Shebang() != "" {
		t.Error("a shebang where there is none")
	}
	large := write("large.lua", "")
	if err := os.Truncate(large, maxSource+1); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"no such file":                 filepath.Join(dir, "none.lua"),
		"not a regular file":           dir,
		"are too many for a script":    large,
		"cannot read the script: not ": filepath.Join(large, "below"),
	} {
		_, err := ReadSource(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// A fakeRuntime is a language that is known by an extension.
type fakeRuntime string

func (rt fakeRuntime) Name() string                    { return string(rt) }
func (rt fakeRuntime) Match(src Source) bool           { return src.Ext() == "."+string(rt) }
func (rt fakeRuntime) Compile(Source) (Program, error) { return nil, errors.ErrUnsupported }

func TestFindRuntime(t *testing.T) {
	all := []Runtime{fakeRuntime("lua"), fakeRuntime("star")}
	for _, tc := range []struct{ language, path, want, err string }{
		{"", "a.star", "star", ""},
		{"lua", "a.star", "lua", ""},
		{"", "a.txt", "", `a.txt: cannot tell the language from the extension ".txt"`},
		{"perl", "a.lua", "", `no language "perl": there is lua, star`},
	} {
		rt, err := FindRuntime(all, tc.language, Source{Path: tc.path})
		switch {
		case tc.err == "" && (err != nil || rt.Name() != tc.want):
			t.Errorf("%q %s: %v, %v", tc.language, tc.path, rt, err)
		case tc.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.err)):
			t.Errorf("%q %s: error %v, want %s", tc.language, tc.path, err, tc.err)
		}
	}
}

func TestShelf(t *testing.T) {
	var s Shelf
	made := 0
	item := func() (any, error) { made++; return made, nil }
	boom := errors.New("boom")
	if _, err := s.Item("a", func() (any, error) { return nil, boom }); err != boom {
		t.Errorf("error %v", err)
	}
	for range 2 {
		if got, err := s.Item("a", item); got != 1 || err != nil {
			t.Errorf("a is %v, %v", got, err)
		}
	}
	if got, _ := s.Item("b", item); got != 2 {
		t.Errorf("b is %v", got)
	}
}
