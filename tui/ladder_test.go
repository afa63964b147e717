package tui

import (
	"slices"
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// TestLadder: requests that overlap are drawn in the order in which it happened,
// whatever the order in which they ended.
func TestLadder(t *testing.T) {
	log := recordings.NewLog(1 << 16)
	fact := func(at plugins.Stamp, k recordings.Kind, text string) {
		log.Append(recordings.Event{Kind: k, Front: plugins.FrontNBD, Conn: 1, Length: 1 << 20, Times: plugins.Times{Received: at}}, text, nil)
	}
	fact(1*ms, recordings.Connect, "unix:/s pid 1")
	fact(2*ms, recordings.Negotiate, "STRUCTURED_REPLY")
	fact(3*ms, recordings.Opened, "data")
	one := func(cookie uint64, op plugins.Op, received, started, done, replied plugins.Stamp) {
		log.Append(recordings.Event{Kind: recordings.Request, Front: plugins.FrontNBD, Conn: 1, Cookie: cookie, Op: op, Length: 512,
			Times: plugins.Times{Received: received, Started: started, Done: done, Replied: replied}}, "", nil)
	}
	one(2, plugins.OpRead, 11*ms, 12*ms, 13*ms, 14*ms)
	one(1, plugins.OpWrite, 10*ms, 15*ms, 16*ms, 17*ms)
	s := newScreen(t, 120, 40, log, nil, Options{})
	s.press(panelKey(ladderPanel) + " z")
	var rows []string
	for row := range strings.Lines(s.text()) {
		if at := strings.Index(row, "12:00:00.0"); at >= 0 {
			words := strings.FieldsFunc(row[at:], func(r rune) bool { return strings.ContainsRune(" │┃━─\n", r) })
			rows = append(rows, strings.Join(words[1:], " "))
		}
	}
	want := []string{
		"0 connects ▶ nbd#1, unix:/s pid 1", "1 ◀ STRUCTURED_REPLY ▶", `2 ◀ opened "data", 1 MiB ▶`,
		"4 WRITE 512 B 0x0 ▶ nbd#1", "3 READ 512 B 0x0 ▶ nbd#1, 2 in flight", "3 pread ▶", "3 ◀ ✓ 1ms", "3 ◀ ✓ 3ms",
		"4 pwrite ▶", "4 ◀ ✓ 1ms", "4 ◀ ✓ 7ms",
	}
	if !slices.Equal(rows, want) {
		t.Errorf("the ladder is\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
}

// TestLadderAndList: moving in the one moves in the other.
func TestLadderAndList(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	listed := func() uint64 {
		seq, _ := s.app.requests.selectedSeq(&s.app.scene)
		return seq
	}
	laddered := func() uint64 {
		seq, _ := s.app.ladder.selectedRequest()
		return seq
	}
	key := panelKey(ladderPanel)
	s.press(key)
	check := func(what string) {
		t.Helper()
		if listed() != laddered() {
			t.Errorf("%s: event %d in the list, %d in the ladder", what, listed(), laddered())
		}
	}
	check("at first")
	s.press("1 k k k")
	check("after moving in the list")
	before := listed()
	s.press(key + " k k k k k")
	if check("after moving in the ladder"); listed() >= before {
		t.Error("moving up in the ladder did not move the list")
	}
	s.press("g")
	if check("at the oldest"); s.app.requests.list.selected != 0 {
		t.Error("g did not go to the oldest request")
	}
	for range 40 {
		s.press("pgdown")
		check("after a page")
	}
	s.press("G")
	check("at the newest")
	s.press("k k k k k")
	shown := laddered()
	s.press("enter")
	if s.app.detail == nil || s.app.detail.event.Seq != shown {
		t.Error("enter did not open the request")
	}
	s.press("esc")
	// A filter that hides what the ladder shows leaves the ladder alone.
	s.press("/ " + typed("op:flush") + " enter " + key + " j j j j")
	if s.app.ladder.at.seq == 0 {
		t.Error("the ladder lost its place")
	}
}

// TestLadderInFlight: a request without an answer is in the ladder, too.
func TestLadderInFlight(t *testing.T) {
	log, bench := fixture()
	bench.status.InFlight = inFlight()
	bench.status.InFlight[0].Received = fixtureNow - 20*ms
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press(panelKey(ladderPanel) + " z j")
	s.mustShow("◐ │─ READ 4 KiB 0x7000", "nbd#1, in flight for 20ms", "◐ │─ FLUSH")
	s.press("j j j k k k k k enter")
	if s.app.detail == nil {
		t.Error("enter opened nothing")
	}
}
