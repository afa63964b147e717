package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"workbench/nbd/nbdtest"
)

// TestMain lets the test binary be the program: as `workbench` in scripts, and
// by its own name for tests that start it themselves (see program).
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"workbench": main, "shake": shakeMain})
}

// scriptTimeout bounds all scripts, their clients and their mounts included: on a
// machine that does other things too.
const scriptTimeout = 8 * time.Minute

// TestScripts runs the program as users do, with real clients.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Deadline:            time.Now().Add(scriptTimeout),
		RequireExplicitExec: true,
		Condition: func(cond string) (bool, error) {
			if cond == "fuse" {
				return canMount(), nil
			}
			return hasProgram(cond), nil
		},
		Setup: func(env *testscript.Env) error {
			// A short path: the name of a unix socket may have 107 bytes.
			dir, err := os.MkdirTemp("", "wb")
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(dir) })
			certificates := filepath.Join(dir, "certs")
			if strings.HasSuffix(env.WorkDir, "script-tls") { // others look at what is left in TMP
				if err := os.Mkdir(certificates, 0o700); err != nil {
					return err
				}
				if _, err := nbdtest.WriteFolder(certificates); err != nil {
					return err
				}
			}
			env.Setenv("CERTS", certificates)
			env.Setenv("TMP", dir)
			env.Setenv("TMPDIR", dir)
			env.Setenv("PATH", env.Getenv("PATH")+":/usr/sbin:/sbin")
			for _, name := range []string{"disk.lua", "disk.star"} {
				text, err := os.ReadFile(filepath.Join("testdata", name))
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), text, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// hasProgram reports whether a program is installed. With CI=true it must be.
func hasProgram(name string) bool {
	if os.Getenv("CI") == "true" {
		return true // and fail, if it is not
	}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && path != "" {
			return true
		}
	}
	return false
}

// canMount reports whether this machine lets us mount. With CI=true it must.
func canMount() bool {
	if os.Getenv("CI") == "true" {
		return true
	}
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	return os.Getuid() == 0 || hasProgram("fusermount3")
}

// need skips the test where a program is missing.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, name := range programs {
		if !hasProgram(name) {
			t.Skipf("%s is not installed", name)
		}
	}
}
