package tui

import (
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// A palette reads commands that are typed by their names: ":rule op:write => drop".
// What follows the name is checked and completed as on the line that the
// command itself would open.
type palette struct {
	app   *app
	table []*command

	of       *command // that the line has
	question question // of
}

// askCommand asks for a command.
func (a *app) askCommand() (q question, text string) {
	p := &palette{app: a}
	for i := range a.commands {
		if c := &a.commands[i]; c.where&inLists != 0 || c.where == inCopy {
			p.table = append(p.table, c)
		}
	}
	return question{
		sign:     ":",
		history:  a.past.Commands,
		check:    p.check,
		complete: p.complete,
		accept:   p.accept,
		verdict:  p.verdict,
	}, ""
}

// parse returns the command that text begins with, nil if there is none, and
// where what follows it begins.
func (p *palette) parse(text string) (c *command, at int) {
	for _, candidate := range p.table {
		rest, ok := cutID(text, candidate.id)
		if ok && (c == nil || len(candidate.id) > len(c.id)) {
			c, at = candidate, len(text)-len(strings.TrimLeft(rest, " "))
		}
	}
	return c, at
}

// line returns what is asked for when c runs. It stays the same while c does,
// so that it is about what was selected when its name was typed.
func (p *palette) line(c *command) *question {
	if p.of != c {
		p.of = c
		p.question, _ = c.ask(p.app)
	}
	return &p.question
}

// check returns why text is no command that can be run.
func (p *palette) check(text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	c, at := p.parse(text)
	argument := ""
	if c == nil {
		found := match(text, p.table)
		if len(found) == 0 {
			return wordError{fmt.Errorf("no command is called %s: backspace shows what there is", strings.TrimSpace(text)), text}
		}
		c = runnableFirst(p.app, found)[0]
	} else {
		argument = text[at:]
	}
	if why := p.app.why(c); why != "" {
		return wordError{fmt.Errorf("%s: %s", spoken(c.id), why), text[:len(text)-len(argument)]}
	}
	if argument == "" {
		return nil
	}
	if c.ask == nil {
		return fmt.Errorf("%s: nothing may follow it", spoken(c.id))
	}
	return moved(p.line(c).check(argument), text, at)
}

// moved has the error of a filter blame the characters of the whole text, of
// which the filter begins at a byte.
func moved(err error, text string, at int) error {
	var e *recordings.FilterError
	if !errors.As(err, &e) || err != error(e) {
		return err
	}
	whole := *e
	whole.Text, whole.Column = text, e.Column+len([]rune(text[:at]))
	return &whole
}

// complete offers commands, or what may follow the one that is typed.
func (p *palette) complete(text string, cursor int) (from int, offers []recordings.Candidate) {
	before := text[:cursor]
	if c, at := p.parse(before); c != nil && at > 0 && before[at-1] == ' ' {
		if c.ask == nil || p.app.why(c) != "" {
			return cursor, nil
		}
		from, offers = p.line(c).complete(text[at:], cursor-at)
		return at + from, offers
	}
	found := match(before, p.table)
	if strings.TrimSpace(before) == "" {
		found = ownFirst(p.app, byGroup(found))
	}
	if c, _ := p.parse(before); c == nil {
		found = runnableFirst(p.app, found)
	}
	for _, c := range found {
		offers = append(offers, p.offer(c))
	}
	return len(before) - len(strings.TrimLeft(before, " ")), offers
}

// offer returns how c is offered.
func (p *palette) offer(c *command) recordings.Candidate {
	o := recordings.Candidate{Text: spoken(c.id), Help: c.help}
	if keys := p.app.keysOf(c); keys != "" {
		o.Help += " · " + keys
	}
	if why := p.app.why(c); why != "" {
		o.Help = "✗ " + why + " · " + o.Help
	}
	if c.ask != nil {
		o.Text += " "
	}
	return o
}

// chosen returns the command that enter runs: the one that is typed, else the
// one that is marked; nil if there is none.
func (p *palette) chosen(line *prompt) (c *command, argument string) {
	if strings.TrimSpace(line.text) == "" {
		return nil, ""
	}
	if c, at := p.parse(line.text); c != nil {
		return c, line.text[at:]
	}
	if len(line.offers) == 0 {
		return nil, ""
	}
	c, _ = p.parse(line.offers[line.marked].Text)
	return c, ""
}

// verdict says what enter does.
func (p *palette) verdict(line *prompt) string {
	c, argument := p.chosen(line)
	switch {
	case c == nil:
		return "{prompt.accept} closes this line; {prompt.complete} takes the marked command, {prompt.earlier} has earlier ones"
	case argument != "":
		return p.line(c).enter
	case c.run == nil:
		return "{prompt.accept} asks for more: " + c.help
	}
	return "{prompt.accept}: " + spoken(c.id) + ", " + c.help
}

// accept runs what is typed.
func (p *palette) accept(a *app, _ string) tea.Cmd {
	line := a.prompt
	c, argument := p.chosen(line)
	if c == nil {
		a.prompt = nil
		return nil
	}
	if why := a.why(c); why != "" {
		line.problem = wordError{fmt.Errorf("%s: %s", spoken(c.id), why), line.text}
		return nil
	}
	a.past.Commands = remember(a.past.Commands, strings.TrimSpace(spoken(c.id)+" "+argument))
	if argument == "" {
		return a.choose(c)
	}
	q := p.line(c)
	if q.shell != nil {
		line.did = q.shell(argument)
	}
	if c.where&a.under() == 0 {
		a.detail = nil
	}
	return q.accept(a, argument)
}
