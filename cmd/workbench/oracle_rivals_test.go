package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"workbench/nbd"
)

// A rival is a server that runs a script, nbdkit or the workbench, in a folder
// of its own, so that what it does to files can be compared too.
type rival struct {
	*program
	name   string // "nbdkit lua ramdisk.lua"
	ours   bool
	dir    string
	script string // its text
}

// Of each rival: what runs the script, and what it is made of.
type kind struct {
	name    string   // "nbdkit python", as it is shown and as rivals are told apart
	program []string // and its arguments, up to the script
	file    string   // what the script is called there
	prelude string   // a file that is put in front of it; "" = none
}

var (
	nbdkitLua    = kind{"nbdkit lua", []string{"nbdkit", "-f", "lua"}, "script.lua", ""}
	nbdkitPython = kind{"nbdkit python", []string{"nbdkit", "-f", "python"}, "script.py", "prelude.py"}
	ourLua       = kind{"workbench lua", []string{"workbench", "run", "--headless", "--no-reload"}, "script.lua", ""}
	ourStarlark  = kind{"workbench starlark", []string{"workbench", "run", "--headless", "--no-reload"}, "script.star", "prelude.star"}
)

// start runs text as a script, with args behind it, in a folder with an image
// of random bytes called disk.img.
func (k kind) start(t *testing.T, text string, args ...string) *rival {
	t.Helper()
	need(t, "nbdkit")
	r := &rival{name: k.name, ours: strings.HasPrefix(k.name, "workbench"), dir: t.TempDir(), script: text}
	if k.prelude != "" {
		text = oracleFile(t, k.prelude) + text
	}
	if err := os.WriteFile(filepath.Join(r.dir, k.file), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	image := wireRequest{command: wireWrite, length: imageSize, fill: 7}.payload()
	if err := os.WriteFile(filepath.Join(r.dir, "disk.img"), image, 0o644); err != nil {
		t.Fatal(err)
	}
	command := append(append([]string{}, k.program...), k.file)
	r.program = startServer(t, r.dir, append(command, args...)...)
	return r
}

// imageSize is the size of disk.img, no multiple of anything.
const imageSize = 3<<20 + 77

// oracleFile returns a file of the oracle's scripts.
func oracleFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "oracle", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A difference is one between two servers: in the answers to a request or, if
// there is none, in the flags that they told.
type difference struct {
	theirs, ours         *rival
	request              *wireRequest
	their, our           wireAnswer
	theirFlags, ourFlags nbd.TransmissionFlags
}

// An exemption is a difference that is meant, and why.
type exemption struct {
	reason  string
	excuses func(difference) bool
}

// fastZeroOfVersion1 tells Starlark, which follows Lua here, from Python.
var fastZeroOfVersion1 = exemption{
	"a zero of API version 1 knows no fast zeroes: nbdkit's Lua offers them, to refuse each one fast, and its Python does not",
	func(d difference) bool {
		return d.request == nil && d.theirs.name == nbdkitPython.name && d.ourFlags == d.theirFlags|nbd.SendFastZero &&
			!strings.Contains(d.ours.script, "API_VERSION")
	},
}

// exemptions is a table of them that notes which were needed: one that excuses
// nothing any more should go.
type exemptions struct {
	table []exemption

	mu   sync.Mutex
	used map[int]bool // guarded by mu
}

func (e *exemptions) excuse(d difference) bool {
	for i, row := range e.table {
		if row.excuses(d) {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.used == nil {
				e.used = map[int]bool{}
			}
			e.used[i] = true
			return true
		}
	}
	return false
}

// wantUsed fails for each exemption that nothing needed.
func (e *exemptions) wantUsed(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, row := range e.table {
		if !e.used[i] {
			t.Errorf("there is no difference any more because %s", row.reason)
		}
	}
}
