package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// acrossStep is how many cells the panels with long lines move sideways.
const acrossStep = 8

// outputCommands returns the part of the table that is about the output, and
// about looking for a text in it or in the script.
func outputCommands() []command {
	found := func(a *app) (bool, string) { return a.wanted() != "", "nothing was looked for: {text.find}" }
	return []command{
		{
			id: "output.request", keys: []string{"enter"}, where: inOutput, title: "request",
			help: "go to the request that printed this line",
			enabled: func(a *app) (bool, string) {
				l := a.output.list
				if l.empty() {
					return false, "nothing was printed"
				}
				return a.scene.output[l.selected-a.scene.outputGone].event.Op != 0, "no request printed this line"
			},
			run: do((*app).showPrinter),
		},
		{
			id: "text.find", keys: []string{"ctrl+f"}, where: inOutput | inScript, title: "find",
			help: "look for a text in what is listed",
			ask:  (*app).askFind,
		},
		{
			id: "text.next", keys: []string{"n"}, where: inOutput | inScript,
			help: "go to the next line with the text", enabled: found,
			run: do(func(a *app) { a.findText(1) }),
		},
		{
			id: "text.previous", keys: []string{"N"}, where: inOutput | inScript,
			help: "go to the line before with the text", enabled: found,
			run: do(func(a *app) { a.findText(-1) }),
		},
		{
			id: "text.right", keys: []string{"right"}, where: inOutput | inScript,
			help: "see what is further right of long lines",
			run:  do(func(a *app) { *a.across() += acrossStep }),
		},
		{
			id: "text.left", keys: []string{"left"}, where: inOutput | inScript,
			help:    "see what is further left of long lines",
			enabled: func(a *app) (bool, string) { return *a.across() > 0, "the lines begin at the edge" },
			run:     do(func(a *app) { *a.across() -= acrossStep }),
		},
	}
}

// across is how far the panel that has the keys is moved sideways.
func (a *app) across() *int {
	if a.focus == scriptPanel {
		return &a.script.across
	}
	return &a.output.across
}

// showPrinter selects the request that printed the selected line.
func (a *app) showPrinter() {
	seq, ok := a.output.requestOf(&a.scene)
	if !ok {
		a.trouble = "the request of this line is not answered yet, or the log has dropped it"
		return
	}
	a.zoomed = false
	a.goTo(seq)
}

// wanted is the text that is looked for.
func (a *app) wanted() string {
	if len(a.past.Texts) == 0 {
		return ""
	}
	return a.past.Texts[len(a.past.Texts)-1]
}

// askFind asks for the text to look for.
func (a *app) askFind() (q question, text string) {
	return question{
		sign:     "find: ",
		enter:    "{prompt.accept} goes to the next line that has it",
		empty:    "a part of a line; capitals and small letters are the same",
		history:  a.past.Texts,
		check:    func(string) error { return nil },
		complete: func(_ string, cursor int) (int, []recordings.Candidate) { return cursor, nil },
		accept: func(a *app, text string) tea.Cmd {
			a.prompt = nil
			a.output.wanted = ""
			if text = strings.TrimSpace(text); text != "" {
				a.past.Texts = remember(a.past.Texts, text)
				a.output.wanted = text
				a.findText(1)
			}
			return nil
		},
	}, ""
}

// findText goes to the next line in a direction that has the text, round the ends.
func (a *app) findText(direction int) {
	l := a.rows()
	text := strings.ToLower(a.wanted())
	n := l.next - l.first
	for step := 1; step <= n; step++ {
		row := l.first + ((l.selected-l.first+direction*step)%n+n)%n
		if strings.Contains(strings.ToLower(a.lineText(row)), text) {
			l.pause()
			l.move(row - l.selected)
			return
		}
	}
	a.trouble = "no line has " + a.wanted()
}

// lineText returns the text of a row of the panel that has the keys.
func (a *app) lineText(row int) string {
	if a.focus == outputPanel {
		return a.scene.output[row-a.scene.outputGone].text
	}
	return a.script.rowText(row)
}
