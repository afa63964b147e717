package tui

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// What a terminal is told when the screen begins, and when it ends. A row that a
// terminal takes for longer than it is must not run on into the next one.
const (
	enterModes = ansi.SetModeAltScreenSaveCursor + ansi.HideCursor + ansi.ResetModeAutoWrap + ansi.SetModeBracketedPaste
	leaveModes = mouseOff + ansi.ResetModeBracketedPaste + ansi.SetModeAutoWrap + ansi.ResetStyle +
		ansi.EraseEntireScreen + ansi.CursorHomePosition + ansi.ShowCursor + ansi.ResetModeAltScreenSaveCursor

	mouseOn  = ansi.SetModeMouseButtonEvent + ansi.SetModeMouseExtSgr
	mouseOff = ansi.ResetModeMouseButtonEvent + ansi.ResetModeMouseExtSgr
)

// A painter draws frames on a terminal. It knows what stands there, and writes of
// each frame the rows that differ, at once: terminals that know mode 2026 never
// show half a frame.
type painter struct {
	out           io.Writer
	width, height int

	entered bool     // the terminal is taken
	known   bool     // what follows is all that there is to it
	shown   []string // the rows of the last frame
	mouse   bool     // it sends the mouse
	buf     bytes.Buffer
}

// enter takes the terminal for frames, also when something else had it without asking.
func (p *painter) enter() error {
	p.entered = true
	p.forget()
	return p.write(enterModes)
}

// leave gives it back, if it was taken.
func (p *painter) leave() error {
	if !p.entered {
		return nil
	}
	p.entered = false
	return p.write(leaveModes)
}

// resize says how large the terminal is now. What becomes of the frame on it is
// the terminal's affair, so that the next one is drawn whole.
func (p *painter) resize(width, height int) {
	p.width, p.height = width, height
	p.forget()
}

// forget has the next frame drawn whole.
func (p *painter) forget() { p.shown, p.known = nil, false }

// paint draws a frame, the rows of which end in newlines. What the terminal has no
// room for is cut off. If it fails, the next frame is drawn whole.
func (p *painter) paint(frame string, mouse bool) error {
	rows := strings.Split(frame, "\n")
	rows = rows[:min(len(rows), p.height)]
	p.buf.Reset()
	if !p.known || mouse != p.mouse {
		p.buf.WriteString(mouseModes(mouse))
	}
	if !p.known {
		p.buf.WriteString(ansi.ResetStyle + ansi.EraseEntireScreen)
	}
	for i, row := range rows {
		if i >= len(p.shown) || row != p.shown[i] {
			p.row(i, row)
		}
	}
	if len(rows) < len(p.shown) {
		p.buf.WriteString(ansi.CursorPosition(1, len(rows)+1) + ansi.EraseScreenBelow)
	}
	if p.buf.Len() == 0 {
		return nil
	}
	if err := p.write(ansi.SetModeSynchronizedOutput + p.buf.String() + ansi.ResetModeSynchronizedOutput); err != nil {
		p.forget()
		return err
	}
	p.shown, p.known, p.mouse = rows, true, mouse
	return nil
}

// row draws a row and erases what stands behind it. Behind the last cell nothing
// may be erased: the cursor still stands on it.
func (p *painter) row(y int, row string) {
	row = ansi.Truncate(row, p.width, "")
	p.buf.WriteString(ansi.CursorPosition(1, y+1) + row)
	if strings.Contains(row, "\x1b") { // what it leaves on must not colour what is erased
		p.buf.WriteString(ansi.ResetStyle)
	}
	if ansi.StringWidth(row) < p.width {
		p.buf.WriteString(ansi.EraseLineRight)
	}
}

func mouseModes(on bool) string {
	if on {
		return mouseOn
	}
	return mouseOff
}

func (p *painter) write(text string) error {
	if _, err := io.WriteString(p.out, text); err != nil {
		return fmt.Errorf("writing to the terminal: %w", err)
	}
	return nil
}
