package tui

import tea "github.com/charmbracelet/bubbletea"

// promptCommands returns the part of the table that is about the line that is typed.
func promptCommands() []command {
	offered := func(a *app) (bool, string) {
		return a.prompt != nil && len(a.prompt.offers) > 0, "there is nothing to complete"
	}
	remembered := func(a *app) (bool, string) {
		return a.prompt != nil && len(a.prompt.history) > 0, "nothing was entered before"
	}
	edit := func(f func(*prompt)) func(*app) tea.Cmd { return do(func(a *app) { f(a.prompt) }) }
	return []command{
		{
			id: "prompt.accept", keys: []string{"enter"}, where: inPrompt, title: "apply",
			help: "do as the line says",
			enabled: func(a *app) (bool, string) {
				return a.prompt != nil && a.prompt.problem == nil, "the line cannot be understood"
			},
			run: (*app).accept,
		},
		{
			id: "prompt.leave", keys: []string{"esc"}, where: inPrompt, title: "leave",
			help: "close the line; all stays as it was",
			run:  do(func(a *app) { a.prompt = nil }),
		},
		{
			id: "prompt.complete", keys: []string{"tab"}, where: inPrompt, title: "complete",
			help: "take the marked completion", enabled: offered,
			run: edit((*prompt).take),
		},
		{
			id: "prompt.mark", keys: []string{"shift+tab"}, where: inPrompt, title: "next",
			help: "mark the next completion", enabled: offered,
			run: edit((*prompt).mark),
		},
		{
			id: "prompt.earlier", keys: []string{"up", "ctrl+p"}, where: inPrompt, title: "earlier",
			help: "what was entered before", enabled: remembered,
			run: edit(func(p *prompt) { p.recall(-1) }),
		},
		{
			id: "prompt.later", keys: []string{"down", "ctrl+n"}, where: inPrompt,
			help: "what was entered after that", enabled: remembered,
			run: edit(func(p *prompt) { p.recall(1) }),
		},
		{
			id: "prompt.left", keys: []string{"left", "ctrl+b"}, where: inPrompt,
			help: "go left by a character",
			run:  edit(func(p *prompt) { p.move(-1) }),
		},
		{
			id: "prompt.right", keys: []string{"right", "ctrl+f"}, where: inPrompt,
			help: "go right by a character",
			run:  edit(func(p *prompt) { p.move(1) }),
		},
		{
			id: "prompt.begin", keys: []string{"home", "ctrl+a"}, where: inPrompt,
			help: "go to the beginning of the line",
			run:  edit(func(p *prompt) { p.set(p.text, 0) }),
		},
		{
			id: "prompt.end", keys: []string{"end", "ctrl+e"}, where: inPrompt,
			help: "go to the end of the line",
			run:  edit(func(p *prompt) { p.set(p.text, len(p.text)) }),
		},
		{
			id: "prompt.erase", keys: []string{"backspace"}, where: inPrompt,
			help: "erase the character before the cursor",
			run:  edit(func(p *prompt) { p.erase(p.letter()) }),
		},
		{
			id: "prompt.erase.word", keys: []string{"ctrl+w"}, where: inPrompt,
			help: "erase the word before the cursor",
			run:  edit(func(p *prompt) { p.erase(p.word()) }),
		},
		{
			id: "prompt.erase.all", keys: []string{"ctrl+u"}, where: inPrompt,
			help: "erase all before the cursor",
			run:  edit(func(p *prompt) { p.erase(0) }),
		},
	}
}

// accept does as the line says. What was done in a shell's words is told when it
// is done; see [app.note] for what the host is asked.
func (a *app) accept() tea.Cmd {
	p := a.prompt
	if p.did = ""; p.shell != nil {
		p.did = p.shell(p.text)
	}
	cmd := p.accept(a, p.text)
	if a.prompt == nil && cmd == nil {
		a.tell(p.did)
	}
	return cmd
}
