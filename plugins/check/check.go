package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"workbench/plugins"
)

// Options say what to check, and how far.
type Options struct {
	Source   plugins.Source
	Runtimes []plugins.Runtime
	Language string // the name of a runtime; "" = by extension or first line
	Params   []plugins.Param
	Export   string        // check this export alone; "" = the default, and those that are listed
	ReadOnly bool          // as if served read-only
	Write    bool          // also write to the disk, and put back what was there
	Debug    bool          // what nbdkit.debug says belongs to the output
	Limit    time.Duration // for one callback; 0 = none
	Memory   int64         // bytes that the program may hold while a script asks for more; 0 = no limit
}

const (
	// slow is how long a callback may take without a note.
	slow = time.Second

	// maxOutput is how many pieces of what a script prints are kept.
	maxOutput = 200

	// maxListed is how many of the exports that a script lists are looked into.
	maxListed = 8
)

// A checker is one check. What it has found stands under a lock, because a
// callback that never came back may still print.
type checker struct {
	o        Options
	runtime  plugins.Runtime
	watchdog *watchdog
	sources  sources

	mu      sync.Mutex
	report  *Report                             // guarded by mu; nil when the check has ended
	answers [plugins.NumCallbacks]*plugins.Call // the last that returned, its values alone; guarded by mu
}

// Run checks a script. The error is a check that did not take place: ctx ended,
// or nobody knows the language. What is wrong with the script is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	rt, err := plugins.FindRuntime(o.Runtimes, o.Language, o.Source)
	if err != nil {
		return nil, err
	}
	c := &checker{
		o: o, runtime: rt, watchdog: &watchdog{limit: o.Limit},
		report: &Report{Script: o.Source.Path, Language: rt.Name()},
	}
	c.sources.add(o.Source.Path, o.Source.Text)
	began := time.Now()
	c.run(ctx)

	c.mu.Lock()
	defer c.mu.Unlock()
	report := c.report
	c.report = nil
	report.Took = time.Since(began)
	report.sort()
	if ctx.Err() != nil {
		return report, fmt.Errorf("the check was stopped: %w", context.Cause(ctx))
	}
	return report, nil
}

// run is the check.
func (c *checker) run(ctx context.Context) {
	program, err := c.runtime.Compile(c.o.Source)
	if err != nil {
		c.failed(RuleStart, err, "")
		return
	}
	watched := watchedProgram{program, c.watchdog}
	in, err := plugins.Start(ctx, watched, c.env(true))
	if script := c.watchdog.started(); script != nil {
		c.note(script)
		c.checkNames(script)
		c.checkSignatures(script)
	}
	switch {
	case err != nil && c.checkMissing():
		return
	case err != nil:
		c.startFailed(err)
		return
	}
	c.mu.Lock()
	c.report.Model = in.ThreadModel()
	c.mu.Unlock()
	in.Settle() // clients come now
	c.checkExports(ctx, in)
	c.end(ctx, in)
	c.checkPairs()
	c.checkParameters(ctx, watched)
}

// end closes the instance as a server does when it stops.
func (c *checker) end(ctx context.Context, in *plugins.Instance) {
	if err := in.Close(context.WithoutCancel(ctx)); err != nil {
		c.failed(RuleFailure, err, "")
	}
}

// note enters what is known of a script that has run its top level.
func (c *checker) note(script plugins.Script) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.APIVersion = script.APIVersion()
	for cb := plugins.NoCallback + 1; cb < plugins.NumCallbacks; cb++ {
		if script.Defines(cb) {
			c.report.Callbacks = append(c.report.Callbacks, cb)
		}
	}
}

// checkMissing reports each callback that the script cannot do without and has
// not. A script that did not get that far has none missing.
func (c *checker) checkMissing() (found bool) {
	script := c.watchdog.started()
	for cb := plugins.NoCallback + 1; cb < plugins.NumCallbacks; cb++ {
		if script == nil || !cb.Required() || script.Defines(cb) {
			continue
		}
		found = true
		c.add(Finding{
			Severity: Error, Rule: RuleStart, Callback: cb,
			Text:   fmt.Sprintf("the script does not define %s: a disk needs open, get_size and pread", cb),
			Advice: "add " + c.define(cb, c.version()),
		})
	}
	return found
}

// startFailed reports what kept the script from getting ready.
func (c *checker) startFailed(err error) {
	advice := ""
	var e *plugins.Error
	switch {
	case !errors.As(err, &e):
	case strings.Contains(e.Msg, "API_VERSION"):
		advice = "write API_VERSION = 2, a number, at the top of the script, or leave it out for version 1"
		at := *e
		at.Line = c.lineOf("API_VERSION")
		err = &at
	case strings.Contains(e.Msg, "takes no parameters"):
		advice = "define config(key, value), or leave the parameters away"
	case e.Callback == plugins.ConfigComplete && len(c.o.Params) == 0:
		advice = "if it misses a parameter, give it: workbench check " + c.o.Source.Path + " KEY=VALUE"
	}
	c.failed(RuleStart, err, advice)
}

// env is what the script is started with; watched means that what it does is reported.
func (c *checker) env(watched bool) plugins.Env {
	env := plugins.Env{
		Params: c.o.Params, ReadOnly: c.o.ReadOnly, Load: c.sources.read,
		MemoryLimit: c.o.Memory, Held: new(atomic.Int64),
	}
	if !watched {
		return env
	}
	env.Print = c.print
	if c.o.Debug {
		env.Debug = c.print
	}
	env.Observe = c.observe
	env.Shutdown = func(int) {
		c.add(Finding{Severity: Note, Rule: RuleFailure, Text: "the script asks the server to stop: one that serves would have ended here"})
	}
	return env
}

