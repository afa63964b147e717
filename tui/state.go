package tui

import (
	"maps"
	"slices"
	"strings"

	"workbench/nbd"
	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// What the state keeps; beyond that the oldest goes.
const (
	keptOutput      = 2000 // lines that the script printed
	keptLine        = 1024 // bytes of each
	keptConnections = 256  // connections, those that are open aside
	keptOptions     = 32   // negotiated options of a connection
	keptTrends      = 8    // generations whose callbacks have a trend
)

// A state is what the screen knows: the fold of the log up to an event, and
// what the host last said of itself.
type state struct {
	status host.Status // zero if there is no host
	held   []host.HeldRequest
	rules  []host.RuleStatus
	now    plugins.Stamp

	recorder recordings.RecorderStatus // without a Path there is none

	first, next uint64 // the events that the log still has
	missed      uint64 // events that were gone before the screen read them

	requests  index
	failed    int // requests
	moved     trend
	finished  trend
	usual     usual
	bytes     uint64        // moved, in all
	began     plugins.Stamp // when the first request came
	ended     plugins.Stamp // when the last answer left
	marks     *marks        // the same in all copies
	lastError failure       // newest failed request; its event has Kind 0 if there is none

	connections []connection // in the order in which they came
	latest      int          // where the connection of the last event stands among them
	disks       []disk       // in the order in which they were opened
	hits        hits         // what rules did last
	output      []outputLine // the newest ones
	outputGone  int          // how many were there before
	stats       []recordings.CallbackStats
	trends      []generationTrends // ascending

	versions []version            // the script's generations whose texts are known, ascending
	changed  change               // what the last reload brought; zero = there was none
	resaved  plugins.Stamp        // when the script was last saved as it was; 0 = never
	faults   map[scriptLine]fault // where the script failed
	unread   int                  // failures whose texts came too fast to be read: they may have been anywhere
}

// A failure is a failed request with the reason.
type failure struct {
	event recordings.Event
	text  string
}

// A connection is what is known about a client.
type connection struct {
	front          plugins.Front
	number         uint32
	peer, export   string
	disk           int    // the number of its disk, from 1; 0 = it is not looked up yet
	refused        string // why its export was not opened, "" if it was
	size           uint64
	options        []string // negotiated, in words
	agreed         nbd.Agreed
	since, until   plugins.Stamp
	closed         bool
	end            string // why it went
	requests       uint64
	errors         uint64
	received, sent uint64 // bytes of data
	usage
}

// An outputLine is a line in the script panel: what the script printed, a
// callback that failed other than for a request, what became of a reload.
type outputLine struct {
	event recordings.Event
	text  string
	more  bool // it goes on with the text of the line before
}

// generationTrends are the calls per second of a generation's callbacks.
type generationTrends struct {
	generation uint32
	callbacks  [plugins.NumCallbacks]trend
}

// freeze returns a copy that folding more into s does not change.
func (s *state) freeze() *state {
	c := *s
	// What is only ever appended to needs no copy: c does not see what comes after its end.
	c.connections = slices.Clone(s.connections)
	c.trends = slices.Clone(s.trends)
	c.disks, c.hits = freezeDisks(s.disks), maps.Clone(s.hits)
	c.faults = maps.Clone(s.faults)
	return &c
}

// fold takes in what happened.
func (s *state) fold(p *pulse) {
	s.now, s.first, s.next = p.now, p.first, p.next
	s.missed += p.missed
	was := s.status
	s.unread += p.unread
	if p.live {
		s.status, s.held, s.rules, s.recorder = p.status, p.held, p.rules, p.recorder
	}
	if p.versions != nil {
		s.keep(p.versions)
		if was.Generation != 0 && was.Generation != s.status.Generation {
			s.noteChange(was.Generation, was.Callbacks)
		}
	}
	if s.status.Unchanged != was.Unchanged {
		s.resaved = s.now
	}
	if p.stats != nil {
		s.stats = p.stats
	}
	for i := range p.events {
		s.add(&p.events[i], p.texts[i])
	}
	s.requests.dropBefore(p.first)
	if extra := len(s.output) - keptOutput; extra > 0 {
		s.output = s.output[extra:]
		s.outputGone += extra
	}
}

// add takes in one event. Of requests only EXTENTS and the newest that failed come
// with their text.
func (s *state) add(e *recordings.Event, text string) {
	switch e.Kind {
	case recordings.Request:
		s.addRequest(e, text)
	case recordings.Callback:
		s.addCall(e, e.Callback)
		if e.Failed() && !forRequest(e) {
			s.addOutput(e, text)
			s.addFault(e, text)
		}
	case recordings.Output, recordings.Debug, recordings.Reload:
		s.addOutput(e, text)
	case recordings.Mark:
		if e.Op != 0 && s.marks != nil {
			s.marks.add(e, text)
		}
	case recordings.Connect, recordings.Negotiate, recordings.Opened, recordings.Disconnect:
		s.addConnection(e, text)
	}
}

// forRequest reports whether a callback was run for a request, which fails with it.
func forRequest(e *recordings.Event) bool { return e.Op != 0 }

func (s *state) addOutput(e *recordings.Event, text string) {
	for i, l := range splitLines(text) {
		s.output = append(s.output, outputLine{*e, l, i > 0})
	}
}

// splitLines returns the lines of a text, the long ones cut. They do not hold
// the memory of a long text.
func splitLines(text string) []string {
	long := len(text) > keptLine
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	lines = lines[max(len(lines)-keptOutput, 0):]
	for i, l := range lines {
		if l = clip(l, keptLine); long {
			l = strings.Clone(l)
		}
		lines[i] = l
	}
	return lines
}

func (s *state) addRequest(e *recordings.Event, text string) {
	s.requests.add(e.Seq)
	s.addCall(e, e.Op.Callback())
	s.finished.add(e.Replied, 1)
	s.usual.add(e.Op, e.Duration())
	if n := len(s.requests.seqs) + s.requests.gone; n == 1 {
		s.began, s.ended = e.Received, e.Replied
	}
	s.began, s.ended = min(s.began, e.Received), max(s.ended, e.Replied)
	c := s.connection(e)
	c.requests++
	c.use(e)
	if d := s.diskOf(c); d != nil {
		d.add(e, text)
	}
	s.hits.add(e)
	if e.Failed() {
		c.errors++
		s.failed++
		s.addFault(e, text)
		s.lastError = failure{*e, strings.Clone(clip(text, longText))}
		return
	}
	switch e.Op {
	case plugins.OpRead:
		c.sent += e.Length
		s.bytes += e.Length
		s.moved.add(e.Replied, e.Length)
	case plugins.OpWrite:
		c.received += e.Length
		s.bytes += e.Length
		s.moved.add(e.Replied, e.Length)
	}
}

// addCall counts a call of cb, if e has one.
func (s *state) addCall(e *recordings.Event, cb plugins.Callback) {
	if e.InCallback == 0 || cb == plugins.NoCallback || cb >= plugins.NumCallbacks {
		return
	}
	i, found := slices.BinarySearchFunc(s.trends, e.Generation, byGeneration)
	if !found {
		s.trends = slices.Insert(s.trends, i, generationTrends{generation: e.Generation})
		if len(s.trends) > keptTrends {
			s.trends = slices.Delete(s.trends, 0, 1)
			if i--; i < 0 {
				return
			}
		}
	}
	s.trends[i].callbacks[cb].add(e.Done, 1)
}

func byGeneration(g generationTrends, generation uint32) int {
	return int(int64(g.generation) - int64(generation))
}

// trend returns the calls per second of a callback, nil if there were none.
func (s *state) trend(generation uint32, cb plugins.Callback) *trend {
	i, found := slices.BinarySearchFunc(s.trends, generation, byGeneration)
	if !found {
		return nil
	}
	return &s.trends[i].callbacks[cb]
}

func (s *state) addConnection(e *recordings.Event, text string) {
	c := s.connection(e)
	switch e.Kind {
	case recordings.Connect:
		c.peer = text
	case recordings.Opened:
		if e.Failed() {
			c.refused = clip(text, longText)
			c.errors++
			break
		}
		c.export, c.size, c.refused, c.disk = text, e.Length, "", 0
		if d := s.diskOf(c); d != nil {
			d.resize(e.Length)
		}
	case recordings.Negotiate:
		// A new slice each time: a frozen state keeps the one that it has.
		c.options = append(slices.Clone(c.options), text)
		c.options = c.options[max(len(c.options)-keptOptions, 0):]
		if !e.Failed() {
			c.agreed = c.agreed.With(text)
		}
	case recordings.Disconnect:
		c.closed, c.until, c.end = true, e.Received, text
	}
}

// connection returns the connection of e, which it adds if e is the first that
// is heard of it. The pointer is good until the next call.
func (s *state) connection(e *recordings.Event) *connection {
	is := func(c connection) bool { return c.number == e.Conn && c.front == e.Front }
	if s.latest < len(s.connections) && is(s.connections[s.latest]) {
		return &s.connections[s.latest]
	}
	if i := slices.IndexFunc(s.connections, is); i >= 0 {
		s.latest = i
		return &s.connections[i]
	}
	if len(s.connections) >= keptConnections {
		if i := slices.IndexFunc(s.connections, func(c connection) bool { return c.closed }); i >= 0 {
			s.connections = slices.Delete(s.connections, i, i+1)
		}
	}
	s.latest = len(s.connections)
	s.connections = append(s.connections, connection{front: e.Front, number: e.Conn, since: e.Received})
	return &s.connections[s.latest]
}

// exportOf returns the export that a request was for, "" if its connection is forgotten.
func (s *state) exportOf(e *recordings.Event) string {
	for i := range s.connections {
		if c := &s.connections[i]; c.number == e.Conn && c.front == e.Front {
			return c.export
		}
	}
	return ""
}

// open returns how many connections are open.
func (s *state) open() int {
	n := 0
	for i := range s.connections {
		if !s.connections[i].closed {
			n++
		}
	}
	return n
}

// settled reports whether all that changes with time alone has come to rest.
func (s *state) settled() bool {
	if s.lately(s.resaved) || s.lately(s.changed.noticed) {
		return false
	}
	for i := range s.trends {
		for j := range s.trends[i].callbacks {
			if !s.trends[i].callbacks[j].over(s.now) {
				return false
			}
		}
	}
	return s.finished.over(s.now)
}

// printed returns what the script printed for a request.
func (s *state) printed(e *recordings.Event) []outputLine {
	var out []outputLine
	for _, l := range s.output {
		o := &l.event
		if (o.Kind == recordings.Output || o.Kind == recordings.Debug) && printedBy(o, e) {
			out = append(out, l)
		}
	}
	return out
}
