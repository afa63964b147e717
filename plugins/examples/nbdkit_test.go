package examples_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
)

// runNbdkit runs nbdkit, for half a minute at most, and returns what its client printed.
func runNbdkit(t *testing.T, args ...string) []byte {
	t.Helper()
	for _, program := range []string{"nbdkit", "nbdcopy"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nbdkit", append([]string{"--exit-with-parent", "-U", "-"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.Bytes())
	}
	return out
}

// The examples that use nothing of ours are plugins for the real nbdkit as well.
func TestNbdkitRunsThem(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	image := writeImage(t, string(content))
	d := open(t, start(t, "hello.lua", plugins.Env{}))
	if out := runNbdkit(t, "lua", "hello.lua", "--run", `nbdcopy "$uri" -`); string(out) != d.read(0, 65536) {
		t.Errorf("hello.lua is another disk under nbdkit: %.80q", out)
	}
	if out := runNbdkit(t, "lua", "file.lua", "file="+image, "--run", `nbdcopy "$uri" -`); !bytes.Equal(out, content) {
		t.Errorf("file.lua reads something else under nbdkit: %.80q", out)
	}
	runNbdkit(t, "lua", "file.lua", "file="+image, "--run", `printf 'from nbdkit' | nbdcopy - "$uri"`)
	f := open(t, start(t, "file.lua", params("file="+image)))
	if got := f.read(0, 16); got != "from nbdkitbcdef" {
		t.Errorf("file.lua wrote %q under nbdkit", got)
	}

	// Holes and large numbers by another interpreter of Lua.
	sparse := `printf 'a little text' | nbdcopy - "$uri" && nbdcopy "$uri" - | head -c 100000`
	if out := runNbdkit(t, "lua", "sparse.lua", "--run", sparse); string(out) != "a little text"+strings.Repeat("\x00", 100000-13) {
		t.Errorf("sparse.lua is another disk under nbdkit: %.80q", out)
	}
}

// The example of that name is the same disk as nbdkit's plugin.
func TestPatternIsNbdkits(t *testing.T) {
	const size = 1000003
	want := runNbdkit(t, "pattern", "size=1000003", "--run", `nbdcopy "$uri" -`)
	bothLanguages(t, "pattern", func(t *testing.T, name string) {
		d := open(t, start(t, name, params("size=1000003")))
		if got := d.read(0, size); got != string(want) {
			t.Error("the disk is not nbdkit's")
		}
		for _, at := range [][2]uint64{{1, 7}, {999999, 4}, {4093, 4099}} {
			if got := d.read(at[0], at[1]); got != string(want[at[0]:at[0]+at[1]]) {
				t.Errorf("%d bytes at %d: %.40q", at[1], at[0], got)
			}
		}
		d.take(writes(5, string(want[5:5000])))
	})
}
