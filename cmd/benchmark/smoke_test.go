package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSmoke measures one row of some sections for real, too shortly to say
// anything, and wants it in the report and nothing left behind.
func TestSmoke(t *testing.T) {
	need(t, "fio", "nbdkit", "nbdfuse")
	tmp, err := os.MkdirTemp("", "wb") // a short path, for the sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	t.Setenv("TMPDIR", tmp)
	workbench, remove, err := program(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remove(); err != nil {
			t.Error(err)
		}
	})
	for _, test := range []struct{ section, row string }{
		{"lua", "4 KiB random read, depth 16"},
		{"start", "Lua, over nbdkit's"},
		{"screen", "4 KiB random write"},
		{"mount", "direct, 1 MiB sequential write"},
	} {
		t.Run(test.section, func(t *testing.T) {
			if test.section == "mount" && !canMount() {
				t.Skip("/dev/fuse cannot be opened")
			}
			output := filepath.Join(t.TempDir(), "out.md")
			var said strings.Builder
			err := run(t.Context(), []string{"-workbench", workbench, "-pairs", "1", "-turn", "100ms", "-o", output,
				"-sections", test.section, "-rows", test.row + "$"}, nil, &said)
			if err != nil {
				t.Fatalf("%v\n%s", err, said.String())
			}
			text, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			_, line, found := strings.Cut(string(text), "\n| "+test.row+" | ")
			cells := strings.Split(line, " | ")
			if !found || len(cells) < 5 || cells[2] == "" || strings.Count(string(text), "\n## ") != 1 {
				t.Errorf("the report is\n%s", text)
			}
			if left, err := filepath.Glob(filepath.Join(tmp, "wbb*")); err != nil || len(left) != 1 { // the program
				t.Errorf("left behind: %q, %v", left, err)
			}
		})
	}
}

func canMount() bool {
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return os.Getenv("CI") == "true" // and fail
	}
	f.Close()
	return true
}

// need skips the test where a program is missing, unless nothing may be skipped.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil && os.Getenv("CI") != "true" {
			t.Skipf("%s is not installed", name)
		}
	}
}

// What cannot be measured is said before anything is.
func TestOptions(t *testing.T) {
	for arguments, want := range map[string]string{
		"-sections lua,disk": `no "disk"`,
		"-rows (":            "-rows",
		"-pairs -1":          "-pairs wants",
		"-turn 1ms":          "-turn",
		"lua":                `"lua"`,
	} {
		var said strings.Builder
		if err := run(t.Context(), strings.Fields(arguments), nil, &said); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
	for arguments, want := range map[string]string{"": wholeOutput, "-short": "-", "-sections lua": "-", "-rows lua": "-", "-short -o x": "x"} {
		if o, err := parseOptions(strings.Fields(arguments), nil); err != nil || o.output != want {
			t.Errorf("%q: %+v, %v; want output %s", arguments, o, err, want)
		}
	}
}
