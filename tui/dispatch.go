package tui

import tea "github.com/charmbracelet/bubbletea"

// The way from a key, or a name, to the command that it means where the user is.

// keys runs the commands of the keys in msg. What was typed fast comes as one
// message; what was pasted is not meant as keys, but may be text.
func (a *app) keys(msg tea.KeyMsg) tea.Cmd {
	if text := msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace; text && !msg.Alt && a.typed(string(msg.Runes)) {
		return nil
	}
	if msg.Paste {
		return nil
	}
	if msg.Type != tea.KeyRunes || msg.Alt || len(msg.Runes) < 2 {
		return a.key(msg.String())
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		if a.typed(string(r)) {
			continue
		}
		cmds = append(cmds, a.key(string(r)))
		a.arrange()
	}
	return tea.Batch(cmds...)
}

// typed takes text where there is a line for it, and reports whether there is.
func (a *app) typed(text string) bool {
	switch a.where() {
	case inPrompt:
		a.prompt.insert(text)
	case inMenu:
		a.menu.narrow(a, a.menu.text+printable(text))
	default:
		return false
	}
	return true
}

// key runs the command that key has in the place that has the keys.
func (a *app) key(key string) tea.Cmd {
	if c := find(a.commands, a.where(), key); c != nil {
		return a.press(c)
	}
	return nil
}

// press runs the command of a key or of the footer, unless that has just popped up.
func (a *app) press(c *command) tea.Cmd {
	if c.where == inReload && a.reload.guard.holds(a.now()) {
		return nil
	}
	return a.run(c)
}

// run runs c if it can be run now; else it says why not.
func (a *app) run(c *command) tea.Cmd {
	if ok, why := a.can(c); !ok {
		if a.where() != inPrompt { // which says itself what is wrong
			a.said = cell{a.scene.warn, why}
		}
		return nil
	}
	if c.run == nil {
		q, text := c.ask(a)
		a.prompt = newPrompt(q, text)
		return nil
	}
	if c.shell != nil {
		a.tell(c.shell(a))
	}
	return safely(c.run(a))
}

// why returns "" if c can be run from where the user is, below menu and prompt,
// else the reason against it.
func (a *app) why(c *command) string {
	here := a.under()
	if here == inDetail {
		here |= placeOf(a.focus) // it is closed first
	}
	if c.where&here == 0 && c.where != inCopy {
		return "only in: " + c.where.String()
	}
	_, why := a.can(c)
	return why
}

// can reports whether c can be run now, and if not why.
func (a *app) can(c *command) (ok bool, why string) {
	if c.enabled == nil {
		return true, ""
	}
	if ok, why = c.enabled(a); ok {
		return true, ""
	}
	return false, a.named(why)
}

// choose runs a command that was chosen by its name and can be run.
func (a *app) choose(c *command) tea.Cmd {
	a.menu, a.prompt = nil, nil
	if c.where&a.under() == 0 && c.where != inCopy {
		a.detail = nil
	}
	return a.run(c)
}

// keptTold is how many shell lines are kept.
const keptTold = 100

// tell shows the shell line that does what the user did, until the next key; the
// last ones are kept.
func (a *app) tell(line string) {
	if line == "" {
		return
	}
	a.said = cell{a.scene.dim, "$ " + line}
	if n := len(a.told); n > 0 && a.told[n-1] == line {
		return
	}
	a.told = append(a.told, line)
	a.told = a.told[max(len(a.told)-keptTold, 0):]
}

// where returns the place that has the keys.
func (a *app) where() where {
	switch {
	case a.asking:
		return inQuestion
	case a.tooSmall():
		return inCard
	case a.menu != nil && a.menu.only != 0:
		return a.menu.only
	case a.menu != nil:
		return inMenu
	case a.prompt != nil:
		return inPrompt
	}
	return a.under()
}

// under returns the place that has the keys when neither menu nor prompt has them.
func (a *app) under() where {
	if a.detail != nil {
		return inDetail | a.reload.place(&a.scene)
	}
	return placeOf(a.focus) | a.reload.place(&a.scene)
}
