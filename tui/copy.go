package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"workbench/recordings"
)

// subject returns the selected request, or why there is none.
func (a *app) subject() (s subject, why string) {
	sc := &a.scene
	switch {
	case a.focus != requestsPanel && a.detail == nil:
		return s, "no request is selected: {panel.requests} goes to the requests"
	case a.requests.list.empty():
		return s, "there is no request"
	}
	if a.detail != nil {
		return a.detail.subject, ""
	}
	seq, _ := a.requests.selectedSeq(sc)
	s, ok := readSubject(sc, seq)
	if !ok {
		return s, "this request is gone: the log keeps the newest events only"
	}
	return s, ""
}

// copyWidth is how wide a row is drawn that is copied, if it is not wider on the screen.
const copyWidth = 160

// selectedRow returns the selected row: a request as a headless line, another as
// its panel draws it where there is room.
func (a *app) selectedRow() (row, why string) {
	if a.focus == requestsPanel {
		s, why := a.subject()
		if why != "" {
			return "", why
		}
		return string(recordings.AppendLine(nil, &s.event, s.text)), ""
	}
	p := a.panels[a.focus]
	for _, r := range a.areas() {
		if r.detail || r.shown != a.focus {
			continue
		}
		for y, row := range p.draw(&a.scene, max(r.w-2, copyWidth), r.h-2) {
			if l := p.rows(); p.rowAt(y) == l.selected && !l.empty() {
				return trimRow(row), ""
			}
		}
	}
	return "", "no row is selected"
}

// trimRow returns the text of a row without colours, the mark and blanks at its ends.
func trimRow(row string) string {
	text := []rune(ansi.Strip(row))
	for len(text) > 0 && (text[0] == '▸' || text[0] == ' ') {
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return string(text)
}

// copyCommands returns the part of the table that puts something on the clipboard.
func copyCommands() []command {
	table := []command{
		{
			id: "copy", keys: []string{"y"}, where: inLists, title: "copy",
			help: "copy the row, bytes, a shell line or a test",
			run:  do(func(a *app) { a.menu = newMenu(a, inCopy) }),
		},
	}
	for _, one := range []struct {
		name, key, help, what string
		text                  func(*app) (text, why string)
	}{
		{"row", "y", "the selected row as text", "row", (*app).selectedRow},
		{"shell", "s", "the shell line that does the same again", "shell line", (*app).shellLine},
		{"test", "t", "a shell script that tests for this answer", "test", (*app).requestTest},
		{"hex", "x", "the first bytes that were moved, in hex", "bytes in hex", (*app).requestHex},
		{"json", "j", "the event as a line of JSON", "JSON line", (*app).requestJSON},
		{"told", "l", "the shell line that was shown last", "shell line", (*app).lastTold},
	} {
		table = append(table, command{
			id: "copy." + one.name, keys: []string{one.key}, where: inCopy,
			help: "copy " + one.help,
			enabled: func(a *app) (bool, string) {
				_, why := one.text(a)
				return why == "", why
			},
			preview: func(a *app) string {
				text, _ := one.text(a)
				return text
			},
			run: func(a *app) tea.Cmd {
				text, _ := one.text(a)
				a.menu = nil
				return a.copy(one.what, text)
			},
		})
	}
	return table
}

// requestHex returns what is known of the data of the selected request.
func (a *app) requestHex() (text, why string) {
	s, why := a.subject()
	if why == "" && len(s.data) == 0 {
		why = "the request moved no bytes, or they were not kept"
	}
	return fmt.Sprintf("%x", s.data), why
}

// requestJSON returns the event of the selected request.
func (a *app) requestJSON() (text, why string) {
	s, why := a.subject()
	if why != "" {
		return "", why
	}
	line, err := recordings.AppendJSON(nil, &s.event, s.text)
	if err != nil {
		return "", err.Error()
	}
	return string(line), ""
}

// lastTold returns the shell line that was shown last.
func (a *app) lastTold() (text, why string) {
	if len(a.told) == 0 {
		return "", "no shell line was shown yet"
	}
	return a.told[len(a.told)-1], ""
}

// copied is what became of a copy.
type copied struct {
	what  string
	bytes int
	err   error
}

// copy puts text on the clipboard, beside the model.
func (a *app) copy(what, text string) tea.Cmd {
	clip := a.clip
	return func() tea.Msg { return copied{what, len(text), clip(text)} }
}

// noteCopied says what was copied.
func (a *app) noteCopied(msg copied) {
	if msg.err != nil {
		a.trouble = fmt.Sprintf("copying the %s: %v", msg.what, msg.err)
		return
	}
	a.said = cell{a.scene.good, fmt.Sprintf("✓ copied %s: %s", amount(msg.bytes, "byte"), msg.what)}
}
