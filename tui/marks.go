package tui

import (
	"cmp"
	"slices"
	"sort"

	"workbench/plugins"
	"workbench/recordings"
)

// marks are the requests that the user marked. They are part of the log, where
// there is a host to write it, so that a recording has them; they are the same
// for all states of a screen.
type marks struct {
	list []mark // in the order in which they were made
}

// A mark is a sign on a request.
type mark struct {
	key  requestKey
	sign string
	seq  uint64 // of the request, if it is known
	met  bool   // whether it is
}

// A requestKey tells a request from all others of a session, whatever its number
// in the log is.
type requestKey struct {
	front    plugins.Front
	conn     uint32
	cookie   uint64
	received plugins.Stamp
	replied  plugins.Stamp
}

func keyOf(e *recordings.Event) requestKey {
	return requestKey{e.Front, e.Conn, e.Cookie, e.Received, e.Replied}
}

// add takes in a mark from the log; one without a sign takes a mark away.
func (m *marks) add(e *recordings.Event, sign string) {
	m.set(requestKey{e.Front, e.Conn, e.Cookie, e.Started, e.Done}, sign, 0, false)
}

// toggle returns the sign that e gets when the user marks it, "" if it has one.
func (m *marks) toggle(e *recordings.Event) string {
	if m.of(e) != "" {
		return ""
	}
	return m.free()
}

// marked is what filters look into: the log, and the marks.
type marked struct {
	Events
	marks *marks
}

var _ recordings.Marks = marked{}

// Mark implements recordings.Marks.
func (m marked) Mark(e *recordings.Event) (string, bool) {
	sign := m.marks.of(e)
	return sign, sign != ""
}

// contents returns what filters look into.
func (sc *scene) contents() recordings.Contents { return marked{sc.events, sc.marks} }

// set puts a sign on a request, "" takes it away.
func (m *marks) set(key requestKey, sign string, seq uint64, met bool) {
	for _, old := range m.list {
		if old.key == key && old.met && !met { // the log repeats what was marked here
			seq, met = old.seq, true
		}
	}
	m.list = slices.DeleteFunc(m.list, func(old mark) bool { return old.key == key })
	if sign != "" {
		m.list = append(m.list, mark{key, sign, seq, met})
	}
}

// of returns the sign on a request, "" if there is none.
func (m *marks) of(e *recordings.Event) string {
	if m == nil || len(m.list) == 0 || e.Kind != recordings.Request {
		return ""
	}
	key := keyOf(e)
	if i := slices.IndexFunc(m.list, func(m mark) bool { return m.key == key }); i >= 0 {
		return m.list[i].sign
	}
	return ""
}

// free returns the first letter that is no sign yet.
func (m *marks) free() string {
	for c := 'a'; c <= 'z'; c++ {
		if !slices.ContainsFunc(m.list, func(m mark) bool { return m.sign == string(c) }) {
			return string(c)
		}
	}
	return "*"
}

// meetSpan is how many requests around the likely place of one are looked at: the
// log has them in the order in which they were finished, give or take a few.
const meetSpan = 256

// meet finds the requests of marks that came from a log.
func (m *marks) meet(sc *scene) {
	first, next := sc.requests.bounds()
	for i := range m.list {
		mk := &m.list[i]
		if mk.met {
			continue
		}
		at := first + sort.Search(next-first, func(n int) bool {
			e, ok := readRequest(sc, sc.requests.seq(first+n))
			return ok && e.Replied >= mk.key.replied
		})
		for n := max(at-meetSpan, first); n < min(at+meetSpan, next); n++ {
			if e, ok := readRequest(sc, sc.requests.seq(n)); ok && keyOf(&e) == mk.key {
				mk.seq, mk.met = e.Seq, true
				break
			}
		}
	}
}

// seqs returns the numbers of the marked requests, ascending.
func (m *marks) seqs() []uint64 {
	var out []uint64
	for _, mk := range m.list {
		if mk.met {
			out = append(out, mk.seq)
		}
	}
	slices.SortFunc(out, cmp.Compare)
	return out
}
