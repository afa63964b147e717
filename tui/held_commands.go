package tui

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// holdAll is the rule by which every request is held.
const holdAll = "=> hold"

// acted is what became of something that the host was asked to do, by the line
// that was typed if there was one.
type acted struct {
	prompt *prompt
	err    error
}

// note closes the line that asked for it, or says why it went wrong.
func (a *app) note(msg acted) {
	asked := msg.prompt != nil && a.prompt == msg.prompt
	switch {
	case asked && msg.err != nil:
		a.prompt.problem = msg.err
	case asked:
		a.prompt = nil
		a.tell(msg.prompt.did)
	case msg.err != nil:
		a.trouble, a.said = msg.err.Error(), cell{}
	}
}

// act asks the host for something, beside the model.
func (a *app) act(do func(host.Control) error) tea.Cmd {
	bench, asked := a.bench, a.prompt
	return func() tea.Msg { return acted{asked, do(bench)} }
}

// heldCommands returns the part of the table that is about requests that are held.
func heldCommands() []command {
	one := func(a *app) (bool, string) { return a.held.selected() != nil, "no request is held" }
	return []command{
		{
			id: "held.release", keys: []string{"a"}, where: inHeld, title: "let this go",
			help: "let the selected request go on", enabled: one,
			run: func(a *app) tea.Cmd {
				return a.decide("{held.release} lets it go", !a.held.asked, host.Control.Release)
			},
		},
		{
			id: "held.edit", keys: []string{"e"}, where: inHeld, title: "edit",
			help: "change where, how much, flags or data",
			enabled: func(a *app) (bool, string) {
				q := a.held.selected()
				return q != nil && editable(q), "nothing is held that can be edited"
			},
			ask: (*app).askEdit,
		},
		{
			id: "held.answer", keys: []string{"="}, where: inHeld, title: "answer",
			help: "answer it by hand; the script is not asked",
			enabled: func(a *app) (bool, string) {
				q := a.held.selected()
				return q != nil && q.Request.Op != plugins.OpExtents, "nothing is held that can be answered by hand"
			},
			ask: (*app).askAnswer,
		},
		{
			id: "held.fail", keys: []string{"x"}, where: inHeld, title: "fail",
			help: "answer it with an error, which is asked for", enabled: one,
			ask: (*app).askErrno,
		},
		{
			id: "held.drop", keys: []string{"X"}, where: inHeld, title: "drop",
			help: "cut the connection that it came from", enabled: one,
			run: func(a *app) tea.Cmd {
				return a.decide("{held.drop} cuts its connection", true, host.Control.DropHeld)
			},
		},
		{
			id: "held.revert", keys: []string{"V"}, where: inHeld, title: "revert",
			help: "take the edits back: as the client sent it",
			enabled: func(a *app) (bool, string) {
				q := a.held.selected()
				return q != nil && q.Edited, "it was not edited"
			},
			run: func(a *app) tea.Cmd {
				number := a.held.number()
				return a.act(func(c host.Control) error { return c.EditHeld(number, host.Edit{}) })
			},
		},
	}
}

// decide does to the selected request what ends its wait. If it has just come
// under the selection by itself, guarded keys do nothing but say so: the user
// may not have seen it.
func (a *app) decide(what string, guarded bool, do func(host.Control, uint64) error) tea.Cmd {
	number := a.held.number()
	if guarded && a.held.guard.holds(a.now()) {
		a.trouble = fmt.Sprintf("request %d has just come here: once more, %s", number, a.named(what))
		return nil
	}
	a.held.acted = number
	return a.act(func(c host.Control) error { return do(c, number) })
}

