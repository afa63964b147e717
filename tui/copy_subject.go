package tui

import (
	"strings"

	"workbench/recordings"
)

// A subject is a request with what the log has of it.
type subject struct {
	event recordings.Event
	text  string
	data  []byte // the first bytes that it moved, as many as were kept
}

// readSubject reads the request with a number in the log. ok is false if the
// log has dropped it.
func readSubject(sc *scene, seq uint64) (s subject, ok bool) {
	if s.event, ok = readRequest(sc, seq); !ok {
		return s, false
	}
	s.text, _ = sc.events.Text(&s.event)
	s.data, _ = sc.events.Data(&s.event)
	return s, true
}

// pattern returns the byte that all data of the request consist of, if they do.
func (s *subject) pattern() (b byte, ok bool) {
	if !s.whole() {
		return 0, false
	}
	return s.data[0], strings.Count(string(s.data), string(s.data[:1])) == len(s.data)
}
