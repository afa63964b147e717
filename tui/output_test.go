package tui

import (
	"testing"

	"workbench/recordings"
)

// recordedLog is a log that knows its scripts, as a recording does.
type recordedLog struct{ *recordings.Log }

func (recordedLog) Header() recordings.Header {
	return recordings.Header{Script: "examples/disk.lua", Language: "lua", Generations: []recordings.Generation{
		{Number: 1, Text: scriptBefore}, {Number: 2, Text: fixtureSource},
	}}
}

func TestOutputLeadsToRequest(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("/ o p : r e a d enter 7 z k enter")
	s.mustShow("▸12:00:12.020 nbd#1  WRITE ")
	s.mustNotShow("▽ filter")
	s.press("7 g enter") // how the script was loaded
	s.mustNotShow("✗ the request")
	if s.app.focus != outputPanel {
		t.Error("a line of no request led to one")
	}
	e := request(3, s.now)
	log.Append(recordings.Event{
		Kind: recordings.Output, Op: e.Op, Front: e.Front, Conn: 9, Cookie: e.Cookie, Generation: 2, Times: e.Times,
	}, "not answered yet", nil)
	s.pulse()
	s.press("G enter")
	s.mustShow("✗ the request of this line is not answered yet")
}

func TestOutputFind(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("7 z ctrl+f C O L D enter")
	s.mustShow("▸12:00:02.175 pread", "» block 7 is cold")
	s.press("n")
	s.mustShow("▸12:00:04.425 pread")
	s.press("N N")
	s.mustShow("▸12:00:11.175 pwrite")
}

func TestOutputMovesSideways(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("7 left")
	s.mustShow("pwrite  this write goes")
	s.press("right")
	s.mustShow("pwrite  te goes beyond")
	s.press("left")
	s.mustShow("pwrite  this write goes")
}

// TestOutputWrapped: in the whole screen long lines go on, the selected one is
// always seen, and a click finds the line that is drawn there.
func TestOutputWrapped(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 60, 16, log, bench, fixtureOptions())
	s.press("7 z")
	for range 12 {
		s.press("k")
		p := s.app.output
		seen, rows := false, 0
		for _, d := range p.drawn {
			for range d.rows {
				if got := p.rowAt(rows); got != d.line {
					t.Errorf("row %d is of line %d, want %d", rows, got, d.line)
				}
				rows++
			}
			seen = seen || d.line == p.list.selected
		}
		if !seen {
			t.Errorf("line %d is selected and not seen: %v", p.list.selected, p.drawn)
		}
	}
}
