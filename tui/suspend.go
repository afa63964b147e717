package tui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// stopTime is how long a process may take to notice that it was stopped.
const stopTime = 300 * time.Millisecond

// errNotStopped is what becomes of a suspension that the system ignores, as it
// does where no shell could go on.
var errNotStopped = errors.New("not suspended: there is no shell that could take over")

// A suspension stops the whole program, as ctrl-z does elsewhere, while the
// terminal belongs to the shell. Bubble Tea's own waits for ever if the system
// ignores the signal.
type suspension struct{ out io.Writer }

// resumed is what became of a suspension.
type resumed struct{ err error }

func suspend() tea.Cmd {
	return tea.Exec(&suspension{}, func(err error) tea.Msg { return resumed{err} })
}

// Run implements tea.ExecCommand: it returns when the program is told to go on.
func (s *suspension) Run() error {
	if _, err := fmt.Fprint(s.out, "workbench is suspended, and its clients wait; fg goes on.\r\n"); err != nil {
		return err
	}
	goesOn := make(chan os.Signal, 1)
	signal.Notify(goesOn, syscall.SIGCONT)
	defer signal.Stop(goesOn)
	begin := time.Now()
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return err
	}
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	select {
	case <-goesOn:
		return nil
	case <-limit.C:
		if time.Since(begin) > 2*stopTime { // it was, and the timer came first
			return nil
		}
		return errNotStopped
	}
}

// SetStdin, SetStdout and SetStderr implement tea.ExecCommand.
func (s *suspension) SetStdin(io.Reader)      {}
func (s *suspension) SetStdout(out io.Writer) { s.out = out }
func (s *suspension) SetStderr(io.Writer)     {}

// resume has the screen as it was.
func (a *app) resume(msg resumed) tea.Cmd {
	if msg.err != nil {
		a.trouble = msg.err.Error()
	}
	if a.noMouse {
		return nil
	}
	return tea.EnableMouseCellMotion
}
