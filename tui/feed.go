package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// How the feed keeps time.
const (
	gatherTime = 50 * time.Millisecond  // facts are collected so long before they are shown: 20 frames a second
	statsTime  = 250 * time.Millisecond // figures of callbacks are asked for at most so often
	pollTime   = 500 * time.Millisecond // the host is looked at so often
	restPolls  = 4                      // until it has looked the same so often, and rests
	settleTime = time.Second            // frames while only rates and trends run out

	chunkSize = 512     // events copied from the log at once
	batchSize = 1 << 15 // events in one message
)

// A pulse is what happened since the last one: the one message by which
// anything but a key reaches the model. Its slices are used again for the next.
type pulse struct {
	now         plugins.Stamp
	first, next uint64 // the log's bounds
	missed      uint64 // events that were gone before they could be read
	events      []recordings.Event
	texts       []string                   // of the events, "" where the screen needs none
	stats       []recordings.CallbackStats // nil if they are as before
	live        bool                       // there is a host, of which the rest tells
	status      host.Status
	held        []host.HeldRequest
	rules       []host.RuleStatus
	recorder    recordings.RecorderStatus // without a Path there is none
	versions    []recordings.Generation   // of the script; nil if they are as before
	unread      int                       // failed requests whose texts were not read
}

// A crash is a command that failed, or a panic in one: the screen has to stop.
type crash struct{ err error }

// A feed waits for facts and brings them. It is used by one command at a time.
type feed struct {
	events   Events
	bench    host.Control // nil if there is no host
	recorder Recorder     // nil if nothing can be recorded
	now      func() plugins.Stamp

	nudged chan struct{} // has an item when the host is to be looked at

	next       uint64 // the event to read next
	pulse      pulse
	statsAt    plugins.Stamp
	statsStale bool
	shown      glance // what the host looked like in the last pulse
	same       int    // how often it has looked so since
	version    uint32 // the generation that served when the host was last asked for its texts
}

// A glance is what of the host's status may change without a fact in the log.
type glance struct {
	state                host.State
	generation           uint32
	refusals             int
	handles              int
	waiting              int // requests in flight or held, whose age grows
	problem              string
	watching, hasProblem bool
	recording            string // the file
	recorded             int64  // its bytes
}

// glanceAt returns what s and r look like.
func glanceAt(s *host.Status, r recordings.RecorderStatus) glance {
	g := glance{s.State, s.Generation, s.Refusals, s.Handles, len(s.InFlight) + s.Held, "", s.Watching, s.Problem != nil, r.Path, r.Bytes}
	if s.Problem != nil {
		g.problem = s.Problem.Error()
	}
	return g
}

// wait returns when there is something to show: facts, figures that are due, a
// host that looks different or has requests in flight or held, whose age grows; or,
// unless idle, after settleTime. It fails when ctx ends, or the source does.
func (f *feed) wait(ctx context.Context, idle bool) error {
	patience := time.Duration(0) // as long as it takes
	if f.statsStale {
		patience = statsTime
	} else if !idle {
		patience = settleTime
	}
	for waited := time.Duration(0); patience == 0 || waited < patience; {
		if f.bench != nil && patience == 0 && f.same >= restPolls {
			if came, err := f.rest(ctx); err != nil {
				return err
			} else if came {
				return f.gather(ctx)
			}
		}
		step := patience - waited
		if f.bench != nil && (patience == 0 || step > pollTime) {
			step = pollTime
		}
		switch came, err := f.waitEvent(ctx, step); {
		case err != nil:
			return err
		case came:
			return f.gather(ctx)
		}
		waited += step
		if f.bench != nil {
			if f.changed() {
				return nil
			}
			f.same++
		}
	}
	return nil
}

// changed reports whether the host looks other than in the last pulse.
func (f *feed) changed() bool {
	status := f.bench.Status()
	g := glanceAt(&status, f.recording())
	return g != f.shown || g.waiting > 0
}

// rest waits until there is an event to read, which it reports, or the host
// stirs, or somebody nudges. It needs no timer.
func (f *feed) rest(ctx context.Context) (came bool, err error) {
	stirs := f.bench.Stirs()
	f.same = 0
	if f.changed() { // just before
		return false, nil
	}
	step, wake := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-stirs:
			wake()
		case <-f.nudged:
			wake()
		case <-step.Done():
		}
	})
	came, err = f.waitUntil(ctx, step)
	wake()
	watching.Wait()
	return came, err
}

