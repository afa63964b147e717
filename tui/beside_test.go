package tui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// TestBeside: the end waits for a command that runs, which is asked to stop, and
// one that comes later does nothing.
func TestBeside(t *testing.T) {
	b := newBeside()
	began, ended := make(chan struct{}), make(chan struct{})
	run := b.command(func(stop <-chan struct{}) tea.Msg {
		if stopped(stop) {
			t.Error("stopped before the end")
		}
		close(began)
		<-stop
		close(ended)
		return nil
	})
	go run()
	<-began
	b.end()
	select {
	case <-ended:
	default:
		t.Error("the end did not wait for the command")
	}
	late := b.command(func(<-chan struct{}) tea.Msg { t.Error("a command began after the end"); return nil })
	late()
}
