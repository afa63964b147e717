package nbd

import (
	"fmt"
	"iter"
	"strconv"
)

// Explain names every field of the messages that data hold, one after the other:
// what went one way over a connection, from its beginning or from any message on,
// or both ways interleaved. What o does not say is guessed from magic numbers and
// from the messages before.
//
// It takes any input. A message that is cut off or wrong has a Problem and comes
// with the fields that could be read; what cannot be read at all is a message
// without a name up to the next magic number. The messages follow each other
// without a gap. Their bytes are parts of data, which must not change meanwhile.
// Explain does no I/O, and only as much work as messages are asked for.
func Explain(data []byte, o ExplainOptions) iter.Seq[Message] {
	return func(yield func(Message) bool) {
		e := explainer{data: data, o: o, structured: o.Structured || o.Extended, extended: o.Extended, noZeroes: o.NoZeroes}
		if from := o.Stage.From(); from != 0 {
			e.o.From = from
		}
		for e.pos < len(data) && yield(e.next()) {
		}
	}
}

// ExplainOptions say what is known about the bytes. The zero value leaves all to
// be guessed.
type ExplainOptions struct {
	From  Direction // who sent them
	Stage Stage     // what the first message is; wins over From

	// What the two sides agreed on before.
	Structured bool // STRUCTURED_REPLY
	Extended   bool // EXTENDED_HEADERS
	NoZeroes   bool // the flag NO_ZEROES

	// ReadLength is how many bytes of data follow a simple reply to READ whose
	// request is not among the bytes; 0 = guess.
	ReadLength uint64

	// HeadersOnly says that the data that are read and written were left out.
	HeadersOnly bool
}

// A Direction says who sent a message. The zero value is unknown.
type Direction uint8

const (
	FromClient Direction = iota + 1
	FromServer
)

// String returns "client", "server" or "unknown".
func (d Direction) String() string { return [...]string{"unknown", "client", "server"}[min(d, 3)%3] }

// A Stage is a kind of message, by what leads to it. The zero value is unknown.
type Stage uint8

const (
	StageGreeting    Stage = iota + 1 // the server's first message
	StageClientFlags                  // the client's answer to it
	StageOption
	StageOptionReply
	StageExportName // the answer to the option EXPORT_NAME, which has no magic number
	StageRequest
	StageReply // simple, structured or extended
)

// stages gives each Stage its name and its sender.
var stages = [...]struct {
	name string
	from Direction
}{
	{"unknown", 0},
	StageGreeting:    {"greeting", FromServer},
	StageClientFlags: {"client-flags", FromClient},
	StageOption:      {"option", FromClient},
	StageOptionReply: {"option-reply", FromServer},
	StageExportName:  {"export-name", FromServer},
	StageRequest:     {"request", FromClient},
	StageReply:       {"reply", FromServer},
}

// String returns the name of the stage: "option-reply".
func (s Stage) String() string { return stages[min(int(s), len(stages))%len(stages)].name }

// From returns who sends such messages, 0 for an unknown stage.
func (s Stage) From() Direction { return stages[min(int(s), len(stages))%len(stages)].from }

// ParseStage returns the stage of that name.
func ParseStage(name string) (Stage, bool) {
	for i, s := range stages {
		if i > 0 && s.name == name {
			return Stage(i), true
		}
	}
	return 0, false
}

// A Message is what Explain found out about one unit of the protocol.
type Message struct {
	Offset  int       // of its first byte
	Size    int       // bytes that are there
	From    Direction // 0 = unknown
	Stage   Stage     // 0 = unknown
	Name    string    // "request WRITE"; "" = it could not be read
	Fields  []Field   // in the order of the wire; at most a few hundred, the last then stands for the rest
	Notes   []string  // what was guessed, and what is odd though not wrong
	Problem *Problem  // nil = the message is complete and right
}

// A Field is a part of a message.
type Field struct {
	Offset  int
	Bytes   []byte
	Name    string // the specification's term: "command flags"
	Value   string // in words: "FUA, DF (0x5)", "4096 bytes (4 KiB)"
	Meaning string // of the field and its value; may be empty
	Flags   []Flag // the bits that are set, if the value consists of such
}

// A Flag is a bit that is set.
type Flag struct {
	Bit           int // 0 = the lowest
	Name, Meaning string
}

// A Problem says at which byte a message is wrong or ends too early, and why.
type Problem struct {
	Offset int
	Text   string
}

// Error returns "byte 17: " and the text.
func (p *Problem) Error() string { return fmt.Sprintf("byte %d: %s", p.Offset, p.Text) }

// maxFields is how many fields of a message are listed. It bounds what a message
// with a million extents costs.
const maxFields = 300

// An explainer walks over the bytes of messages and remembers what they agree on.
type explainer struct {
	data []byte
	pos  int // of the next byte that is to be explained
	o    ExplainOptions
	m    *Message // that is being explained

	heading          bool // what is read now is limited by the input alone
	hidden, hiddenAt int  // fields of m that are not listed, and the first one's offset

	structured, extended, noZeroes bool // agreed on, for certain

	began    bool              // the handshake, among these bytes
	flagged  bool              // the client's flags were seen
	named    bool              // EXPORT_NAME was asked for
	opened   bool              // an export was opened: transmission follows
	tls      bool              // STARTTLS was asked for or granted
	requests map[uint64]*asked // by cookie: those that wait for their reply
	of       *asked            // that the reply being explained is for; nil = it is not known
	contexts map[uint32]string // names of the metadata contexts
}

