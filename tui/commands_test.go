package tui

import (
	"math/bits"
	"slices"
	"testing"
)

func TestCommandTable(t *testing.T) {
	table := commands()
	ids := map[string]bool{}
	for _, c := range table {
		if c.id == "" || ids[c.id] {
			t.Errorf("the id %q is empty or not unique", c.id)
		}
		ids[c.id] = true
		if len(c.keys) == 0 || c.help == "" || c.where == 0 || (c.run == nil) == (c.ask == nil) {
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
	if everywhere := inLists | inPrompt | inQuestion | inCard; bits.OnesCount32(uint32(everywhere)) != len(all) {
		t.Error("a place has no name")
	}
}

// TestCommandReasons: what cannot be run says why, and is not run.
func TestCommandReasons(t *testing.T) {
	s := newScreen(t, 80, 24, emptyLog(), nil, Options{})
	for _, c := range s.app.commands {
		if c.enabled == nil {
			continue
		}
		if ok, why := c.enabled(s.app); !ok && why == "" {
			t.Errorf("%s cannot be run and does not say why", c.id)
		}
	}
	s.press("enter R")
	if s.app.detail != nil {
		t.Error("enter opened a request though there is none")
	}
}

func TestFooterComesFromTable(t *testing.T) {
	log, bench := fixture()
	bench.status.Held = 1 // so that every command can be run
	s := newScreen(t, 200, 40, log, bench, fixtureOptions())
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

func TestMenuListsTable(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 80, log, bench, fixtureOptions())
	s.press("?")
	for _, c := range s.app.commands {
		s.mustShow(c.help)
	}
	s.mustShow("only in: request", "there is nothing to go back to")

	s.press("esc")
	s.mustNotShow("enter runs")

	// enter runs what is selected, if it can be run.
	find := func(id string) int {
		return slices.IndexFunc(s.app.commands, func(c command) bool { return c.id == id })
	}
	s.press("?")
	s.app.menu.list.move(find("focus.output"))
	s.press("enter")
	if s.app.menu != nil || s.app.focus != outputPanel {
		t.Errorf("the menu did not run the command: focus %d", s.app.focus)
	}
	s.press("?")
	s.app.menu.list.move(find("follow"))
	s.press("enter")
	if s.app.menu != nil || s.app.panels[outputPanel].rows().follow {
		t.Error("the menu ran follow elsewhere than where it was opened")
	}
	s.press("?")
	s.app.menu.list.move(find("request.open"))
	s.press("enter")
	if s.app.menu == nil || s.app.detail != nil {
		t.Error("the menu ran a command that is not for this place")
	}
}
