package tui

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"
)

// A sheet is as much of a terminal as a painter needs. Each cell has what set its
// style before its text; the right half of a wide character has nothing.
type sheet struct {
	w, h, x, y int
	cells      [][]string
	pen        string
	modes      map[string]bool
	writes     []string
	fails      bool // the next write, in its midst
}

func newSheet(w, h int) *sheet {
	s := &sheet{modes: map[string]bool{"?25": true, "?7": true}}
	s.resize(w, h)
	return s
}

// resize leaves something on the sheet that nobody drew.
func (s *sheet) resize(w, h int) {
	s.w, s.h, s.x, s.y = w, h, 0, 0
	s.cells = make([][]string, h)
	for y := range s.cells {
		s.cells[y] = slices.Repeat([]string{"#"}, w)
	}
}

func (s *sheet) Write(p []byte) (int, error) {
	s.writes = append(s.writes, string(p))
	var err error
	if s.fails {
		s.fails, p, err = false, p[:len(p)/2], syscall.EAGAIN
	}
	n, state, parser := len(p), byte(0), ansi.NewParser()
	for len(p) > 0 {
		seq, width, read, next := ansi.DecodeSequence(p, state, parser)
		p, state = p[read:], next
		if width > 0 {
			s.print(string(seq), width)
		} else if parser.Command() != 0 && len(seq) > 2 && seq[1] == '[' && next == ansi.NormalState {
			s.control(ansi.Cmd(parser.Command()), string(seq), parser)
		}
	}
	return n, err
}

func (s *sheet) print(text string, width int) {
	if width > s.w {
		return
	}
	s.x = min(s.x, s.w-width) // without automatic wrapping
	for x := s.x; x < s.x+width; x++ {
		s.blank(x)
	}
	s.cells[s.y][s.x] = s.pen + text
	for x := s.x + 1; x < s.x+width; x++ {
		s.cells[s.y][x] = ""
	}
	s.x += width
}

// blank takes a cell away, and the other half of a wide character with it.
func (s *sheet) blank(x int) {
	row := s.cells[s.y]
	if row[x] == "" && x > 0 {
		row[x-1] = " "
	}
	if x+1 < s.w && row[x+1] == "" {
		row[x+1] = " "
	}
	row[x] = s.pen + " "
}

func (s *sheet) control(c ansi.Cmd, seq string, p *ansi.Parser) {
	param := func(i, otherwise int) int { v, _ := p.Param(i, otherwise); return v }
	switch c.Final() {
	case 'H':
		s.y, s.x = min(max(param(0, 1), 1), s.h)-1, min(max(param(1, 1), 1), s.w)-1
	case 'K':
		for x := s.x; x < s.w; x++ {
			s.blank(x)
		}
	case 'J':
		from := s.y
		if param(0, 0) == 2 {
			from = 0
		}
		for y := from; y < s.h; y++ {
			s.cells[y] = slices.Repeat([]string{s.pen + " "}, s.w)
		}
	case 'm':
		if s.pen += seq; param(0, 0) == 0 {
			s.pen = ""
		}
	case 'h', 'l':
		s.modes[seq[2:len(seq)-1]] = c.Final() == 'h'
	}
}

// String returns the sheet with its styles, rows under each other.
func (s *sheet) String() string {
	rows := make([]string, s.h)
	for y, row := range s.cells {
		rows[y] = strings.Join(row, "\x00")
	}
	return strings.Join(rows, "\n")
}

// plain returns what a frame looks like that is written on a blank sheet.
func plain(w, h int, frame string) string {
	s := newSheet(w, h)
	fmt.Fprint(s, ansi.EraseEntireScreen)
	for y, row := range strings.Split(frame, "\n") {
		if y < h {
			fmt.Fprint(s, ansi.CursorPosition(1, y+1)+ansi.Truncate(row, w, "")+ansi.ResetStyle)
		}
	}
	return s.String()
}

// frameOf draws some rows, most of which are as before.
func frameOf(t *rapid.T, before []string) []string {
	pieces := []string{"a", "word ", "日本", "é", "e\u0301", "│", "👍", "  ", "\x1b[31m", "\x1b[44;1m", "\x1b[0m", "\x1b[7m"}
	rows := make([]string, rapid.IntRange(0, 8).Draw(t, "rows"))
	for i := range rows {
		if i < len(before) && rapid.IntRange(0, 3).Draw(t, "same") > 0 {
			rows[i] = before[i]
			continue
		}
		rows[i] = strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 9).Draw(t, "row"), "")
	}
	return rows
}

