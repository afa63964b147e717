package tui

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// reload makes the fake host one that has another generation, and brings it.
func (s *screen) reload(source string, notes ...string) {
	s.bench.set(func(st *host.Status) {
		s.bench.past = append(s.bench.past, recordings.Generation{Number: st.Generation, Text: st.Source})
		st.Generation, st.Source, st.Notes, st.Problem = st.Generation+1, source, notes, nil
		st.Reloads++
	})
	s.pulse()
}

func TestScriptShowsWhereItFailed(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.mustShow("→ 7    ✗4   if offset", " 4  158× function pread")
	s.press("g")
	s.mustNotShow("→ 7")
	s.press("3 g j j j enter") // the line of pread
	s.mustShow("▽ filter: cb:pread gen:2")
	s.press("3 G k k enter")
	s.mustShow("▽ filter: line:7 gen:2 · 4 of 403", "✗ EFB")
}

// TestUnreadFaults: where too many requests fail to read all texts, it is said
// that there are more than were counted.
func TestUnreadFaults(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.mustShow("✗1 ")
	for i := range 10 * readFailures {
		e := request(i, s.now)
		e.Errno, e.Generation = uint16(syscall.EIO), 2
		s.log.Append(e, "pread: disk.lua:4: bad block", nil)
	}
	s.pulse()
	s.mustShow(fmt.Sprintf("✗%d+", readFailures))
}

func TestScriptGenerations(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("3 z u")
	if s.app.script.changes {
		t.Error("there is nothing to compare with, and u worked")
	}
	s.reload(fixtureSource + "\nfunction trim(h) end\n")
	s.mustShow("g3 · 11 lines", "11       function trim(h) end")
	s.press("u")
	s.mustShow("± generation 3 against 2", "11 + function trim(h) end", "g2 > g3  +2 −0")
	s.press("u {")
	s.mustShow("◂ generation 2, not the newest", "g2 · 9 lines")
	s.press("{ {") // there is none before
	s.mustShow("g2 · 9 lines")
	s.reload("-- all anew")
	s.mustShow("g2 · 9 lines")
	s.press("} } }")
	s.mustShow("g4 · 1 line", "-- all anew")
	s.mustNotShow("not the newest")
	s.reload("-- and again")
	s.mustShow("g5 · 1 line", "-- and again")
	s.press("u")
	s.mustShow(" 1 - -- all anew", " 1 + -- and again")
}

func TestScriptFiles(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("3 z .")
	s.mustShow("function pread") // there is no other
	s.app.live.keep(nil)
	s.app.live.versions = []version{{Generation: recordings.Generation{
		Number: 2, Text: fixtureSource, Files: map[string]string{"examples/disk.lua": fixtureSource, "examples/lib.lua": "return { x = 1 }"},
	}}}
	e := request(3, s.now)
	e.Errno, e.Generation = uint16(syscall.EIO), 2
	log.Append(e, "pwrite: examples/lib.lua:1: no such thing", nil)
	s.pulse()
	s.press(".")
	s.mustShow("lib.lua", "return { x = 1 }", "✗ EIO no such thing")
	s.press("e")
	s.press(".")
	s.mustShow("function pread")
	s.press("1 e") // the request that failed is selected
	if want := []string{"examples/lib.lua:1", "examples/lib.lua:1"}; !slices.Equal(s.edited, want) {
		t.Errorf("edited %q, want %q", s.edited, want)
	}
}

func TestScriptFind(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("3 z g n") // nothing to look for yet
	s.press("ctrl+f D I S K enter")
	want := []int{2, 3, 6, 7, 0, 2}
	var got []int
	for range want {
		got = append(got, s.app.script.list.selected)
		s.press("n")
	}
	if !slices.Equal(got, want) {
		t.Errorf("found in rows %v, want %v", got, want)
	}
	s.press("g N")
	if n := s.app.script.list.selected; n != 7 {
		t.Errorf("before the first it is row %d, want 7", n)
	}
	s.press("ctrl+f z z z enter")
	s.mustShow("✗ no line has zzz")
}

func TestEditPlace(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("e")       // the request that is selected failed at line 7
	s.press("g e")     // this one did not
	s.press("3 g j e") // the selected line
	bench.refuse()
	bench.set(func(st *host.Status) { st.Problem = &plugins.Error{File: "lib.lua", Line: 3, Msg: "unexpected symbol"} })
	s.pulse()
	s.press("e") // too soon after the card popped up
	s.now += 500 * ms
	s.press("e")
	want := []string{"examples/disk.lua:7", "examples/disk.lua:7", "examples/disk.lua:2", "lib.lua:3"}
	if !slices.Equal(s.edited, want) {
		t.Errorf("edited %q, want %q", s.edited, want)
	}
	s = newScreen(t, 120, 40, log, nil, fixtureOptions())
	if s.press("e"); s.edited != nil {
		t.Error("a recording has no script to edit")
	}
}

