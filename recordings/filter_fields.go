package recordings

import (
	"strings"

	"workbench/plugins"
)

// A field is something that a filter can ask about. Parser, check, completion,
// help and FILTERS.md all come from the table of fields.
type field struct {
	name    string
	of      *valueType
	help    string // what it is, and where ":" means something of its own, what
	example string
	others  string // words that people write for it, for hints
	known   Stage  // from which stage on
	needs   Needs

	bare   string // what the name alone asks; "" = it needs a value
	alone  bool   // its words may stand without it: write for op:write
	short  bool   // and are written like that in the canonical form
	equals string // what "=" asks, if not the same as ":"
	before bool   // of a time: what was before it

	words  func() []word                         // those that a value may be, or for errnos the known ones
	bits   func(*Event) (uint64, bool)           // of words: those that e has
	number func(*Event, Contents) (uint64, bool) // of numbers
	text   func(*Event, Contents) (string, bool) // of texts; nil = textOf
}

// fields is the table, in the order of the help.
var fields = [...]field{
	{name: "op", of: &wordType, help: "the operation", example: "op:read,write", others: "operation command cmd",
		alone: true, words: opWords,
		bits: func(e *Event) (uint64, bool) { return 1 << e.Op, e.Op != 0 }},
	{name: "off", of: &placeType, help: "where on the disk: off:1M..2M is what touches the second MiB, off:1M what touches that byte; comparisons are about where a request begins",
		example: "off:1M..2M", others: "offset position pos block sector addr", equals: "where it begins", number: offsetOf},
	{name: "len", of: &sizeType, help: "how much of the disk; of opened, the size of the disk", example: "len>=64k", others: "length size count bytes",
		number: lengthOf},
	{name: "flag", of: &wordType, help: "a flag of the request", example: "fua", others: "flags", alone: true, short: true, words: flagWords,
		bits: func(e *Event) (uint64, bool) { return uint64(e.Flags), e.Op != 0 }},
	{name: "src", of: &wordType, help: "who asked", example: "src:nbd", others: "source from origin front", alone: true, words: sourceWords, bits: sourcesOf},
	{name: "conn", of: &connType, help: "the connection", example: "conn:nbd#2", others: "connection client",
		number: func(e *Event, _ Contents) (uint64, bool) { return uint64(e.Conn), e.Conn != 0 }},
	{name: "cookie", of: &numberType, help: "the client's name for the request", example: "cookie:7", others: "handle id",
		number: func(e *Event, _ Contents) (uint64, bool) {
			return e.Cookie, e.Op != 0 || e.Conn != 0 && (e.Kind == Callback || e.Kind == Output || e.Kind == Debug)
		}},
	{name: "pid", of: &numberType, help: "the process that asked; known of the mounted file and of unix sockets", example: "pid:812", others: "process",
		number: func(e *Event, _ Contents) (uint64, bool) { return uint64(e.PID), e.PID != 0 }},
	{name: "prog", of: &programType, help: "its program, as the kernel calls it", example: "prog:mkfs.ext4", others: "program comm exe"},
	{name: "data", of: &hexType, help: "the first 128 bytes that were read or written: data:55aa is anywhere in them", example: "data:55aa", others: "payload bytes hex content",
		needs: Needs{Data: true}, equals: "at their beginning"},

	{name: "err", of: &errnoType, help: "the errno, as the script or the kernel gave it", example: "err:ENOSPC", others: "error errno fail failed failure result", bare: "any failure",
		known: OnAnswer, words: errnoWords, number: func(e *Event, _ Contents) (uint64, bool) { return uint64(e.Errno), e.Failed() }},
	{name: "wire", of: &wireType, help: "the errno that NBD sent for it", example: "wire:EINVAL", known: OnAnswer, words: wireWords, number: wireOf},
	{name: "line", of: &numberType, help: "the line of the script that failed", example: "line:42", known: OnAnswer,
		needs: Needs{Text: true, Kinds: true}, number: lineOf},
	{name: "text", of: &textType, help: "what the script printed, why something failed, or what EXTENTS answered; before quotes text: may be left out", example: `"disk full"`, others: "message msg output print grep",
		short: true, known: OnAnswer, needs: Needs{Text: true, Kinds: true}},

	{name: "dur", of: &durationType, help: "how long it took: a request, from the last byte read to the answer; a callback; of reload, how long the gate was closed", example: "dur>5ms",
		others: "duration latency took elapsed", known: InLog, number: durationOf},
	{name: "script", of: &durationType, help: "the time in the callback that the request is named after", example: "script>1ms", others: "incallback callback_time", known: OnAnswer,
		number: func(e *Event, _ Contents) (uint64, bool) { return uint64(max(e.InCallback, 0)), e.InCallback > 0 }},
	{name: "wait", of: &durationType, help: "the time from the arrival of a request until the script began with it", example: "wait>1ms", others: "queue queued delay", known: OnAnswer, number: waitOf},
	{name: "cb", of: &wordType, help: "the callback: requests that are named after it or failed in it, calls besides requests, and what it printed", example: "cb:pread",
		others: "callback function func", known: OnAnswer, needs: Needs{Kinds: true}, words: callbackWords, bits: callbacksOf},
	{name: "gen", of: &numberType, help: "the generation of the script, which a reload counts up", example: "gen>=3", others: "generation version", known: OnAnswer,
		number: func(e *Event, _ Contents) (uint64, bool) { return uint64(e.Generation), e.Generation != 0 }},

	{name: "fate", of: &wordType, help: "what was done to a request besides", example: "held", others: "state", alone: true, short: true, words: fateWords,
		bits: func(e *Event) (uint64, bool) { return uint64(e.Fate), e.Kind == Request }},
	{name: "marked", of: &textType, help: "a request that was marked on the screen, and with which sign", example: "marked", others: "marker bookmark", bare: "any mark",
		known: InLog, needs: Needs{Mark: true}, text: markOf, number: func(e *Event, c Contents) (uint64, bool) {
			_, marked := markOf(e, c)
			return 0, marked
		}},
	{name: "rule", of: &numberType, help: "the number of the rule that had a hand in it", example: "rule:2",
		number: func(e *Event, _ Contents) (uint64, bool) { return uint64(e.Rule), e.Rule != 0 }},

	{name: "kind", of: &wordType, help: "the kind of event", example: "kind:reload,output", others: "type event", alone: true, known: InLog,
		needs: Needs{Kinds: true}, words: kindWords, bits: func(e *Event) (uint64, bool) { return 1 << e.Kind, true }},
	{name: "req", of: &numberType, help: "the number of the event in the log", example: "req:1200..1300", others: "request seq number event", known: InLog,
		number: func(e *Event, _ Contents) (uint64, bool) { return e.Seq, true }},
	{name: "since", of: &timeType, help: "not before this time; a time of day is the nearest one", example: "since:30s", others: "after time", known: InLog, needs: Needs{Time: true}},
	{name: "until", of: &timeType, help: "before this time", example: "until:12:00:01", others: "before", known: InLog, needs: Needs{Time: true}, before: true},
}

