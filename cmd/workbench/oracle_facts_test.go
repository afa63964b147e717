package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"workbench/nbd"
)

// without returns a script in which some functions are not there.
func without(script, nothing string, names ...string) string {
	for _, name := range names {
		script += fmt.Sprintf("\n%s = %s\n", name, nothing)
	}
	return script
}

// lacks reports whether without took name out.
func lacks(r *rival, name string) bool { return strings.Contains(r.script, "\n"+name+" = ") }

// luaFacts are the differences between what a Lua script can under nbdkit and
// here. The workbench has one rule for all languages, that of nbdkit's C plugins.
var luaFacts = []exemption{
	{"nbdkit's Lua looks for a function called plugin_flush where it means flush, so a flush without can_flush is not offered",
		func(d difference) bool {
			if lacks(d.ours, "flush") || !lacks(d.ours, "can_flush") {
				return false
			}
			if d.request == nil {
				return d.ourFlags == d.theirFlags|nbd.SendFlush
			}
			return d.request.command == wireFlush && d.their.errno == 22 && d.our.errno == 0
		}},
	{"nbdkit's Lua offers FUA also for a script without flush, and does nothing for it",
		func(d difference) bool {
			if !lacks(d.ours, "flush") {
				return false
			}
			if d.request == nil {
				return d.theirFlags == d.ourFlags|nbd.SendFUA
			}
			return d.request.flags&wireFUA != 0 && d.our.errno == 22
		}},
	{"nbdkit's Lua says that a flush or a trim was done which the script promises but does not have",
		func(d difference) bool {
			r := d.request
			return r != nil && d.their.errno == 0 && d.our.errno == 22 &&
				(r.command == wireFlush && lacks(d.ours, "flush") || r.command == wireTrim && lacks(d.ours, "trim"))
		}},
	{"a pwrite that is promised but missing is EIO in nbdkit's Lua and EPERM in C",
		func(d difference) bool {
			r := d.request
			return r != nil && lacks(d.ours, "pwrite") && (r.command == wireWrite || r.command == wireZeroes) &&
				d.their.errno == 5 && d.our.errno == 1
		}},
}

// pythonFacts are the differences between Python under nbdkit and Starlark here.
var pythonFacts = []exemption{
	{"what a script promises but does not have is EIO in nbdkit's Python, and data if it is extents; in C it is EPERM for pwrite, nothing to do for cache, else EINVAL",
		func(d difference) bool {
			if d.request == nil {
				return false
			}
			lies := map[wireCommand]struct {
				callback   string
				their, our uint32
			}{
				wireWrite: {"pwrite", 5, 1}, wireZeroes: {"pwrite", 5, 1}, wireFlush: {"flush", 5, 22}, wireTrim: {"trim", 5, 22},
				wireCache: {"cache", 5, 0}, wireStatus: {"extents", 0, 22},
			}
			lie, ok := lies[d.request.command]
			if d.request.flags&wireFUA != 0 && lacks(d.ours, "flush") { // it stands for FUA
				lie, ok = lies[wireFlush], true
			}
			return ok && lacks(d.ours, lie.callback) && d.their.errno == lie.their && d.our.errno == lie.our
		}},
}

// probes are requests of every command with every flag.
func probes() []wireRequest {
	var out []wireRequest
	for c := range wireCommands {
		if c == wireDisc {
			continue
		}
		for _, flags := range []uint16{0, wireFUA, flagsFor[c], flagsFor[c] | wireFUA, 1 << 9} {
			r := wireRequest{command: c, flags: flags, offset: 4096, length: 512}
			if c == wireFlush {
				r.offset, r.length = 0, 0
			}
			out = append(out, r)
		}
	}
	return out
}

