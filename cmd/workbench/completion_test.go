package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompletion asks for words as a shell does. The last line is how the shell is
// to go on: 0 with files, 2 without a space, 4 without files, 8 with files of these
// extensions.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	compared := write("compared.lua", "function config(k, v)\n  if k == 'file' then f = v elseif k ~= \"size\" then error(k) end\n  if v == 'x' then f() end\nend")
	helped := write("helped.star", "config_help = \"\"\"\nfile=PATH   the file\nrdelay=TIME how slow\n\"\"\"\ndef config(key, value):\n    state[key] = value\n")
	silent := write("silent.lua", "function open() end")
	for _, test := range []struct{ line, want string }{
		{"run |", "lua star :8"},
		{"run " + compared + " |", "file= size= :2"},
		{"run -r " + compared + " file=x |", "file= size= :2"},
		{"run " + compared + " file=di|", ":0"},
		{"check " + helped + " |", "file=\tfile=PATH   the file rdelay=\trdelay=TIME how slow :2"},
		{"run " + silent + " |", ":0"},
		{"run " + filepath.Join(dir, "none.lua") + " |", ":0"},
		{"mount " + compared + " |", ":0"},
		{"mount " + compared + " place |", "file= size= :2"},
		{"open |", "wbrec :8"},
		{"diff a |", "wbrec :8"},
		{"export |", "wbrec :8"},
		{"replay |", "wbrec :8"},
		{"replay a |", "lua star :8"},
		{"replay a " + compared + " |", "file= size= :2"},
		{"run --tls |", "off on require :4"},
		{"check --lang |", "lua starlark :4"},
		{"run --payload |", "none hash full :4"},
		{"export --format |", "jsonl csv pcapng fio log chrome :4"},
	} {
		words := strings.Split(strings.TrimSuffix(test.line, "|"), " ")
		status, stdout, _ := workbench(t, append([]string{"__complete"}, words...)...)
		if got := strings.Join(strings.Split(strings.TrimSpace(stdout), "\n"), " "); status != 0 || got != test.want {
			t.Errorf("%s: status %d, %q, want %q", test.line, status, got, test.want)
		}
	}
}
