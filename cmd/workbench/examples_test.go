package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins/examples"
)

// TestExamplesReload saves examples whose lesson is what a reload keeps: reload has
// what was written, buffers what was flushed.
func TestExamplesReload(t *testing.T) {
	need(t, "nbdcopy")
	for _, tt := range []struct{ stem, flush, want string }{
		{"reload", "", "flushed and not"},
		{"buffers", "--flush", "flushed\x00\x00\x00\x00\x00\x00\x00\x00"},
	} {
		for _, e := range examples.Variants(tt.stem) {
			t.Run(e.Name, func(t *testing.T) {
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, e.Name), []byte(e.Source), 0o644); err != nil {
					t.Fatal(err)
				}
				p := startProgram(t, dir, "run", e.Name, "--no-reload")
				copyIn := func(text, flags string) {
					t.Helper()
					command(t, dir, "sh", "-c", fmt.Sprintf(`printf %%s %q | nbdcopy %s - "$0"`, text, flags), p.uri())
				}
				copyIn("flushed", tt.flush)
				copyIn("flushed and not", "")
				p.signal(t, syscall.SIGHUP)
				waitFor(t, "a reload", func() bool { return strings.Contains(p.stderr.String(), "reload: generation 2 serves") })
				if got := command(t, dir, "sh", "-c", `nbdcopy "$0" - | head -c 15`, p.uri()); got != tt.want {
					t.Errorf("after the reload the disk has %q, want %q", got, tt.want)
				}
				p.stop(t)
			})
		}
	}
}
