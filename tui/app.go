package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// A scene is what a panel may look at.
type scene struct {
	*state
	*theme
	events     Events
	wall       func(plugins.Stamp) time.Time
	uri, mount string
	focused    bool // the panel has the keys
	live       bool // there is a host
}

// clock formats the time of day of a stamp, to milliseconds.
func (sc *scene) clock(s plugins.Stamp) string { return sc.wall(s).Format("15:04:05.000") }

// An app is the one model of the screen.
type app struct {
	options  Options
	title    string
	bench    host.Control
	commands []command
	scene    scene // scene.state is live, unless paused

	// listen makes the command that brings the next pulse. idle says that
	// nothing on the screen changes with time alone.
	listen func(idle bool) tea.Cmd
	work   worker // what may take its time
	tap    tap    // what brings other events

	under, over *app           // a recording stands over what it was opened from
	left        bool           // it goes back to that
	close       func() tea.Msg // ends what brings its events
	target      int64          // the event that it was opened for, until it is there; -1 = none

	live   *state // what is folded into
	paused bool   // scene.state is a frozen copy

	width, height int
	columns       []areaColumn
	panels        [numPanels]panel
	requests      *requests     // panels[requestsPanel]
	held          *heldRequests // panels[heldPanel]
	rules         *rules        // panels[rulesPanel]
	library       *library      // panels[recordingsPanel]
	focus         int           // the panel that has the keys
	below         int           // the panel shown beside the requests where there is room for one
	last          int           // the panel shown in the last area where there is room for all
	zoomed        bool
	detail        *detail  // nil unless open
	menu          *menu    // nil unless open
	prompt        *prompt  // nil unless open
	filters       []string // that were applied, the newest last
	errnos, ruled []string // the same of errors and rules
	trouble       string   // what went wrong with the last command; "" = nothing
	said          string   // what came of it
	task          *task    // that is under way; nil = none
	tour          *tour    // what to try; nil = nothing
	searching     bool     // a message to search on is on its way
	asking        bool     // whether to quit
	noMouse       bool     // the mouse is left to the terminal

	err error // why the screen had to stop
}

// newApp returns the model for o, which does not listen yet.
func newApp(o Options, t *theme) *app {
	live := &state{}
	req := &requests{list: newLog()}
	held, rules, shelf := &heldRequests{}, &rules{}, &library{}
	a := &app{
		options: o,
		title:   o.Title,
		bench:   o.Workbench,
		target:  -1,
		tour:    newTour(o.Checklist),
		live:    live,
		scene: scene{
			state: live, theme: t, events: o.Events, wall: o.Wall, uri: o.URI, mount: o.Mount,
			live: o.Workbench != nil,
		},
		commands: commands(),
		requests: req,
		held:     held,
		rules:    rules,
		library:  shelf,
		panels: [numPanels]panel{
			requestsPanel:    req,
			callbacksPanel:   &callbacks{},
			scriptPanel:      &script{},
			connectionsPanel: &connections{},
			heldPanel:        held,
			rulesPanel:       rules,
			outputPanel:      &output{list: newLog()},
			recordingsPanel:  shelf,
		},
		below: callbacksPanel,
		last:  outputPanel,
	}
	if a.bench != nil {
		live.status = a.bench.Status()
	} else if r, ok := o.Events.(recordings.Recording); ok {
		live.status = recorded(r.Header())
	}
	if f, err := recordings.ParseFilter(o.Filter); o.Filter != "" && err == nil {
		a.requests.pick(&a.scene, o.Filter, f.At(o.Now()))
	}
	return a
}

// Init implements tea.Model.
func (a *app) Init() tea.Cmd { return a.next() }

// next waits for the next pulse. No figure of a recording runs out with time.
func (a *app) next() tea.Cmd { return safely(a.listen(a.bench == nil || a.live.settled())) }

// Update implements tea.Model: it is the only place where the app changes. It
// waits for nothing; what might is in the commands that it returns.
func (a *app) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if cmd, done := a.forwards(msg); done {
		return a, cmd
	}
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case *pulse:
		a.live.fold(msg)
		a.tour.see(msg.events, a.scene.events)
		cmd = tea.Batch(a.next(), a.find())
	case tea.WindowSizeMsg:
		a.width, a.height = msg.Width, msg.Height
		if a.over != nil {
			cmd = a.lift(msg)
		}
	case tea.KeyMsg:
		a.trouble, a.said = "", ""
		cmd = a.keys(msg)
	case tea.MouseMsg:
		a.mouse(msg)
	case searchOn:
		a.searching = false
	case acted:
		a.note(msg)
	case outcome:
		a.finish(msg)
	case taskMoved:
		cmd = msg.task.watch
	case scanned:
		a.library.take(msg)
	case fileOpened:
		cmd = a.showFile(msg)
	case closed:
		if msg.err != nil {
			a.trouble = msg.err.Error()
		}
	case crash:
		a.err = msg.err
		return a, tea.Quit
	}
	cmd = tea.Batch(cmd, a.search())
	a.arrange()
	return a, tea.Batch(cmd, a.scan())
}

