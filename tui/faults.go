package tui

import (
	"regexp"
	"strconv"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// keptFaults is how many lines of scripts are remembered to have failed.
const keptFaults = 256

// A scriptLine is a line of a script.
type scriptLine struct {
	generation uint32
	file       string // as errors name it
	line       int    // from 1
}

// A fault is what is known of the errors that were raised at one.
type fault struct {
	count int
	text  string // of the newest, with its errno
}

// position finds "name.lua:31: " in an error text.
var position = regexp.MustCompile(`(\S+):(\d+): `)

// faultOf returns the line of the script that the text of a failure names, and
// what it says of it. ok is false if it names none.
func faultOf(e *recordings.Event, text string) (at scriptLine, said string, ok bool) {
	m := position.FindStringSubmatchIndex(text)
	if m == nil {
		return scriptLine{}, "", false
	}
	n, err := strconv.Atoi(text[m[4]:m[5]])
	if err != nil || n < 1 {
		return scriptLine{}, "", false // more digits than any line number has
	}
	said, _, _ = strings.Cut(text[m[1]:], "\n")
	return scriptLine{e.Generation, text[m[2]:m[3]], n}, plugins.ErrnoName(e.Err()) + " " + clip(said, keptLine), true
}

// addFault counts a failure for the line that it names.
func (s *state) addFault(e *recordings.Event, text string) {
	at, said, ok := faultOf(e, text)
	if !ok {
		return
	}
	f, known := s.faults[at]
	if !known && len(s.faults) >= keptFaults {
		return
	}
	if s.faults == nil {
		s.faults = map[scriptLine]fault{}
	}
	s.faults[at] = fault{f.count + 1, strings.Clone(said)}
}

// faultsIn returns the faults in a file of a generation, by line from 0.
func (s *state) faultsIn(v *version, path string) map[int]fault {
	out := map[int]fault{}
	same := map[string]bool{} // whether a name means the file
	for at, f := range s.faults {
		if at.generation != v.Number {
			continue
		}
		is, known := same[at.file]
		if !known {
			p, ok := v.find(at.file, s.status.Path)
			is = ok && p == path
			same[at.file] = is
		}
		if is {
			g := out[at.line-1]
			out[at.line-1] = fault{f.count + g.count, f.text}
		}
	}
	return out
}

// excerptFor returns the line of the script that an error text names, "" if the
// text of the generation that failed is not known.
func excerptFor(sc *scene, e *recordings.Event, text string) string {
	at, _, ok := faultOf(e, text)
	v := sc.version(e.Generation)
	if !ok || v == nil {
		return ""
	}
	path, ok := v.find(at.file, sc.status.Path)
	if !ok {
		return ""
	}
	return (&plugins.Error{Line: at.line}).Excerpt(v.text(path, sc.status.Path))
}
