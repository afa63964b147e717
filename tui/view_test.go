package tui

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

func TestGolden(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {160, 50}, {200, 60}} {
		name := fmt.Sprintf("%dx%d", size[0], size[1])
		t.Run(name, func(t *testing.T) {
			log, bench := fixture()
			newScreen(t, size[0], size[1], log, bench, fixtureOptions()).golden(t, name)
		})
	}
	for _, tt := range []struct {
		name, keys string
		w, h       int
		change     func(*fakeBench, *Options)
	}{
		{name: "request", keys: "enter", w: 80, h: 24},
		{name: "request-beside", keys: "k k enter", w: 120, h: 40},
		{name: "commands", keys: "?", w: 80, h: 24},
		{name: "script", keys: "3 z", w: 80, h: 24},
		{name: "connections", keys: "4", w: 80, h: 24},
		{name: "filter-typed", keys: "/ e r r space o p : w", w: 80, h: 24},
		{name: "filter-wrong", keys: "/ o p : w r i t space e r r", w: 120, h: 40},
		{name: "filter-small", keys: "/ o", w: 60, h: 16},
		{name: "filter", keys: "/ o p : w r i t e enter", w: 80, h: 24},
		{name: "filter-wide", keys: "/ o p : w r i t e enter k", w: 120, h: 40},
		{name: "commands-60x16", keys: "?", w: 60, h: 16},
		{name: "commands-120x40", keys: "5 ?", w: 120, h: 40},
		{name: "commands-200x60", keys: "enter ?", w: 200, h: 60},
		{name: "commands-typed", keys: "? " + typed("hold"), w: 80, h: 24},
		{name: "palette-60x16", keys: ":", w: 60, h: 16},
		{name: "palette", keys: ":", w: 80, h: 24},
		{name: "palette-typed", keys: ": " + typed("ru"), w: 120, h: 40},
		{name: "palette-argument", keys: ": " + typed("rule op:write => "), w: 80, h: 24},
		{name: "palette-wrong", keys: ": " + typed("filter op:writ dur>5"), w: 80, h: 24},
		{name: "palette-200x60", keys: ": " + typed("held fail"), w: 200, h: 60},
		{name: "copy-60x16", keys: "y down", w: 60, h: 16},
		{name: "copy", keys: "y s", w: 80, h: 24},
		{name: "copy-120x40", keys: "k y down", w: 120, h: 40},
		{name: "copy-200x60", keys: "4 y", w: 200, h: 60},
		{name: "told", keys: "p", w: 80, h: 24},
		{name: "quit", keys: "ctrl+c", w: 80, h: 24},
		{name: "refused", keys: "3", w: 80, h: 24, change: func(b *fakeBench, _ *Options) { b.refuse() }},
		{name: "in-flight", w: 80, h: 24, change: func(b *fakeBench, _ *Options) { b.status.InFlight = inFlight() }},
		{name: "held", keys: "5", w: 80, h: 24, change: func(b *fakeBench, _ *Options) { b.hold() }},
		{name: "held-open", keys: "5 j enter", w: 80, h: 24, change: func(b *fakeBench, _ *Options) { b.hold() }},
		{name: "held-wide", keys: "5", w: 120, h: 40, change: func(b *fakeBench, _ *Options) { b.hold() }},
		{name: "held-small", keys: "5", w: 60, h: 16, change: func(b *fakeBench, _ *Options) { b.hold() }},
		{name: "held-fail", keys: "5 x E N O", w: 80, h: 24, change: func(b *fakeBench, _ *Options) { b.hold() }},
		{name: "rules", keys: "6", w: 80, h: 24, change: func(b *fakeBench, _ *Options) { b.hold() }},
		{name: "rules-none", keys: "6", w: 80, h: 24},
		{name: "rules-typed", keys: "6 " + typed("iop:write => fail ENO"), w: 60, h: 16, change: func(b *fakeBench, _ *Options) { b.hold() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log, bench := fixture()
			o := fixtureOptions()
			if tt.change != nil {
				tt.change(bench, &o)
			}
			s := newScreen(t, tt.w, tt.h, log, bench, o)
			s.press(tt.keys)
			s.golden(t, tt.name)
		})
	}
	t.Run("empty", func(t *testing.T) {
		_, bench := fixture()
		newScreen(t, 80, 24, emptyLog(), bench, fixtureOptions()).golden(t, "empty")
	})
}

func emptyLog() *recordings.Log { return recordings.NewLog(1 << 16) }

func inFlight() []host.InFlight {
	origin := plugins.Origin{Front: plugins.FrontNBD, Conn: 1, Cookie: 77}
	return []host.InFlight{
		{Op: plugins.OpRead, Offset: 0x7000, Length: 4096, Origin: origin, Received: fixtureNow - 3200*ms},
		{Op: plugins.OpFlush, Origin: origin, Received: fixtureNow - 10*ms},
	}
}

