package tui

import (
	"fmt"
	"strings"

	"workbench/nbd"
	"workbench/plugins"
	"workbench/recordings"
)

// A node is a row of the tree that a request is decoded into. Those that belong
// to it follow, one deeper.
type node struct {
	depth  int
	name   string // among its siblings
	value  string
	more   string // what the value means
	ink    ink
	drawn  func(l *line) // draws the value in its own way; nil = as text
	filter string        // picks the requests that are like this one in this
	bytes  span
}

// A span is bytes of a section of the dump. The empty span is none.
type span struct{ section, from, to int }

func (s span) empty() bool { return s.from == s.to }

// contains reports whether the byte at belongs to s.
func (s span) contains(section, at int) bool {
	return s.section == section && s.from <= at && at < s.to
}

// A section is bytes of the dump that belong together: a message's header, its data.
type section struct {
	title string
	bytes []byte
	at    uint64 // the number of the first byte
}

// A decoder makes nodes and sections of a subject.
type decoder struct {
	*subject
	sc       *scene
	nodes    []node
	sections []section
	depth    int
}

// decode returns the tree of s and the bytes that it is about.
func (s *subject) decode(sc *scene) ([]node, []section) {
	d := &decoder{subject: s, sc: sc}
	var request, reply []nbd.Message
	head, err := nbd.RequestHeader(s.request(), s.form)
	wire := s.event.Front == plugins.FrontNBD && err == nil
	if wire {
		both := head
		if s.answered() {
			both = append(head[:len(head):len(head)], nbd.ReplyHeader(s.request(), s.event.Err(), s.text, s.form)...)
		}
		o := nbd.ExplainOptions{Structured: s.form.Structured, Extended: s.form.Extended, HeadersOnly: true}
		for m := range nbd.Explain(both, o) {
			if m.Offset < len(head) {
				request = append(request, m)
			} else {
				reply = append(reply, m)
			}
		}
		d.messages("request", head, 0, request)
		d.payload(plugins.OpWrite, "what is to be written")
		d.depth = 0
		d.script()
		d.times()
		d.replied(both[len(head):], len(head), reply)
	} else {
		d.fields(err)
		d.payload(plugins.OpWrite, "what is to be written")
		d.depth = 0
		d.script()
		d.times()
		d.replied(nil, 0, nil)
	}
	d.log()
	return d.nodes, d.sections
}

// add appends a node at the depth that the decoder is at.
func (d *decoder) add(n node) {
	n.depth = d.depth
	d.nodes = append(d.nodes, n)
}

// part begins a part of the tree.
func (d *decoder) part(name, value, more string, i ink) {
	d.depth = 0
	d.add(node{name: name, value: value, more: more, ink: i})
	d.depth = 1
}

// messages adds a part with the fields of messages, whose bytes begin at start
// of those that were explained.
func (d *decoder) messages(name string, bytes []byte, start int, messages []nbd.Message) {
	number := len(d.sections)
	title, form := fmt.Sprintf("%s, %d bytes", name, len(bytes)), ""
	if len(messages) > 0 {
		form = messages[0].Name
	}
	more := "rebuilt from the log"
	switch {
	case d.event.Fate&plugins.Edited != 0:
		more += ", as it was edited"
	case !d.known:
		more += ", which lacks the handshake"
	}
	d.part(name, fmt.Sprintf("%s · %d bytes", strings.TrimPrefix(form, name+" "), len(bytes)), more, d.sc.accent)
	d.nodes[len(d.nodes)-1].bytes = span{number, 0, len(bytes)}
	d.sections = append(d.sections, section{title: title, bytes: bytes})
	for _, m := range messages {
		for _, f := range m.Fields {
			from := f.Offset - start
			n := node{name: f.Name, value: f.Value, more: f.Meaning, filter: d.filterOf(f.Name), bytes: span{number, from, from + len(f.Bytes)}}
			if f.Name == "error" && d.event.Failed() {
				n.ink = d.sc.bad
			}
			d.add(n)
			d.depth++
			for _, flag := range f.Flags {
				d.add(node{name: fmt.Sprintf("bit %d", flag.Bit), value: flag.Name, more: flag.Meaning, filter: flagFilter(flag.Name), bytes: n.bytes})
			}
			d.depth--
		}
	}
}

// fields adds the part of a request that has no bytes: one that came through a
// mount, or that the protocol has no form for.
func (d *decoder) fields(err error) {
	e := &d.event
	more := "the kernel's messages are not kept"
	if e.Front == plugins.FrontNBD && err != nil {
		more = err.Error()
	}
	d.part("request", e.Op.String(), more, d.sc.accent)
	d.add(node{name: "command", value: e.Op.String(), filter: d.filterOf("command")})
	d.add(node{name: "command flags", value: e.Flags.String(), filter: d.filterOf("command flags")})
	d.add(node{name: "cookie", value: hex(e.Cookie), more: "the kernel's name for the request", filter: d.filterOf("cookie")})
	if e.Op != plugins.OpFlush {
		d.add(node{name: "offset", value: fmt.Sprintf("%d (%s)", e.Offset, hex(e.Offset)), more: "where on the disk", filter: d.filterOf("offset")})
		d.add(node{name: "length", value: fmt.Sprintf("%d %s (%s)", e.Length, plural(int(e.Length), "byte"), shortSize(e.Length)), more: "how much of the disk", filter: d.filterOf("length")})
	}
}

