package recordings

import (
	"sync"

	"workbench/plugins"
)

// A Filter is a question about events, such as `op:write len>=64k err`. The
// language is told in FILTERS.md, which is made from the table of fields. A
// Filter does not change; it may be used from any goroutine.
type Filter struct {
	text string // as it was written, which errors point into
	root *node  // nil: everything
	test test
	fake sync.Pool // of *requestEvent
}

// Contents are what an event has beside its fields. A [Source] has them.
type Contents interface {
	// Text and Data return what [Source] says.
	Text(e *Event) (text string, ok bool)
	Data(e *Event) (data []byte, ok bool)
}

// Marks are [Contents] that also know which requests a user marked. Without them
// no request is marked.
type Marks interface {
	Mark(e *Event) (sign string, ok bool)
}

// A test is a compiled part of a filter. What it asks for and is not there, or
// not known, makes it false.
type test func(*Event, Contents) bool

// ParseFilter compiles a filter; one without any term matches everything. The
// error is a [*FilterError]. Times such as since:30s count back from now; see [Filter.At].
func ParseFilter(text string) (*Filter, error) {
	root, err := parseFilter(text)
	if err != nil {
		return nil, err
	}
	return newFilter(text, root, plugins.Now()), nil
}

func newFilter(text string, root *node, now plugins.Stamp) *Filter {
	f := &Filter{text: text, root: root, test: root.compile(now)}
	f.fake.New = func() any { return new(requestEvent) }
	return f
}

// At returns f with its times relative to now. A reader of a recording, which has
// its own now, gives the time of the newest event.
func (f *Filter) At(now plugins.Stamp) *Filter { return newFilter(f.text, f.root, now) }

// String returns f in the canonical form, which compiles to the same filter.
func (f *Filter) String() string { return f.root.String() }

// Match reports whether e is what f asks for. Where c is nil, terms about texts
// and data are false. It allocates nothing unless f looks at those.
func (f *Filter) Match(e *Event, c Contents) bool { return f.test(e, c) }

// MatchRequest reports whether a request that has just arrived is what f asks
// for. What is not known so early is as if it were not there; f.Check(OnArrival)
// refuses a filter that asks for it.
func (f *Filter) MatchRequest(r *plugins.Request) bool { return f.matchRequest(r, OnArrival, nil) }

// MatchAnswer is MatchRequest for a request that the script has answered with
// err, or without one, before the client knows. See [OnAnswer].
func (f *Filter) MatchAnswer(r *plugins.Request, err error) bool {
	return f.matchRequest(r, OnAnswer, err)
}

func (f *Filter) matchRequest(r *plugins.Request, stage Stage, err error) bool {
	x := f.fake.Get().(*requestEvent)
	x.set(r, stage, err)
	matches := f.test(&x.Event, x)
	*x = requestEvent{}
	f.fake.Put(x)
	return matches
}

// A Stage is a moment in the life of a request, at which more is known of it
// than at those before.
type Stage uint8

// The stages. A field says from which one on it is known.
const (
	OnArrival Stage = iota // the script has not seen the request
	OnAnswer               // the script is done, the client has no answer yet
	InLog                  // it is an event
)

// Check returns a [*FilterError] that points at the first term of f that asks for
// something not known at a stage.
func (f *Filter) Check(s Stage) error {
	var late *term
	f.root.walk(func(t *term) {
		if late == nil && t.field.known > s {
			late = t
		}
	})
	if late == nil {
		return nil
	}
	name := late.field.name
	if late.field.known == OnAnswer {
		return newFilterError(f.text, late.at, late.end, name+" is not known before the script has run",
			"ask for it after the script, or for what the client sent, as in op:write len>=64k")
	}
	return newFilterError(f.text, late.at, late.end, name+" is known only of events in the log",
		"ask for what the client sent, as in op:write len>=64k")
}

// Needs are what a filter looks at beside the fields of an event.
type Needs struct {
	Text bool // the text of events
	Data bool // the first bytes of payloads
	Time bool // how long ago events were, so that it matters what [Filter.At] says
	Mark bool // which requests a user marked; see [Marks]

	// Kinds says that the filter is about more than requests: it asks for a
	// kind, a callback, a text or a line of the script.
	Kinds bool
}

// Needs returns what f looks at.
func (f *Filter) Needs() Needs {
	var n Needs
	f.root.walk(func(t *term) {
		n.Text = n.Text || t.field.needs.Text
		n.Mark = n.Mark || t.field.needs.Mark
		n.Data = n.Data || t.field.needs.Data
		n.Time = n.Time || t.field.needs.Time
		n.Kinds = n.Kinds || t.field.needs.Kinds
	})
	return n
}

// A requestEvent is a request as the event that it will be, with what it has
// for contents at its stage.
type requestEvent struct {
	Event
	data []byte
	err  error
}

func (x *requestEvent) set(r *plugins.Request, stage Stage, err error) {
	x.Event = Event{
		Kind:       Request,
		Front:      r.Origin.Front,
		Op:         r.Op,
		Callback:   r.Failed,
		Flags:      r.Flags,
		Fate:       r.Fate,
		Errno:      uint16(plugins.ErrnoOf(err)),
		Rule:       r.Rule,
		Generation: r.Generation,
		Conn:       r.Origin.Conn,
		Cookie:     r.Origin.Cookie,
		PID:        r.Origin.PID,
		Program:    r.Origin.Program,
		Offset:     r.Offset,
		Length:     r.Length,
		Times:      r.Times,
	}
	x.err = err
	if r.Op == plugins.OpWrite || r.Op == plugins.OpRead && stage == OnAnswer && err == nil {
		x.data = r.Data[:min(len(r.Data), PreviewSize)]
	}
}

// Text implements Contents.
func (x *requestEvent) Text(*Event) (string, bool) {
	if x.err == nil {
		return "", true
	}
	return x.err.Error(), true
}

// Data implements Contents.
func (x *requestEvent) Data(*Event) ([]byte, bool) { return x.data, true }