func TestEditorCommand(t *testing.T) {
	for _, tt := range []struct{ name, visual, editor, want, fails string }{
		{"visual", "cat -n", "ls", "cat -n +7 disk.lua", ""},
		{"editor", "", "ls", "ls +7 disk.lua", ""},
		{"missing", "no-such-editor", "", "", "set VISUAL or EDITOR to another"},
		{"blank", " ", "", "vi +7 disk.lua", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("VISUAL", tt.visual)
			t.Setenv("EDITOR", tt.editor)
			cmd, err := editorCommand(t.Context(), nil, nil, "disk.lua", 7)
			switch {
			case tt.fails != "":
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("error %v, want %q", err, tt.fails)
				}
			case err != nil && tt.name == "blank":
				if !strings.Contains(err.Error(), "editor") { // there may be no vi here
					t.Error(err)
				}
			case err != nil:
				t.Error(err)
			case strings.Join(cmd.Args, " ") != tt.want:
				t.Errorf("command %q, want %q", cmd.Args, tt.want)
			}
		})
	}
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "")
	t.Setenv("PATH", t.TempDir())
	if _, err := editorCommand(t.Context(), nil, nil, "x", 1); err == nil || !strings.Contains(err.Error(), "neither VISUAL nor EDITOR is set") {
		t.Errorf("without any editor: %v", err)
	}
}

// TestEditorFails: an editor that is not there, or fails, is said.
func TestEditorFails(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.send(edited{fmt.Errorf("the editor vi: exit status 1")})
	s.mustShow("✗ the editor vi: exit status 1")
	s.press("j")
	s.mustNotShow("exit status 1")
}

func TestReloadCard(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	bench.refuse()
	s.pulse()
	s.mustShow("✗ reload refused · generation 2 still serves", "disk.lua:7: syntax error", "6 | function pwrite", "7 |   if offset", "esc keep")
	s.press("esc k") // the guard keeps esc from the card, and only that
	s.mustShow("esc keep")
	s.mustNotShow("following")
	s.now += 500 * ms
	s.press("n D") // only clients in the way make these a choice
	if len(bench.policies) != 0 {
		t.Errorf("reloads were asked for: %v", bench.policies)
	}
	s.press("esc")
	s.mustNotShow("esc keep")
	s.mustShow("reload refused", "! more:")
	s.press("3 z esc")
	s.mustShow("╭─ 1·requests") // esc goes back again
	s.press("!")
	s.mustShow("esc keep")
	s.press("esc")
	bench.set(func(st *host.Status) { st.Refusals++ })
	s.pulse() // another one is told in full
	s.mustShow("esc keep")
}

func TestReloadCardPolicies(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}} {
		log, bench := fixture()
		bench.refuseFacts()
		s := newScreen(t, size[0], size[1], log, bench, fixtureOptions())
		s.mustShow("33554432", "new only", "drop")
		s.press("n D")
		s.now += 500 * ms
		s.press("n D")
		if want := []host.Policy{host.ForNew, host.DropClients}; !slices.Equal(bench.policies, want) {
			t.Errorf("reloads %v, want %v", bench.policies, want)
		}
	}
}

func TestReloadTold(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.mustNotShow("↻ generation 2 serves ·")
	bench.set(func(st *host.Status) { st.Callbacks = append(slices.Clone(st.Callbacks[:2]), plugins.Cache) })
	s.reload(strings.Replace(fixtureSource, "disk full", "full", 1)+"-- more\n", "READ 0x0 2 of nbd#1 now differs", "1 of the last 1 reads differ", "and so on")
	s.mustShow("↻ generation 3 serves · lines +2 −1 · new: cache · gone: pread pwrite flush trim zero extents close · gate closed 3ms",
		"▲ READ 0x0 2 of nbd#1 now differs", "▲ and 2 more: see the output")
	s.press("j")
	s.mustNotShow("↻ generation 3 serves ·")
	s.reload("-- nothing left\n")
	s.mustShow("↻ generation 4 serves ·")
	s.now += 9000 * ms
	s.pulse()
	s.mustNotShow("↻ generation 4 serves ·")
}

// TestSavedUnchanged: a save that changes nothing is told of for a while, or until
// the next key.
func TestSavedUnchanged(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	const told = "↻ saved, and nothing has changed: generation 2 serves on"
	save := func() {
		bench.set(func(st *host.Status) { st.Unchanged++ })
		s.now += 1000 * ms
		s.pulse()
		s.mustShow(told)
	}
	save()
	if s.idle {
		t.Error("nothing would take the row away")
	}
	s.press("j")
	s.mustNotShow("saved")
	save()
	s.now += 9000 * ms
	s.pulse()
	s.mustNotShow("saved")
}

// TestRecordedScript: a recording knows its scripts too.
func TestRecordedScript(t *testing.T) {
	log, _ := fixture()
	s := newScreen(t, 120, 40, log, nil, Options{Events: recordedLog{log}})
	s.mustShow("disk.lua", "g2 · 9 lines")
	s.pulse()
	s.press("3 z u")
	s.mustShow("± generation 2 against 1")
	s.mustNotShow("serving")
}
