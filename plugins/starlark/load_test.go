package starlark_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/plugins/starlark"
)

// folder writes files and returns the Source of the first one, "disk.star".
func folder(t *testing.T, files map[string]string) plugins.Source {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	src, err := plugins.ReadSource(filepath.Join(dir, "disk.star"))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestLoad(t *testing.T) {
	src := folder(t, map[string]string{
		"disk.star":      "load('lib/a.star', 'a')\nload('lib/b.star', 'b', 'count')\nif (a, b, count) != (1, 2, [1]): fail(a, b, count)\n" + minimal,
		"lib/a.star":     "load('lib/b.star', 'b', 'count')\nprint('a')\na = b - 1",
		"lib/b.star":     "print('b')\nb = 2\ncount = []\ncount.append(1)\n",
		"lib/other.star": "fail()",
	})
	program, err := starlark.Runtime{}.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	var printed, loaded []string
	in, err := plugins.Start(t.Context(), program, plugins.Env{
		Print: func(_ *plugins.Call, text string) { printed = append(printed, text) },
		Load: func(path string) ([]byte, error) {
			loaded = append(loaded, path)
			return os.ReadFile(path)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(printed, " "); got != "b a" {
		t.Errorf("printed %q: each file runs once", got)
	}
	var names []string
	for _, f := range loaded {
		name, err := filepath.Rel(src.Dir(), f)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "lib/a.star lib/b.star" {
		t.Errorf("loaded %s", got)
	}
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLoadErrors(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		file  string
		line  int
		msg   string
	}{
		{"missing", map[string]string{"disk.star": "\nload('gone.star', 'x')\n"}, "disk.star", 2, "cannot load gone.star: "},
		{"name", map[string]string{"disk.star": "load('a.star', 'fob')\n", "a.star": "foo = 1"}, "disk.star", 1, "load: name fob not found in module a.star (did you mean foo?)"},
		{"syntax", map[string]string{"disk.star": "load('a.star', 'x')\n", "a.star": "x = 1\ny = (\n"}, "a.star", 3, "got end of file"},
		{"failure", map[string]string{"disk.star": "load('a.star', 'x')\n", "a.star": "load('b.star', 'x')", "b.star": "x = 1\n\nfail('ENOSPC: full')"}, "b.star", 3, "full"},
		{"itself", map[string]string{"disk.star": "load('disk.star', 'x')\n"}, "disk.star", 1, "cannot load disk.star: the files load each other: "},
		{"cycle", map[string]string{"disk.star": "load('a.star', 'x')\n", "a.star": "load('b.star', 'x')", "b.star": "x = 1\nload('a.star', y = 'x')"}, "b.star", 2, "cannot load a.star: the files load each other: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			program, err := starlark.Runtime{}.Compile(folder(t, tt.files))
			if err != nil {
				t.Fatal(err)
			}
			_, err = program.Start(t.Context(), plugins.Env{})
			e := scriptError(t, err)
			if filepath.Base(e.File) != tt.file || e.Line != tt.line || !strings.HasPrefix(e.Msg, tt.msg) {
				t.Errorf("error %v", e)
			}
			if tt.name == "failure" && e.Errno != syscall.ENOSPC {
				t.Errorf("errno %d", e.Errno)
			}
		})
	}
}

func TestErrorInALoadedFunction(t *testing.T) {
	src := folder(t, map[string]string{
		"disk.star": "load('lib.star', 'broken')\ndef open(readonly): pass\ndef get_size(h): return 512\ndef pread(h, count, offset): return broken()\n",
		"lib.star":  "\ndef broken():\n    fail('x')\n",
	})
	program, err := starlark.Runtime{}.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	in, err := plugins.Start(t.Context(), program, plugins.Env{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(t.Context(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = do(t, h, plugins.Request{Op: plugins.OpRead, Length: 1})
	if e := scriptError(t, err); filepath.Base(e.File) != "lib.star" || e.Line != 3 {
		t.Errorf("error %v", e)
	}
}
