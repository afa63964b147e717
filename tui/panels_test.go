package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// ruled gives the fixture a log in which rules had a hand.
func ruled(log *recordings.Log) {
	e := done(plugins.OpWrite, 0x100000, 4096)
	e.Rule, e.Fate, e.Errno = 1, plugins.Ruled, 28
	log.Append(e, "rule 1: op:write off<1M => fail ENOSPC limit=3", nil)
}

// TestPanelsGolden: each panel at four sizes, alone on the smallest.
func TestPanelsGolden(t *testing.T) {
	for _, tt := range []struct{ name, keys string }{
		{"panel-map", "8"},
		{"panel-connections", "4"},
		{"panel-facts", "4 z l j j j j j j j j j"},
		{"panel-held", "5 j"},
		{"panel-edit", "5 e"},
		{"panel-rules", "6"},
	} {
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
			name := fmt.Sprintf("%s-%dx%d", tt.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				log, bench := fixture()
				ruled(log)
				if tt.name != "panel-map" {
					bench.hold()
				}
				s := newScreen(t, size[0], size[1], log, bench, fixtureOptions())
				s.press(tt.keys)
				s.golden(t, name)
			})
		}
	}
	log, bench := fixture()
	s := newScreen(t, 200, 60, log, bench, fixtureOptions())
	s.press("8 z t t l l j")
	s.golden(t, "panel-map-writes")
	s.press("t t t + +")
	s.settle()
	s.golden(t, "panel-map-zoomed")
}

