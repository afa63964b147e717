package tui

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// more appends n requests to the fixture's log and brings them to the screen.
func (s *screen) more(n int) {
	for i := range n {
		s.log.Append(request(i, s.now), "", nil)
	}
	s.pulse()
}

func TestFollow(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.mustShow("following", "EFBIG")
	s.press("k")
	s.mustNotShow("following")
	s.more(7)
	s.mustShow("7 new · 407")
	s.press("f")
	s.mustShow("following · 407")
	s.press("f")
	s.mustNotShow("following")
	s.press("g")
	s.mustShow("12:00:02.000")
	s.press("G")
	s.mustShow("following")
}

func TestMoveKeys(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	l := &s.app.requests.list
	for _, tt := range []struct {
		keys string
		want int
	}{
		{"g", 0}, {"j", 1}, {"down", 2}, {"k", 1}, {"up", 0}, {"up", 0}, {"ctrl+d", l.height / 2}, {"ctrl+u", 0},
		{"pgdown", l.height}, {"pgup", 0}, {"end", 399}, {"home", 0}, {"jjj", 3}, {"jkj", 4},
	} {
		if s.press(tt.keys); l.selected != tt.want {
			t.Errorf("after %s row %d is selected, want %d", tt.keys, l.selected, tt.want)
		}
	}
}

func TestPauseFreezesTheScreenOnly(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("space")
	before := s.text()
	if !strings.Contains(before, "‖ paused, 0 new") {
		t.Fatalf("no sign of the pause:\n%s", before)
	}
	bench.set(func(st *host.Status) { st.Generation = 3 })
	fresh := request(0, s.now)
	fresh.Conn = 5
	s.log.Append(recordings.Event{Kind: recordings.Output, Times: fresh.Times}, "printed meanwhile", nil)
	s.log.Append(fresh, "", nil)
	s.now += 500 * ms
	s.pulse()
	if got := strings.Replace(s.text(), "1 new", "0 new", 1); got != before {
		t.Errorf("the screen changed while it was paused:\n%s\nbefore:\n%s", got, before)
	}
	s.press("k k") // it can be looked around in
	s.press("space")
	s.mustShow("g3", "printed meanwhile", "401")
	s.press("4")
	s.mustShow("nbd#5")
	s.mustNotShow("paused")
}

func TestFocusAndZoom(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.mustShow("1·requests", "[2·callbacks]")
	s.press("tab tab")
	s.mustShow("[3·script]", "examples/disk.lua")
	s.press("4")
	s.mustShow("[4·connections]", "negotiated")
	s.press("1") // the panel below stays
	s.mustShow("[4·connections]")
	s.press("shift+tab z")
	s.mustShow("["+panelKey(ladderPanel)+"·ladder]", "─ WRITE 4 KiB")
	s.mustNotShow("▄ ✓")
	s.press("esc")
	s.mustShow("EFBIG")
	if s.quit {
		t.Error("esc quit")
	}
}

func TestRequestView(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 160, 80, log, bench, fixtureOptions())
	s.press("enter")
	s.mustShow("WRITE 4 KiB at 0x100000", "✗ script raised EFBIG at disk.lua:7 > wire ENOSPC", "NBD has no number for EFBIG",
		"printed      write beyond the end: 0x100000", "eb 3c 90", "│.<.mkfs.", "pwrite, generation 2", "FUA (0x1)",
		"structured reply ERROR to WRITE", "qemu-io -f raw -c 'write -s data.bin -f 0x100000 4096'")
	s.mustShow(`7 |   if offset >= 0x100000`)
	s.press("[")
	s.mustShow("READ 4 KiB at 0xe000", "✓ ok")
	s.mustNotShow("following")
	s.press("]")
	s.mustShow("WRITE 4 KiB at 0x100000")
	s.press("q")
	if s.quit || s.app.detail != nil {
		t.Error("q did not just close the request")
	}
	s.mustShow("2·callbacks")
}

// TestRequestOutlivesLog: a request that is open stays, though the log drops it.
func TestRequestOutlivesLog(t *testing.T) {
	_, bench := fixture()
	log := recordings.NewLog(1) // the smallest: some events
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.more(3)
	s.press("g enter")
	s.mustShow("READ 4 KiB at 0x0")
	s.more(1000)
	if first, _ := log.Bounds(); first < 3 {
		t.Fatal("the log dropped nothing")
	}
	s.mustShow("READ 4 KiB at 0x0")
	s.press("esc")
	s.mustNotShow("0x1000")
	first, _ := log.Bounds()
	s.mustShow(fmt.Sprintf("▾ %d dropped", first-3)) // those that the screen never saw
}

// TestDroppedRows: rows whose request the log has dropped since the last pulse say so.
func TestDroppedRows(t *testing.T) {
	_, bench := fixture()
	log := recordings.NewLog(1)
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.more(3)
	s.press("space")
	s.more(1000)
	s.mustShow("(dropped)")
	s.press("enter")
	s.mustShow("This request is gone")
}

