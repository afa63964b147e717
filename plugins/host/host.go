package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// Options say what to host. Path, Runtimes and Log must be set.
type Options struct {
	Path     string // of the script
	Params   []plugins.Param
	ReadOnly bool
	Language string // the name of a runtime; "" = by extension or first line
	Runtimes []plugins.Runtime
	Log      *recordings.Log

	Version string // of the program, for scripts that ask

	// CallbackTimeout and MemoryLimit are those of plugins.Env.
	CallbackTimeout time.Duration
	MemoryLimit     int64

	// Persist is that of plugins.Env; nil allows all.
	Persist func(path string, changes bool) error

	// MayLoad is asked before the script loads a file besides its own. Its error
	// refuses that. nil allows all.
	MayLoad func(path string) error

	// Served is called with each generation that serves from now on, the first
	// included, nil = nobody wants to know. Requests wait for it.
	Served func(recordings.Generation)

	// Shutdown is called when the script asks for the end of the program.
	Shutdown func(status int)

	Debug bool // log what nbdkit.debug says
	Watch bool // reload when the script, or a file that it loaded, changes

	// Policy is for clients that would find another disk after a reload that
	// nobody asked for: by Run, when the script was saved.
	Policy Policy

	// Settle is how long the files must rest after a change before they are
	// read again; 0 = 100 ms.
	Settle time.Duration

	// Build is how long a new generation may take to start and to open what
	// clients have open; 0 = 30 s. Meanwhile the old one serves.
	Build time.Duration

	// Drain is how long a swap may wait for the requests in flight, how long it
	// may take to carry the state over, and how long a generation may take to
	// close; 0 = 5 s.
	Drain time.Duration
}

// A Host is a live plugin. It is a plugins.Backend; its methods may be called
// from any goroutine.
type Host struct {
	opts   Options
	shelf  plugins.Shelf // what outlives a generation
	held   atomic.Int64  // bytes in disks in memory
	gate   gate
	rules  rules
	holds  holds
	delays delays
	asked  chan func(context.Context) error // what Run should do

	reloading chan struct{} // holds one token while a reload, or Close, is under way

	mu                sync.Mutex
	state             State                   // guarded by mu
	current           *generation             // guarded by mu; changes only while the gate is closed
	leaving           *swap                   // made, but for the handles on older generations, which it closes; guarded by mu
	tried             *generation             // the last that was built, whether it serves or was refused; guarded by mu
	past              []past                  // what served before, newest last; guarded by mu
	handles           map[*handle]struct{}    // guarded by mu
	admitted          map[*admission]struct{} // guarded by mu
	turn              chan struct{}           // closed when who waits for its turn should ask again; guarded by mu
	notes             []string                // on the last reload; guarded by mu
	problem           error                   // guarded by mu
	excerpt           string                  // guarded by mu
	refused           string                  // guarded by mu
	reloads, refusals int                     // guarded by mu
	unchanged         int                     // saves that changed nothing; guarded by mu
	closed            []time.Duration         // how long the gate was closed for each of the last swaps; guarded by mu
}

var (
	_ plugins.Backend  = (*Host)(nil)
	_ plugins.Admitter = (*Host)(nil)
)

// New loads the script as generation 1. An error is what is wrong with the
// script or its parameters; nothing is left running then.
func New(ctx context.Context, o Options) (*Host, error) {
	if o.Settle == 0 {
		o.Settle = 100 * time.Millisecond
	}
	if o.Build == 0 {
		o.Build = 30 * time.Second
	}
	if o.Drain == 0 {
		o.Drain = 5 * time.Second
	}
	h := &Host{
		opts:      o,
		asked:     make(chan func(context.Context) error, 1),
		reloading: make(chan struct{}, 1),
		handles:   map[*handle]struct{}{},
		admitted:  map[*admission]struct{}{},
		turn:      make(chan struct{}),
		state:     Building,
	}
	began := plugins.Now()
	src, err := plugins.ReadSource(o.Path)
	if err != nil {
		return nil, err
	}
	g, err := h.build(ctx, src, 1)
	if err != nil {
		return nil, &LoadError{Err: err, Excerpt: excerpt(err, src)}
	}
	g.instance.Settle()
	h.current, h.tried, h.state = g, g, Serving
	h.tellServed(g)
	h.opts.Log.Append(recordings.Event{
		Kind: recordings.Reload, Generation: 1,
		Times: plugins.Times{Received: began},
	}, fmt.Sprintf("loaded %s", o.Path), nil)
	return h, nil
}

// A LoadError is a script that cannot be used, with the line that is to blame.
type LoadError struct {
	Err     error
	Excerpt string // two lines, or "" if no line is to blame
}

// Error returns one line: what and where.
func (e *LoadError) Error() string { return e.Err.Error() }

// Unwrap returns the error without the excerpt.
func (e *LoadError) Unwrap() error { return e.Err }