// TestMapKeys: the cursor moves by cells, enter filters by the cell under it, and
// B goes to the request that wrote it last.
func TestMapKeys(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("8 z l l l")
	p := s.app.disk
	cell := uint64(1) << p.grid.shift
	if p.at != 3*cell {
		t.Fatalf("the cursor is at %#x, want %#x", p.at, 3*cell)
	}
	s.press("h j")
	if want := uint64(p.grid.per+2) * cell; p.at != want {
		t.Errorf("the cursor is at %#x, want %#x", p.at, want)
	}
	s.press("k h h h h")
	if p.at != 0 {
		t.Errorf("the cursor is at %#x, want the beginning", p.at)
	}
	s.press("l l G")
	if p.at < p.grid.size-cell*uint64(p.grid.per) {
		t.Errorf("the cursor is at %#x, want it in the last row of %#x", p.at, p.grid.size)
	}
	s.press("g l l l l h")
	if e, ok := p.writer(&s.app.scene); !ok || e.Offset > p.at+cell || e.Offset+e.Length <= p.at {
		t.Fatalf("%#x was written by %+v, %v", p.at, e, ok)
	}
	writer, _ := p.writer(&s.app.scene)
	s.press("B")
	if e := s.app.request(); e.Seq != writer.Seq || s.app.focus != requestsPanel {
		t.Errorf("event %d is selected in panel %d, want %d", e.Seq, s.app.focus, writer.Seq)
	}
	s.press("8 enter")
	s.mustShow(fmt.Sprintf("filter: off:%#x..%#x conn:nbd#1", p.at, p.at+cell), "[1·requests]")

	// The other disk, of the connection that went.
	s.press("8 E")
	s.mustShow("data, 16 MiB, one of 2", "conn:nbd#1")
	s.press("enter")
	s.mustShow("conn:nbd#2")

	// A click puts the cursor where it is, in the panel or beside others.
	s.press("8")
	s.send(tea.MouseMsg{X: 1 + p.grid.label + 7, Y: 2 + mapHead + 3, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	if at := 1 + p.list.top; p.grid.col != 7 || p.list.selected < at {
		t.Errorf("a click selects row %d, column %d", p.list.selected, p.grid.col)
	}
}

// TestMapFollowsConnection: the map is of the disk whose connection is selected.
func TestMapFollowsConnection(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("8")
	s.mustShow("place")
	s.press("z")
	s.mustShow("(default), 16 MiB, one of 2")
	s.press("4 j 8")
	s.mustShow("data, 16 MiB, one of 2")
}

// TestMapOfLargestDisk: a disk of 2^63-1 bytes and one of a byte have cells, too.
func TestMapOfLargestDisk(t *testing.T) {
	for _, size := range []uint64{1<<63 - 1, 1 << 40, 512, 1} {
		log := recordings.NewLog(1 << 20)
		log.Append(opened(1, size), "", nil)
		log.Append(done(plugins.OpWrite, size-1, 1), "", nil)
		for _, dim := range [][2]int{{60, 16}, {300, 80}} {
			s := newScreen(t, dim[0], dim[1], log, nil, Options{})
			s.press("8 z G l")
			for i := range 35 {
				s.press("+ l G t")
				if i%7 == 0 {
					checkSize(t, fmt.Sprintf("%d bytes", size), s.app.View(), dim[0], dim[1])
				}
			}
			s.settle()
			if p := s.app.disk; p.grid.shift != 0 || p.at != size-1 && p.at < size-uint64(p.grid.per) {
				t.Errorf("of %d bytes at %v, at %d with cells of %d", size, dim, p.at, 1<<p.grid.shift)
			}
			s.press("- - j k h")
			checkSize(t, "zoomed out", s.app.View(), dim[0], dim[1])
		}
	}
}

// TestConnectionWords: what was negotiated is said in words, and enter filters.
func TestConnectionWords(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	bench.status.InFlight = inFlight()
	s := newScreen(t, 200, 60, log, bench, fixtureOptions())
	s.press("4 z")
	s.mustShow("structured", "errors have a reason in words", "base:allocation", "1, 4096, 33554432", "in the clear",
		"SEND_FUA", "used 1×", "the client may ask that a write reaches stable storage before its reply",
		"CAN_MULTI_CONN", "a client had better", "2 in flight", "2 held")
	s.press("l j j")
	if p := s.app.clients; !p.inside || p.facts.selected != 2 || p.list.selected != 0 {
		t.Errorf("inside %v, fact %d, connection %d", p.inside, p.facts.selected, p.list.selected)
	}
	s.press("h j enter")
	s.mustShow("filter: conn:nbd#2", "[1·requests]")

	// The selection stays with its connection when others come.
	s.log.Append(recordings.Event{Kind: recordings.Connect, Front: plugins.FrontNBD, Conn: 9, Times: plugins.Times{Received: s.now}}, "", nil)
	s.press("4")
	s.pulse()
	if c := s.app.clients.selected(&s.app.scene); c == nil || c.number != 2 {
		t.Errorf("selected is %+v", c)
	}
}

// TestEditHeld: what is typed is checked and becomes an edit of that request.
func TestEditHeld(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	bench.held[1].After, bench.held[1].Err = false, nil
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("5 e")
	s.mustShow("edit 3 off=0x4000 len=4096 flags=- ▏", "this is as it is")
	s.press(typed("data=55"))
	s.mustShow("a READ has no data before the script has answered")
	s.press("ctrl+u " + typed("off=8k len=512 flags=df,"))
	s.mustShow(`✗ column 16: "" is no flag of READ: want fua,df, or - for none`)
	s.press("f tab enter")
	s.press("j e")
	s.mustShow("edit 4 off=0x100000 len=4096")
	s.press("ctrl+u " + typed(`len=8 fill="ab" data@6=FFfe`) + " enter")
	s.press("e ctrl+u " + typed("len=4 data@3=0102"))
	s.mustShow("✗ column 7: 2 bytes at 3: there are 4 in all")
	s.press("esc V")
	want := []string{"edit 3 offset 0x2000, length 512, flags fua,df", "edit 4 8 bytes of data", "edit 4 as the client sent it"}
	if !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}

	// A read is answered with bytes, anything else as if it were done.
	bench.asked = nil
	bench.set(func(*host.Status) { bench.held[0].Request.Length = 4 })
	s.pulse()
	s.press("k =")
	s.mustShow("✓ enter answers the READ with zeroes (4 bytes)")
	s.press(typed("data@2=aabb") + " enter j =")
	s.mustShow("enter answers the WRITE as if it were done")
	s.press("enter")
	if want := []string{`answer 3 "\x00\x00\xaa\xbb"`, `answer 4 ""`}; !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}
}

// TestHeldGuard: a request that ends by itself does not leave the key to the next.
func TestHeldGuard(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("5")
	bench.set(func(*host.Status) { bench.held = bench.held[1:] })
	s.pulse()
	s.press("X a")
	s.mustShow("request 4 has just come here: once more, a lets it go")
	if len(bench.asked) > 0 {
		t.Fatalf("asked for %q", bench.asked)
	}
	s.now += 500 * ms
	s.press("a")
	bench.set(func(*host.Status) { bench.held = bench.held[1:] })
	s.pulse()
	s.press("X a") // the user let the one before go, and may go on so
	if want := []string{"release 4", "release 7"}; !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}
}

// TestHeldAgesAlone: while requests are held, the screen is drawn though nothing happens.
func TestHeldAgesAlone(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	bench.set(func(*host.Status) { bench.hold() })
	s.pulse()
	if err := s.feed.wait(t.Context(), true); err != nil {
		t.Error(err)
	}
}

// TestRuleKeys: rules are changed in their place, moved, brought back, and lead to
// what they did.
func TestRuleKeys(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	ruled(log)
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("6")
	s.mustShow("newest hit", "WRITE 0x100000")
	s.press("e")
	s.mustShow("rule 1 op:write off<1M => fail ENOSPC limit=3▏", "enter changes the rule")
	s.press("backspace 9 enter J j K j D u")
	want := []string{
		"replace 1 op:write off<1M => fail ENOSPC limit=9", "move 1 1", "move 2 -1", "remove 3",
		"add err => hold after", "move 1 -2",
	}
	if !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}
	s.press("k k enter")
	s.mustShow("filter: rule:1 · 1 of 401")
}