// payload adds the data of an operation that moves some.
func (d *decoder) payload(op plugins.Op, more string) {
	e := &d.event
	if e.Op != op || e.Length == 0 || op == plugins.OpRead && (e.Failed() || !d.answered()) {
		return
	}
	d.depth = 1
	n := node{name: "data", value: fmt.Sprintf("%d %s", e.Length, plural(int(e.Length), "byte")), more: more}
	switch kept := len(d.data); {
	case kept == 0:
		n.value += ", none kept"
	case uint64(kept) < e.Length:
		n.value += fmt.Sprintf(", the first %d kept", kept)
	}
	if b, same := d.pattern(); same {
		n.value += fmt.Sprintf(", all %#02x", b)
	}
	if len(d.data) > 0 {
		n.bytes = span{len(d.sections), 0, len(d.data)}
		n.filter = fmt.Sprintf("data=%x", d.data[:min(len(d.data), 8)])
		d.sections = append(d.sections, section{title: fmt.Sprintf("data at %s", hex(e.Offset)), bytes: d.data, at: e.Offset})
	}
	d.add(n)
}

// script adds the part about the script: which callback, its error, what it printed.
func (d *decoder) script() {
	e, sc := &d.event, d.sc
	what := fmt.Sprintf("%s, generation %d", e.Op.Callback(), e.Generation)
	switch {
	case d.held != nil && !d.held.After:
		d.part("script", "has not seen it yet", "", sc.dim)
		return
	case e.Failed() && e.Callback != plugins.NoCallback:
		d.part("script", "✗ "+what, "", sc.bad)
	case e.Failed():
		d.part("script", "✗ not to blame", "the request was refused, or failed by hand or rule", sc.warn)
	case e.Started == 0:
		d.part("script", "not called", "", sc.dim)
	default:
		d.part("script", "✓ "+what, "", sc.good)
	}
	if e.Failed() {
		name := plugins.ErrnoName(e.Err())
		d.add(node{name: "raised", value: name, more: e.Err().Error(), ink: sc.bad, filter: "err:" + name})
		if wire := plugins.WireErrno(e.Err(), e.Flags); e.Front == plugins.FrontNBD {
			more := "as it is"
			if wire != e.Err() {
				more = "NBD has no number for " + name
			}
			d.add(node{name: "on the wire", value: plugins.ErrnoName(wire), more: more, ink: sc.bad, filter: "wire:" + plugins.ErrnoName(wire)})
		}
		if file, number, ok := placeOfError(d.text); ok {
			d.add(node{name: "at", value: file + ":" + number, filter: "line:" + number})
		}
		d.add(node{name: "reason", value: reasonOf(d.text), ink: sc.bad})
		for l := range strings.Lines(excerptFor(sc, e, d.text)) {
			d.add(node{drawn: func(out *line) { out.put(sc.warn, strings.TrimRight(l, "\r\n")) }})
		}
	}
	for _, l := range sc.printed(e) {
		d.add(node{name: "printed", value: l.text})
	}
}

// times adds the part about when what happened, each as a bar where it belongs.
func (d *decoder) times() {
	e, sc := &d.event, d.sc
	if d.held != nil {
		d.part("times", "held for "+shortDuration(sc.now.Sub(d.held.Since)), "", sc.warn)
		if e.Received != 0 {
			d.add(node{name: "received", value: sc.wall(e.Received).Format("2006-01-02 15:04:05.000000")})
		}
		return
	}
	d.part("times", "took "+shortDuration(e.Duration()), "", ink{})
	d.nodes[len(d.nodes)-1].filter = "dur>=" + shortDuration(e.Duration())
	d.add(node{name: "received", value: sc.wall(e.Received).Format("2006-01-02 15:04:05.000000"), filter: "req:" + fmt.Sprint(e.Seq)})
	if e.Started == 0 {
		return
	}
	for _, part := range []struct {
		name, sign string
		from, to   plugins.Stamp
		ink        ink
		filter     string
	}{
		{"waited", "░", e.Received, e.Started, sc.dim, "wait"},
		{"in script", "█", e.Started, e.Done, sc.op(e.Op), "script"},
		{"replied", "▒", e.Done, e.Replied, sc.dim, ""},
	} {
		took := part.to.Sub(part.from)
		more := ""
		if part.name == "in script" && e.InCallback > 0 && e.InCallback != took {
			more = fmt.Sprintf("%s itself %s", e.Op.Callback(), shortDuration(e.InCallback))
		}
		n := node{name: part.name, value: shortDuration(took), more: more}
		if part.filter != "" && took > 0 {
			n.filter = part.filter + ">=" + shortDuration(took) // rounded down: it picks this one, too
		}
		n.drawn = func(l *line) {
			l.putIn(ink{}, shortDuration(took), 7, false)
			before, cells := barCells(e, part.from, part.to, min(timesBar, l.room))
			l.put(ink{}, spaces(before)).put(part.ink, strings.Repeat(part.sign, cells))
			if more != "" {
				l.put(sc.dim, " "+more)
			}
		}
		d.add(n)
	}
}

