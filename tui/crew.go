package tui

import (
	"context"
	"sync"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
)

// A worker makes a command of something that takes its time, and a function that
// stops it.
type worker func(f func(context.Context) tea.Msg) (cmd tea.Cmd, stop context.CancelFunc)

// A tap makes what brings the facts of other events than the live ones, and what
// ends it, which waits until nobody reads them any more.
type tap func(events Events, now func() plugins.Stamp) (listen func(idle bool) tea.Cmd, shut func())

// A crew is the commands that run beside the model. Bubble Tea does not wait for
// them when it ends; the crew does.
type crew struct {
	wg sync.WaitGroup

	mu    sync.Mutex
	ended bool     // nobody may begin any more; guarded by mu
	shut  []func() // what ends the taps; guarded by mu
}

// begin reports whether somebody may begin, who then calls wg.Done.
func (c *crew) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return false
	}
	c.wg.Add(1)
	return true
}

// worker returns the crew's worker. What it makes is stopped when ctx ends.
func (c *crew) worker(ctx context.Context) worker {
	return func(f func(context.Context) tea.Msg) (tea.Cmd, context.CancelFunc) {
		ctx, stop := context.WithCancel(ctx)
		return func() tea.Msg {
			defer stop()
			if !c.begin() {
				return nil
			}
			defer c.wg.Done()
			return f(ctx)
		}, stop
	}
}

// tap returns the crew's tap.
func (c *crew) tap(ctx context.Context) tap {
	return func(events Events, now func() plugins.Stamp) (func(bool) tea.Cmd, func()) {
		ctx, cancel := context.WithCancel(ctx)
		f := &feed{events: events, now: now}
		lane := make(chan struct{}, 1)
		listen := func(idle bool) tea.Cmd {
			wait := f.listen(ctx, lane, idle)
			return func() tea.Msg {
				if msg := wait(); ctx.Err() == nil {
					return msg
				}
				return nil // the screen goes on without it
			}
		}
		shut := sync.OnceFunc(func() {
			cancel()
			lane <- struct{}{}
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		c.shut = append(c.shut, shut)
		return listen, shut
	}
}

// end waits for all who have begun. The context of the crew has ended.
func (c *crew) end() {
	c.mu.Lock()
	c.ended = true
	taps := c.shut
	c.mu.Unlock()
	for _, shut := range taps {
		shut()
	}
	c.wg.Wait()
}