// holdCommands returns the part of the table that is about what is done to
// requests, wherever the user is.
func holdCommands() []command {
	return []command{
		{
			id: "hold", keys: []string{"p"}, where: inPanels | inDetail, title: "hold",
			help: "hold every request from now on, or no more",
			enabled: func(a *app) (bool, string) {
				return a.bench != nil, "there is nothing to hold: this is a recording"
			},
			run: (*app).hold,
			ask: (*app).askHold,
			shell: func(a *app) string {
				if i := a.holdRule(); i >= 0 && a.live.rules[i].On {
					return ""
				}
				return a.again("--rule", holdAll)
			},
		},
		{
			id: "held.release.all", keys: []string{"A"}, where: inPanels | inDetail, title: "let go",
			help: "let all held requests go on",
			enabled: func(a *app) (bool, string) {
				return a.bench != nil && a.live.status.Held > 0, "no request is held"
			},
			run: func(a *app) tea.Cmd {
				return a.act(func(c host.Control) error { c.ReleaseAll(); return nil })
			},
		},
		{
			id: "rule", keys: []string{"i"}, where: inPanels, title: "rule",
			help: "add a rule: what is done to which requests",
			enabled: func(a *app) (bool, string) {
				return a.bench != nil, "there is nothing to rule: this is a recording"
			},
			ask: (*app).askRule,
		},
	}
}

// hold adds the rule that holds every request, or removes it. What is held
// stays so.
func (a *app) hold() tea.Cmd {
	var rule host.RuleStatus // number 0: there is none
	if i := a.holdRule(); i >= 0 {
		rule = a.live.rules[i]
	}
	if !rule.On {
		a.focusOn(heldPanel) // where the requests come up, one by one
	}
	return a.act(func(c host.Control) error {
		switch {
		case rule.Number == 0:
			_, err := c.AddRule(holdAll)
			return err
		case !rule.On:
			return c.SwitchRule(rule.Number, true)
		}
		return c.RemoveRule(rule.Number)
	})
}

// holdRule returns where the rule that holds every request stands, -1 if there is none.
func (a *app) holdRule() int {
	return slices.IndexFunc(a.live.rules, func(r host.RuleStatus) bool { return r.Text == holdAll })
}

// askHold asks for the filter of the requests that are to be held.
func (a *app) askHold() (q question, text string) {
	rule := func(when string) string { return strings.TrimSpace(when) + " " + holdAll }
	return question{
		sign:     "hold",
		enter:    "{prompt.accept} holds the requests that match",
		empty:    "{prompt.accept} holds every request",
		history:  a.past.Filters,
		check:    func(text string) error { return checkRule(rule(text)) },
		complete: recordings.Complete,
		accept: func(a *app, text string) tea.Cmd {
			return a.act(func(c host.Control) error {
				_, err := c.AddRule(rule(text))
				return err
			})
		},
		shell: func(text string) string { return a.again("--rule", rule(text)) },
	}, ""
}

// askErrno asks for the error that the selected request gets.
func (a *app) askErrno() (q question, text string) {
	number := a.held.selected().Number
	return question{
		sign:     fmt.Sprintf("fail %d with", number),
		enter:    "{prompt.accept} answers the request with this error",
		history:  a.past.Errors,
		check:    checkErrno,
		complete: completeErrno,
		accept: func(a *app, text string) tea.Cmd {
			errno, _ := plugins.ParseErrno(strings.TrimSpace(text))
			a.past.Errors = remember(a.past.Errors, strings.TrimSpace(text))
			a.held.acted = number
			return a.act(func(c host.Control) error { return c.FailHeld(number, errno) })
		},
	}, ""
}

func checkErrno(text string) error {
	text = strings.TrimSpace(text)
	if text == "" {
		return fmt.Errorf("which error? one such as ENOSPC or EIO")
	}
	if errno, ok := plugins.ParseErrno(text); !ok || errno == 0 {
		return fmt.Errorf("%s is no name of an error: want one such as ENOSPC", text)
	}
	return nil
}

// completeErrno offers the names of errors.
func completeErrno(text string, cursor int) (from int, offers []recordings.Candidate) {
	typed := text[:cursor]
	from = strings.LastIndexByte(typed, ' ') + 1
	typed = strings.ToUpper(typed[from:])
	for _, name := range plugins.ErrnoNames() {
		if errno, ok := plugins.ParseErrno(name); ok && errno != syscall.Errno(0) && strings.HasPrefix(name, typed) {
			offers = append(offers, recordings.Candidate{Text: name, Help: errno.Error()})
		}
	}
	return from, offers
}
