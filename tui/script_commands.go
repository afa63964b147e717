package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
)

// scriptCommands returns the part of the table that is about the text of the script.
func scriptCommands() []command {
	several := func(a *app) (bool, string) {
		return len(a.scene.versions) > 1, "only one generation is known"
	}
	return []command{
		{
			id: "script.changes", keys: []string{"u"}, where: inScript, title: "changes",
			help: "what changed since the generation before", enabled: several,
			run: do(func(a *app) {
				a.script.changes = !a.script.changes
				a.script.list.home()
			}),
		},
		{
			id: "script.older", keys: []string{"{"}, where: inScript, title: "older",
			help: "show the generation before", enabled: several,
			run: do(func(a *app) { a.script.page(&a.scene, -1) }),
		},
		{
			id: "script.newer", keys: []string{"}"}, where: inScript,
			help: "show the generation after", enabled: several,
			run: do(func(a *app) { a.script.page(&a.scene, 1) }),
		},
		{
			id: "script.file", keys: []string{"."}, where: inScript,
			help: "show the next file that the script loaded",
			enabled: func(a *app) (bool, string) {
				v := a.script.version(&a.scene)
				return v != nil && len(v.paths(a.scene.status.Path)) > 1, "the script loaded no other file"
			},
			run: do(func(a *app) { a.script.nextFile(&a.scene) }),
		},
		{
			id: "script.facts", keys: []string{"t"}, where: inScript, title: "facts",
			help: "show the facts about the script, or fold them",
			run: do(func(a *app) {
				if a.script.facts = !a.script.facts; a.script.facts {
					a.script.list.home()
				}
			}),
		},
		{
			id: "script.requests", keys: []string{"enter"}, where: inScript, title: "requests",
			help: "show only the requests that this line is about",
			enabled: func(a *app) (bool, string) {
				return a.script.filter() != "", "no callback begins here, and nothing failed here"
			},
			run: func(a *app) tea.Cmd { return a.filterBy(a.script.filter()) },
		},
	}
}

// filter returns the filter for the requests that the selected line is about,
// "" if it is about none.
func (p *script) filter() string {
	line, generation := p.line(), p.shown.generation
	if _, ok := p.faults[line]; ok {
		return fmt.Sprintf("line:%d gen:%d", line+1, generation)
	}
	if c, ok := p.calls[line]; ok && kindOrder(c.callback) < 0 {
		return callFilter(c.callback, generation)
	}
	return ""
}

// rowText returns the text of a row, "" if it is a fact.
func (p *script) rowText(row int) string {
	row -= len(p.head)
	switch {
	case row < 0:
		return ""
	case p.shown.changes:
		return p.differ[row].text
	}
	text := ""
	for _, s := range p.code.lines[row] {
		text += s.text
	}
	return text
}