func TestReload(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("R")
	if bench.reloads != 1 {
		t.Errorf("R reloaded %d times", bench.reloads)
	}
	bench.refuse()
	s.pulse()
	s.mustShow("✗ reload refused · generation 2 still serves", "examples/disk.lua:7: syntax error", "7 |   if offset", "^")
	s.press("enter")
	s.mustShow("✗ reload refused")
	bench.set(func(st *host.Status) { st.Problem, st.Excerpt, st.Generation = nil, "", 3 })
	s.pulse()
	s.mustNotShow("refused")
	s.mustShow("g3")
}

func TestQuit(t *testing.T) {
	for _, tt := range []struct {
		keys string
		quit bool
	}{
		{"q", true}, {"ctrl+c", false}, {"ctrl+c ctrl+c", true}, {"ctrl+c q", true}, {"ctrl+c esc", false},
		{"ctrl+c esc ctrl+c", false}, {"ctrl+c x j", false}, {"esc", false}, {"esc esc esc", false}, {"? q", false}, {"? q q", true},
		{"enter q", false}, {"enter ctrl+c ctrl+c", true}, {"z q", true}, {"3 q", true}, {"? ctrl+c ctrl+c", true},
	} {
		log, bench := fixture()
		s := newScreen(t, 80, 24, log, bench, fixtureOptions())
		if s.press(tt.keys); s.quit != tt.quit {
			t.Errorf("after %q quit is %v, want %v", tt.keys, s.quit, tt.quit)
		}
		if strings.HasSuffix(tt.keys, "ctrl+c") && !tt.quit {
			s.mustShow("Quit? Clients that are cut off: 1.")
		}
	}
}

func TestTooSmall(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 59, 24, log, bench, fixtureOptions())
	s.mustShow("terminal too small", "59x24, needs 60x16", "q quits")
	s.press("? enter 3 z space")
	s.resize(80, 24)
	if s.app.menu != nil || s.app.detail != nil || s.app.focus != 0 || s.app.paused {
		t.Error("keys did something while nothing could be seen")
	}
	s.resize(80, 15)
	s.press("q")
	if !s.quit {
		t.Error("q does not quit a terminal that is too small")
	}
}

func TestPasteIsNoKeys(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true})
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Alt: true})
	if s.quit {
		t.Error("a pasted or Alt q quit")
	}
}

func TestMouse(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	click := func(x, y int, b tea.MouseButton) {
		s.send(tea.MouseMsg{X: x, Y: y, Button: b, Action: tea.MouseActionPress})
	}
	click(20, 5, tea.MouseButtonWheelUp)
	if l := s.app.requests.list; l.selected != 396 || l.follow {
		t.Errorf("the wheel selected %d, follow %v", l.selected, l.follow)
	}
	top := s.app.requests.list.top
	click(20, 3, tea.MouseButtonLeft) // header, frame, titles, first row
	if got := s.app.requests.list.selected; got != top {
		t.Errorf("a click selected %d, want %d", got, top)
	}
	below := s.app.areas()[1]
	click(below.x+20, below.y, tea.MouseButtonLeft)
	if s.app.focus != scriptPanel {
		t.Errorf("a click on a tab went to panel %d", s.app.focus)
	}
	s.mustShow("[3·script]")
	s.press("M")
	s.mustShow("mouse off")
}

// TestReadsOnlyWhatIsSeen: drawing asks the log for the visible requests only.
func TestReadsOnlyWhatIsSeen(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	counting := &countingEvents{Events: log}
	s.app.scene.events = counting
	s.app.View()
	if rows := s.app.requests.list.height; counting.reads > rows {
		t.Errorf("%d reads for %d rows", counting.reads, rows)
	}
}

type countingEvents struct {
	Events
	reads int
}

func (c *countingEvents) Read(dst []recordings.Event, from uint64) int {
	c.reads++
	return c.Events.Read(dst, from)
}

func TestCrashInCommandStops(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.send(safely(func() tea.Msg { panic("boom") })())
	if !s.quit || s.app.err == nil || !strings.Contains(s.app.err.Error(), "boom") {
		t.Errorf("quit %v, error %v", s.quit, s.app.err)
	}
}

// TestIdle: when rates and trends have run out the app waits for events alone.
func TestIdle(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	if s.idle {
		t.Error("idle while the rate is above zero")
	}
	s.now += (trendLength + 1) * 1000 * ms
	s.pulse()
	if !s.idle {
		t.Error("not idle, though nothing changes any more")
	}
	s.mustShow("0 req/s", "0 B/s")
	s.more(1)
	if s.idle {
		t.Error("idle after a request")
	}
	if s := newScreen(t, 80, 24, emptyLog(), bench, Options{}); !s.idle {
		t.Error("not idle, though nothing has happened yet")
	}
}

// TestBusyFailures: many failures are counted, and the newest is the one that is shown.
func TestBusyFailures(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	for i := range 2000 {
		e := request(i, s.now)
		e.Errno = uint16(syscall.ENOSPC)
		s.log.Append(e, fmt.Sprintf("failure %d", i), nil)
	}
	s.pulse()
	s.press("3")
	s.mustShow("✗ 2001 failed", "ENOSPC failure 1999")
	if got := s.app.live.lastError.event.Err(); plugins.ErrnoName(got) != "ENOSPC" {
		t.Errorf("%v", got)
	}
}