// hold makes the fixture's host one that holds requests by its rules.
func (b *fakeBench) hold() {
	request := func(op plugins.Op, offset uint64, data string) plugins.Request {
		return plugins.Request{
			Op: op, Offset: offset, Length: 4096, Data: []byte(data),
			Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1, Cookie: 78},
		}
	}
	b.held = []host.HeldRequest{
		{Number: 3, Why: "rule 2: => hold", Request: request(plugins.OpRead, 0x4000, ""), Since: fixtureNow - 65_000*ms},
		{
			Number: 4, Why: "rule 3: err => hold after", Request: request(plugins.OpWrite, 0x100000, "Hello, disk! \x1b[31m and more"),
			After: true, Err: plugins.Errorf(syscall.EFBIG, "disk.lua:7: disk full"), Since: fixtureNow - 1200*ms, Edited: true,
		},
		{Number: 7, Why: "rule 2: => hold", Request: plugins.Request{Op: plugins.OpFlush}, Since: fixtureNow - ms},
	}
	b.rules = []host.RuleStatus{
		{Number: 1, Text: "op:write off<1M => fail ENOSPC limit=3", Action: host.Fail, On: true, Matched: 12345, Hits: 3, Limit: 3},
		{Number: 2, Text: "=> hold", Action: host.HoldIt, On: true, Matched: 7, Hits: 7},
		{Number: 3, Text: "err => hold after", Action: host.HoldIt, After: true, On: true, Matched: 1, Hits: 1},
		{Number: 5, Text: "op:read => delay 20ms p=0.1", Action: host.Delay},
	}
	b.status.Held = len(b.held)
}

// hostile is what must not reach the terminal as it is.
const hostile = "\x1b[2J\x1b]0;owned\x07\u009b31m\xff\x00\t\r\n日本\u202e🇩🇪👍🏽e\u0301\ufe0f\x1b[?1049l"

// hostileScreen has hostile text wherever text can come from.
func hostileScreen(t testing.TB, w, h int) *screen {
	log := recordings.NewLog(1 << 20)
	front := func(k recordings.Kind, conn uint32) {
		log.Append(recordings.Event{
			Kind: k, Front: plugins.FrontNBD, Conn: conn, Generation: 1, Callback: plugins.Pread, Cookie: 9,
			Times: plugins.Times{Received: 15 * ms},
		}, hostile+hostile, nil)
	}
	for conn := range uint32(3) {
		for _, k := range []recordings.Kind{
			recordings.Connect, recordings.Negotiate, recordings.Opened, recordings.Reload, recordings.Output, recordings.Debug,
		} {
			front(k, conn)
		}
	}
	front(recordings.Disconnect, 2)
	for i := range 40 {
		e := request(i, 10*ms)
		e.Cookie, e.Errno, e.Front = 9, uint16(syscall.EIO), plugins.FrontNBD
		e.Conn, e.Offset, e.Length = 1, 1<<63-1, 1<<63-1
		e.Replied = 20 * ms
		e.Generation = 1
		log.Append(e, "disk.lua:1: "+hostile, []byte(hostile))
	}
	err := &plugins.Error{File: hostile, Line: 1, Msg: hostile}
	bench := &fakeBench{}
	bench.hold()
	bench.held[0].Why, bench.held[0].Request.Data = hostile, []byte(hostile)
	bench.held[1].Err, bench.rules[1].Text = errors.New(hostile), hostile+"=> hold"
	bench.fails = errors.New(hostile)
	bench.status = host.Status{
		Path: hostile + "/disk.lua", Language: hostile, Params: []plugins.Param{{Key: hostile, Value: hostile}}, Generation: 1,
		Source: hostile + "-- " + hostile, Problem: err, Excerpt: err.Excerpt(hostile), Refused: hostile, Notes: []string{hostile}, InFlight: inFlight(), Refusals: 1, Held: 3,
	}
	bench.past = []recordings.Generation{{Text: "0" + hostile, Files: map[string]string{hostile: hostile, "\x1b]2;lib.lua": hostile}}}
	return newScreen(t, w, h, log, bench, Options{URI: hostile, Mount: hostile, Title: hostile, Checklist: &Checklist{Title: hostile, Intro: hostile, Steps: []Step{{Text: hostile, Hint: hostile, Done: mustFilter("held")}}}})
}

// TestHostileReload: what a script that was loaded again says of itself does not
// disturb the screen, nor does what it replaced.
func TestHostileReload(t *testing.T) {
	s := hostileScreen(t, 80, 24)
	s.app.trouble = hostile
	s.reload("function pread() "+hostile+"\x1b[31m", hostile, hostile, hostile)
	for _, keys := range []string{"", "3", "z", "u", "{", ".", "right", "t", "esc 2 u", "7 z", "left ctrl+f o w n e d enter"} {
		s.press(keys)
		for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {203, 60}} {
			s.resize(size[0], size[1])
			view := s.app.View()
			checkSize(t, fmt.Sprintf("%q at %v", keys, size), view, size[0], size[1])
		}
	}
}