// findField returns the field of that name, in any case, or nil.
func findField(name string) *field {
	for i := range fields {
		if strings.EqualFold(fields[i].name, name) {
			return &fields[i]
		}
	}
	return nil
}

// findAlone returns the word that stands for itself and its field, or nil.
func findAlone(name string) (*field, word) {
	for i := range fields {
		if !fields[i].alone {
			continue
		}
		for _, w := range fields[i].words() {
			if strings.EqualFold(w.name, name) {
				return &fields[i], w
			}
		}
	}
	return nil, word{}
}

// operators returns those that make sense for f, the most likely one first.
func (f *field) operators() []operator {
	var ops []operator
	switch {
	case f.of.ordered:
		ops = []operator{isValue, notEqual, less, lessEqual, greater, greaterEqual}
	case f.of.noNot:
		ops = []operator{isValue}
	default:
		ops = []operator{isValue, notEqual}
	}
	if f.equals != "" {
		ops = append(ops, equal)
	}
	return ops
}

// compile returns t as a function.
func (t *term) compile(now plugins.Stamp) test {
	if t.op == anyValue {
		number := t.field.number
		return func(e *Event, c Contents) bool {
			_, known := number(e, c)
			return known
		}
	}
	return t.field.of.compile(t, now)
}

// offsetOf and lengthOf are of what is done to a range of the disk: a flush is
// done to all of it.
func offsetOf(e *Event, _ Contents) (uint64, bool) {
	return e.Offset, e.Op != 0 && e.Op != plugins.OpFlush
}

func lengthOf(e *Event, _ Contents) (uint64, bool) {
	return e.Length, e.Op != 0 && e.Op != plugins.OpFlush || e.Kind == Opened && !e.Failed()
}

func durationOf(e *Event, _ Contents) (uint64, bool) {
	known := false
	switch e.Kind {
	case Request:
		known = e.Received != 0 && e.Replied != 0
	case Callback, Reload:
		known = e.Started != 0 && e.Done != 0
	}
	return uint64(max(e.Duration(), 0)), known
}

func waitOf(e *Event, _ Contents) (uint64, bool) {
	return uint64(max(e.Started.Sub(e.Received), 0)), e.Kind == Request && e.Received != 0 && e.Started != 0
}

func wireOf(e *Event, _ Contents) (uint64, bool) {
	if e.Kind != Request || e.Front != plugins.FrontNBD || !e.Failed() {
		return 0, false
	}
	return uint64(plugins.WireErrno(e.Err(), e.Flags)), true
}

// callbacksOf returns the callback that a request is named after and the one
// that it failed in, or the one that another event is about.
func callbacksOf(e *Event) (uint64, bool) {
	var has uint64
	if e.Kind == Request {
		has = 1 << e.Op.Callback()
	}
	has = (has | 1<<e.Callback) &^ (1 << plugins.NoCallback)
	return has, has != 0
}

// There is a bit for each callback.
const _ = uint(64 - plugins.NumCallbacks)
