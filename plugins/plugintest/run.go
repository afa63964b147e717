package plugintest

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

// size of the disks, in bytes.
const size = 1 << 20

// Run puts a language to the test. The subtests run one after the other.
func Run(t *testing.T, l Language) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Language)
	}{
		{"Lifecycle", lifecycle},
		{"Refused", refused},
		{"Parameters", parameters},
		{"Defaults", defaults},
		{"ReadOnly", readOnly},
		{"Errors", scriptErrors},
		{"WrongResults", wrongResults},
		{"Data", data},
		{"File", file},
		{"Emulation", emulation},
		{"Version2", version2},
		{"Extents", extents},
		{"Exports", exports},
		{"Reload", reload},
		{"Helpers", helpers},
		{"Misuse", misuse},
		{"Interrupt", interrupt},
		{"Containment", containment},
		{"Parallelism", parallelism},
		{"Independence", independence},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, l) })
	}
}

// wantErrno fails unless err has that errno.
func wantErrno(t *testing.T, what string, err error, want syscall.Errno) {
	t.Helper()
	if got := plugins.ErrnoOf(err); got != want {
		t.Errorf("%s: errno %s (%v), want %s", what, plugins.ErrnoName(got), err, plugins.ErrnoName(want))
	}
}

// wantPlace fails unless err is the script's, from that callback and line.
func (r *rig) wantPlace(err error, cb plugins.Callback, line int, text string) {
	r.t.Helper()
	var e *plugins.Error
	if !errors.As(err, &e) {
		r.t.Errorf("%v is no *plugins.Error", err)
		return
	}
	if e.Callback != cb || e.File != r.source().Path || e.Line != line {
		r.t.Errorf("error %q is from %q at %s:%d, want %q at %s:%d", e, e.Callback, e.File, e.Line, cb, r.source().Path, line)
	}
	if !strings.Contains(e.Msg, text) || strings.Contains(e.Msg, e.File) {
		r.t.Errorf("message %q, want %q in it and no position", e.Msg, text)
	}
}
