package tui

import (
	"fmt"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// TestSearch: the search goes to what matches, in both directions and around the
// ends, and hides nothing.
func TestSearch(t *testing.T) {
	for _, tt := range []struct{ text, filter string }{
		{"op:write len>=64k", "op:write len>=64k"},
		{"disk full", `"disk full"`},
		{"err", "err"},
		{"eb3c90", "read|!read"},
		{"data:6d6b66", "read|!read"},
	} {
		log, bench := fixture()
		s := newScreen(t, 120, 40, log, bench, fixtureOptions())
		f, err := recordings.ParseFilter(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64
		for _, seq := range s.rowSeqs() {
			if e, _ := readRequest(&s.app.scene, seq); f.Match(&e, log) {
				want = append(want, seq)
			}
		}
		at := func() uint64 {
			seq, _ := s.app.requests.selectedSeq(&s.app.scene)
			return seq
		}
		s.press("n g k ctrl+f " + typed(tt.text) + " enter")
		n := 0
		if want[0] == s.rowSeqs()[0] { // the search begins behind what is selected
			n = 1 % len(want)
		}
		for range len(want) + 2 {
			if at() != want[n] {
				t.Fatalf("%s: at event %d, want %d", tt.text, at(), want[n])
			}
			s.press("n")
			n = (n + 1) % len(want)
		}
		for range len(want) + 2 {
			s.press("N")
			if n = (n + len(want) - 1) % len(want); at() != want[n] {
				t.Fatalf("%s, back: at event %d, want %d", tt.text, at(), want[n])
			}
		}
		if s.filteredRows() != 400 {
			t.Errorf("%d rows while searching", s.filteredRows())
		}
	}
}

// TestSearchOutput: words are looked for in what a request printed, too.
func TestSearchOutput(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("g ctrl+f " + typed("IS COLD") + " enter enter")
	s.mustShow("printed      block 7 is cold")
	s.press("n")
	s.mustShow("printed      block 33 is cold")
	s.press("esc space ctrl+f " + typed("block 59") + " enter") // while paused
	if e, _ := readRequest(&s.app.scene, s.app.requests.seq(&s.app.scene, s.app.requests.list.selected)); e.Offset != 59*4096 {
		t.Errorf("at %#x", e.Offset)
	}
}

// TestSearchFails: what is nowhere is said, what is no search is refused, and an
// empty search ends it.
func TestSearchFails(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("g j ctrl+f " + typed("op:cache") + " enter")
	s.mustShow("✗ no request matches op:cache")
	if s.app.requests.list.selected != 1 {
		t.Error("the selection moved")
	}
	s.press("ctrl+f " + typed("op:wri"))
	s.mustShow("✗ column 4")
	s.press("enter ctrl+u enter n")
	if s.app.requests.hunt != nil || s.app.prompt != nil {
		t.Error("the search did not end")
	}
}

// TestSearchGoesInPieces: a long log is searched a piece at a time, with progress,
// and esc stops it.
func TestSearchGoesInPieces(t *testing.T) {
	log := recordings.NewLog(64 << 20)
	for i := range 4 * searchSize {
		e := request(i, plugins.Stamp(i+1)*1000)
		e.Op, e.Errno = plugins.OpRead, 0
		log.Append(e, "", nil)
	}
	s := newScreen(t, 120, 40, log, nil, Options{})
	for s.feed.next < 4*searchSize {
		s.pulse()
	}
	s.press("g ctrl+f " + typed("op:trim"))
	_, cmd := s.app.Update(keyMsg("enter"))
	if cmd == nil {
		t.Fatal("no command to search on")
	}
	for piece := 1; piece < 4; piece++ {
		s.mustShow(fmt.Sprintf("looking for op:trim · %d %% searched, esc stops", piece*25))
		s.app.Update(searchOn{})
	}
	s.press("esc")
	s.mustNotShow("looking for")
	s.send(searchOn{}) // which was on its way
	s.press("n")
	s.mustShow("no request matches op:trim")
}
