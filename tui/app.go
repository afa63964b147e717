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
	filed      bool                     // events come from a file, where each may cost a block
	named      func(text string) string // puts keys into a text; see [app.named]
}

// clock formats the time of day of a stamp, to milliseconds.
func (sc *scene) clock(s plugins.Stamp) string { return sc.wall(s).Format("15:04:05.000") }

// An app is the one model of the screen.
type app struct {
	options  Options
	title    string
	bench    host.Control // nil: nothing is live
	commands []command    // with the keys of the user's own

	// What is shown: the state that events are folded into, or a copy of it.
	live   *state
	scene  scene   // scene.state is live, unless paused or travelling
	paused bool    // it is a frozen copy
	travel *travel // it is as of an earlier moment; nil = it is not

	// What runs beside the model. listen makes the command that brings the next
	// pulse; idle says that nothing on the screen changes with time alone.
	listen    func(idle bool) tea.Cmd
	nudge     func()  // has the host looked at, which may have changed without an event
	work      worker  // what may take its time
	tap       tap     // what brings other events
	beside    *beside // commands that take long
	task      *task   // that is under way; nil = none
	searching bool    // a message to search on is on its way

	// A recording stands over what it was opened from.
	parent, over *app
	left         bool           // it goes back to that
	close        func() tea.Msg // ends what brings its events
	target       int64          // the event that it was opened for, until it is there; -1 = none

	panels   [numPanels]panel // and each of them by its own type:
	requests *requests
	calls    *callbacks
	script   *script
	clients  *connections
	held     *heldRequests
	rules    *rules
	output   *output
	disk     *diskMap
	ladder   *ladder
	library  *library

	width, height int
	columns       []areaColumn
	focus         int  // the panel that has the keys
	below         int  // the panel shown beside the requests where there is room for one
	last          int  // the panel shown in the last area where there is room for all
	zoomed        bool // the panel that has the keys has the whole screen

	// What lies over the panels or beside them; nil = it does not.
	detail *detail
	menu   *menu
	prompt *prompt
	tour   *tour // what to try
	reload reloadCard
	asking bool // whether to quit

	// What the user is told.
	said    cell     // what the last key did, or why it did nothing
	told    []string // the shell lines of what was done, the newest last
	trouble string   // what went wrong with the last command; "" = nothing
	result  string   // what came of it
	blamed  blame    // where the selected request failed

	past    history // what was typed
	noMouse bool    // the mouse is left to the terminal
	ascii   bool    // signs and frames are drawn in ASCII

	clip func(text string) error // puts text on the clipboard; it may wait
	edit func(file string, line int) (*exec.Cmd, error)
	lend func(run func() error, then func(error) tea.Msg) tea.Cmd // has run have the terminal for a while
	now  func() time.Time

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
		nudge:    func() {},
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
		a.scene.filed = true
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
		a.trouble, a.result, a.said = "", "", cell{}
		a.reload.read, a.reload.resaved = a.scene.changed.to, a.scene.resaved
		cmd = a.keys(msg)
	case tea.MouseMsg:
		cmd = a.mouse(msg)
	case copied:
		a.noteCopied(msg)
	case resumed:
		a.resume(msg)
	case searchOn:
		a.searching = false
	case sorted:
		a.requests.takeOrder(msg)
	case arrivedRows:
		a.requests.takeRows(&a.scene, msg)
	case arrived:
		a.arrive(msg)
	case acted:
		a.note(msg)
	case edited:
		a.afterEdit(msg)
	case outcome:
		a.finish(msg)
		a.root().nudge() // a recording has begun, or ended
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
	return a, tea.Batch(cmd, safely(a.travelOn()), safely(a.fetch()), a.scan())
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
