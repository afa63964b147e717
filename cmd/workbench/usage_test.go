package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrongUsage wants one line about each command line that makes no sense, which
// says what is wrong and where the help is, and status 2.
func TestWrongUsage(t *testing.T) {
	script := filepath.Join("testdata", "disk.lua")
	for _, test := range []struct {
		args []string
		want string // behind "workbench: "
	}{
		{[]string{"rnu"}, `unknown command "rnu" for "workbench"; did you mean run? (see 'workbench --help')`},
		{[]string{script}, `unknown command "` + script + `" for "workbench"; did you mean run ` + script + `? (see 'workbench --help')`},
		{[]string{"help", "nothing"}, `unknown command "nothing" for "workbench" (see 'workbench help --help')`},
		{[]string{"completion", "csh"}, `unknown command "csh" for "workbench completion" (see 'workbench completion --help')`},
		{[]string{"completion", "bash", "more"}, `"more" is one word too many (see 'workbench completion bash --help')`},
		{[]string{"version", "more"}, `"more" is one word too many (see 'workbench version --help')`},
		{[]string{"run"}, `the plugin is missing (see 'workbench run --help')`},
		{[]string{"mount", script}, `the mount point is missing (see 'workbench mount --help')`},
		{[]string{"diff", "a"}, `the second recording is missing (see 'workbench diff --help')`},
		{[]string{"diff", "a", "b", "c"}, `"c" is one word too many (see 'workbench diff --help')`},
		{[]string{"new"}, `the file is missing (see 'workbench new --help')`},
		{[]string{"man"}, `the folder is missing (see 'workbench man --help')`},
		{[]string{"run", "--prot", "1"}, `unknown flag: --prot (see 'workbench run --help')`},
		{[]string{"run", script, "--port", "x"}, `--port x: want a whole number (see 'workbench run --help')`},
		{[]string{"run", script, "-p", "99999999999999999999"}, `--port 99999999999999999999: want a whole number that is not as large (see 'workbench run --help')`},
		{[]string{"run", script, "--mask-handshake=-1"}, `--mask-handshake -1: want a whole number, not below zero (see 'workbench run --help')`},
		{[]string{"check", script, "--callback-timeout", "5"}, `--callback-timeout 5: want a time with its unit, as 20ms or 1m30s (see 'workbench check --help')`},
		{[]string{"replay", "a", "b", "--speed", "fast"}, `--speed fast: want a number (see 'workbench replay --help')`},
		{[]string{"run", script, "--lang", "perl"}, `--lang perl: want one of lua, starlark (see 'workbench run --help')`},
		{[]string{"check", script, "--lang", "perl"}, `--lang perl: want one of lua, starlark (see 'workbench check --help')`},
		{[]string{"replay", "a", script, "--lang", "perl"}, `--lang perl: want one of lua, starlark (see 'workbench replay --help')`},
	} {
		status, stdout, stderr := workbench(t, test.args...)
		if want := "workbench: " + test.want + "\n"; status != exitUsage || stdout != "" || stderr != want {
			t.Errorf("%q: status %d\n%s%swant\n%s", test.args, status, stdout, stderr, want)
		}
	}
}

// TestExamples wants examples in the help of each verb.
func TestExamples(t *testing.T) {
	for _, cmd := range newRootCommand(streams{os.Stdin, os.Stdout, os.Stderr}).Commands() {
		if cmd.Name() != "filters" && !strings.Contains(cmd.Example, "workbench "+cmd.Name()) {
			t.Errorf("workbench %s: the examples are %q", cmd.Name(), cmd.Example)
		}
	}
}

// TestPluginHelp wants the help of a verb to end with what the script says of itself.
func TestPluginHelp(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "disk.lua")
	text := "longname, version = 'The disk', '1.2'\ndescription = 'a disk'\nconfig_help = [[\nfile=PATH  the file\nsize=SIZE  how large]]\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"run", "mount", "check"} {
		status, stdout, stderr := workbench(t, verb, script, "--help")
		want := "\n" + script + ": The disk 1.2\n  a disk\nParameters:\n  file=PATH  the file\n  size=SIZE  how large\n"
		if status != 0 || !strings.HasSuffix(stdout, want) || stderr != "" {
			t.Errorf("%s: status %d\n%s%s", verb, status, stdout, stderr)
		}
	}
	if _, stdout, stderr := workbench(t, "run", filepath.Join(dir, "none.lua"), "--help"); !strings.Contains(stdout, "Usage:") || !strings.Contains(stderr, "no such file") {
		t.Errorf("without the script:\n%s%s", stdout, stderr)
	}
}
