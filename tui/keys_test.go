package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keysFile writes a file of keys and returns its path.
func keysFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKeysOfOnesOwn: keys of a file do what it says, on the screen and in its texts.
func TestKeysOfOnesOwn(t *testing.T) {
	log, bench := fixture()
	o := fixtureOptions()
	o.Keys = keysFile(t, keysExample+`
zoom = "ctrl-x"   # a comment
panel.output = ["f9", "O"]
[rule]
switch = "alt-t"
`)
	s := newScreen(t, 80, 60, log, bench, o)
	s.mustNotShow("the usual")
	s.press("O")
	s.mustShow("[7·output]")
	s.press("7 z 6 M")
	if s.app.focus != outputPanel || s.app.zoomed || s.app.noMouse {
		t.Error("a key that was taken away does something")
	}
	s.press("; " + typed("zoom") + " enter 1 ?")
	if !s.app.zoomed {
		t.Error("; is not the palette")
	}
	s.mustShow("enter l", ": ; ctrl-p", "ctrl-x", "f6")
}

// TestKeysMistakes: a file with a mistake counts for nothing, and its line is told.
func TestKeysMistakes(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"zoom = \"x\"\n\"panel.mpa\" = \"k\"", `2: no command is called "panel.mpa"`},
		{"fliter = \"k\"", `1: no command is called "fliter"`},
		{"\n\nzoom = \"j\"", "3: j is both zoom and down in: requests"},
		{"zoom = \"x\"\nmouse = \"x\"", "2: x is both zoom and mouse in: requests"},
		{"quit = \"\"", "1: quit needs a key"},
		{"help = []", "1: help needs a key"},
		{"zoom = 7", `1: zoom: want keys`},
		{"zoom = [\"x\", 7]", `1: zoom: want keys`},
		{"zoom = [\"x\", \"x\"]", "1: zoom: x stands there twice"},
		{"zoom = \"ctrl-i\"", "1: zoom: terminals cannot tell ctrl-i from tab"},
		{"zoom = \"crtl-x\"", `1: zoom: "crtl-x" is no key`},
		{"zoom = \"x\"\nzoom = \"X\"", "2:"},
		{"zoom = \"x", "1:"},
		{"\"prompt.leave\" = \"L\"", "1: prompt.leave: L is typed in: input line"},
		{"\"menu.down\" = \"J\"", "1: menu.down: J is typed in: menu"},
		{"[[zoom]]\nx = \"y\"", "2: no command is called"},
	} {
		path := keysFile(t, tt.text)
		_, err := Keys(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+":"+tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
		log, bench := fixture()
		o := fixtureOptions()
		o.Keys = path
		s := newScreen(t, 200, 24, log, bench, o)
		s.mustShow("✗ the usual keys apply: " + path)
		if s.press("z"); !s.app.zoomed {
			t.Errorf("%q: the usual keys do nothing", tt.text)
		}
	}
	if text, err := Keys(filepath.Join(t.TempDir(), "none")); err != nil || !strings.Contains(text, "quit") {
		t.Errorf("without a file: %q, %v", text, err)
	}
}

// TestKeysHelp holds KEYS.md against the table.
func TestKeysHelp(t *testing.T) {
	page := KeysMarkdown()
	if *update {
		if err := os.WriteFile("KEYS.md", []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile("KEYS.md"); err != nil || string(old) != page {
		t.Errorf("KEYS.md is not what the table says (write it with -update): %v", err)
	}
	help := KeysHelp()
	for line := range strings.Lines(help) {
		if n := width(strings.TrimRight(line, "\n")); n > helpWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, c := range commands() {
		if !strings.Contains(help, "  "+c.id+" ") || !strings.Contains(page, "`:"+c.id+"`") {
			t.Errorf("%s is not in the help", c.id)
		}
	}
}
