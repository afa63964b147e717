package tui

import (
	"os/exec"
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
	zoomed     bool // one panel has the whole screen
	live       bool // there is a host
}

// clock formats the time of day of a stamp, to milliseconds.
func (sc *scene) clock(s plugins.Stamp) string { return sc.wall(s).Format("15:04:05.000") }

// An app is the one model of the screen.
type app struct {
	title    string
	hint     []string
	bench    host.Control
	commands []command
	scene    scene // scene.state is live, unless paused

	// listen makes the command that brings the next pulse. idle says that
	// nothing on the screen changes with time alone.
	listen func(idle bool) tea.Cmd

	live   *state // what is folded into
	paused bool   // scene.state is a frozen copy

	width, height int
	columns       []areaColumn
	panels        [numPanels]panel
	requests      *requests     // panels[requestsPanel]
	calls         *callbacks    // panels[callbacksPanel]
	script        *script       // panels[scriptPanel]
	held          *heldRequests // panels[heldPanel]
	rules         *rules        // panels[rulesPanel]
	output        *output       // panels[outputPanel]
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
	searching     bool     // a message to search on is on its way
	asking        bool     // whether to quit
	noMouse       bool     // the mouse is left to the terminal
	reload        reloadCard
	blamed        blame    // where the selected request failed
	finds         []string // what was looked for in texts, the newest last

	now  func() time.Time
	edit func(file string, line int) (*exec.Cmd, error)

	err error // why the screen had to stop
}

// newApp returns the model for o, which does not listen yet.
func newApp(o Options, t *theme) *app {
	live := &state{}
	req := &requests{list: newLog()}
	held, rules := &heldRequests{}, &rules{}
	calls, text, printed := newCallbacks(), &script{blamed: -1}, newOutput()
	a := &app{
		title: o.Title,
		hint:  o.Hint,
		bench: o.Workbench,
		live:  live,
		scene: scene{
			state: live, theme: t, events: o.Events, wall: o.Wall, uri: o.URI, mount: o.Mount,
			live: o.Workbench != nil,
		},
		commands: commands(),
		requests: req,
		held:     held,
		rules:    rules,
		calls:    calls,
		script:   text,
		output:   printed,
		now:      func() time.Time { return o.Wall(o.Now()) },
		panels: [numPanels]panel{
			requestsPanel:    req,
			callbacksPanel:   calls,
			scriptPanel:      text,
			connectionsPanel: &connections{},
			heldPanel:        held,
			rulesPanel:       rules,
			outputPanel:      printed,
		},
		below: callbacksPanel,
		last:  outputPanel,
	}
	if a.bench != nil {
		live.status = a.bench.Status()
	} else if r, ok := o.Events.(interface{ Header() recordings.Header }); ok {
		live.recall(r.Header())
	}
	return a
}

// Init implements tea.Model.
func (a *app) Init() tea.Cmd { return a.next() }

// next waits for the next pulse.
func (a *app) next() tea.Cmd { return safely(a.listen(a.live.settled())) }

// Update implements tea.Model: it is the only place where the app changes. It
// waits for nothing; what might is in the commands that it returns.
func (a *app) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case *pulse:
		a.live.fold(msg)
		cmd = a.next()
	case tea.WindowSizeMsg:
		a.width, a.height = msg.Width, msg.Height
	case tea.KeyMsg:
		a.trouble, a.reload.read = "", a.scene.changed.to
		cmd = a.keys(msg)
	case tea.MouseMsg:
		a.mouse(msg)
	case searchOn:
		a.searching = false
	case acted:
		a.note(msg)
	case edited:
		cmd = a.afterEdit(msg)
	case crash:
		a.err = msg.err
		return a, tea.Quit
	}
	cmd = tea.Batch(cmd, a.search())
	a.arrange()
	return a, cmd
}

// arrange lays out the screen and feeds what is on it.
func (a *app) arrange() {
	a.reload.notice(a.scene.status.Refusals, a.now)
	a.columns = a.layout()
	if a.tooSmall() {
		return
	}
	a.scene.zoomed = a.zoomed
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
	a.point()
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
	if c == nil || c.where == inReload && a.reload.guard.holds(a.now()) {
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
		return inDetail | a.reload.place(&a.scene)
	}
	return placeOf(a.focus) | a.reload.place(&a.scene)
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
