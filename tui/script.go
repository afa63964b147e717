package tui

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// script is the panel of the plugin: what is known of it.
type script struct {
	list  list
	facts []string
}

func (p *script) rows() *list        { return &p.list }
func (p *script) rowAt(y int) int    { return p.list.rowAt(y) }
func (p *script) note(*scene) string { return "" }
func (p *script) feed(sc *scene, w, h int) {
	p.facts = p.write(sc, w)
	p.list.feed(0, len(p.facts), h)
}

// write returns the facts, the most important ones first.
func (p *script) write(sc *scene, w int) []string {
	s, out := &sc.status, &page{w: w, sc: sc}
	sign, i := sc.sign(s.State)
	state := fmt.Sprintf("%s %s, generation %d", sign, s.State, s.Generation)
	if s.Problem != nil {
		state += "; the last reload was refused"
		i = sc.warn
	}
	if sc.live {
		out.fact("state", i, state)
		out.fact("file", ink{}, fmt.Sprintf("%s (%s, %s)", s.Path, s.Language, s.ThreadModel))
	} else {
		out.fact("state", sc.dim, fmt.Sprintf("○ recorded; the newest generation is %d", s.Generation))
		out.fact("file", ink{}, fmt.Sprintf("%s (%s)", s.Path, s.Language))
	}
	if sc.uri != "" {
		out.fact("uri", ink{}, sc.uri)
	}
	if sc.mount != "" {
		out.fact("mount", ink{}, sc.mount)
	}
	if e := &sc.lastError; e.event.Kind != 0 {
		out.fact("last error", sc.bad, fmt.Sprintf("✗ %s %s at %s: %s",
			sc.clock(e.event.Received), e.event.Op, hex(e.event.Offset), reason(e)))
	}
	reloads := fmt.Sprintf("%d done, %d refused", s.Reloads, s.Refusals)
	if s.Reloads > 0 {
		reloads += fmt.Sprintf("; gate closed %s, longest %s", shortDuration(s.Closed.Last), shortDuration(s.Closed.Longest))
	}
	if !s.Watching {
		reloads += "; not watching the file"
	}
	if sc.live {
		out.fact("reloads", ink{}, reloads)
	}
	if len(s.Params) > 0 {
		out.fact("parameters", ink{}, paramsText(s.Params))
	}
	if len(s.Callbacks) > 0 {
		out.fact("callbacks", ink{}, callbacksText(s.Callbacks))
	}
	return out.lines
}

// reason returns the errno of a failure and its text.
func reason(f *failure) string {
	name := plugins.ErrnoName(f.event.Err())
	if f.text == "" {
		return name
	}
	return name + " " + f.text
}

func paramsText(params []plugins.Param) string {
	var words []string
	for _, p := range params {
		words = append(words, p.String())
	}
	return strings.Join(words, " ")
}

func callbacksText(callbacks []plugins.Callback) string {
	var words []string
	for _, c := range callbacks {
		words = append(words, c.String())
	}
	return strings.Join(words, " ")
}

func (p *script) draw(_ *scene, w, h int) []string {
	from, to := p.list.visible()
	return block(append([]string(nil), p.facts[from:to]...), w, h)
}

// position finds "name.lua:31:" in an error text.
var position = regexp.MustCompile(`(\S+):(\d+): `)

// excerptFor returns the line of the script that an error text names, if the
// script that serves is the one that failed.
func excerptFor(sc *scene, e *recordings.Event, text string) string {
	m := position.FindStringSubmatch(text)
	if m == nil || e.Generation != sc.status.Generation || filepath.Base(m[1]) != filepath.Base(sc.status.Path) {
		return ""
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return "" // more digits than any line number has
	}
	return (&plugins.Error{Line: n}).Excerpt(sc.status.Source)
}
