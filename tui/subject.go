package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"workbench/nbd"
	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// A subject is a request with all that is known of it, so that it outlives the
// log. One that is held has no event yet: then event says what it asks for.
type subject struct {
	event recordings.Event
	text  string // why it failed
	data  []byte // the first bytes that it moved

	extents []plugins.Extent // what EXTENTS answered
	more    bool             // there were more of them
	held    *host.HeldRequest

	form  nbd.Form // of its messages
	known bool     // whether form is, or else assumed
}

// readSubject reads the request with a number in the log. ok is false if the
// log has dropped it.
func readSubject(sc *scene, seq uint64) (s subject, ok bool) {
	e, ok := readRequest(sc, seq)
	if !ok {
		return s, false
	}
	s.event = e
	text, _ := sc.events.Text(&e)
	s.text = clip(text, longText)
	s.data, _ = sc.events.Data(&e)
	if e.Op == plugins.OpExtents && !e.Failed() {
		s.extents, s.more = recordings.ParseExtents(text, e.Offset), strings.HasSuffix(text, "...")
	}
	s.form, s.known = formOf(sc, &e)
	return s, true
}

// heldSubject returns what is known of a held request.
func heldSubject(sc *scene, q *host.HeldRequest) subject {
	r := &q.Request
	s := subject{held: q, data: r.Data[:min(len(r.Data), recordings.PreviewSize)], extents: r.Extents}
	s.event = recordings.Event{
		Kind: recordings.Request, Front: r.Origin.Front, Conn: r.Origin.Conn, Cookie: r.Origin.Cookie,
		Op: r.Op, Flags: r.Flags, Offset: r.Offset, Length: r.Length, Generation: r.Generation, Rule: r.Rule,
		Fate: r.Fate | plugins.Held, Times: r.Times,
	}
	if q.Edited {
		s.event.Fate |= plugins.Edited
	}
	if q.After && q.Err != nil {
		s.event.Errno = uint16(plugins.ErrnoOf(q.Err))
		s.text = clip(q.Err.Error(), longText)
	}
	s.form, s.known = formOf(sc, &s.event)
	return s
}

// formOf returns the form of the messages on the connection of e, and whether it
// is known: the log may have dropped the handshake.
func formOf(sc *scene, e *recordings.Event) (nbd.Form, bool) {
	for i := range sc.connections {
		if c := &sc.connections[i]; c.number == e.Conn && c.front == e.Front {
			return nbd.Form{Structured: c.agreed.Structured, Extended: c.agreed.Extended}, c.export != "" || c.size > 0 || len(c.options) > 0
		}
	}
	return nbd.Form{}, false
}

// request returns s as a front end would have it.
func (s *subject) request() *plugins.Request {
	e := &s.event
	extents := s.extents
	if s.more { // the header of the reply says how many there are
		extents = nil
	}
	return &plugins.Request{
		Op: e.Op, Flags: e.Flags, Offset: e.Offset, Length: e.Length, Extents: extents,
		Origin: plugins.Origin{Front: e.Front, Conn: e.Conn, Cookie: e.Cookie},
	}
}

// answered reports whether there is a reply to show: one that was sent, or the
// one that is held back.
func (s *subject) answered() bool {
	return s.event.Fate&plugins.Dropped == 0 && (s.held == nil || s.held.After)
}

// describe says what the request asked for: "WRITE 4 KiB at 0x1000".
func describe(op plugins.Op, offset, length uint64) string {
	if op == plugins.OpFlush {
		return op.String()
	}
	return fmt.Sprintf("%s %s at %s (%d %s at %d)", op, shortSize(length), hex(offset), length, plural(int(length), "byte"), offset)
}

// outcome says what became of s, in a line with its ink.
func (s *subject) outcome(sc *scene) (ink, string) {
	e := &s.event
	switch {
	case s.held != nil && !s.held.After:
		return sc.warn, fmt.Sprintf(sc.named("‖ held for %s, before the script: {detail.release} lets it go"), shortDuration(sc.now.Sub(s.held.Since)))
	case s.held != nil:
		return sc.warn, fmt.Sprintf("‖ held for %s, after the script: a sends the reply", shortDuration(sc.now.Sub(s.held.Since)))
	case !e.Failed():
		return sc.good, "✓ ok in " + shortDuration(e.Duration())
	}
	text := "✗ " + s.failure()
	if reason := reasonOf(s.text); reason != "" {
		text += " · " + reason
	}
	return sc.bad, text
}

// failure says which error the script raised, where, and what went over the wire
// for it.
func (s *subject) failure() string {
	e := &s.event
	text := plugins.ErrnoName(e.Err())
	if e.Callback != plugins.NoCallback {
		text = "script raised " + text
	}
	if file, line, ok := placeOfError(s.text); ok {
		text += fmt.Sprintf(" at %s:%s", filepath.Base(file), line)
	}
	if e.Front == plugins.FrontNBD {
		text += " > wire " + plugins.ErrnoName(plugins.WireErrno(e.Err(), e.Flags))
	}
	return text
}

// placeOfError returns the file and the line that an error text names.
func placeOfError(text string) (file, line string, ok bool) {
	m := position.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// reasonOf returns the text of an error without the place that it names.
func reasonOf(text string) string {
	if at := position.FindStringIndex(text); at != nil {
		return strings.TrimSpace(text[at[1]:])
	}
	return text
}