// nudge has the host looked at, soon and for a while.
func (f *feed) nudge() {
	select {
	case f.nudged <- struct{}{}:
	default:
	}
}

// waitEvent waits at most d, or for ever if d is 0, and reports whether there is
// an event to read.
func (f *feed) waitEvent(ctx context.Context, d time.Duration) (bool, error) {
	step := ctx
	if d > 0 {
		var cancel context.CancelFunc
		step, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	return f.waitUntil(ctx, step)
}

// waitUntil waits for an event until step ends, and reports whether there is one.
func (f *feed) waitUntil(ctx, step context.Context) (bool, error) {
	err := f.events.Wait(step, f.next)
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case err != nil && step.Err() == nil:
		return false, err // the source itself failed
	}
	return err == nil, nil
}

// gather lets more facts come before they are shown together.
func (f *feed) gather(ctx context.Context) error {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// read collects what happened since it was last called.
func (f *feed) read() *pulse {
	p := &f.pulse
	p.events, p.texts, p.stats, p.versions, p.missed, p.unread = p.events[:0], p.texts[:0], nil, nil, 0, 0
	for len(p.events) < batchSize && f.readChunk() > 0 {
	}
	f.readTexts()
	p.first, p.next = f.events.Bounds()
	p.now = f.now()
	f.statsStale = f.statsStale || len(p.events) > 0
	if f.statsStale && (f.statsAt == 0 || p.now.Sub(f.statsAt) >= statsTime) {
		p.stats = f.events.Stats()
		f.statsAt, f.statsStale = p.now, false
	}
	if f.bench != nil {
		p.live, p.status, p.held, p.rules = true, f.bench.Status(), f.bench.Held(), f.bench.Rules()
		p.recorder = f.recording()
		f.shown, f.same = glanceAt(&p.status, p.recorder), 0
		if p.status.Generation != f.version {
			f.version, p.versions = p.status.Generation, f.bench.Generations()
		}
	}
	return p
}

// recording returns how the recording goes.
func (f *feed) recording() recordings.RecorderStatus {
	if f.recorder == nil {
		return recordings.RecorderStatus{}
	}
	return f.recorder.Status()
}

// readChunk appends some events to the pulse and returns how many.
func (f *feed) readChunk() int {
	p := &f.pulse
	have := len(p.events)
	p.events = slices.Grow(p.events, chunkSize)[:have+chunkSize]
	n := f.events.Read(p.events[have:], f.next)
	p.events = p.events[:have+n]
	if n > 0 {
		p.missed += p.events[have].Seq - f.next
		f.next = p.events[have+n-1].Seq + 1
	}
	return n
}

// readFailures is how many failed requests of one pulse have their texts read.
const readFailures = 64

// readTexts asks for the texts that the state keeps.
func (f *feed) readTexts() {
	p := &f.pulse
	p.texts, p.unread = appendTexts(p.texts, f.events, p.events)
}

// appendTexts appends the texts that the state keeps of some events: those of all
// facts but requests, of which only EXTENTS and the newest that failed have one,
// and callbacks that went well or have a request. A text may be gone, and is then
// "". It also returns how many requests that failed have none.
func appendTexts(to []string, source recordings.Source, events []recordings.Event) (texts []string, unread int) {
	from, failures := len(to), 0
	texts = append(to, make([]string, len(events))...)
	for i := range slices.Backward(events) {
		e := &events[i]
		switch {
		case e.Kind == recordings.Request && e.Failed():
			if failures++; failures > readFailures {
				unread++
				continue
			}
		case e.Kind == recordings.Request && e.Op != plugins.OpExtents,
			e.Kind == recordings.Callback && (!e.Failed() || forRequest(e)):
			continue
		}
		texts[from+i], _ = source.Text(e)
	}
	return texts, unread
}

// listen returns the command that waits for the next pulse. lane lets one
// command at a time use the feed, and tells whoever enters it when no command does.
func (f *feed) listen(ctx context.Context, lane chan struct{}, idle bool) tea.Cmd {
	return func() tea.Msg {
		lane <- struct{}{}
		defer func() { <-lane }()
		switch err := f.wait(ctx, idle); {
		case ctx.Err() != nil:
			return tea.QuitMsg{}
		case err != nil:
			return crash{err}
		}
		return f.read()
	}
}

// safely makes a command that panics return a crash. Bubble Tea would recover
// it as well, but print the reason before it leaves the alternate screen.
func safely(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = crash{fmt.Errorf("panic in a command of the screen: %v\n%s", r, debug.Stack())}
			}
		}()
		return cmd()
	}
}