// timesBar is the width of the picture of where the time went.
const timesBar = 40

// barCells returns where in w cells for all of e the time between two stamps is.
func barCells(e *recordings.Event, from, to plugins.Stamp, w int) (before, cells int) {
	total := e.Duration()
	if total <= 0 {
		return 0, 0
	}
	at := func(s plugins.Stamp) int { // a log from elsewhere may have any stamps
		return max(min(int(float64(s.Sub(e.Received))/float64(total)*float64(w)), w), 0)
	}
	before = at(from)
	if cells = at(to) - before; cells <= 0 && to > from {
		before, cells = min(before, w-1), 1
	}
	return before, max(cells, 0)
}

// replied adds the part about the reply.
func (d *decoder) replied(bytes []byte, start int, messages []nbd.Message) {
	e, sc := &d.event, d.sc
	switch {
	case e.Fate&plugins.Dropped != 0:
		d.part("reply", "none", "the connection was cut", sc.warn)
		return
	case !d.answered():
		d.part("reply", "none yet", "the request is held", sc.warn)
		return
	case e.Op == plugins.OpExtents && !e.Failed():
		d.part("reply", "✓ extents", "they are not kept", sc.accent)
		return
	case len(messages) == 0:
		word := "✓ success"
		if e.Failed() {
			word = "✗ " + plugins.ErrnoName(e.Err())
		}
		d.part("reply", word, "", sc.accent)
	default:
		d.messages("reply", bytes, start, messages)
		root := len(d.nodes) - 1
		for d.nodes[root].depth > 0 {
			root--
		}
		if d.held != nil {
			d.nodes[root].more = "what is sent when it is let go"
		}
		if e.Op == plugins.OpRead && !e.Failed() && d.held == nil && (d.form.Structured || d.form.Extended) {
			d.nodes[root].more += ", as if in one piece"
		}
	}
	d.payload(plugins.OpRead, "what was read")
}

// log adds the part about the event itself.
func (d *decoder) log() {
	e, sc := &d.event, d.sc
	d.part("more", from(e.Front, e.Conn), "", ink{})
	d.add(node{name: "from", value: from(e.Front, e.Conn), filter: fmt.Sprintf("conn:%s", from(e.Front, e.Conn))})
	if d.held == nil {
		d.add(node{name: "event", value: fmt.Sprint(e.Seq), filter: fmt.Sprintf("req:%d", e.Seq)})
	} else {
		d.add(node{name: "held by", value: d.held.Why})
	}
	if e.Generation != 0 {
		d.add(node{name: "generation", value: fmt.Sprint(e.Generation), filter: fmt.Sprintf("gen:%d", e.Generation)})
	}
	if e.Fate != 0 {
		d.add(node{name: "fate", value: e.Fate.String(), ink: sc.warn, filter: "fate:" + e.Fate.String()})
	}
	if e.Rule != 0 {
		d.add(node{name: "rule", value: fmt.Sprint(e.Rule), filter: fmt.Sprintf("rule:%d", e.Rule)})
	}
	if e.Sum != 0 {
		d.add(node{name: "data hash", value: fmt.Sprintf("%016x", e.Sum), more: "xxHash64 of all that was moved"})
	}
	if l, _ := d.shellLine(sc); l != "" {
		d.add(node{name: "in a shell", value: l})
	}
}

// filterOf returns the filter for a field of the messages, "" if there is none.
func (d *decoder) filterOf(field string) string {
	e := &d.event
	switch field {
	case "command":
		return "op:" + strings.ToLower(e.Op.String())
	case "command flags":
		if e.Flags != 0 {
			return "flag:" + e.Flags.String()
		}
	case "cookie":
		return fmt.Sprintf("cookie:%#x", e.Cookie)
	case "offset":
		if e.Op != plugins.OpFlush {
			return fmt.Sprintf("op:%s off:%#x..%#x", strings.ToLower(e.Op.String()), e.Offset, e.Offset+max(e.Length, 1))
		}
	case "length":
		if e.Op != plugins.OpFlush {
			return fmt.Sprintf("len:%d", e.Length)
		}
	case "error":
		if !e.Failed() {
			return "!err"
		}
		return "wire:" + plugins.ErrnoName(plugins.WireErrno(e.Err(), e.Flags))
	}
	return ""
}

// flagFilter returns the filter for a flag by the protocol's name of it.
func flagFilter(name string) string {
	switch name {
	case "NO_HOLE":
		return "zero !may_trim"
	case "FUA", "DF", "REQ_ONE", "FAST_ZERO":
		return strings.ToLower(name)
	}
	return ""
}