// TestPainterRandom: whatever happened before, on the terminal is the last frame.
func TestPainterRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 20).Draw(t, "w"), rapid.IntRange(1, 7).Draw(t, "h")
		s := newSheet(w, h)
		p := &painter{out: s}
		if err := p.enter(); err != nil {
			t.Fatal(err)
		}
		p.resize(w, h)
		var rows []string
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				w, h = rapid.IntRange(1, 20).Draw(t, "w"), rapid.IntRange(1, 7).Draw(t, "h")
				s.resize(w, h)
				p.resize(w, h)
			case 1: // something else had the terminal
				if err := p.leave(); err != nil {
					t.Fatal(err)
				}
				s.resize(w, h)
				if err := p.enter(); err != nil {
					t.Fatal(err)
				}
			case 2:
				s.fails = true
			}
			rows = frameOf(t, rows)
			frame, mouse := strings.Join(rows, "\n"), rapid.Bool().Draw(t, "mouse")
			failing, before := s.fails, len(s.writes)
			if err := p.paint(frame, mouse); s.fails { // nothing was written
				s.fails = false
			} else if failing {
				if !errors.Is(err, syscall.EAGAIN) {
					t.Fatalf("%v, want %v", err, syscall.EAGAIN)
				}
				err = p.paint(frame, mouse)
				before++
				if err != nil {
					t.Fatal(err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if got, want := s.String(), plain(w, h, frame); got != want {
				t.Fatalf("on the terminal is\n%q\nwant\n%q\nwritten: %q", got, want, s.writes[before:])
			}
			if s.modes["?1002"] != mouse || s.modes["?1006"] != mouse || s.modes["?2026"] || s.modes["?7"] {
				t.Fatalf("modes %v, with mouse %t", s.modes, mouse)
			}
			if n := len(s.writes) - before; n > 1 {
				t.Fatalf("a frame took %d writes", n)
			}
			written := len(s.writes)
			if err := p.paint(frame, mouse); err != nil || len(s.writes) != written {
				t.Fatalf("the same frame again: %v, %q", err, s.writes[written:])
			}
		}
		if err := p.leave(); err != nil {
			t.Fatal(err)
		}
		for mode, on := range s.modes {
			if want := mode == "?25" || mode == "?7"; on != want {
				t.Errorf("after all mode %s is %t", mode, on)
			}
		}
		written := len(s.writes)
		if err := p.leave(); err != nil || len(s.writes) != written {
			t.Errorf("to leave twice: %v, %q", err, s.writes[written:])
		}
	})
}

// TestPainterWritesLittle: of a frame only what is new is written, at once.
func TestPainterWritesLittle(t *testing.T) {
	s := newSheet(10, 4)
	p := &painter{out: s}
	p.resize(10, 4)
	for _, step := range []struct{ frame, want string }{
		{"one\n0123456789ab", "\x1b[?2026h\x1b[?1002l\x1b[?1006l\x1b[m\x1b[2J\x1b[Hone\x1b[K\x1b[2;1H0123456789\x1b[?2026l"},
		{"one\ntwo\nthree", "\x1b[?2026h\x1b[2;1Htwo\x1b[K\x1b[3;1Hthree\x1b[K\x1b[?2026l"},
		{"one\n\x1b[1mtwo\nthree", "\x1b[?2026h\x1b[2;1H\x1b[1mtwo\x1b[m\x1b[K\x1b[?2026l"},
		{"one", "\x1b[?2026h\x1b[2;1H\x1b[J\x1b[?2026l"},
		{"one", ""},
	} {
		s.writes = nil
		if err := p.paint(step.frame, false); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.writes, "|"); got != step.want {
			t.Errorf("%q: wrote %q, want %q", step.frame, got, step.want)
		}
	}
}

// TestFramesAreBounded: a stream of changes is drawn as often as frameRate says,
// the first of them and the last at once, or nearly, and then nothing runs.
func TestFramesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, bench := fixture()
		a := newScreen(t, 80, 24, log, bench, fixtureOptions()).app
		var out bytes.Buffer
		s := newStage(a, nil, nil)
		s.painter.out = &out
		frames := 0
		update := func(msg tea.Msg) {
			t.Helper()
			out.Reset()
			if s.Update(msg); a.err != nil {
				t.Fatal(a.err)
			}
			if out.Len() > 0 {
				frames++
			}
		}
		update(tea.WindowSizeMsg{Width: 80, Height: 24})
		if frames != 1 {
			t.Fatalf("the first frame: %d", frames)
		}
		const seconds = 2
		for i := range seconds * 1000 {
			update(keyMsg(fmt.Sprint(i%7 + 1)))
			time.Sleep(time.Millisecond)
			select {
			case <-s.timer.C:
				update(frameDue{})
			default:
			}
		}
		if want := seconds*frameRate + spareFrames + 1; frames > want || frames < want*9/10 {
			t.Errorf("%d frames, want about %d and no more", frames, want)
		}
		time.Sleep(time.Second)
		select {
		case <-s.timer.C:
			update(frameDue{})
		default:
		}
		if strings.Join(s.painter.shown, "\n") != a.View() {
			t.Error("the last change was not drawn")
		}
		frames = 0
		time.Sleep(time.Minute)
		if len(s.timer.C) > 0 || s.waiting {
			t.Error("a timer runs while nothing changes")
		}
		for i := range spareFrames + 1 {
			update(keyMsg(fmt.Sprint(i + 1)))
		}
		if frames != spareFrames+1 {
			t.Errorf("%d changes of %d were drawn at once", frames, spareFrames+1)
		}
	})
}

// TestStageEndsWithItsTerminal: what cannot be drawn ends the screen.
func TestStageEndsWithItsTerminal(t *testing.T) {
	log, bench := fixture()
	s := newStage(newScreen(t, 80, 24, log, bench, fixtureOptions()).app, nil, nil)
	out := newSheet(80, 24)
	s.painter.out, out.fails = out, true
	_, cmd := s.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	if s.app.err == nil || cmd == nil {
		t.Fatalf("%v, %v", s.app.err, cmd)
	}
	if _, quits := cmd().(tea.QuitMsg); !quits {
		t.Error("the program goes on")
	}
}
