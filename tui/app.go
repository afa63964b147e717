package tui

import (
	"errors"
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
	focused    bool                     // the panel has the keys
	zoomed     bool                     // one panel has the whole screen
	live       bool                     // there is a host
	named      func(text string) string // puts keys into a text; see [app.named]
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

	parent, over *app           // a recording stands over what it was opened from
	left         bool           // it goes back to that
	close        func() tea.Msg // ends what brings its events
	target       int64          // the event that it was opened for, until it is there; -1 = none

	beside *beside // commands that take long

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
	clients       *connections  // panels[connectionsPanel]
	disk          *diskMap      // panels[mapPanel]
	ladder        *ladder       // panels[ladderPanel]
	output        *output       // panels[outputPanel]
	library       *library      // panels[recordingsPanel]
	focus         int           // the panel that has the keys
	below         int           // the panel shown beside the requests where there is room for one
	last          int           // the panel shown in the last area where there is room for all
	zoomed        bool
	detail        *detail  // nil unless open
	menu          *menu    // nil unless open
	prompt        *prompt  // nil unless open
	past          history  // what was typed
	said          cell     // what the last key did, or why it did nothing
	told          []string // the shell lines of what was done, the newest last
	travel        *travel  // nil unless the screen is as of an earlier moment
	trouble       string   // what went wrong with the last command; "" = nothing
	result        string   // what came of it
	task          *task    // that is under way; nil = none
	tour          *tour    // what to try; nil = nothing
	searching     bool     // a message to search on is on its way
	asking        bool     // whether to quit
	noMouse       bool     // the mouse is left to the terminal
	ascii         bool     // signs and frames are drawn in ASCII
	reload        reloadCard
	blamed        blame // where the selected request failed

	clip func(text string) error // puts text on the clipboard; it may wait
	now  func() time.Time
	edit func(file string, line int) (*exec.Cmd, error)

	err error // why the screen had to stop
}

