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
	case e.Op == plugins.OpExtents && !e.Failed() && len(messages) == 0:
		d.extentList()
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

// extentList adds the part about an answer to EXTENTS whose bytes cannot be made
// again, and says why.
func (d *decoder) extentList() {
	why := "the kernel's messages are not kept"
	switch {
	case len(d.extents) == 0:
		why = "the log has lost them"
	case d.more:
		why = fmt.Sprintf("no bytes: the log has the first %d only", len(d.extents))
	case d.event.Front == plugins.FrontNBD:
		why = "how it was sent is not in the log, which lacks the handshake"
	}
	d.part("reply", "✓ "+numbered(len(d.extents), "extent"), why, d.sc.accent)
	for _, x := range d.extents {
		_, kind, _ := strings.Cut(recordings.FormatExtents([]plugins.Extent{x}, x.Offset), " ")
		d.add(node{
			name: hex(x.Offset), value: fmt.Sprintf("%d %s", x.Length, plural(int(x.Length), "byte")), more: kind,
			filter: fmt.Sprintf("off:%#x..%#x", x.Offset, x.End()),
		})
	}
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
