package tui

import (
	"slices"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// TestMarks: m marks and unmarks, ' goes from mark to mark, a filter picks what
// is marked, and the host is told.
func TestMarks(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	selected := func() uint64 {
		seq, _ := s.app.requests.selectedSeq(&s.app.scene)
		return seq
	}
	s.press("'")
	s.press("g j m")
	first := selected()
	s.mustShow("mark a · 400")
	s.press("j j m j")
	second := first + 2
	s.mustShow("a12:00:02.025", "b12:00:02.075")
	s.press("'")
	if selected() != first {
		t.Errorf("event %d is selected, want the first mark, %d", selected(), first)
	}
	s.press("'")
	if selected() != second {
		t.Errorf("event %d is selected, want the second mark, %d", selected(), second)
	}
	s.press("/ " + typed("marked") + " enter")
	s.mustShow("filter: marked · 2 of 400")
	s.press("/ ctrl+u " + typed("marked:b") + " enter")
	s.mustShow("filter: marked:b · 1 of 400")
	s.press("m")
	s.mustShow("filter: marked:b · 0 of 400")
	s.press("/ ctrl+u enter g j j j m")
	s.press("/ ctrl+u enter ' m") // from the second to the first, which loses its mark
	if len(s.app.live.marks.list) != 1 {
		t.Errorf("%d marks, want one", len(s.app.live.marks.list))
	}
	want := []string{"mark 15 a", "mark 17 b", "mark 17 ", "mark 17 b", "mark 15 "}
	if !slices.Equal(bench.asked, want) {
		t.Errorf("the host was told %q, want %q", bench.asked, want)
	}
	s.press("space ' m") // while paused as well
	s.mustNotShow("b12:00", "mark b")
}

// TestMarksFromLog: marks are a part of the log, and are found whatever the
// numbers of the events are.
func TestMarksFromLog(t *testing.T) {
	log, _ := fixture()
	var one [1]recordings.Event
	mark := func(seq uint64, sign string) {
		log.Read(one[:], seq)
		e := one[0]
		log.Append(recordings.Event{Kind: recordings.Mark, Front: e.Front, Conn: e.Conn, Cookie: e.Cookie, Op: e.Op,
			Times: plugins.Times{Received: fixtureNow, Started: e.Received, Done: e.Replied}}, sign, nil)
	}
	mark(15, "a")
	mark(300, "b")
	mark(200, "c")
	mark(300, "")
	s := newScreen(t, 80, 24, log, nil, Options{})
	s.press("g '")
	if seq, _ := s.app.requests.selectedSeq(&s.app.scene); seq != 15 {
		t.Errorf("event %d is selected, want 15", seq)
	}
	s.press("'")
	if seq, _ := s.app.requests.selectedSeq(&s.app.scene); seq != 200 {
		t.Errorf("event %d is selected, want 200", seq)
	}
	s.mustShow("mark c")
	s.press("m k m") // a recording's are kept while it is open
	s.mustShow("mark b")
}

// TestCompare: d shows two requests side by side, and the first byte that differs.
func TestCompare(t *testing.T) {
	log := recordings.NewLog(1 << 16)
	a, b := request(0, 5*ms), request(3, 9*ms)
	log.Append(a, "", []byte("the same until here 0 and so on"))
	log.Append(b, "", []byte("the same until here 1 and so on"))
	log.Append(request(4, 12*ms), "", []byte("the same until here 0 and so on"))
	s := newScreen(t, 120, 40, log, nil, Options{})
	s.press("g d")
	if s.app.detail != nil {
		t.Error("one request was compared")
	}
	s.press("m j d") // the marked one with the selected one
	s.mustShow("1: event 0 (a)", "2: event 1", "≠ op          READ", "WRITE", "= generation  1", "≠ offset      0x0              0x3000",
		"the first byte that differs is byte 20", "≠30", "≠31")
	s.press("[ n m") // which do not apply here
	if seq, _ := s.app.requests.selectedSeq(&s.app.scene); seq != 1 || len(s.app.live.marks.list) != 1 {
		t.Error("a key did something that cannot be seen")
	}
	s.press("esc j m d")
	s.mustShow("1: event 0 (a)", "2: event 2 (b)", "data: the same, 31 bytes", "= op ")
	s.press("j j ctrl+d g esc")
	if s.app.detail != nil {
		t.Error("esc did not close the view")
	}
}