var everyView = []string{
	"F enter", "F backspace backspace e x p o r t enter z", "", "2", "3", "4", "z", "3 z", "4 z", "enter", "z enter", "?", "ctrl+c", "space", "3 k", "k", "g", "enter ctrl+d",
	"5", "5 j z", "5 x E I O enter", "6 i x", "6 D", "8 z t + +", "4 l j", "6 e", "5 j =", "/ o", "/ r e a d enter", "/ f l u s h enter space /",
	": f", ": r u l e space o p", ": x x x", "? h e l d", "y", "y y", "U", "i " + typed("err => hold after") + " enter",
	"5 j enter tab l", "enter tab j l", "m k k m d j", "o l e n enter v", "ctrl+f e r r enter n", "t t k m",
	panelKey(ladderPanel) + " z t k k", "7 z", "3 z t G right", "2 u"}

// exactSizes are sizes on both sides of those at which the layout changes.
var exactSizes = [][2]int{
	{1, 1}, {20, 40}, {59, 24}, {60, 15}, {60, 16}, {60, 40}, {79, 20}, {80, 16}, {80, 24}, {119, 40}, {120, 20}, {120, 40}, {203, 16}, {203, 60},
}

// TestExactSize: each view has exactly the rows and cells of the terminal, and
// no control character, whatever scripts and clients wrote.
func TestExactSize(t *testing.T) {
	for _, keys := range everyView {
		s := hostileScreen(t, 80, 24)
		s.press(keys)
		for _, size := range exactSizes {
			s.resize(size[0], size[1])
			checkSize(t, fmt.Sprintf("%q at %v", keys, size), s.app.View(), size[0], size[1])
		}
	}
}

func checkSize(t *testing.T, what, view string, w, h int) {
	t.Helper()
	rows := strings.Split(view, "\n")
	if len(rows) != h {
		t.Errorf("%s: %d rows, want %d", what, len(rows), h)
	}
	for i, row := range rows {
		if got := ansi.StringWidth(row); got != w {
			t.Errorf("%s: row %d has %d cells, want %d: %q", what, i, got, w, row)
		}
		for _, r := range row {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Errorf("%s: row %d has the control character %U: %q", what, i, r, row)
				break
			}
		}
	}
}

// TestNoEscapes: the view of a screen without colours has no escape sequence at
// all, though the script prints some; they are shown as what they are.
func TestNoEscapes(t *testing.T) {
	for _, keys := range everyView {
		s := hostileScreen(t, 160, 50)
		s.press(keys)
		if view := s.app.View(); strings.ContainsAny(view, "\x1b\x07\x00\r\u009b") {
			t.Errorf("%q: the view has escape sequences", keys)
		}
	}
	s := hostileScreen(t, 160, 50)
	s.press("3 z")
	s.mustShow("␛[2J␛]0;owned␇")
}

// TestColoursOnlyAdd: with colours the same text is shown, in the same places,
// and all escape sequences are colours.
func TestColoursOnlyAdd(t *testing.T) {
	for _, keys := range everyView {
		log, bench := fixture()
		bench.refuse()
		for _, w := range []int{60, 120} {
			plain := newScreen(t, w, 30, log, bench, fixtureOptions())
			colour := newColouredScreen(t, w, 30, log, bench, fixtureOptions(), termenv.TrueColor)
			plain.press(keys)
			colour.press(keys)
			view := colour.app.View()
			if ansi.Strip(view) != plain.app.View() {
				t.Errorf("%q at %d: colours change the text", keys, w)
			}
			for i := 0; i < len(view); i++ {
				if view[i] == '\x1b' && !isColour(view[i:]) {
					t.Fatalf("%q: an escape sequence that is no colour: %q", keys, view[i:i+8])
				}
			}
			if !strings.Contains(view, "\x1b[") {
				t.Errorf("%q: no colour at all", keys)
			}
		}
	}
}

func isColour(s string) bool {
	end := strings.IndexFunc(s[2:], func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
	return s[1] == '[' && end >= 0 && s[2+end] == 'm'
}

// TestNoRoomBeforeSize: nothing is drawn until the terminal's size is known.
func TestNoRoomBeforeSize(t *testing.T) {
	s := newScreen(t, 0, 0, emptyLog(), nil, Options{})
	if v := s.app.View(); v != "" {
		t.Errorf("%q", v)
	}
}

// BenchmarkFrame folds 5,000 requests and draws the screen, as one pulse does.
func BenchmarkFrame(b *testing.B) {
	for _, size := range [][2]int{{80, 24}, {160, 50}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			_, bench := fixture()
			s := newColouredScreen(b, size[0], size[1], recordings.NewLog(8<<20), bench, fixtureOptions(), termenv.TrueColor)
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				for i := range 5000 {
					s.log.Append(request(i, fixtureNow+plugins.Stamp(n*5000+i)*1000), "", nil)
				}
				s.now += 50 * ms
				b.StartTimer()
				s.pulse()
				if s.app.View() == "" {
					b.Fatal("nothing was drawn")
				}
			}
		})
	}
}

// BenchmarkView draws only.
func BenchmarkView(b *testing.B) {
	log, bench := fixture()
	s := newColouredScreen(b, 160, 50, log, bench, fixtureOptions(), termenv.TrueColor)
	for b.Loop() {
		s.app.View()
	}
}
