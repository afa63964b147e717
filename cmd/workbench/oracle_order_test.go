package main

import (
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
			for _, c := range clients {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					var calls [2][]string
					for i, k := range []kind{tt.theirs, tt.ours} {
						r := k.start(t, oracleFile(t, tt.script), tt.args...)
						name := make([]string, len(c.command))
						for i, word := range c.command {
							name[i] = strings.Replace(word, "URI", r.uri(), 1)
						}
						r.run(t, c.fails || slices.Contains(tt.fails, c.name), name...)
						// A server that is told to stop need not close what is open.
						waitFor(t, "the script's close", func() bool {
							calls := r.calls(t)
							return count(calls, "open ") == count(calls, "close ")
						})
						r.stop(t)
						calls[i] = r.calls(t)
					}
					if len(calls[0]) < 5 || !slices.Equal(calls[0], calls[1]) {
						t.Errorf("%s called\n%s\n%s called\n%s", tt.theirs.name, strings.Join(calls[0], "\n"), tt.ours.name, strings.Join(calls[1], "\n"))
					}
				})
			}
		})
	}
}

// run runs a client in the folder of r.
func (r *rival) run(t *testing.T, fails bool, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "timeout", append([]string{"30"}, command...)...)
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

// count returns how many words begin with prefix.
func count(words []string, prefix string) (n int) {
	for _, word := range words {
		if strings.HasPrefix(word, prefix) {
			n++
		}
	}
	return n
}
