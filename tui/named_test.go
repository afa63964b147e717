package tui

import (
	"go/ast"
	"go/token"
	"slices"
	"testing"
)

// TestNamedCommands: what the sources name the key of is a command.
func TestNamedCommands(t *testing.T) {
	table := commands()
	seen := 0
	eachLiteral(t, func(file string, lit *ast.BasicLit) {
		if lit.Kind != token.STRING || lit.Value[0] != '"' {
			return
		}
		for _, found := range commandInText.FindAllString(lit.Value, -1) {
			seen++
			if !slices.ContainsFunc(table, func(c command) bool { return c.id == found[1:len(found)-1] }) {
				t.Errorf("%s: %s is no command", file, found)
			}
		}
	})
	if seen < 20 {
		t.Errorf("only %d keys are named", seen)
	}
}

// TestNamedKeys: texts name the keys that the user gave; no place for one is left.
func TestNamedKeys(t *testing.T) {
	log, bench := fixture()
	o := fixtureOptions()
	o.Keys = keysFile(t, `
hold = "f5"
mark = ""
"prompt.accept" = ["enter", "f9"]
filter = "f7"
`)
	s := newScreen(t, 160, 40, log, bench, o)
	s.press("5 z")
	s.mustShow("f5 holds every request")
	s.press("1 '")
	s.mustShow("no request is marked: :mark marks one")
	if got := s.app.named("{filter} and {hold} {nothing} {}"); got != "f7 and f5 {nothing} {}" {
		t.Errorf("%q", got)
	}
	for _, keys := range everyView {
		for _, recorded := range []bool{false, true} {
			log, bench := fixture()
			if recorded {
				bench = nil
			}
			s := newScreen(t, 200, 60, log, bench, fixtureOptions())
			s.press(keys)
			if left := commandInText.FindString(s.text()); left != "" {
				t.Errorf("%q shows %s", keys, left)
			}
		}
	}
}
