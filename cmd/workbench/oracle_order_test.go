package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOracleOrder compares which callbacks run for real clients, in which order
// and with which arguments: from the top level of the script to its end.
func TestOracleOrder(t *testing.T) {
	need(t, "nbdinfo", "qemu-io", "nbdcopy", "qemu-img")
	clients := []struct {
		name    string
		command []string // URI stands for the server
		fails   bool
	}{
		{"nbdinfo", []string{"nbdinfo", "URI"}, false},
		{"nbdinfo json", []string{"nbdinfo", "--json", "URI"}, false},
		{"nbdinfo list", []string{"nbdinfo", "--list", "URI"}, false},
		{"nbdinfo map", []string{"nbdinfo", "--map", "URI"}, false},
		{"nbdinfo size", []string{"nbdinfo", "--size", "URI"}, false},
		{"qemu-io read", []string{"qemu-io", "-r", "-f", "raw", "-c", "read 0 64k", "-c", "read 4096 512", "-c", "map", "URI"}, false},
		{"qemu-io write", []string{"qemu-io", "-f", "raw", "-t", "none", "-c", "write 0 64k", "-c", "write -f 4k 4k", "-c", "write -z 64k 64k",
			"-c", "write -zu 0 1M", "-c", "discard 1M 64k", "-c", "flush", "-c", "read 1M 4k", "URI"}, false},
		{"qemu-io failing", []string{"qemu-io", "-f", "raw", "-t", "none", "-c", "write 7M 4k", "-c", "read 7M 4k", "URI"}, true},
		{"nbdcopy from", []string{"nbdcopy", "--synchronous", "URI", "null:"}, false},
		{"nbdcopy to", []string{"nbdcopy", "--synchronous", "--flush", "disk.img", "URI"}, false},
		{"qemu-img convert", []string{"qemu-img", "convert", "-m", "1", "-f", "raw", "-O", "raw", "URI", "copy.img"}, false},
	}
	for _, tt := range []struct {
		name         string
		script       string
		theirs, ours kind
		args         []string
		fails        []string // clients that must fail
	}{
		{"lua", "order.lua", nbdkitLua, ourLua, []string{"key=value", "empty="}, nil},
		{"lua readonly", "order.lua", nbdkitLua, ourLua, []string{"-r"}, []string{"qemu-io write", "nbdcopy to"}},
		{"python", "order.body", nbdkitPython, ourStarlark, []string{"key=value", "empty="}, nil},
		{"python readonly", "order.body", nbdkitPython, ourStarlark, []string{"-r"}, []string{"qemu-io write", "nbdcopy to"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := oracleFile(t, tt.script)
			rivals := []*rival{tt.theirs.start(t, text, tt.args...), tt.ours.start(t, text, tt.args...)}
			told := 0 // calls that were compared
			compare := func(after string) {
				t.Helper()
				theirs := rivals[0].calls(t)
				waitFor(t, fmt.Sprintf("our calls for %s, which are, with nbdkit:\n%s", after, strings.Join(theirs[told:], "\n")), func() bool {
					return len(rivals[1].calls(t)) >= len(theirs)
				})
				ours := rivals[1].calls(t)
				if len(theirs) == told || !slices.Equal(theirs[told:], ours[told:]) {
					t.Fatalf("%s: %s called\n%s\n%s called\n%s", after, tt.theirs.name, strings.Join(theirs[told:], "\n"),
						tt.ours.name, strings.Join(ours[told:], "\n"))
				}
				told = len(theirs)
			}
			compare("the start")
			for _, c := range clients {
				for _, r := range rivals {
					r.run(t, c.fails || slices.Contains(tt.fails, c.name), c.command...)
				}
				// A server that is told to stop, as below, need not close what is open.
				waitFor(t, "nbdkit to close the disk", func() bool {
					calls := rivals[0].calls(t)[told:]
					return countPrefix(calls, "open ") > 0 && countPrefix(calls, "open ") == countPrefix(calls, "close ")
				})
				compare(c.name)
			}
			if tt.theirs.name == nbdkitLua.name {
				return // its Lua has no callback that is called at the end
			}
			for _, r := range rivals {
				r.stop(t)
			}
			compare("the end")
		})
	}
}

// run runs a client in the folder of r.
func (r *rival) run(t *testing.T, fails bool, command ...string) {
	t.Helper()
	words := []string{"30"}
	for _, word := range command {
		words = append(words, strings.Replace(word, "URI", r.uri(), 1))
	}
	cmd := exec.CommandContext(t.Context(), "timeout", words...)
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); (err != nil) != fails {
		t.Errorf("%s with %s: %v\n%s", command, r.name, err, out)
	}
}

// calls returns what the script of r wrote down of its calls:
// in a file or, if it cannot write one, by printing.
func (r *rival) calls(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "calls.log"))
	if err == nil {
		return strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	var calls []string
	for line := range strings.Lines(r.stderr.String()) {
		if _, call, ok := strings.Cut(line, "call: "); ok {
			calls = append(calls, strings.TrimSuffix(call, "\n"))
		}
	}
	return calls
}

// countPrefix returns how many words begin with prefix.
func countPrefix(words []string, prefix string) (n int) {
	for _, word := range words {
		if strings.HasPrefix(word, prefix) {
			n++
		}
	}
	return n
}
