package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
)

// A blame is where the selected request failed, if it names a line.
type blame struct {
	seq uint64 // of the request
	at  scriptLine
	ok  bool
}

// point tells the script panel where the selected request failed.
func (a *app) point() {
	seq, some := a.requests.selectedSeq(&a.scene)
	if !some || seq != a.blamed.seq || !a.blamed.ok {
		a.blamed = blame{seq: seq}
		if e, ok := a.requests.selected(&a.scene); ok && e.Failed() {
			text, _ := a.scene.events.Text(&e)
			a.blamed.at, _, a.blamed.ok = faultOf(&e, text)
		}
	}
	a.script.point(&a.scene, a.blamed.at, a.blamed.ok, a.focus != scriptPanel)
}

// editPlace returns what the editor is to open: the line for which a reload was
// refused, or at which the selected request failed, or that is selected.
func (a *app) editPlace() (file string, line int) {
	sc := &a.scene
	var script *plugins.Error
	if errors.As(sc.status.Problem, &script) && script.File != "" && script.Line > 0 {
		return script.File, script.Line
	}
	v := a.script.version(sc)
	looking := a.focus == scriptPanel && a.detail == nil
	if a.blamed.ok && !looking && v != nil {
		if path, ok := v.find(a.blamed.at.file, sc.status.Path); ok {
			return path, a.blamed.at.line
		}
	}
	return a.script.file(sc), max(a.script.line()+1, 1)
}

// edited is the end of the editor.
type edited struct{ err error }

// editScript opens the editor. The screen is away until it ends; the script is
// loaded again by itself when it was saved.
func (a *app) editScript() tea.Cmd {
	cmd, err := a.edit(a.editPlace())
	if err != nil {
		a.trouble = err.Error()
		return nil
	}
	return a.lend(cmd.Run, func(err error) tea.Msg {
		if err != nil {
			err = fmt.Errorf("the editor %s: %w", cmd.Path, err)
		}
		return edited{err}
	})
}

// editLine returns the shell line for it, "" if there is no script.
func (a *app) editLine() string {
	file, line := a.editPlace()
	if file == "" {
		return ""
	}
	return fmt.Sprintf("%s +%d %s", cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), defaultEditor), line, quoted(file))
}

// afterEdit says what went wrong, if anything did.
func (a *app) afterEdit(msg edited) {
	if msg.err != nil {
		a.trouble = msg.err.Error()
	}
}

// defaultEditor is taken if the environment names none.
const defaultEditor = "vi"

// editorWait is how long an editor may take to end when the program has to.
const editorWait = 2 * time.Second

// editorCommand returns the command that opens a file in the user's editor, on
// the terminal. It ends with ctx.
func editorCommand(ctx context.Context, in, out *os.File, file string, line int) (*exec.Cmd, error) {
	named := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"))
	words := strings.Fields(cmp.Or(named, defaultEditor))
	if len(words) == 0 {
		words = []string{defaultEditor}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		if named == "" {
			return nil, fmt.Errorf("there is no editor: neither VISUAL nor EDITOR is set, and %s is not there", defaultEditor)
		}
		if errors.Is(err, exec.ErrNotFound) {
			err = exec.ErrNotFound // which names no command twice
		}
		return nil, fmt.Errorf("the editor %s: %w: set VISUAL or EDITOR to another", words[0], err)
	}
	args := append(words[1:], fmt.Sprintf("+%d", line), file)
	cmd := exec.CommandContext(ctx, words[0], args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it restores the terminal
	cmd.WaitDelay = editorWait
	return cmd, nil
}
