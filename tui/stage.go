package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/term"
)

// A stage shows an app on a terminal, which nothing else writes to meanwhile.
// Bubble Tea reads the keys and runs the model, but does not draw: its renderer
// looks many times a second for something new, for as long as it runs. The stage
// draws after a message, at once or as soon as a frame is due; while nothing
// changes it has no timer.
type stage struct {
	app     *app
	in, out *os.File
	found   *term.State // how the terminal was; nil before it is taken
	painter painter

	due     time.Time   // when the next frame may be drawn
	timer   *time.Timer // runs while a frame waits for that
	waiting bool

	resized, continued chan os.Signal
}

// At most frameRate frames are drawn in a second, and spareFrames that were not
// drawn before: a key does not have to wait behind the figures.
const (
	frameRate   = 30
	frameTime   = time.Second / frameRate
	spareFrames = 2
)

// What the stage is told by itself.
type (
	frameDue struct{}
	goOn     struct{} // the program was stopped, and goes on
)

func newStage(a *app, in, out *os.File) *stage {
	s := &stage{
		app: a, in: in, out: out,
		painter:   painter{out: out},
		timer:     time.NewTimer(0),
		resized:   make(chan os.Signal, 1),
		continued: make(chan os.Signal, 1),
	}
	s.timer.Stop()
	a.lend = s.lend
	return s
}

// run shows the app until it quits. However it ends, the terminal is as it was.
func (s *stage) run(ctx context.Context) (err error) {
	defer func() {
		if failed := s.giveBack(); err == nil {
			err = failed
		}
	}()
	if err := s.take(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	program := tea.NewProgram(s, tea.WithInput(keyboard{s.in}), tea.WithoutRenderer(), tea.WithoutSignalHandler())
	watching.Go(func() { s.watch(ctx, program.Send) })
	_, err = program.Run()
	return err
}

// watch tells the program of the terminal's size, of frames that are due, and of
// being continued, until ctx ends.
func (s *stage) watch(ctx context.Context, send func(tea.Msg)) {
	signal.Notify(s.resized, syscall.SIGWINCH)
	defer signal.Stop(s.resized)
	signal.Notify(s.continued, syscall.SIGCONT)
	defer signal.Stop(s.continued)
	send(s.size())
	for {
		select {
		case <-s.timer.C:
			send(frameDue{})
		case <-s.continued:
			send(goOn{})
			send(s.size()) // who is stopped hears nothing of it
		case <-s.resized:
			send(s.size())
		case <-ctx.Done():
			return
		}
	}
}

func (s *stage) size() tea.Msg {
	w, h, err := term.GetSize(s.out.Fd())
	if err != nil {
		return crash{fmt.Errorf("the size of the terminal: %w", gone(err))}
	}
	return tea.WindowSizeMsg{Width: w, Height: h}
}

// Init implements tea.Model.
func (s *stage) Init() tea.Cmd { return s.app.Init() }

// View implements tea.Model. What there is to see has been drawn.
func (s *stage) View() string { return "" }

// Update implements tea.Model. A panic ends the screen as any error does: what
// Bubble Tea makes of one would be printed before the terminal is given back.
func (s *stage) Update(msg tea.Msg) (_ tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			s.app.err = fmt.Errorf("panic in the screen: %v\n%s", r, debug.Stack())
		}
		if s.app.err != nil {
			cmd = tea.Quit
		}
	}()
	if s.app.err != nil {
		return s, nil
	}
	switch msg := msg.(type) {
	case frameDue:
		s.waiting = false
		s.app.err = s.draw()
		return s, nil
	case goOn:
		s.app.err = s.take()
		return s, nil
	case tea.WindowSizeMsg:
		s.painter.resize(msg.Width, msg.Height)
	}
	_, cmd = s.app.Update(msg)
	if s.app.err == nil {
		s.app.err = s.draw()
	}
	return s, cmd
}

// draw draws the app now, or has it drawn when the next frame is due.
func (s *stage) draw() error {
	if s.waiting {
		return nil
	}
	now := time.Now()
	if wait := s.due.Sub(now); wait > 0 {
		s.waiting = true
		s.timer.Reset(wait)
		return nil
	}
	if spare := now.Add(-spareFrames * frameTime); s.due.Before(spare) {
		s.due = spare
	}
	s.due = s.due.Add(frameTime)
	return gone(s.painter.paint(s.app.View(), s.app.wantsMouse()))
}

// take makes the terminal the screen's.
func (s *stage) take() error {
	before, err := term.MakeRaw(s.in.Fd())
	if err != nil {
		return fmt.Errorf("taking the terminal: %w", gone(err))
	}
	if s.found == nil {
		s.found = before
	}
	if err := syscall.SetNonblock(int(s.out.Fd()), false); err != nil { // as some program may have left it
		return fmt.Errorf("taking the terminal: %w", err)
	}
	return gone(s.painter.enter())
}

// giveBack makes the terminal as it was found, if it was taken.
func (s *stage) giveBack() error {
	if s.found == nil {
		return nil
	}
	err := s.painter.leave()
	if restored := term.Restore(s.in.Fd(), s.found); err == nil && restored != nil {
		err = fmt.Errorf("giving the terminal back: %w", restored)
	}
	return gone(err)
}

// lend makes the command that gives the terminal to run, while the screen stands
// still, and then brings the message of what became of that.
func (s *stage) lend(run func() error, then func(error) tea.Msg) tea.Cmd {
	return tea.Exec(&loan{s, run}, then)
}

// A loan is something that has the terminal for a while.
type loan struct {
	stage *stage
	run   func() error
}

// Run implements tea.ExecCommand. Bubble Tea reads no keys meanwhile.
func (l *loan) Run() error {
	if err := l.stage.giveBack(); err != nil {
		return err
	}
	err := l.run()
	select {
	case l.stage.resized <- syscall.SIGWINCH: // it may have been
	default:
	}
	return errors.Join(err, l.stage.take())
}

// SetStdin, SetStdout and SetStderr implement tea.ExecCommand.
func (l *loan) SetStdin(io.Reader)  {}
func (l *loan) SetStdout(io.Writer) {}
func (l *loan) SetStderr(io.Writer) {}

// keyboard is a terminal that fails when it is closed. Bubble Tea takes the end
// of its input for one that is only quiet, and would go on without a terminal.
type keyboard struct{ *os.File }

// Read implements io.Reader.
func (k keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if errors.Is(err, io.EOF) {
		err = ErrTerminalGone
	}
	return n, gone(err)
}

// gone returns ErrTerminalGone for the error of a terminal that was closed.
func gone(err error) error {
	if errors.Is(err, syscall.EIO) {
		return ErrTerminalGone
	}
	return err
}