// compareExport opens an export of all rivals and compares flags and answers.
func (m *match) compareExport(t *testing.T, export string) {
	t.Helper()
	var wires []*wire
	for i, r := range m.rivals {
		w, err := dialWire(r.socket, export, true)
		if err != nil && !errors.Is(err, errRefused) {
			t.Fatalf("%s: %v\n%s", r.name, err, quoted(r.stderr.String()))
		}
		if i > 0 && (w == nil) != (wires[0] == nil) {
			t.Errorf("export %q: %s opened it: %t, %s: %t: %v\n%s", export, m.rivals[0].name, wires[0] != nil, r.name, w != nil, err, quoted(r.stderr.String()))
		}
		if w != nil {
			defer w.nc.Close()
		}
		wires = append(wires, w)
	}
	for i, w := range wires {
		if w == nil || wires[0] == nil {
			return
		}
		if i > 0 {
			m.compareFacts(t, i, wires[0], w)
		}
	}
	for _, r := range probes() {
		if r.command == wireZeroes && wires[0].flags&nbd.SendFastZero == 0 {
			r.flags &^= wireFastZero // nbdkit 1.32 ends with a failed assertion
		}
		answers, err := askAll(wires, r)
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
		if i, ok := m.compare(t, r, answers, true); !ok {
			t.Errorf("export %q, flags %s: %s\n%s: %s\n%s: %s", export, wires[0].flags, r,
				m.rivals[0].name, answers[0].about(r, answers[i]), m.rivals[i].name, answers[i].about(r, answers[0]))
		}
	}
}

// TestOracleLuaFacts runs a Lua script with and without each callback; each
// server is opened once for each combination of what can_* say.
func TestOracleLuaFacts(t *testing.T) {
	meant := &exemptions{table: luaFacts}
	t.Cleanup(func() { meant.wantUsed(t) })
	const opens = 16 + 4*8
	data := []string{"pwrite", "flush", "trim", "zero"}
	questions := []string{"can_write", "can_flush", "can_trim", "is_rotational"}
	script := oracleFile(t, "facts.lua")
	play := func(t *testing.T, opens int, missing []string, args ...string) {
		t.Parallel()
		text := without(script, "nil", missing...)
		m := match{[]*rival{nbdkitLua.start(t, text, args...), ourLua.start(t, text, args...)}, meant}
		for range opens {
			m.compareExport(t, "")
		}
	}
	for set := range 1 << len(data) {
		var missing []string
		for i, name := range data {
			if set&(1<<i) != 0 {
				missing = append(missing, name)
			}
		}
		t.Run("asked,without "+strings.Join(missing, " "), func(t *testing.T) { play(t, 16, missing) })
		t.Run("unasked,without "+strings.Join(missing, " "), func(t *testing.T) { play(t, 1, append(missing, questions...)) })
	}
	t.Run("all", func(t *testing.T) { play(t, opens, nil) })
	t.Run("readonly", func(t *testing.T) { play(t, opens, nil, "-r") })
	for _, name := range questions {
		t.Run("without "+name, func(t *testing.T) { play(t, 16, []string{name}) })
	}
}

// TestOraclePythonFacts does the same for what nbdkit's Lua does not have, with
// a script that is told by the name of the export what to answer.
func TestOraclePythonFacts(t *testing.T) {
	meant := &exemptions{table: pythonFacts}
	t.Cleanup(func() { meant.wantUsed(t) })
	script := oracleFile(t, "facts.body")
	booleans := []string{"can_write", "can_flush", "can_trim", "can_zero", "can_fast_zero", "can_extents", "can_multi_conn", "is_rotational"}
	levels := []string{"can_fua", "can_cache"}
	all := append(append([]string{}, booleans...), levels...)
	exports := []string{"", "can_cache=-1", "can_fua=x", "can_write=False can_fua=x"}
	for _, name := range booleans {
		exports = append(exports, name+"=False")
	}
	for i := range 9 {
		exports = append(exports, fmt.Sprintf("can_fua=%d can_cache=%d", i/3, i%3))
	}
	rnd := rand.New(rand.NewPCG(seed(t), 0))
	for range 60 {
		var words []string
		for _, name := range booleans {
			if rnd.IntN(2) == 0 {
				words = append(words, name+"=False")
			}
		}
		for _, name := range levels {
			words = append(words, fmt.Sprintf("%s=%d", name, rnd.IntN(3)))
		}
		exports = append(exports, strings.Join(words, " "))
	}
	play := func(t *testing.T, exports []string, missing []string, args ...string) {
		t.Parallel()
		text := without(script, "None", missing...)
		m := match{[]*rival{nbdkitPython.start(t, text, args...), ourStarlark.start(t, text, args...)}, meant}
		for _, export := range exports {
			m.compareExport(t, export)
		}
	}
	t.Run("all", func(t *testing.T) { play(t, exports, nil) })
	t.Run("readonly", func(t *testing.T) { play(t, exports, nil, "-r") })
	for _, name := range append([]string{"pwrite", "flush", "trim", "zero", "extents", "cache"}, all...) {
		t.Run("without "+name, func(t *testing.T) { play(t, exports[:20], []string{name}) })
	}
	t.Run("unasked", func(t *testing.T) { play(t, exports[:1], all) })
	for _, name := range []string{"pwrite", "flush", "trim", "zero", "extents", "cache"} {
		t.Run("unasked, without "+name, func(t *testing.T) { play(t, exports[:1], append([]string{name}, all...)) })
	}
}

