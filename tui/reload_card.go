package tui

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
)

// A reloadCard tells of a reload that was refused: what, why, and what can be
// done. It pops up by itself, above the panels, which keep all keys but its own.
type reloadCard struct {
	refusals int  // that it has told of
	folded   bool // one row is enough
	guard    keyGuard
	read     uint32        // the generation whose coming the user has seen,
	resaved  plugins.Stamp // and the save that changed nothing
}

// notice unfolds the card when there is another refusal.
func (r *reloadCard) notice(refusals int, now func() time.Time) {
	if refusals > r.refusals {
		r.folded = false
		r.guard.arm(now())
	}
	r.refusals = refusals
}

// place returns the place that the card is while it is unfolded.
func (r *reloadCard) place(sc *scene) where {
	if sc.live && sc.status.Problem != nil && !r.folded {
		return inReload
	}
	return 0
}

// How many rows of the card say why a reload was refused.
const (
	reasonRows    = 3
	reasonRowsLow = 1
)

// refusal returns the rows about a reload that was refused, until one is not.
func (a *app) refusal() []string {
	s := &a.scene.status
	if s.Problem == nil {
		return nil
	}
	sc := &a.scene
	bar := func() *line { return newLine(a.width).put(sc.bad, "▌ ") }
	head := bar().put(sc.bad, "✗ reload refused").put(ink{}, fmt.Sprintf(" · generation %d still serves", s.Generation))
	reason := wrap(s.Problem.Error(), a.width-3)
	if a.reload.folded {
		first := ""
		if len(reason) > 0 {
			first = reason[0]
		}
		return []string{head.put(sc.dim, " · ").put(sc.key, a.named("{unfold}")).put(sc.dim, " more: "+first).end()}
	}
	tight := a.low() || a.prompt != nil
	rows := []string{head.end()}
	most := reasonRows
	if tight && s.Excerpt != "" {
		most = reasonRowsLow
	}
	for _, text := range reason[:min(len(reason), most)] {
		rows = append(rows, bar().put(ink{}, text).end())
	}
	if a.prompt != nil && a.low() {
		return rows
	}
	for _, text := range excerptLines(s, !tight) {
		rows = append(rows, bar().put(sc.warn, text).end())
	}
	return append(rows, a.choices(bar, tight)...)
}

// excerptLines returns the lines of the refused text that are to blame, with
// the one before if there is room, and the caret.
func excerptLines(s *host.Status, before bool) []string {
	var script *plugins.Error
	var lines []string
	if before && errors.As(s.Problem, &script) && script.Line > 1 {
		above := (&plugins.Error{Line: script.Line - 1}).Excerpt(s.Refused)
		if above, _, found := strings.Cut(above, "\n"); found {
			lines = append(lines, above)
		}
	}
	for text := range strings.Lines(s.Excerpt) {
		lines = append(lines, strings.TrimRight(text, "\r\n"))
	}
	return lines
}

// choices draws what can be done about a refusal: in one row, or a row each with
// what it means where that needs to be known.
func (a *app) choices(bar func() *line, tight bool) []string {
	sc := &a.scene
	var rows []string
	all := bar()
	for i := range a.commands {
		c := &a.commands[i]
		if !strings.HasPrefix(c.id, "refused.") && c.id != "undo" {
			continue
		}
		if ok, _ := a.can(c); !ok {
			continue
		}
		title := cmp.Or(c.title, c.id)
		all.put(sc.key, keyName(c.keys[0])).put(sc.dim, " "+title+"  ")
		l := bar().putIn(sc.key, keyName(c.keys[0]), 4, false).putIn(ink{}, title, 10, false)
		rows = append(rows, l.put(sc.dim, c.help).end())
	}
	if tight || !errors.Is(sc.status.Problem, host.ErrOtherDisk) {
		return []string{all.end()}
	}
	return rows
}

// changeTime is for how long a reload that went well is told of, if no key is
// pressed before.
const changeTime = 8 * time.Second

