package tui

import (
	"fmt"
	"path/filepath"
	"reflect"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
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
	case tea.KeyMsg, tea.MouseMsg, edited, resumed: // what had the terminal meanwhile is no letter
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
		a.over, a.past, a.noMouse = nil, over.past, over.noMouse
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
	o.Events, o.Workbench, o.URI, o.Mount, o.Checklist, o.Filter = m.file, nil, "", "", nil, ""
	o.Title = RecordingTitle(m.path, m.file.Header())
	_, last := m.file.Times()
	o.Now = func() plugins.Stamp { return last }
	over := newApp(o, a.scene.theme)
	over.width, over.height, over.noMouse = a.width, a.height, a.noMouse
	over.parent, over.target = a, m.at
	over.clip, over.edit, over.lend, over.beside, over.past, over.commands = a.clip, a.edit, a.lend, a.beside, a.past, a.commands
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

// closed is a recording that was closed.
type closed struct{ err error }

// canGoBack reports whether there is something that esc goes back from.
func (a *app) canGoBack() (bool, string) {
	h := a.requests.hunt
	some := a.task != nil || a.library.shown(a) || a.calls.shown(a) || h != nil && h.by != 0 || a.travel != nil || a.zoomed || a.parent != nil
	return some, "there is nothing to go back from"
}

// back stops what is under way, or leaves what was entered last.
func (a *app) back() {
	h := a.requests.hunt
	switch {
	case a.task != nil:
		a.task.stop()
	case a.library.shown(a):
		a.library.report = nil
	case a.calls.shown(a):
		a.calls.groups = nil
	case h != nil && h.by != 0:
		h.by = 0
	case a.travel != nil:
		a.goHome()
	case a.zoomed:
		a.zoomed = false
	default:
		a.left = true
	}
}

// leave asks whether to quit, or goes back to what a recording was opened from.
func (a *app) leave() {
	if a.parent == nil {
		a.asking = true
		return
	}
	a.left = true
}

// root returns the app below all others, which the program shows.
func (a *app) root() *app {
	for a.parent != nil {
		a = a.parent
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
	if !a.requests.index(&a.scene).has(seq) {
		a.requests.pick(&a.scene, "", nil)
	}
	a.focusOn(requestsPanel)
	a.arrange()
	a.requests.goTo(&a.scene, seq)
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
