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

// resumed is what became of a suspension.
type resumed struct{ err error }

// suspend stops the whole program, as ctrl-z does elsewhere, while the terminal
// belongs to the shell.
func (a *app) suspend() tea.Cmd {
	return a.lend(func() error { return stopProgram(a.options.Output) }, func(err error) tea.Msg { return resumed{err} })
}

// stopProgram tells out so, and returns when the program is told to go on.
// Bubble Tea's own waits for ever if the system ignores the signal.
func stopProgram(out io.Writer) error {
	if _, err := fmt.Fprint(out, "workbench is suspended, and its clients wait; fg goes on.\r\n"); err != nil {
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

// resume says why the program was not stopped, if it was not.
func (a *app) resume(msg resumed) {
	if msg.err != nil {
		a.trouble = msg.err.Error()
	}
}
