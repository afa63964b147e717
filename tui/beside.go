package tui

import (
	"sync"

	tea "github.com/charmbracelet/bubbletea"
)

// beside is for commands that take long: whoever ends it waits for those that
// run, which are asked to stop, and none begins any more. Bubble Tea waits for none.
type beside struct {
	stop chan struct{} // closed at the end

	mu      sync.Mutex
	ended   bool // guarded by mu
	running sync.WaitGroup
}

func newBeside() *beside { return &beside{stop: make(chan struct{})} }

// command makes a command of work, which gives up when stop is closed.
func (b *beside) command(work func(stop <-chan struct{}) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		b.mu.Lock()
		if b.ended {
			b.mu.Unlock()
			return nil
		}
		b.running.Add(1)
		b.mu.Unlock()
		defer b.running.Done()
		return work(b.stop)
	}
}

// end stops the commands and waits for them.
func (b *beside) end() {
	b.mu.Lock()
	b.ended = true
	b.mu.Unlock()
	close(b.stop)
	b.running.Wait()
}

// stopped reports whether stop is closed.
func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}