// next explains one message, which has at least one byte.
func (e *explainer) next() Message {
	m := Message{Offset: e.pos, Stage: e.identify()}
	m.From = m.Stage.From()
	e.m, e.hidden = &m, 0
	switch m.Stage {
	case StageGreeting:
		e.greeting()
	case StageClientFlags:
		e.clientFlags()
	case StageOption:
		e.option()
	case StageOptionReply:
		e.optionReply()
	case StageExportName:
		e.exportName()
	case StageRequest:
		e.request()
	case StageReply:
		e.reply()
	default:
		e.unknown()
	}
	if e.hidden > 0 {
		m.Fields = append(m.Fields, Field{
			Offset: e.hiddenAt, Bytes: e.data[e.hiddenAt:e.pos],
			Name: "and so on", Value: fmt.Sprintf("%d more fields", e.hidden),
		})
	}
	m.Size = e.pos - m.Offset
	e.m = nil
	return m
}

// header reads a message from what is left. If it is wrong, the rest up to the
// next magic number is passed over.
func (e *explainer) header(term string, part message) bool {
	e.heading = true
	err := e.walk(term, len(e.data), part)
	e.heading = false
	if err == nil {
		return true
	}
	if e.pos < len(e.data) {
		e.raw("data", e.resync(e.pos), "not explained")
	}
	return false
}

// walk reads a part of the message, which ends before end. term says whose terms
// its fields have. An error is noted as the message's problem.
func (e *explainer) walk(term string, end int, part message) error {
	r := record{explainer: e, term: term, last: e.pos}
	c := coder{buf: e.data[e.pos:end], record: &r}
	part.fields(&c)
	switch {
	case c.err == nil:
	case r.short && e.heading:
		e.problem(end, "the input ends here: %v", c.err)
	default:
		e.problem(r.last, "%v", c.err)
	}
	return c.err
}

// body explains n bytes that belong to the message, of which as many as there are.
// what says in a problem which; explain need not go up to end.
func (e *explainer) body(what string, n uint64, explain func(end int)) {
	start, end, before := e.pos, len(e.data), e.m.Problem
	cut := n > uint64(end-start)
	if !cut {
		end = start + int(n)
	}
	explain(end)
	if e.pos < end {
		if !cut {
			e.problem(e.pos, "%d bytes too many in %s", end-e.pos, what)
		}
		e.raw("data", end, "not explained")
	}
	if cut { // rather than what follows from it
		e.m.Problem = before
		e.problem(end, "the input ends here: %s should have %d bytes, and %d of them are there", what, n, end-start)
	}
}

// problem notes what is wrong with the message. The first problem counts.
func (e *explainer) problem(offset int, format string, args ...any) {
	if e.m.Problem == nil {
		e.m.Problem = &Problem{offset, fmt.Sprintf(format, args...)}
	}
}

// note adds a remark to the message.
func (e *explainer) note(format string, args ...any) {
	e.m.Notes = append(e.m.Notes, fmt.Sprintf(format, args...))
}

// raw takes the bytes up to end as one field without a form.
func (e *explainer) raw(name string, end int, meaning string) {
	if b := e.data[e.pos:end]; len(b) > 0 {
		e.add(Field{Bytes: b, Name: name, Value: dataText(b), Meaning: meaning})
	}
}

// dataText describes data of the disk without listing them.
func dataText(b []byte) string {
	text := sizeText(uint64(len(b)))
	for _, x := range b {
		if x != b[0] {
			return text
		}
	}
	return fmt.Sprintf("%s, all %#02x", text, b[0])
}

// add appends a field that begins at e.pos, and passes over its bytes.
func (e *explainer) add(f Field) {
	f.Offset = e.pos
	e.pos += len(f.Bytes)
	if e.full() {
		if e.hidden == 0 {
			e.hiddenAt = f.Offset
		}
		e.hidden++
		return
	}
	e.m.Fields = append(e.m.Fields, f)
}

func (e *explainer) full() bool { return len(e.m.Fields) >= maxFields }

// A record gets the fields that a coder reads: the third way to walk a message.
type record struct {
	*explainer
	term  string
	last  int  // offset of the field that was read last
	short bool // the bytes did not suffice for a field
}

func (r *record) number(name string, b []byte, n uint64) {
	r.last = r.pos
	if r.full() {
		r.add(Field{Bytes: b})
		return
	}
	t := termOf(r.term, name)
	if t.words == nil {
		t.words = countWording
	}
	value, more, flags := t.words(n)
	r.add(Field{Bytes: b, Name: name, Value: value, Meaning: join(more, t.meaning), Flags: flags})
}

func (r *record) text(name string, b []byte) {
	r.last = r.pos
	r.add(Field{Bytes: b, Name: name, Value: quote(b), Meaning: termOf(r.term, name).meaning})
}

// cutOff gets the bytes that are there of a field of n.
func (r *record) cutOff(name string, b []byte, n uint64) {
	r.last, r.short = r.pos, true
	if len(b) > 0 {
		r.add(Field{Bytes: b, Name: name, Value: "cut off", Meaning: fmt.Sprintf("%d of %d bytes", len(b), n)})
	}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// quote writes text on one line, and not all of it if it is long.
func quote(b []byte) string {
	const most = 200
	if len(b) <= most {
		return strconv.Quote(string(b))
	}
	return fmt.Sprintf("%s… (%s)", strconv.Quote(string(b[:most])), sizeText(uint64(len(b))))
}
