package lua

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
)

// lookPath returns where an outside program is. Without it the test is skipped,
// but in CI it fails.
func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// The libraries must answer as those of the Lua that nbdkit has.
func TestLibrariesAgainstNbdkit(t *testing.T) {
	nbdkit := lookPath(t, "nbdkit")
	const script = "testdata/oracle/library.lua"
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	theirs, err := exec.CommandContext(ctx, nbdkit, "lua", script, "--dump-plugin").Output()
	if err != nil {
		if os.Getenv("CI") != "true" {
			t.Skipf("nbdkit has no Lua: %v", err)
		}
		t.Fatal(err)
	}
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	_, out, err := start(t, string(text))
	if err != nil {
		t.Fatal(err)
	}
	ours := out.String()
	if len(ours) < 10000 {
		t.Fatalf("the script printed only %d bytes", len(ours))
	}
	if bytes.HasPrefix(theirs, []byte(ours)) {
		return
	}
	theirLines := strings.Split(string(theirs), "\n")
	for i, line := range strings.Split(ours, "\n") {
		if i >= len(theirLines) || line != theirLines[i] {
			t.Fatalf("line %d of the output is\n%s\nand under nbdkit\n%s", i+1, line, theirLines[min(i, len(theirLines)-1)])
		}
	}
}

// The same plugin must do the same to a file, whether nbdkit runs it or we do.
func TestAgainstNbdkit(t *testing.T) {
	nbdkit, qemuIO := lookPath(t, "nbdkit"), lookPath(t, "qemu-io")
	const script, size = "testdata/oracle/file.lua", 1 << 20
	dir := t.TempDir()
	theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	for _, path := range []string{theirs, ours} {
		if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdef"), size/16), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writes := []struct {
		pattern        byte
		offset, length uint64
	}{{0xaa, 0, 512}, {0xbb, 65000, 70000}, {0xcc, size - 1024, 1024}, {0xff, 524288, 512}}

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client := qemuIO + " -f raw"
	for _, w := range writes {
		client += fmt.Sprintf(" -c 'write -P %#x %d %d'", w.pattern, w.offset, w.length)
	}
	client += ` -c 'write -z 131072 4096' -c flush "$uri"; true`
	text, err := exec.CommandContext(ctx, nbdkit, "-U", "-", "lua", script, "file="+theirs, "--run", client).CombinedOutput()
	if err != nil {
		if os.Getenv("CI") != "true" && bytes.Contains(text, []byte("nbdkit-lua-plugin.so")) {
			t.Skipf("nbdkit has no Lua: %v: %s", err, text)
		}
		t.Fatalf("nbdkit: %v: %s", err, text)
	}

	src, err := plugins.ReadSource(script)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := Runtime{}.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	in, err := plugins.Start(ctx, compiled, plugins.Env{Params: []plugins.Param{{Key: "file", Value: ours}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(ctx, plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range writes {
		data := bytes.Repeat([]byte{w.pattern}, int(w.length))
		err := h.Do(ctx, &plugins.Request{Op: plugins.OpWrite, Offset: w.offset, Length: w.length, Data: data})
		if err != nil && !strings.Contains(string(text), "error: "+err.Error()) {
			t.Errorf("our error is %q, nbdkit's is in\n%s", err, text)
		}
		if failed := w.pattern == 0xff; failed != (err != nil) {
			t.Errorf("write at %d: %v", w.offset, err)
		}
	}
	for _, r := range []*plugins.Request{{Op: plugins.OpZero, Offset: 131072, Length: 4096}, {Op: plugins.OpFlush}} {
		if err := h.Do(ctx, r); err != nil {
			t.Error(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	a, errA := os.ReadFile(theirs)
	b, errB := os.ReadFile(ours)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the files differ (%v, %v); nbdkit said\n%s", errA, errB, text)
	}
}
