package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"workbench/plugins"
)

// script is the panel of the script: its text, with what happened at which
// line, or what changed since the generation before.
type script struct {
	list    list
	facts   bool   // the facts about it stand above the text
	changes bool   // the comparison is shown
	pinned  uint32 // the generation that is shown; 0 = the one that serves
	path    string // the file of it; "" = the script itself
	across  int    // cells that are out of sight at the left

	head   []string // the facts, drawn
	shown  shown    // what text and differ are of
	code   code
	differ []diffLine
	faults map[int]fault // by line from 0
	calls  map[int]call  // the same
	blamed int           // the line at which the selected request failed, from 0; -1 = none
}

// shown says of what the panel has the text.
type shown struct {
	generation, before uint32
	path               string
	changes            bool
}

// A call is a line at which a callback begins, and how often it was called.
type call struct {
	callback plugins.Callback
	count    uint64
}

func (p *script) rows() *list { return &p.list }

func (p *script) rowAt(y int) int { return p.list.rowAt(y - scriptHead) }

// scriptHead is the rows above the list: what is shown, of what state.
const scriptHead = 1

// version returns the generation that is shown; nil if none is known.
func (p *script) version(sc *scene) *version {
	if v := sc.version(p.pinned); v != nil {
		return v
	}
	p.pinned = 0
	if n := len(sc.versions); n > 0 {
		return &sc.versions[n-1]
	}
	return nil
}

// file returns the path of the file that is shown.
func (p *script) file(sc *scene) string {
	if p.path == "" {
		return sc.status.Path
	}
	return p.path
}

func (p *script) feed(sc *scene, w, h int) {
	head := len(p.head)
	p.head = nil
	if p.facts {
		p.head = writeFacts(sc, w)
	}
	p.load(sc)
	if n := len(p.head) - head; p.list.selected > 0 {
		p.list.selected += n // the same line stays selected
	}
	p.list.feed(0, len(p.head)+p.length(), h-scriptHead)
}

// length returns how many lines the text, or the comparison, has.
func (p *script) length() int {
	if p.shown.changes {
		return len(p.differ)
	}
	return len(p.code.lines)
}

// load takes note of the text that is to be shown, and of what happened in it.
func (p *script) load(sc *scene) {
	p.faults, p.calls = nil, nil
	v := p.version(sc)
	if v == nil {
		p.shown, p.code, p.differ = shown{}, code{}, nil
		return
	}
	script, path := sc.status.Path, p.file(sc)
	want := shown{generation: v.Number, path: path}
	was := sc.before(v.Number)
	if p.changes && was != nil {
		want.changes, want.before = true, was.Number
	}
	if want != p.shown {
		p.shown = want
		p.code, p.differ = scan(sc.status.Language, v.text(path, script)), nil
		if want.changes {
			p.differ = diffTexts(was.text(path, script), v.text(path, script))
		}
	}
	p.faults = sc.faultsIn(v, path)
	p.calls = map[int]call{}
	for i := range sc.stats {
		c := &sc.stats[i]
		if line, ok := p.code.defined[c.Callback]; ok && c.Generation == v.Number {
			p.calls[line] = call{c.Callback, c.Count}
		}
	}
}

// point marks the line at which the selected request failed, if it is in the
// text that is shown, and goes there when it is another than before.
func (p *script) point(sc *scene, at scriptLine, ok, move bool) {
	before := p.blamed
	p.blamed = -1
	v := p.version(sc)
	if !ok || v == nil || at.generation != v.Number {
		return
	}
	if path, found := v.find(at.file, sc.status.Path); !found || path != p.file(sc) {
		return
	}
	if p.blamed = at.line - 1; p.blamed != before && move {
		p.goTo(p.blamed)
	}
}

// goTo selects a line, from 0, with some before it in sight.
func (p *script) goTo(line int) {
	if p.shown.changes {
		return
	}
	row := len(p.head) + line
	p.list.move(row - p.list.selected)
	p.list.top = row - p.list.height/2
	p.list.settle()
}

// line returns the line of the text that is selected, from 0; -1 if a fact is.
func (p *script) line() int {
	row := p.list.selected - len(p.head)
	if !p.shown.changes {
		return row
	}
	if row < 0 || row >= len(p.differ) || p.differ[row].sign == '-' {
		return -1
	}
	return p.differ[row].line - 1
}

// page goes to an older or a newer generation.
func (p *script) page(sc *scene, by int) {
	v := p.version(sc)
	if v == nil {
		return
	}
	for i := range sc.versions {
		if sc.versions[i].Number != v.Number {
			continue
		}
		i = max(min(i+by, len(sc.versions)-1), 0)
		p.pinned = sc.versions[i].Number
		if i == len(sc.versions)-1 {
			p.pinned = 0 // and those that come
		}
		return
	}
}

// nextFile goes to the next file that the generation was made of.
func (p *script) nextFile(sc *scene) {
	v := p.version(sc)
	paths := v.paths(sc.status.Path)
	for i, path := range paths {
		if path == p.file(sc) {
			p.path = paths[(i+1)%len(paths)]
			break
		}
	}
	if p.path == sc.status.Path {
		p.path = ""
	}
	p.list.home()
}

func (p *script) note(sc *scene) string {
	if p.shown.generation == 0 {
		return ""
	}
	if p.shown.changes {
		added, removed := 0, 0
		for _, d := range p.differ {
			switch d.sign {
			case '+':
				added++
			case '-':
				removed++
			}
		}
		return fmt.Sprintf("g%d > g%d  +%d −%d", p.shown.before, p.shown.generation, added, removed)
	}
	return fmt.Sprintf("g%d · %s", p.shown.generation, numbered(len(p.code.lines), "line"))
}

// title draws the row that says what is shown.
func (p *script) title(sc *scene, w int) string {
	s := &sc.status
	l := newLine(w).put(ink{}, " ")
	if sc.live {
		sign, i := sc.sign(s.State)
		l.put(i, fmt.Sprintf("%s %s ", sign, s.State))
	}
	l.put(sc.title, filepath.Base(p.file(sc))+" ")
	switch v := p.version(sc); {
	case v == nil:
	case p.shown.changes:
		l.put(sc.warn, fmt.Sprintf("± generation %d against %d ", p.shown.generation, p.shown.before))
	case p.pinned != 0:
		l.put(sc.warn, fmt.Sprintf("◂ generation %d, not the newest ", v.Number))
	}
	if p.changes && !p.shown.changes {
		l.put(sc.dim, "(no generation before it) ")
	}
	l.put(sc.dim, languageText(sc))
	if p.across > 0 {
		l.put(sc.warn, fmt.Sprintf(" from column %d", p.across+1))
	}
	return l.end()
}

func (p *script) draw(sc *scene, w, h int) []string {
	lines := []string{p.title(sc, w)}
	from, to := p.list.visible()
	for row := from; row < to; row++ {
		mark := sc.mark(&p.list, row)
		switch at := row - len(p.head); {
		case at < 0 && mark != nil && strings.HasPrefix(p.head[row], " "):
			lines = append(lines, mark.sign+p.head[row][1:])
		case at < 0:
			lines = append(lines, p.head[row])
		case p.shown.changes:
			lines = append(lines, p.drawDiffer(sc, w, p.differ[at], mark))
		default:
			lines = append(lines, p.drawLine(sc, w, at, mark))
		}
	}
	if len(lines) == 1 {
		text := "  The text of the script is not known."
		if p.shown.changes {
			text = "  No line of this file differs."
		}
		lines = append(lines, newLine(w).put(sc.dim, text).end())
	}
	return block(lines, w, h)
}
