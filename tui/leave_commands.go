package tui

import tea "github.com/charmbracelet/bubbletea"

// quitCommands returns the part of the table that leaves the panels.
func quitCommands() []command {
	return []command{
		{
			id: "quit", keys: []string{"q"}, where: inPanels, title: "quit",
			help: "end the program, when asked; clients are cut off",
			run:  do((*app).leave),
		},
	}
}

// leaveCommands returns the part of the table that ends or suspends the program.
func leaveCommands() []command {
	return []command{
		{
			id: "quit.ask", keys: []string{"ctrl+c"}, where: inLists | inMenu | inCopy | inPrompt | inReload,
			help: "ask whether to quit; once more quits",
			run:  do(func(a *app) { a.asking = true }),
		},
		{
			id: "quit.now", keys: []string{"y", "ctrl+c", "q", "enter"}, where: inQuestion, title: "quit",
			help: "quit, when asked",
			run:  func(*app) tea.Cmd { return tea.Quit },
		},
		{
			id: "quit.not", keys: []string{"esc", "n"}, where: inQuestion, title: "stay",
			help: "do not quit, when asked",
			run:  do(func(a *app) { a.asking = false }),
		},
		{
			id: "quit.small", keys: []string{"q", "ctrl+c"}, where: inCard,
			help: "quit, when the terminal is too small",
			run:  func(*app) tea.Cmd { return tea.Quit },
		},
		{
			id: "suspend", keys: []string{"ctrl+z"}, where: inLists | inMenu | inCopy | inPrompt | inQuestion | inCard,
			help: "go to the shell; clients wait until fg",
			run:  (*app).suspend,
		},
	}
}