// TestInject: a request leads to a rule for such.
func TestInject(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("I")
	s.mustShow("rule op:write off:0x100000..0x101000 => ▏", "▸fail")
	s.press("tab space E I O enter k enter P")
	s.mustShow("hold op:read off:0xe000..0xf000 => hold▏", "✓ enter adds the rule")
	s.press("enter")
	if want := []string{"add op:write off:0x100000..0x101000 => fail EIO", "add op:read off:0xe000..0xf000 => hold"}; !slices.Equal(bench.asked, want) {
		t.Errorf("asked for %q, want %q", bench.asked, want)
	}
	flush := done(plugins.OpFlush, 0, 0)
	if got := likeText(&flush); got != "op:flush" {
		t.Errorf("like a flush is %q", got)
	}
}

// TestSlowRequest: a callback that hangs is said in the header and above the footer.
func TestSlowRequest(t *testing.T) {
	log, bench := fixture()
	bench.status.InFlight = inFlight()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.mustShow("◐ pread runs 3.2s  ", "2 in flight, pread runs 3.2s: READ 0x7000 4 KiB nbd#1")
	bench.set(func(st *host.Status) { st.InFlight = st.InFlight[1:] })
	s.pulse()
	s.mustShow("1 in flight 10ms: FLUSH")
	if strings.Contains(s.text(), "runs") {
		t.Error("a request of 10 ms is called slow")
	}
}

// TestDelayed: what a rule delays is listed, with the time left, and hides no
// callback that hangs.
func TestDelayed(t *testing.T) {
	log, bench := fixture()
	origin := plugins.Origin{Front: plugins.FrontNBD, Conn: 1}
	for n := range 20 {
		bench.status.InFlight = append(bench.status.InFlight, host.InFlight{
			Op: plugins.OpWrite, Offset: uint64(n) << 12, Length: 4096, Origin: origin, Received: fixtureNow - plugins.Stamp(9000-n)*ms,
			Rule: 2, Until: fixtureNow + plugins.Stamp(1500+n)*ms,
		})
	}
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("5 z")
	s.mustShow("◐ rule 2 delays, 1.5s to go", "No request is held", "20 delayed by rules", "WRITE 0x0 4 KiB nbd#1", "and 16 more", "◐ 20 delayed")
	s.press("1")
	s.mustShow("20 in flight, rule 2 delays, 1.5s to go: WRITE 0x0 4 KiB")
	bench.hold()
	bench.set(func(st *host.Status) { st.InFlight = append(st.InFlight, inFlight()[0]) })
	s.pulse()
	s.mustShow("21 in flight, pread runs 3.2s: READ 0x7000")
	s.press("5")
	s.mustShow("‖ 3 held", "20 delayed", "held request 3")
}

// TestShellLines: what does the same in a shell is said where there is something.
func TestShellLines(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	for _, s := range []*screen{newScreen(t, 120, 40, emptyLog(), nil, Options{}), newScreen(t, 120, 40, log, bench, fixtureOptions())} {
		lines := map[string]string{}
		for _, panel := range []string{"8", "6", "4"} {
			s.press(panel)
		}
		for _, c := range s.app.commands {
			if c.shell != nil {
				lines[c.id] = c.shell(s.app)
			}
		}
		if s.bench == nil {
			for id, line := range lines {
				if line != "" {
					t.Errorf("%s: %q without a script", id, line)
				}
			}
			continue
		}
		for id, want := range map[string]string{
			"rule.switch":       "workbench mount examples/disk.lua /mnt/disk size=16M latency=200us --rule 'op:write off<1M => fail ENOSPC limit=3'",
			"connection.filter": "workbench mount examples/disk.lua /mnt/disk size=16M latency=200us --filter 'conn:nbd#1'",
		} {
			if lines[id] != want {
				t.Errorf("%s: %q, want %q", id, lines[id], want)
			}
		}
		if line := lines["map.filter"]; !strings.Contains(line, " --filter 'off:0x0..0x") {
			t.Errorf("map.filter: %q", line)
		}
	}
}

// TestPresetsAreRules: what is offered to begin with can be entered.
func TestPresetsAreRules(t *testing.T) {
	for _, c := range presets() {
		if err := checkRule(c.Text); err != nil {
			t.Errorf("%s: %v", c.Text, err)
		}
	}
	_, offers := completeRule("", 0)
	if len(offers) <= len(presets()) || offers[0] != presets()[0] {
		t.Errorf("offered is %v", offers)
	}
}
