package tui

import (
	"math/bits"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCommandTable(t *testing.T) {
	table := commands()
	ids := map[string]bool{}
	for _, c := range table {
		if c.id == "" || ids[c.id] {
			t.Errorf("the id %q is empty or not unique", c.id)
		}
		ids[c.id] = true
		if len(c.keys) == 0 || c.help == "" || c.where == 0 || c.run == nil && c.ask == nil || c.group == "" {
			t.Errorf("%s: keys %v, help %q, where %v: something is missing", c.id, c.keys, c.help, c.where)
		}
		if len(c.help) > 48 {
			t.Errorf("%s: the help has %d characters, more than fit beside the reason", c.id, len(c.help))
		}
	}
	all, _ := places()
	for _, place := range all {
		keys := map[string]string{}
		for _, c := range table {
			if c.where&place == 0 {
				continue
			}
			for _, k := range c.keys {
				if other := keys[k]; other != "" {
					t.Errorf("in %v, %q is %s and %s", place, k, other, c.id)
				}
				keys[k] = c.id
			}
		}
		if keys["ctrl+c"] == "" {
			t.Errorf("in %v ctrl-c does nothing", place)
		}
		if place&inPanels != 0 && keys["?"] != "help" {
			t.Errorf("in %v ? is not help", place)
		}
		if keys["esc"] == "quit" || keys["esc"] == "quit.now" {
			t.Errorf("in %v esc quits", place)
		}
	}
	if everywhere := inLists | inMenu | inCopy | inPrompt | inQuestion | inCard | inReload; bits.OnesCount32(uint32(everywhere)) != len(all) {
		t.Error("a place has no name")
	}
}

// TestCommandReasons: what cannot be run says why, and is not run.
func TestCommandReasons(t *testing.T) {
	for _, keys := range []string{"", "enter", "3", "5", "6", "8", "9", shelfKey, "/", "?", "y"} {
		for _, recorded := range []bool{true, false} {
			log, bench := fixture()
			if recorded {
				bench = nil
			}
			s := newScreen(t, 80, 24, log, bench, fixtureOptions())
			s.press(keys)
			s.mustSayWhy()
		}
	}
	s := newScreen(t, 80, 24, emptyLog(), nil, Options{})
	s.mustSayWhy()
	s.press("enter R")
	if s.app.detail != nil {
		t.Error("enter opened a request though there is none")
	}
}

// mustSayWhy fails if a command that cannot be run does not say why.
func (s *screen) mustSayWhy() {
	s.t.Helper()
	for _, c := range s.app.commands {
		if c.enabled == nil {
			continue
		}
		if ok, why := c.enabled(s.app); !ok && why == "" {
			s.t.Errorf("%s cannot be run and does not say why", c.id)
		}
	}
}

func TestFooterComesFromTable(t *testing.T) {
	log, bench := fixture()
	bench.status.Held, bench.status.Past = 1, 1 // so that every command can be run
	s := newScreen(t, 240, 40, log, bench, fixtureOptions())
	for _, c := range s.app.commands {
		if c.where&inRequests != 0 && c.title != "" {
			s.mustShow(keyName(c.keys[0]) + " " + c.title)
		}
	}
	for _, w := range []int{60, 61, 70, 80, 100} {
		s.resize(w, 20)
		s.mustShow("? help")
	}
}

// TestCommandsAreReached: each command has a way to it where it can be run: the
// key of it there, the palette or the menu; what cannot be run says why.
func TestCommandsAreReached(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 100, 30, log, bench, fixtureOptions())
	s.press("?")
	listed := map[string]bool{}
	for _, c := range s.app.menu.rows {
		listed[c.id] = true
	}
	s.press("esc :")
	offered := map[string]bool{}
	for _, c := range s.app.prompt.offers {
		offered[strings.TrimSpace(c.Text)] = true
	}
	all, _ := places()
	for i := range s.app.commands {
		c := &s.app.commands[i]
		if !listed[c.id] {
			t.Errorf("%s is not in the menu", c.id)
		}
		if typed := c.where&inLists != 0 || c.where == inCopy; typed != offered[spoken(c.id)] {
			t.Errorf("%s is offered on the palette: %v, want %v", c.id, offered[spoken(c.id)], typed)
		}
		for _, key := range c.keys {
			if utf8.RuneCountInString(key) > 1 && keyMsg(key).String() != key {
				t.Errorf("%s: %s is no key that can be pressed", c.id, key)
			}
			for _, place := range all {
				if c.where&place != 0 && find(s.app.commands, place, key) != c {
					t.Errorf("in %v %s is not %s", place, key, c.id)
				}
			}
		}
	}
}