// arrange lays out the screen and feeds what is on it.
func (a *app) arrange() {
	a.columns = a.layout()
	if a.tooSmall() {
		return
	}
	for _, r := range a.areas() {
		for _, p := range r.panels {
			a.panels[p].feed(&a.scene, r.w-2, r.h-2)
		}
	}
	if a.detail != nil {
		a.detail.feed(&a.scene, a.requests)
		w, h := a.detailSize()
		a.detail.arrange(&a.scene, w, h)
	}
	if a.menu != nil {
		a.menu.feed(a.bodyHeight() - 2)
	}
}

// keys runs the commands of the keys in msg. What was typed fast comes as one
// message; what was pasted is not meant as keys, but may be text.
func (a *app) keys(msg tea.KeyMsg) tea.Cmd {
	if text := msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace; text && !msg.Alt && a.where() == inPrompt {
		a.prompt.insert(string(msg.Runes))
		return nil
	}
	if msg.Paste {
		return nil
	}
	if msg.Type != tea.KeyRunes || msg.Alt || len(msg.Runes) < 2 {
		return a.key(msg.String())
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		if a.where() == inPrompt {
			a.prompt.insert(string(r))
			continue
		}
		cmds = append(cmds, a.key(string(r)))
		a.arrange()
	}
	return tea.Batch(cmds...)
}

// key runs the command that key has in the place that has the keys.
func (a *app) key(key string) tea.Cmd {
	c := find(a.commands, a.where(), key)
	if c == nil {
		return nil
	}
	return a.run(c)
}

// run runs c if it can be run now.
func (a *app) run(c *command) tea.Cmd {
	if c.enabled != nil {
		if ok, _ := c.enabled(a); !ok {
			return nil
		}
	}
	if c.ask != nil {
		q, text := c.ask(a)
		a.prompt = newPrompt(q, text)
		return nil
	}
	return safely(c.run(a))
}

// where returns the place that has the keys.
func (a *app) where() where {
	switch {
	case a.asking:
		return inQuestion
	case a.tooSmall():
		return inCard
	case a.menu != nil:
		return inMenu
	case a.prompt != nil:
		return inPrompt
	case a.detail != nil:
		return inDetail
	}
	return placeOf(a.focus)
}

// rows returns the list that the moving keys move.
func (a *app) rows() *list {
	switch {
	case a.menu != nil:
		return &a.menu.list
	case a.detail != nil:
		return &a.requests.list
	}
	return a.panels[a.focus].rows()
}

// focusOn gives the keys to a panel and brings it to the front.
func (a *app) focusOn(p int) {
	if p == recordingsPanel && a.focus != p {
		a.library.stale = true // others may have written files
	}
	a.focus = p
	if p != requestsPanel {
		a.below = p
	}
	if p >= connectionsPanel {
		a.last = p
	}
}

// pause freezes what is shown, or shows what is live again.
func (a *app) pause() {
	a.paused = !a.paused
	a.scene.state = a.live
	if a.paused {
		a.scene.state = a.live.freeze()
	}
}

// wheelRows is how many rows a click of the mouse wheel moves.
const wheelRows = 3

// mouse moves the list under the pointer by the wheel; a click selects.
func (a *app) mouse(msg tea.MouseMsg) {
	if a.tooSmall() || a.asking {
		return
	}
	by := 0
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		by = -wheelRows
	case msg.Button == tea.MouseButtonWheelDown:
		by = wheelRows
	case msg.Button != tea.MouseButtonLeft || msg.Action != tea.MouseActionPress:
		return
	}
	if a.menu != nil {
		a.menu.list.move(by)
		return
	}
	for _, r := range a.areas() {
		if msg.X < r.x || msg.X >= r.x+r.w || msg.Y < r.y || msg.Y >= r.y+r.h {
			continue
		}
		if r.detail {
			a.detail.scroll(by)
			return
		}
		if by != 0 {
			a.panels[r.shown].rows().move(by)
			return
		}
		if p := r.tabAt(msg.X - r.x); msg.Y == r.y && p >= 0 {
			a.focusOn(p)
			return
		}
		a.focusOn(r.shown)
		if row := a.panels[r.shown].rowAt(msg.Y - r.y - 1); row >= 0 {
			l := a.panels[r.shown].rows()
			l.pause()
			l.move(row - l.selected)
		}
		return
	}
}
