package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
	"workbench/recordings/replay"
)

// Events are the facts that the screen shows. Wait returns when there is an
// event with the number from, or with an error when ctx ends.
// A [recordings.Log] is one.
type Events interface {
	recordings.Source
	Wait(ctx context.Context, from uint64) error
}

var _ Events = (*recordings.Log)(nil)

// Options say what the screen shows, and where. Events is needed, the rest may be zero.
type Options struct {
	Events    Events
	Workbench host.Control // nil: nothing is live, as with a recording

	Title  string // in the upper left corner; "" = the name of the script
	URI    string // what clients connect to
	Mount  string // the file that the disk is mounted as
	Filter string // that picks the requests at first; it must be a right one

	Checklist *Checklist // what to try; nil = nothing

	Folders []string // where recordings are looked for
	Record  Recorder // nil: nothing can be recorded
	Replay  Replayer // nil: nothing can be replayed

	Keys    string // the file with keys of the user's own; "" = none
	History string // the file that keeps what is typed between runs; "" = none
	NoMouse bool   // begin with the mouse left to the terminal
	ASCII   bool   // draw signs and frames in ASCII

	Input  *os.File // the terminal; nil = standard input
	Output *os.File // the same; nil = standard output

	Now  func() plugins.Stamp          // nil = plugins.Now
	Wall func(plugins.Stamp) time.Time // the time of day of a stamp; nil = its own
}

// A Recorder records what happens while the disk is served. Start and Stop may
// wait; Status does not.
type Recorder interface {
	// Start records into a new file at path, "" = one with a name of its own.
	Start(path string, keep recordings.Policy) error

	// Stop ends the recording, and returns what is in the file.
	Stop() (recordings.RecorderStatus, error)

	// Status returns how the recording goes; without one it has no Path.
	Status() recordings.RecorderStatus
}

// A Replayer does the requests of a recording again, as o says.
type Replayer func(ctx context.Context, rec recordings.Recording, o ReplayOptions) (*replay.Report, error)

// ReplayOptions say what requests are sent to, and which. Progress is told how
// far it is.
type ReplayOptions struct {
	Live     bool    // to the disk that clients use; else to a fresh start of the script that serves
	Writes   bool    // also those that change the disk that clients use, or files
	Reads    bool    // none that write
	Speed    float64 // how many times as fast as recorded; 0 = as fast as it goes
	Progress func(done, total uint64)
}

// ErrNoTerminal is returned by [Run] if it was not given a terminal,
// ErrTerminalGone if the terminal was closed.
var (
	ErrNoTerminal   = errors.New("the screen needs a terminal")
	ErrTerminalGone = errors.New("the terminal was closed")
)

// Run shows the screen until the user quits or ctx ends, and returns nil then.
// It leaves the terminal as it found it, even if the screen itself fails, which
// is an error. Signals are left to the caller, except that of the terminal's
// size, and those that suspend the program when the user asks for that.
func Run(ctx context.Context, o Options) (err error) {
	if o.Input == nil {
		o.Input = os.Stdin
	}
	if o.Output == nil {
		o.Output = os.Stdout
	}
	if !term.IsTerminal(o.Input.Fd()) || !term.IsTerminal(o.Output.Fd()) {
		return ErrNoTerminal
	}
	if _, err := recordings.ParseFilter(o.Filter); err != nil {
		return fmt.Errorf("the filter of the screen: %w", err)
	}
	if o.Now == nil {
		o.Now = plugins.Now
	}
	if o.Wall == nil {
		o.Wall = plugins.Stamp.Time
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := newApp(o, newTheme(renderer(o.Output)))
	f := &feed{events: o.Events, bench: o.Workbench, recorder: o.Record, now: o.Now, nudged: make(chan struct{}, 1)}
	lane := make(chan struct{}, 1) // has an item while a command uses f
	a.nudge = f.nudge
	a.listen = func(idle bool) tea.Cmd { return f.listen(ctx, lane, idle) }
	var c crew
	a.work, a.tap = c.worker(ctx), c.tap(ctx)
	a.clip = func(text string) error {
		// One write, as a frame is, so that neither gets into the midst of the other.
		_, err := o.Output.WriteString(ansi.SetSystemClipboard(text))
		return err
	}
	a.edit = func(file string, line int) (*exec.Cmd, error) {
		return editorCommand(ctx, o.Input, o.Output, file, line)
	}
	before := a.recall(o)

	err = newStage(a, o.Input, o.Output).run(ctx)

	cancel()
	a.beside.end()
	lane <- struct{}{} // the command that waits for events has ended
	c.end()
	for over := a.over; over != nil; over = over.over {
		if failed, ok := over.close().(closed); ok && failed.err != nil && err == nil {
			err = failed.err
		}
	}
	switch {
	case a.err != nil:
		err = a.err
	case err != nil:
		err = fmt.Errorf("the screen: %w", err)
	}
	if o.History != "" {
		err = errors.Join(err, a.past.write(o.History, &before))
	}
	return err
}

// recall takes in the keys of the user's own, what was typed in earlier runs,
// which it returns, and the filter to begin with. The screen opens whatever is wrong with them, and says so.
func (a *app) recall(o Options) history {
	if o.Keys != "" {
		table, err := readKeys(o.Keys)
		if err != nil {
			a.trouble = "the usual keys apply: " + err.Error()
		} else {
			a.commands = table
		}
	}
	if o.History != "" {
		past, err := readHistory(o.History)
		if err != nil && a.trouble == "" {
			a.trouble = err.Error()
		}
		a.past = past
	}
	before := a.past
	a.past.Filters = remember(a.past.Filters, o.Filter)
	return before
}

// renderer returns what knows the colours of a terminal. Bubble Tea has asked
// standard output for its background already; another terminal is asked here,
// before its input is read.
func renderer(out *os.File) *lipgloss.Renderer {
	if out == os.Stdout {
		return lipgloss.DefaultRenderer()
	}
	r := lipgloss.NewRenderer(out)
	r.HasDarkBackground()
	return r
}
