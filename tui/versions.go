package tui

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"workbench/plugins"
	"workbench/recordings"
)

// keptVersions is how many generations the screen keeps the texts of.
const keptVersions = 32

// A version is a generation of the script, as far as it is known.
type version struct {
	recordings.Generation
	callbacks []plugins.Callback // nil = not known
}

// A change is what a reload brought, in short.
type change struct {
	from, to       uint32 // generations
	added, removed int    // lines
	files          int    // that have such lines
	gained, lost   []plugins.Callback
	noticed        plugins.Stamp // when the screen learned of it
}

// keep takes in the texts of generations. Those that the host has given up, as
// after an undo, stay: the script panel compares with what served before.
func (s *state) keep(list []recordings.Generation) {
	versions := slices.Clone(s.versions) // a frozen state keeps its own
	for _, g := range list {
		i, found := slices.BinarySearchFunc(versions, g.Number, byNumber)
		if !found {
			versions = slices.Insert(versions, i, version{Generation: g})
		}
	}
	versions = versions[max(len(versions)-keptVersions, 0):]
	if i, found := slices.BinarySearchFunc(versions, s.status.Generation, byNumber); found {
		versions[i].callbacks = s.status.Callbacks
	}
	s.versions = versions
}

// recall takes in what a recording says of its script.
func (s *state) recall(h recordings.Header) {
	s.status.Path, s.status.Language, s.status.Params = h.Script, h.Language, h.Params
	if n := len(h.Generations); n > 0 {
		s.status.Generation, s.status.Source = h.Generations[n-1].Number, h.Generations[n-1].Text
	}
	s.keep(h.Generations)
}

func byNumber(v version, number uint32) int { return int(int64(v.Number) - int64(number)) }

// version returns a generation; nil if its text is not known.
func (s *state) version(number uint32) *version {
	if i, found := slices.BinarySearchFunc(s.versions, number, byNumber); found {
		return &s.versions[i]
	}
	return nil
}

// before returns the generation that served before one; nil if it is not known.
func (s *state) before(number uint32) *version {
	if i, _ := slices.BinarySearchFunc(s.versions, number, byNumber); i > 0 {
		return &s.versions[i-1]
	}
	return nil
}

// paths returns the files that v was made of, the script first.
func (v *version) paths(script string) []string {
	paths := slices.Sorted(maps.Keys(v.Files))
	if i := slices.Index(paths, script); i > 0 {
		paths = slices.Insert(slices.Delete(paths, i, i+1), 0, script)
	} else if i < 0 {
		paths = slices.Insert(paths, 0, script)
	}
	return paths
}

// text returns the text of a file, "" if v was not made of it.
func (v *version) text(path, script string) string {
	if path == script {
		return v.Text
	}
	return v.Files[path]
}

// find returns the path of the file that an error text names, which may leave
// out its folder. ok is false if v was not made of such a file.
func (v *version) find(name, script string) (path string, ok bool) {
	paths := v.paths(script)
	if slices.Contains(paths, name) {
		return name, true
	}
	i := slices.IndexFunc(paths, func(p string) bool { return filepath.Base(p) == filepath.Base(name) })
	if i < 0 {
		return "", false
	}
	return paths[i], true
}

// noteChange remembers what came with the generation that serves now, from the
// one that did before.
func (s *state) noteChange(from uint32, callbacks []plugins.Callback) {
	now, was := s.version(s.status.Generation), s.version(from)
	c := change{from: from, to: s.status.Generation, noticed: s.now}
	if now != nil && was != nil {
		script := s.status.Path
		for _, path := range union(was.paths(script), now.paths(script)) {
			added, removed := countLines(was.text(path, script), now.text(path, script))
			if added+removed > 0 {
				c.files++
			}
			c.added, c.removed = c.added+added, c.removed+removed
		}
	}
	c.gained, c.lost = without(s.status.Callbacks, callbacks), without(callbacks, s.status.Callbacks)
	s.changed = c
}

// union returns what is in a or b, in their order.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// without returns what is in a and not in b.
func without(a, b []plugins.Callback) []plugins.Callback {
	return slices.DeleteFunc(slices.Clone(a), func(c plugins.Callback) bool { return slices.Contains(b, c) })
}

// countLines returns how many lines b has that a has not, and the other way round.
func countLines(a, b string) (added, removed int) {
	for _, e := range udiff.Lines(a, b) {
		added += lineCount(e.New)
		removed += lineCount(a[e.Start:e.End])
	}
	return added, removed
}

func lineCount(s string) int {
	n := strings.Count(s, "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		n++
	}
	return n
}

// A diffLine is a line of a comparison: of both texts, or of one.
type diffLine struct {
	sign byte // ' ', '+', '-'; '@' = lines are left out before it, and text says where it is
	line int  // its number, from 1: in the new text, or in the old one if it is gone
	text string
}

// diffContext is how many equal lines are shown around those that differ.
const diffContext = 3

// diffTexts compares two texts by lines.
func diffTexts(a, b string) []diffLine {
	u, err := udiff.ToUnifiedDiff("", "", a, udiff.Lines(a, b), diffContext)
	if err != nil { // edits that do not fit their own text
		return []diffLine{{sign: '@', text: fmt.Sprintf("cannot be compared: %v", err)}}
	}
	var out []diffLine
	for _, h := range u.Hunks {
		from, to := h.FromLine, h.ToLine
		out = append(out, diffLine{sign: '@', text: fmt.Sprintf("line %d", to)})
		for _, l := range h.Lines {
			d := diffLine{sign: ' ', line: to, text: strings.TrimRight(l.Content, "\r\n")}
			switch l.Kind {
			case udiff.Delete:
				d.sign, d.line = '-', from
				from++
			case udiff.Insert:
				d.sign = '+'
				to++
			default:
				from++
				to++
			}
			out = append(out, d)
		}
	}
	return out
}