// TestOracleLate has a script that makes functions, and takes them away, when it
// is told its parameters.
func TestOracleLate(t *testing.T) {
	for _, args := range [][]string{nil, {"readonly=1"}, {"byte=z"}, {"trim=1", "byte=y"}, {"readonly=1", "trim=1"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			text := oracleFile(t, "late.lua")
			m := match{[]*rival{nbdkitLua.start(t, text, args...), ourLua.start(t, text, args...)}, &exemptions{}}
			m.compareExport(t, "")
		})
	}
}

// TestOracleSizes has get_size return all sorts of things.
func TestOracleSizes(t *testing.T) {
	const opens, beyondExact = 27, 27 // the last one is 2^62, which no number of our Lua holds exactly
	script := oracleFile(t, "size.lua")
	theirs, ours := nbdkitLua.start(t, script), ourLua.start(t, script)
	for n := range opens + 1 {
		a, errA := dialWire(theirs.socket, "", false)
		b, errB := dialWire(ours.socket, "", false)
		if errors.Is(errA, errRefused) && errors.Is(errB, errRefused) {
			continue
		}
		if n+1 == beyondExact && errA == nil && errors.Is(errB, errRefused) {
			a.nc.Close()
			continue
		}
		if errA != nil || errB != nil || a.size != b.size {
			t.Errorf("size %d of the script: nbdkit: %+v, %v; workbench: %+v, %v", n+1, a, errA, b, errB)
		}
		for _, w := range []*wire{a, b} {
			if w != nil {
				w.nc.Close()
			}
		}
	}
}

// TestOracleInfo compares what nbdinfo tells.
func TestOracleInfo(t *testing.T) {
	need(t, "nbdinfo")
	for _, tt := range []struct {
		name         string
		script       string
		theirs, ours kind
		args         []string
	}{
		{"lua", "ramdisk.lua", nbdkitLua, ourLua, []string{"size=4m"}},
		{"lua readonly", "ramdisk.lua", nbdkitLua, ourLua, []string{"-r", "odd=5"}},
		{"lua iso", "iso.lua", nbdkitLua, ourLua, []string{"word=one"}},
		{"python", "facts.body", nbdkitPython, ourStarlark, nil},
		{"python readonly", "facts.body", nbdkitPython, ourStarlark, []string{"-r"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := oracleFile(t, tt.script)
			rivals := []*rival{tt.theirs.start(t, text, tt.args...), tt.ours.start(t, text, tt.args...)}
			for _, options := range [][]string{{"--json"}, {"--json", "--list"}, {"--json", "--map", "--totals"}, {"--size"}} {
				var told [2]any
				for i, r := range rivals {
					out := command(t, r.dir, "nbdinfo", append(options, r.uri())...)
					if err := json.Unmarshal([]byte(out), &told[i]); err != nil {
						t.Fatalf("%s: %v\n%s", r.name, err, out)
					}
					forget(told[i], "uri")
				}
				if !reflect.DeepEqual(told[0], told[1]) {
					t.Errorf("nbdinfo %s\n%s: %v\n%s: %v", options, rivals[0].name, told[0], rivals[1].name, told[1])
				}
			}
		})
	}
}

// forget removes the entry name from every object in v.
func forget(v any, name string) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, name)
		for _, member := range v {
			forget(member, name)
		}
	case []any:
		for _, element := range v {
			forget(element, name)
		}
	}
}