// lately reports whether something that is told of for a while has just been.
func (s *state) lately(at plugins.Stamp) bool { return at != 0 && s.now.Sub(at) <= changeTime }

// reloaded returns the rows about a reload that went well: what it changed; or
// about a save that changed nothing.
func (a *app) reloaded() []string {
	sc := &a.scene
	c := &sc.changed
	if sc.lately(sc.resaved) && sc.resaved != a.reload.resaved && sc.resaved > c.noticed {
		text := fmt.Sprintf(" ↻ saved, and nothing has changed: generation %d serves on", sc.status.Generation)
		return []string{newLine(a.width).put(sc.dim, text).end()}
	}
	if c.to == 0 || c.to == a.reload.read || !sc.lately(c.noticed) || sc.status.Problem != nil {
		return nil
	}
	text := fmt.Sprintf(" ↻ generation %d serves", c.to)
	if c.added+c.removed > 0 {
		text += fmt.Sprintf(" · lines +%d −%d", c.added, c.removed)
		if c.files > 1 {
			text += fmt.Sprintf(" in %d files", c.files)
		}
	} else {
		text += " · the same text"
	}
	if len(c.gained) > 0 {
		text += " · new: " + callbacksText(c.gained)
	}
	if len(c.lost) > 0 {
		text += " · gone: " + callbacksText(c.lost)
	}
	text += " · gate closed " + shortDuration(sc.status.Closed.Last)
	rows := []string{newLine(a.width).put(sc.good, text).end()}
	notes := sc.status.Notes
	for i, note := range notes[:min(len(notes), noteRows)] {
		if i == noteRows-1 && len(notes) > noteRows {
			note = fmt.Sprintf("and %d more: see the output", len(notes)-i)
		}
		rows = append(rows, newLine(a.width).put(sc.warn, " ▲ "+note).end())
	}
	return rows
}

// noteRows is how many notes on a reload are shown.
const noteRows = 2

// refusalCommands returns the part of the table that is about refused reloads,
// and the way to put things right.
func refusalCommands() []command {
	facts := func(a *app) (bool, string) {
		return a.bench != nil && errors.Is(a.scene.status.Problem, host.ErrOtherDisk), "no client stands in the way of a reload"
	}
	refused := func(a *app) (bool, string) {
		return a.scene.status.Problem != nil, "no reload was refused"
	}
	kick := func(p host.Policy) func(*app) tea.Cmd {
		return func(a *app) tea.Cmd {
			return a.act(func(c host.Control) error { c.KickAs(p); return nil })
		}
	}
	return []command{
		{
			id: "refused.keep", keys: []string{"esc"}, where: inReload, title: "keep",
			help: "keep what serves, fold this card", enabled: refused,
			run: do(func(a *app) { a.reload.folded = true }),
		},
		{
			id: "refused.new", keys: []string{"n"}, where: inReload, title: "new only",
			help: "who is connected stays with the old script", enabled: facts,
			run: kick(host.ForNew),
		},
		{
			id: "refused.drop", keys: []string{"D"}, where: inReload, title: "drop",
			help: "cut off who would find another disk", enabled: facts,
			run: kick(host.DropClients),
		},
		{
			id: "refused.edit", keys: []string{"e"}, where: inReload, title: "edit",
			help: "open the script at the line in the editor", enabled: refused,
			run: (*app).editScript,
		},
		{
			id: "edit", keys: []string{"e"}, where: inRequests | inCallbacks | inScript | inConnections | inOutput | inDetail, title: "edit",
			help:  "open the script in the editor at the line",
			shell: (*app).editLine,
			enabled: func(a *app) (bool, string) {
				return a.bench != nil, "there is no script to edit: this is a recording"
			},
			run: (*app).editScript,
		},
		{
			id: "unfold", keys: []string{"!"}, where: inPanels | inDetail,
			help: "show why the last reload was refused, in full",
			enabled: func(a *app) (bool, string) {
				return a.scene.status.Problem != nil && a.reload.folded, "no reload was refused, or it is shown"
			},
			run: do(func(a *app) { a.reload.folded = false }),
		},
	}
}