// newApp returns the model for o, which does not listen yet.
func newApp(o Options, t *theme) *app {
	live := &state{marks: &marks{}}
	req := &requests{list: newLog()}
	rungs := &ladder{requests: req}
	held, rules, clients, shelf := &heldRequests{}, &rules{}, &connections{}, &library{}
	disk := &diskMap{clients: clients}
	calls, text, printed := newCallbacks(), &script{blamed: -1}, newOutput()
	a := &app{
		options: o,
		title:   o.Title,
		bench:   o.Workbench,
		target:  -1,
		tour:    newTour(o.Checklist),
		beside:  newBeside(),
		live:    live,
		scene: scene{
			state: live, theme: t, events: o.Events, wall: o.Wall, uri: o.URI, mount: o.Mount,
			live: o.Workbench != nil,
		},
		commands: commands(),
		clip:     func(string) error { return errors.New("this terminal has no clipboard") },
		noMouse:  o.NoMouse,
		ascii:    o.ASCII,
		requests: req,
		held:     held,
		ladder:   rungs,
		rules:    rules,
		clients:  clients,
		disk:     disk,
		calls:    calls,
		script:   text,
		output:   printed,
		library:  shelf,
		now:      func() time.Time { return o.Wall(o.Now()) },
		panels: [numPanels]panel{
			requestsPanel:    req,
			callbacksPanel:   calls,
			scriptPanel:      text,
			connectionsPanel: clients,
			heldPanel:        held,
			rulesPanel:       rules,
			outputPanel:      printed,
			mapPanel:         disk,
			ladderPanel:      rungs,
			recordingsPanel:  shelf,
		},
		below: callbacksPanel,
		last:  outputPanel,
	}
	a.scene.named = a.named
	if a.bench != nil {
		live.status = a.bench.Status()
	} else if r, ok := o.Events.(interface{ Header() recordings.Header }); ok {
		live.recall(r.Header())
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
		a.trouble, a.result, a.said, a.reload.read = "", "", cell{}, a.scene.changed.to
		cmd = a.keys(msg)
	case tea.MouseMsg:
		cmd = a.mouse(msg)
	case copied:
		a.noteCopied(msg)
	case resumed:
		cmd = a.resume(msg)
	case searchOn:
		a.searching = false
	case sorted:
		a.requests.takeOrder(msg)
	case arrived:
		a.arrive(msg)
	case acted:
		a.note(msg)
	case edited:
		cmd = a.afterEdit(msg)
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
	cmd = tea.Batch(cmd, safely(a.search()))
	a.arrange()
	return a, tea.Batch(cmd, safely(a.travelOn()), a.scan())
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
	if text := msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace; text && !msg.Alt && a.typed(string(msg.Runes)) {
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
		if a.typed(string(r)) {
			continue
		}
		cmds = append(cmds, a.key(string(r)))
		a.arrange()
	}
	return tea.Batch(cmds...)
}

// typed takes text where there is a line for it, and reports whether there is.
func (a *app) typed(text string) bool {
	switch a.where() {
	case inPrompt:
		a.prompt.insert(text)
	case inMenu:
		a.menu.narrow(a, a.menu.text+printable(text))
	default:
		return false
	}
	return true
}

// key runs the command that key has in the place that has the keys.
func (a *app) key(key string) tea.Cmd {
	if c := find(a.commands, a.where(), key); c != nil {
		return a.press(c)
	}
	return nil
}

// press runs the command of a key or of the footer, unless that has just popped up.
func (a *app) press(c *command) tea.Cmd {
	if c.where == inReload && a.reload.guard.holds(a.now()) {
		return nil
	}
	return a.run(c)
}

// run runs c if it can be run now; else it says why not.
func (a *app) run(c *command) tea.Cmd {
	if ok, why := a.can(c); !ok {
		if a.where() != inPrompt { // which says itself what is wrong
			a.said = cell{a.scene.warn, why}
		}
		return nil
	}
	if c.run == nil {
		q, text := c.ask(a)
		a.prompt = newPrompt(q, text)
		return nil
	}
	if c.shell != nil {
		a.tell(c.shell(a))
	}
	return safely(c.run(a))
}

// why returns "" if c can be run from where the user is, below menu and prompt,
// else the reason against it.
func (a *app) why(c *command) string {
	here := a.under()
	if here == inDetail {
		here |= placeOf(a.focus) // it is closed first
	}
	if c.where&here == 0 && c.where != inCopy {
		return "only in: " + c.where.String()
	}
	_, why := a.can(c)
	return why
}

// can reports whether c can be run now, and if not why.
func (a *app) can(c *command) (ok bool, why string) {
	if c.enabled == nil {
		return true, ""
	}
	if ok, why = c.enabled(a); ok {
		return true, ""
	}
	return false, a.named(why)
}

// choose runs a command that was chosen by its name and can be run.
func (a *app) choose(c *command) tea.Cmd {
	a.menu, a.prompt = nil, nil
	if c.where&a.under() == 0 && c.where != inCopy {
		a.detail = nil
	}
	return a.run(c)
}

// keptTold is how many shell lines are kept.
const keptTold = 100

// tell shows the shell line that does what the user did, until the next key.
func (a *app) tell(line string) {
	if line == "" {
		return
	}
	a.said = cell{a.scene.dim, "$ " + line}
	if n := len(a.told); n > 0 && a.told[n-1] == line {
		return
	}
	a.told = append(a.told, line)
	a.told = a.told[max(len(a.told)-keptTold, 0):]
}

// where returns the place that has the keys.
func (a *app) where() where {
	switch {
	case a.asking:
		return inQuestion
	case a.tooSmall():
		return inCard
	case a.menu != nil && a.menu.only != 0:
		return a.menu.only
	case a.menu != nil:
		return inMenu
	case a.prompt != nil:
		return inPrompt
	}
	return a.under()
}

// under returns the place that has the keys when neither menu nor prompt has them.
func (a *app) under() where {
	if a.detail != nil {
		return inDetail | a.reload.place(&a.scene)
	}
	return placeOf(a.focus) | a.reload.place(&a.scene)
}

// rows returns the list that the moving keys move.
func (a *app) rows() *list {
	if a.detail != nil {
		return a.detail.rows()
	}
	return a.panels[a.focus].rows()
}

// edge returns the list that is moved to its ends: the ladder has a part of the
// requests only.
func (a *app) edge() *list {
	if a.menu == nil && a.detail == nil && a.focus == ladderPanel {
		return &a.requests.list
	}
	return a.rows()
}

// closeDetail goes back from a request to the panels.
func (a *app) closeDetail() { a.detail = nil }

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