// client is who opens the disk: as somebody at a unix socket would.
func (c *checker) client() *plugins.Client {
	return &plugins.Client{
		Name: fmt.Sprintf("pid %d, uid %d", os.Getpid(), os.Getuid()),
		PID:  os.Getpid(), UID: os.Getuid(), GID: os.Getgid(),
	}
}

// print takes what the script prints.
func (c *checker) print(call *plugins.Call, text string) {
	line := Line{Text: text}
	if call != nil {
		line.Callback = call.Callback
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.report == nil:
	case len(c.report.Output) < maxOutput:
		c.report.Output = append(c.report.Output, line)
	default:
		c.report.Unshown += 1 + strings.Count(text, "\n")
	}
}

// observe is told of each callback that ran.
func (c *checker) observe(call *plugins.Call, err error) {
	if took := call.Done.Sub(call.Started); took > slow && !isHang(err) {
		f := c.about(call.Callback)
		f.Severity, f.Rule = Note, RuleSlow
		f.Text = fmt.Sprintf("%s took %s", call.Callback, took.Round(10*time.Millisecond))
		f.Advice = "clients wait that long, and under most thread models all of them"
		c.add(f)
	}
	if err != nil {
		return
	}
	if n := uint64(len(call.Data)); call.Callback == plugins.Pread && n > call.Length {
		f := c.about(call.Callback)
		f.Severity, f.Rule = Note, RuleData
		f.Text = fmt.Sprintf("pread returned %s: %d were asked for at offset %d, and the rest is dropped", count(n, "byte"), call.Length, call.Offset)
		f.Advice = "return as many as count says"
		c.add(f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[call.Callback] = &plugins.Call{
		Bool: call.Bool, Int: call.Int, Text: call.Text, Missing: call.Missing, BlockSizes: call.BlockSizes,
	}
}

// answer returns what a callback returned the last time, nil if it did not.
func (c *checker) answer(cb plugins.Callback) *plugins.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers[cb]
}

// said reports whether the script has a callback, and it said yes.
func (c *checker) said(cb plugins.Callback) bool {
	a := c.answer(cb)
	return a != nil && a.Bool
}

// about returns a finding about a callback that the script defines, or about the script.
func (c *checker) about(cb plugins.Callback) Finding {
	f := Finding{Callback: cb, File: c.o.Source.Path}
	if script := c.watchdog.started(); script != nil {
		f.File, f.Line = script.Position(cb)
	}
	return f
}

// lineOf returns the line of the script that assigns to a global name, 0 if none does.
func (c *checker) lineOf(name string) int {
	return c.sources.lineOf(c.o.Source.Path, c.runtime.Name(), assignment(name))
}

// add reports f. The same mistake in the same place is told once, and counted.
func (c *checker) add(f Finding) {
	f.Times = 1
	if f.File == "" {
		f.File = c.o.Source.Path
	}
	if f.Excerpt == "" && f.Line > 0 {
		e := plugins.Error{Line: f.Line}
		f.Excerpt = e.Excerpt(c.sources.text(f.File))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.report == nil {
		return
	}
	for i := range c.report.Findings {
		g := &c.report.Findings[i]
		same := g.Rule == f.Rule && g.Severity == f.Severity && g.Callback == f.Callback && g.File == f.File && g.Line == f.Line
		if same && (f.Callback != plugins.NoCallback && f.Rule != RulePair && f.Rule != RuleSignature || g.Text == f.Text) {
			g.Times++
			return
		}
	}
	c.report.Findings = append(c.report.Findings, f)
}

// found reports whether there is a finding by one of rules.
func (c *checker) found(rules ...Rule) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.report.Findings, func(f Finding) bool { return slices.Contains(rules, f.Rule) })
}

// failed reports an error that came out of the script. advice may be "".
func (c *checker) failed(rule Rule, err error, advice string) {
	hang, isHang := errors.AsType[*hangError](err)
	e, ours := errors.AsType[*plugins.Error](err)
	f := Finding{Severity: Error, Rule: rule, File: c.o.Source.Path, Text: err.Error(), Advice: advice}
	switch {
	case errors.Is(err, errSkipped):
		return
	case isHang:
		f = c.about(hang.callback)
		f.Severity, f.Rule = Error, RuleHang
		f.Text = fmt.Sprintf("%s was not done after %s", callbackName(hang.callback), hang.limit)
		f.Advice = "look for a loop without end; --callback-timeout allows more"
		if ours && e.Line > 0 {
			f.File, f.Line = e.File, e.Line
			f.Text += ", and was here when it was stopped"
		}
		if hang.lost {
			f.Text += ", and could not be stopped"
			f.Advice = "look for what waits for the system, as the read of a pipe does; nothing further was checked"
		}
	case ours:
		f.Callback, f.Line, f.Excerpt = e.Callback, e.Line, e.Excerpt(c.sources.text(e.File))
		if e.File != "" {
			f.File = e.File
		}
		f.Text = strings.ReplaceAll(err.Error(), e.Error(), callbackText(e))
	}
	c.add(f)
}

// callbackText is the text of an error without its place, which stands elsewhere.
func callbackText(e *plugins.Error) string {
	if e.Callback == plugins.NoCallback {
		return e.Msg
	}
	return e.Callback.String() + ": " + e.Msg
}

func callbackName(cb plugins.Callback) string {
	if cb == plugins.NoCallback {
		return "the top level of the script"
	}
	return cb.String()
}

func isHang(err error) bool {
	_, ok := errors.AsType[*hangError](err)
	return ok
}
