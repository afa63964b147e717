package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
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

	Title string   // in the upper left corner; "" = the name of the script
	URI   string   // what clients connect to
	Mount string   // the file that the disk is mounted as
	Hint  []string // what to try, a line each, above the keys

	Filter  string // what the requests must match at first; "" = nothing
	Keys    string // the file with keys of the user's own; "" = none
	History string // the file that keeps what is typed between runs; "" = none
	NoMouse bool   // begin with the mouse left to the terminal
	ASCII   bool   // draw signs and frames in ASCII

	Input  *os.File // the terminal; nil = standard input
	Output *os.File // the same; nil = standard output

	Now  func() plugins.Stamp          // nil = plugins.Now
	Wall func(plugins.Stamp) time.Time // the time of day of a stamp; nil = its own
}

// ErrNoTerminal is returned by [Run] if it was not given a terminal,
// ErrTerminalGone if the terminal was closed.
var (
	ErrNoTerminal   = errors.New("the screen needs a terminal")
	ErrTerminalGone = errors.New("the terminal was closed")
)

// frameRate is how often the terminal is written to at most, in a second.
const frameRate = 30

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
	f := &feed{events: o.Events, bench: o.Workbench, now: o.Now}
	lane := make(chan struct{}, 1) // has an item while a command uses f
	a.listen = func(idle bool) tea.Cmd { return f.listen(ctx, lane, idle) }
	a.clip = func(text string) error {
		// One write, as a frame is, so that neither gets into the midst of the other.
		_, err := o.Output.WriteString(ansi.SetSystemClipboard(text))
		return err
	}
	before := a.recall(o)

	with := []tea.ProgramOption{
		tea.WithInput(keyboard{o.Input}),
		tea.WithOutput(synchronized{o.Output}),
		tea.WithAltScreen(),
		tea.WithFPS(frameRate),
		tea.WithoutSignalHandler(),
	}
	if !o.NoMouse {
		with = append(with, tea.WithMouseCellMotion())
	}
	_, err = tea.NewProgram(a, with...).Run()

	cancel()
	lane <- struct{}{} // the command that waits for events has ended
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
	if o.Filter != "" {
		a.applyFilter(o.Filter)
	}
	return before
}

// keyboard is a terminal that fails when it is closed. Bubble Tea takes the end
// of its input for one that is only quiet, and would go on without a terminal.
type keyboard struct{ *os.File }

// Read implements io.Reader.
func (k keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) {
		err = ErrTerminalGone
	}
	return n, err
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

// synchronized is a terminal that shows what is written to it at once, or not
// at all: terminals that know mode 2026 draw no half frames. It stays an
// *os.File otherwise, which is how Bubble Tea learns the size.
type synchronized struct{ *os.File }

var _ io.Writer = synchronized{}

// Write implements io.Writer. Bubble Tea writes a frame at once.
func (s synchronized) Write(frame []byte) (int, error) {
	const before, after = ansi.SetModeSynchronizedOutput, ansi.ResetModeSynchronizedOutput
	b := make([]byte, 0, len(before)+len(frame)+len(after))
	b = append(append(append(b, before...), frame...), after...)
	n, err := s.File.Write(b)
	return min(max(n-len(before), 0), len(frame)), err
}
