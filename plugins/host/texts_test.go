package host

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

var update = flag.Bool("update", false, "write what the texts are now to testdata/texts.golden")

// TestTexts pins what the host says when something is refused or fails: what,
// where, and what to do next.
func TestTexts(t *testing.T) {
	reloadTo := func(script string) func(*rig) error {
		return func(r *rig) error {
			r.open()
			r.save(script)
			return r.Reload(r.t.Context())
		}
	}
	hold := func(rule string, decide func(r *rig, n uint64) error) func(*rig) error {
		return func(r *rig) error {
			d := r.open()
			r.rule(rule)
			p := r.begin(r.t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 4})
			err := decide(r, r.waitHeld(1).Number)
			r.LetGo()
			if answer := <-p.done; err == nil {
				err = answer
			}
			return err
		}
	}
	var out strings.Builder
	for _, tc := range []struct {
		name    string
		script  string
		options Options
		do      func(*rig) error
	}{
		{"a mistake that the compiler finds", "", Options{}, reloadTo("syntax unexpected end")},
		{"a mistake that the top level finds", "", Options{}, reloadTo("start boom")},
		{"an open that fails", "", Options{}, reloadTo("fill b\nopen boom")},
		{"another size", "", Options{}, reloadTo("size 8192")},
		{"a client that is not let in", "", Options{}, func(r *rig) error { defer r.admit(1)(); return reloadTo("\ndeny not you")(r) }},
		{"more clients than the model has room for", "", Options{}, func(r *rig) error {
			defer r.admit(1)()
			defer r.admit(2)()
			return reloadTo("model 0")(r)
		}},
		{"a script that does not start", "", Options{Build: time.Millisecond}, reloadTo("spin start")},
		{"a state that is not handed on", "state s\nspin before_reload", Options{Drain: time.Millisecond}, reloadTo("state s")},
		{"a request that takes too long", "", Options{Drain: time.Millisecond}, func(r *rig) error {
			r.rt.block = make(chan struct{})
			d := r.open()
			read := r.blockedRead(d)
			err := r.Reload(r.t.Context())
			close(r.rt.block)
			if answer := <-read; answer != nil {
				r.t.Error(answer)
			}
			return err
		}},
		{"a file that is gone", "", Options{}, func(r *rig) error {
			if err := os.Remove(r.path); err != nil {
				return err
			}
			return r.Reload(r.t.Context())
		}},
		{"nothing to undo", "", Options{}, func(r *rig) error { return r.Undo(r.t.Context()) }},
		{"a host that was stopped", "", Options{}, func(r *rig) error {
			if err := r.Close(r.t.Context()); err != nil {
				return err
			}
			_, err := r.Open(r.t.Context(), plugins.OpenParams{})
			return err
		}},
		{"a rule that has it fail", "", Options{}, func(r *rig) error {
			r.rule("op:read => fail ENOSPC")
			_, err := r.read(r.open(), 1)
			return err
		}},
		{"a rule that drops it", "", Options{}, func(r *rig) error {
			r.rule("op:read => drop")
			_, err := r.read(r.open(), 1)
			return err
		}},
		{"held, and failed", "", Options{}, hold("=> hold", func(r *rig, n uint64) error { return r.FailHeld(n, syscall.EIO) })},
		{"held, and dropped", "", Options{}, hold("=> hold", func(r *rig, n uint64) error { return r.DropHeld(n) })},
		{"held, and edited where it cannot be", "", Options{}, hold("=> hold after", func(r *rig, n uint64) error {
			return r.EditHeld(n, Edit{Offset: pointer(uint64(1))})
		})},
		{"held no more", "", Options{}, hold("=> hold", func(r *rig, n uint64) error { return r.Release(n + 1) })},
		{"no such rule", "", Options{}, func(r *rig) error { return r.RemoveRule(7) }},
		{"a rule with a wrong filter", "", Options{}, func(r *rig) error { _, err := r.AddRule("op:raed => hold"); return err }},
		{"a rule that asks too early", "", Options{}, func(r *rig) error { _, err := r.AddRule("err => hold"); return err }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, tc.script, tc.options)
			err := tc.do(r)
			if err == nil {
				t.Fatal("it went well")
			}
			text := strings.ReplaceAll(err.Error(), r.path, "disk.fake")
			if strings.Contains(text, "\n") {
				t.Errorf("more than one line: %q", text)
			}
			out.WriteString(tc.name + ":\n    " + text + "\n")
		})
	}
	// What clients that stay behind are told of.
	r := newRig(t, "", Options{})
	r.open()
	r.save("size 8192")
	if err := r.ReloadAs(context.Background(), ForNew); err != nil {
		t.Fatal(err)
	}
	out.WriteString("a client that stays behind:\n    " + strings.Join(r.Status().Notes, "; ") + "\n")
	_, texts := r.events(recordings.Reload)
	if !strings.Contains(texts[1], "\nstays with generation 1: nbd#1") {
		t.Errorf("event %q", texts[1])
	}

	golden := filepath.Join("testdata", "texts.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		t.Errorf("the texts differ from %s (run with -update to accept them):\n%s", golden, got)
	}
}
