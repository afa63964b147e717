package tui

import (
	"go/ast"
	"go/token"
	"strconv"
	"testing"
	"unicode/utf8"
)

// TestASCIIHasAllSigns: each sign that the sources draw has one in ASCII.
func TestASCIIHasAllSigns(t *testing.T) {
	eachLiteral(t, func(file string, lit *ast.BasicLit) {
		if file == "text.go" || lit.Kind != token.STRING && lit.Kind != token.CHAR { // which is about texts of others
			return
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range text {
			if _, ok := asciiSigns[r]; r >= utf8.RuneSelf && !ok {
				t.Errorf("%s: %c in %s has no sign in ASCII: add one to asciiSigns", file, r, lit.Value)
			}
		}
	})
	for r, sign := range asciiSigns {
		if width(string(r)) != 1 || sign < ' ' || sign > '~' {
			t.Errorf("%c has %q, which is not of the same width", r, sign)
		}
	}
}

// TestASCII: all that is drawn is ASCII, and as wide as ever.
func TestASCII(t *testing.T) {
	for _, keys := range everyView {
		s := hostileScreen(t, 80, 24)
		s.app.ascii = true
		s.press(keys)
		for _, w := range []int{60, 120} {
			s.resize(w, 24)
			view := s.app.View()
			checkSize(t, keys, view, w, 24)
			for _, r := range view {
				if r >= utf8.RuneSelf {
					t.Fatalf("%q: the view has %c", keys, r)
				}
			}
		}
	}
	log, bench := fixture()
	o := fixtureOptions()
	o.ASCII = true
	s := newScreen(t, 80, 24, log, bench, o)
	s.press("?")
	s.golden(t, "ascii-menu")
	s.press("esc")
	s.golden(t, "ascii")
}

func TestUTF8(t *testing.T) {
	for _, tt := range []struct {
		environment map[string]string
		want        bool
	}{
		{nil, true},
		{map[string]string{"LANG": "C"}, false},
		{map[string]string{"LANG": "en_GB.UTF-8"}, true},
		{map[string]string{"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "C.utf8"}, true},
		{map[string]string{"LC_CTYPE": "de_DE@euro"}, false},
	} {
		if got := UTF8(func(name string) string { return tt.environment[name] }); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.environment, got, tt.want)
		}
	}
}
