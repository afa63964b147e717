package tui

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// A task is something that takes its time and can be stopped: a replay, a file
// that is written. There is one at a time.
type task struct {
	title string
	stop  context.CancelFunc
	over  chan struct{} // closed at its end

	done, total atomic.Uint64
	moved       chan struct{} // has an item when there is progress to be seen
	shown       time.Time     // when there was; only the task uses it
}

// An outcome is the end of a task.
type outcome struct {
	task   *task
	prompt *prompt       // the line that asked for it, if it may be mended; nil = not
	said   string        // what came of it
	report *report       // or, of a comparison, what was found
	stats  *groupedStats // or figures that were asked for
	err    error
}

// progressPause is between two looks at how far a task is.
const progressPause = 100 * time.Millisecond

// progress says how far the task is. It does not wait.
func (t *task) progress(done, total uint64) {
	t.done.Store(done)
	t.total.Store(total)
	if now := time.Now(); now.Sub(t.shown) >= progressPause {
		t.shown = now
		select {
		case t.moved <- struct{}{}:
		default:
		}
	}
}

// String says what goes on: "replaying disk.wbrec: 41 %".
func (t *task) String() string {
	if total := t.total.Load(); total > 0 {
		return fmt.Sprintf("%s: %d %%", t.title, min(t.done.Load(), total)*100/total)
	}
	return t.title
}

// taskMoved has the screen drawn again.
type taskMoved struct{ task *task }

// watch waits until there is something new to be seen of the task.
func (t *task) watch() tea.Msg {
	select {
	case <-t.moved:
		return taskMoved{t}
	case <-t.over:
		return nil
	}
}

// begin begins a task beside the model. What it found, or why it failed, comes
// as an outcome.
func (a *app) begin(title string, f func(ctx context.Context, t *task) outcome) tea.Cmd {
	t := &task{title: title, over: make(chan struct{}), moved: make(chan struct{}, 1)}
	var begun atomic.Bool // or stopped before that: Bubble Tea runs no command when it ends
	cmd, stop := a.work(func(ctx context.Context) tea.Msg {
		o := f(ctx, t)
		if o.task = t; o.err != nil && ctx.Err() != nil {
			o.err = fmt.Errorf("%s: stopped", title)
		}
		return o
	})
	t.stop = func() {
		stop()
		if begun.CompareAndSwap(false, true) {
			close(t.over)
		}
	}
	a.task = t
	return tea.Batch(safely(func() tea.Msg {
		if !begun.CompareAndSwap(false, true) {
			return outcome{task: t, err: fmt.Errorf("%s: stopped", title)}
		}
		defer close(t.over)
		return cmd()
	}), t.watch)
}

// idle reports whether a task may begin, and if not why.
func (a *app) idle() (bool, string) { return a.task == nil, "something is under way: {back} stops it" }

// finish takes note of the end of a task.
func (a *app) finish(o outcome) {
	if a.task == o.task {
		a.task = nil
	}
	if a.result = o.said; o.err != nil { // also of what is no task: a recording that begins or ends
		a.result = ""
		if o.prompt != nil && a.where()&(inPanels|inDetail) != 0 {
			a.prompt = newPrompt(o.prompt.question, o.prompt.text) // to be mended
			a.prompt.problem = o.err
		} else {
			a.trouble = o.err.Error()
		}
	}
	if o.report != nil {
		a.library.show(o.report)
		a.focusOn(recordingsPanel)
	}
	if o.stats != nil {
		a.calls.groups = o.stats
		a.focusOn(callbacksPanel)
	}
	a.library.stale = true
}
