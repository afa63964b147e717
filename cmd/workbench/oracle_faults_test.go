package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// This file has what is better here than in nbdkit 1.32, side by side. Each test
// fails when nbdkit no longer does it.

// TestOracleZeroFallback: the writes that stand for a zero come one after
// another. nbdkit 1.32 writes each piece to where the first one goes.
func TestOracleZeroFallback(t *testing.T) {
	const size = 200 << 20
	for _, tt := range []struct {
		kind kind
		want string
	}{
		{nbdkitLua, "0+67108864 0+67108864 0+23068672 ;"},
		{ourLua, "0+67108864 67108864+67108864 134217728+23068672 ;"},
	} {
		r := tt.kind.start(t, oracleFile(t, "writer.lua"), "size=209715200")
		w, err := dialWire(r.socket, "", true)
		if err != nil {
			t.Fatal(err)
		}
		defer w.nc.Close()
		for _, request := range []wireRequest{{command: wireRead, length: 4096, offset: size / 2}, {command: wireZeroes, length: 150 << 20}, {command: wireRead, length: 4096, offset: 5}} {
			a, err := w.ask(request)
			if err != nil || a.errno != 0 {
				t.Fatalf("%s: %s: %+v, %v", tt.kind.name, request, a, err)
			}
			if got := strings.TrimRight(string(a.data), "."); request.offset == 5 && got != tt.want {
				t.Errorf("%s wrote %s\nwant %s", tt.kind.name, got, tt.want)
			}
		}
	}
}

// TestOracleErrorText: in a structured reply we say what went wrong, where
// nbdkit says it only to its own standard error; the words are alike.
func TestOracleErrorText(t *testing.T) {
	script := oracleFile(t, "errors.lua")
	theirs, ours := nbdkitLua.start(t, script), ourLua.start(t, script)
	for _, way := range []uint64{1, 8, 9, 11, 12, 13} {
		request := wireRequest{command: wireRead, offset: way * 512, length: 512}
		var answers [2]wireAnswer
		for i, r := range []*rival{theirs, ours} {
			w, err := dialWire(r.socket, "", true)
			if err != nil {
				t.Fatal(err)
			}
			defer w.nc.Close()
			if answers[i], err = w.ask(request); err != nil {
				t.Fatal(err)
			}
		}
		if answers[0].errno != 5 || answers[1].errno != 5 || answers[0].text != "" || !strings.HasPrefix(answers[1].text, "pread: script.lua:") {
			t.Errorf("way %d: nbdkit: %s, workbench: %s", way, answers[0].about(request, answers[1]), answers[1].about(request, answers[0]))
		}
		if way < 11 { // what it prints comes by another way than its answer
			waitFor(t, fmt.Sprintf("nbdkit to say as we do %q", answers[1].text), func() bool {
				return strings.Contains(theirs.stderr.String(), "error: "+answers[1].text)
			})
		}
	}
}

// TestOracleStructuredTwice: nbdkit 1.32 grants STRUCTURED_REPLY again and again.
func TestOracleStructuredTwice(t *testing.T) {
	for _, tt := range []struct {
		kind   kind
		grants bool
	}{{nbdkitLua, true}, {ourLua, false}} {
		r := tt.kind.start(t, oracleFile(t, "ramdisk.lua"))
		w, err := dialWire(r.socket, "", false, 8, 8)
		if (err == nil) != tt.grants {
			t.Errorf("%s: asking twice: %v", tt.kind.name, err)
		}
		if err == nil {
			w.nc.Close()
		}
	}
}

// TestOracleNamedErrors: an error may begin with the name of an errno, which a
// script of nbdkit's cannot choose at all.
func TestOracleNamedErrors(t *testing.T) {
	for _, tt := range []struct {
		raise string
		errno uint32
	}{
		{`error ("ENOSPC: disk full")`, 28},
		{`error { errno = "EPERM" }`, 1},
		{`error { errno = 12, message = "no memory" }`, 12},
	} {
		script := "function open () end function get_size () return 512 end function pread () " + tt.raise + " end"
		for k, want := range map[string]uint32{nbdkitLua.name: 5, ourLua.name: tt.errno} {
			kind := nbdkitLua
			if k == ourLua.name {
				kind = ourLua
			}
			w, err := dialWire(kind.start(t, script).socket, "", true)
			if err != nil {
				t.Fatal(err)
			}
			defer w.nc.Close()
			if a, err := w.ask(wireRequest{command: wireRead, length: 512}); err != nil || a.errno != want {
				t.Errorf("%s, %s: errno %d, %v, want %d", k, tt.raise, a.errno, err, want)
			}
		}
	}
}

// TestOracleRefused has command lines and scripts that neither serves. Without
// any script nbdkit would serve, and fail each client.
func TestOracleRefused(t *testing.T) {
	need(t, "nbdkit")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"syntax.lua":   "function open (",
		"noopen.lua":   "function get_size () end function pread () end",
		"nosize.lua":   "function open () end function pread () end",
		"noread.lua":   "function get_size () end function open () end",
		"toplevel.lua": "error ('at the top level')",
		"config.lua":   oracleFile(t, "file.lua"),
		"noconfig.lua": oracleFile(t, "size.lua"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"syntax.lua"}, {"noopen.lua"}, {"nosize.lua"}, {"noread.lua"}, {"toplevel.lua"}, {"missing.lua"},
		{"config.lua"}, {"config.lua", "unknown=1"}, {"config.lua", "file=x", "tear=no number"}, {"noconfig.lua", "key=value"},
		{"noconfig.lua", "bare"},
	} {
		for _, program := range [][]string{{"nbdkit", "-f", "-U", "-", "lua"}, {"workbench", "run", "--headless", "--no-reload"}} {
			command := append(append([]string{"30"}, program...), append(args, "--run", "true")...)
			cmd := exec.Command("timeout", command...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); err == nil || code != 1 && code != 2 {
				t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
			}
		}
	}
	cmd := exec.Command("timeout", "30", "nbdkit", "-U", "-", "lua", "--run", "true")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("nbdkit lua without a script: %v\n%s", err, out)
	}
	cmd = exec.Command("timeout", "30", "workbench", "run", "--run", "true")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("the workbench without a script: %v", err)
	}
}

// TestOracleShebang runs scripts by their first line alone: theirs by the
// kernel, ours by the name of a file that does not say what language it is in.
func TestOracleShebang(t *testing.T) {
	need(t, "nbdkit")
	path, err := exec.LookPath("nbdkit")
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"file.lua":    {"file=disk.img"},
		"iso.lua":     {"label=X", "sectors=20", "word=by shebang"},
		"ramdisk.lua": {"size=1m"},
		"sparse.lua":  {"size=1M"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, body, ok := strings.Cut(oracleFile(t, name), "\n")
			if !ok {
				t.Fatal("no first line")
			}
			m := match{exemptions: &exemptions{}}
			for _, k := range []kind{
				{"nbdkit by shebang", nil, "./plugin", ""},
				{"workbench run ./plugin", []string{"workbench", "run", "--headless", "--no-reload"}, "./plugin", ""},
			} {
				m.rivals = append(m.rivals, k.start(t, "#!"+path+" lua\n"+body, append(args, "-f")...))
			}
			m.run(t, true, 200)
			m.wantSameImage(t)
		})
	}
}
