package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workbench/plugins/host"
	"workbench/recordings"
)

// TestScriptsCannotMoveTheCursor: what a script says, or its text, reaches the
// terminal without escape sequences.
func TestScriptsCannotMoveTheCursor(t *testing.T) {
	const hostile = "disk \x1b[2J\x1b]0;title\a full"
	check := func(t *testing.T, text string) {
		t.Helper()
		if !strings.Contains(text, "full") || strings.ContainsAny(text, "\x1b\a\r") {
			t.Errorf("printed %q", text)
		}
	}
	t.Run("error", func(t *testing.T) {
		var out strings.Builder
		report(&out, "workbench run", errors.Join(errors.New(hostile), &host.LoadError{Err: errors.New(hostile), Excerpt: "1 | \t" + hostile + "\n  | \t^"}))
		check(t, out.String())
		if !strings.HasSuffix(out.String(), "full\n  | \t^\n") {
			t.Errorf("the excerpt is %q", out.String())
		}
	})
	t.Run("reload", func(t *testing.T) {
		log := recordings.NewLog(1 << 20)
		log.Append(recordings.Event{Kind: recordings.Reload, Errno: 5}, "refused: "+hostile+"\n1 | "+hostile, nil)
		var out strings.Builder
		p := printer{log: log, rest: &out}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // what there is, and no more
		if err := p.run(ctx); err != nil {
			t.Fatal(err)
		}
		check(t, out.String())
		if strings.Count(out.String(), "\n") != 2 {
			t.Errorf("printed %q", out.String())
		}
	})
	t.Run("dump", func(t *testing.T) {
		dir := t.TempDir()
		script := filepath.Join(dir, "disk.lua")
		source := "print('" + hostile + "') function open() end function get_size() end function pread() end"
		if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := os.Create(filepath.Join(dir, "said"))
		if err != nil {
			t.Fatal(err)
		}
		defer said.Close()
		if err := dumpPlugin(t.Context(), &benchOptions{script: script}, streams{Out: said, Err: said}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(said.Name())
		if err != nil {
			t.Fatal(err)
		}
		check(t, string(text))
	})
}