// excerpt returns the lines of the script that err points at.
func excerpt(err error, src plugins.Source) string {
	var script *plugins.Error
	if !errors.As(err, &script) {
		return ""
	}
	return script.Excerpt(blamed(err, src))
}

// blamed returns the text of the file that err points at: src, or one that it loaded.
func blamed(err error, src plugins.Source) string {
	var script *plugins.Error
	switch {
	case !errors.As(err, &script), script.File == "":
		return ""
	case script.File == src.Path:
		return src.Text
	}
	module, err := plugins.ReadSource(script.File)
	if err != nil {
		return "" // the message names the file; there is nothing more to show
	}
	return module.Text
}

// Exports implements plugins.Backend.
func (h *Host) Exports(ctx context.Context, p plugins.OpenParams) ([]plugins.Export, error) {
	n, err := h.gate.enter(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer h.gate.leave(n)
	g, err := h.serving()
	if err != nil {
		return nil, err
	}
	return g.instance.Exports(ctx, p)
}

// Open implements plugins.Backend. What it returns outlives reloads.
func (h *Host) Open(ctx context.Context, p plugins.OpenParams) (plugins.Handle, error) {
	n, err := h.gate.enter(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer h.gate.leave(n)
	g, err := h.serving()
	if err != nil {
		return nil, err
	}
	inner, err := g.instance.Open(ctx, p)
	if err != nil {
		h.opts.Log.Append(recordings.Event{
			Kind: recordings.Opened, Front: p.Front, Conn: p.Conn, Generation: g.number,
			Errno: uint16(plugins.ErrnoOf(err)), Times: plugins.Times{Received: plugins.Now()},
		}, err.Error(), nil)
		return nil, err
	}
	d := &handle{host: h, params: p}
	d.stand(inner, g)
	h.mu.Lock()
	h.handles[d] = struct{}{}
	h.mu.Unlock()
	return d, nil
}

// serving returns the generation that serves. Inside the gate it stays the same.
func (h *Host) serving() (*generation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == Stopped {
		return nil, plugins.Errorf(syscall.ESHUTDOWN, "the script was stopped: start the program again")
	}
	return h.current, nil
}

// Status returns what the host is doing now.
func (h *Host) Status() Status {
	inFlight, held := oldestFirst(append(h.gate.inFlight(), h.delays.all()...)), h.holds.count()
	h.mu.Lock()
	defer h.mu.Unlock()
	return Status{
		State:       h.state,
		Path:        h.opts.Path,
		Language:    h.current.language,
		Params:      slices.Clone(h.opts.Params),
		Generation:  h.current.number,
		Callbacks:   h.current.instance.Callbacks(),
		ThreadModel: h.current.instance.ThreadModel(),
		Source:      h.current.source.Text,
		Watching:    h.opts.Watch,
		Problem:     h.problem,
		Excerpt:     h.excerpt,
		Refused:     h.refused,
		Reloads:     h.reloads,
		Refusals:    h.refusals,
		Unchanged:   h.unchanged,
		Closed:      closedTimes(h.closed),
		Held:        held,
		Handles:     len(h.handles),
		Behind:      h.countBehind(),
		Notes:       slices.Clone(h.notes),
		Past:        len(h.past),
		InFlight:    inFlight,
	}
}

// Stirs implements Control.
func (h *Host) Stirs() <-chan struct{} { return h.gate.stirs() }

// Close ends the script: cleanup, unload. The front ends have closed their
// handles; what they left open is closed first. It waits for a reload under way, and
// for what is in flight, as long as ctx allows; the script has time of its own to end.
func (h *Host) Close(ctx context.Context) error {
	if err := h.lockReload(ctx); err != nil {
		return err
	}
	defer h.unlockReload()
	if err := h.gate.close(ctx); err != nil {
		return fmt.Errorf("stopping the script while %s: %w", describeInFlight(h.gate.inFlight()), err)
	}
	defer h.gate.open()
	h.mu.Lock()
	left := h.handles
	h.handles = map[*handle]struct{}{}
	stopped := h.state == Stopped
	h.state = Stopped
	h.nextTurn()
	h.mu.Unlock()
	if stopped {
		return nil
	}
	generations := map[*generation]bool{h.current: true}
	var errs []error
	for d := range left {
		generations[d.generation] = true
		errs = append(errs, d.inner.Close())
	}
	ending, cancel := h.closing(ctx)
	defer cancel()
	for g := range generations {
		errs = append(errs, g.close(ending))
	}
	return errors.Join(errs...)
}

// describeInFlight names what is still running: "READ 0x1000 4096 of nbd#1 and 3 more are in flight".
func describeInFlight(list []InFlight) string {
	if len(list) == 0 {
		return "a callback is running"
	}
	r := list[0]
	text := fmt.Sprintf("%s %#x %d of %s#%d", r.Op, r.Offset, r.Length, r.Origin.Front, r.Origin.Conn)
	if more := len(list) - 1; more > 0 {
		return fmt.Sprintf("%s and %d more are in flight", text, more)
	}
	return text + " is in flight"
}
