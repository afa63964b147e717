package tui

import (
	"fmt"
	"path/filepath"
	"reflect"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// A recording that is opened on the screen has an app of its own, over the one
// that it was opened from. That one goes on folding, and is there again when the
// upper one is left: neither knows what the other shows. Keys and the mouse go to
// the upper one; the messages that its commands bring back come as letters.

// A letter is a message to an app that stands over another.
type letter struct {
	to  *app
	msg tea.Msg
}

// forwards gives msg to the app over a, if it is for that, and reports whether
// it was.
func (a *app) forwards(msg tea.Msg) (tea.Cmd, bool) {
	switch m := msg.(type) {
	case letter:
		if m.to != a.over {
			return discard(m.msg), true // it was left meanwhile
		}
		return a.lift(m.msg), true
	case tea.KeyMsg, tea.MouseMsg:
		if a.over != nil {
			return a.lift(msg), true
		}
	}
	return nil, false
}

// discard closes what came with a message that nobody wants any more.
func discard(msg tea.Msg) tea.Cmd {
	if m, ok := msg.(fileOpened); ok && m.file != nil {
		return func() tea.Msg { return closed{m.file.Close()} }
	}
	return nil
}

// lift has the app over a take msg. If it wants to be left, it is.
func (a *app) lift(msg tea.Msg) tea.Cmd {
	over := a.over
	_, cmd := over.Update(msg)
	cmd = over.address(cmd)
	if over.left {
		a.over = nil
		cmd = tea.Batch(cmd, over.close)
	}
	a.arrange()
	return cmd
}

// address has what cmd brings come to a as a letter, unless it is for the program.
func (a *app) address(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		msg := cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = a.address(batch[i])
			}
			return batch
		}
		if _, failed := msg.(crash); failed || msg == nil || isTeas(msg) {
			return msg
		}
		return letter{a, msg}
	}
}

// isTeas reports whether msg is one of Bubble Tea's own, which has names for only
// some of them.
func isTeas(msg tea.Msg) bool {
	return reflect.TypeOf(msg).PkgPath() == reflect.TypeFor[tea.QuitMsg]().PkgPath()
}

// fileOpened is a recording that was opened, to be shown at an event if at is one.
type fileOpened struct {
	file *recordings.File
	path string
	at   int64 // -1 = at its end
	err  error
}

// openFile opens a recording, beside the model.
func openFile(path string, at int64) tea.Cmd {
	return func() tea.Msg {
		f, err := recordings.OpenFile(path)
		return fileOpened{f, path, at, err}
	}
}

// showFile shows a recording that was opened over what a shows.
func (a *app) showFile(m fileOpened) tea.Cmd {
	switch {
	case m.err != nil:
		a.trouble = m.err.Error()
		return nil
	case a.over != nil: // a second one, by keys typed fast
		return discard(m)
	}
	o := a.options
	o.Events, o.Workbench, o.URI, o.Mount, o.Checklist = m.file, nil, "", "", nil
	o.Title = RecordingTitle(m.path, m.file.Header())
	_, last := m.file.Times()
	o.Now = func() plugins.Stamp { return last }
	over := newApp(o, a.scene.theme)
	over.width, over.height, over.noMouse = a.width, a.height, a.noMouse
	over.under, over.target = a, m.at
	over.work, over.tap = a.work, a.tap
	listen, shut := a.tap(m.file, o.Now)
	over.listen = listen
	over.close = func() tea.Msg {
		if t := over.task; t != nil {
			t.stop()
			<-t.over
		}
		shut()
		return closed{m.file.Close()}
	}
	a.over = over
	over.arrange()
	return over.address(over.Init())
}

// RecordingTitle says what a recording at path is of: "run.wbrec: disk.lua, 2026-03-14 12:00".
func RecordingTitle(path string, h recordings.Header) string {
	return fmt.Sprintf("%s: %s, %s", filepath.Base(path), filepath.Base(h.Script), h.Created.Local().Format("2006-01-02 15:04"))
}

// recorded returns what a host would say of the script of a recording.
func recorded(h recordings.Header) host.Status {
	s := host.Status{Path: h.Script, Language: h.Language, Params: h.Params}
	if n := len(h.Generations); n > 0 {
		s.Generation, s.Source = h.Generations[n-1].Number, h.Generations[n-1].Text
	}
	return s
}

// closed is a recording that was closed.
type closed struct{ err error }

// canGoBack reports whether there is something that esc goes back to.
func (a *app) canGoBack() (bool, string) {
	if a.task != nil || a.library.shown(a) || a.zoomed || a.under != nil {
		return true, ""
	}
	return false, "there is nothing to go back to"
}

// back stops what is under way, or leaves what was entered last.
func (a *app) back() {
	switch {
	case a.task != nil:
		a.task.stop()
	case a.library.shown(a):
		a.library.report = nil
	case a.zoomed:
		a.zoomed = false
	default:
		a.left = true
	}
}

// quit ends the program, or goes back to what a recording was opened from.
func (a *app) quit() tea.Cmd {
	if a.under == nil {
		return tea.Quit
	}
	a.left = true
	return nil
}

// root returns the app below all others, which the program shows.
func (a *app) root() *app {
	for a.under != nil {
		a = a.under
	}
	return a
}

// find shows the event that the recording was opened for, as soon as it is there.
func (a *app) find() tea.Cmd {
	if a.target < 0 || uint64(a.target) >= a.scene.next {
		return nil
	}
	at := uint64(a.target)
	a.target = -1
	a.goTo(at)
	return a.runID("request.open")
}

// goTo selects the request with a number, or the last before it. A filter that
// hides it is taken away.
func (a *app) goTo(seq uint64) {
	shown := a.requests.index(&a.scene)
	if first, next := shown.bounds(); first == next || shown.seq(shown.place(seq)) != seq {
		a.requests.pick(&a.scene, "", nil)
		shown = &a.scene.requests
	}
	a.focusOn(requestsPanel)
	a.arrange()
	l := &a.requests.list
	l.pause()
	l.move(shown.place(seq) - l.selected)
}

// runID runs the command with an id, if it can be run now.
func (a *app) runID(id string) tea.Cmd {
	for i := range a.commands {
		if a.commands[i].id == id {
			return a.run(&a.commands[i])
		}
	}
	return nil
}
