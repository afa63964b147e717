package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins/host"
	"workbench/recordings"
)

// ruleCommands returns the part of the table that is about rules.
func ruleCommands() []command {
	one := func(a *app) (bool, string) { return a.rules.selected() != nil, "there is no rule" }
	move := func(by int) func(*app) tea.Cmd {
		return func(a *app) tea.Cmd {
			number := a.rules.selected().Number
			return a.act(func(c host.Control) error { return c.MoveRule(number, by) })
		}
	}
	return []command{
		{
			id: "rule.switch", keys: []string{"t"}, where: inRules, title: "on/off",
			help: "switch the selected rule on or off", enabled: one,
			run: func(a *app) tea.Cmd {
				number, on := a.rules.selected().Number, a.rules.selected().On
				return a.act(func(c host.Control) error { return c.SwitchRule(number, !on) })
			},
			shell: func(a *app) string {
				if a.rules.selected() == nil {
					return ""
				}
				return a.again("--rule", a.rules.selected().Text)
			},
		},
		{
			id: "rule.edit", keys: []string{"e"}, where: inRules, title: "edit",
			help: "change the selected rule, in its place", enabled: one,
			ask: (*app).askChange,
		},
		{
			id: "rule.filter", keys: []string{"enter"}, where: inRules, title: "hits",
			help: "show the requests that the rule acted on", enabled: one,
			run: func(a *app) tea.Cmd {
				a.focusOn(requestsPanel)
				return a.applyFilter(fmt.Sprintf("rule:%d", a.rules.selected().Number))
			},
		},
		{
			id: "rule.remove", keys: []string{"D"}, where: inRules, title: "remove",
			help: "remove the selected rule; held ones stay held", enabled: one,
			run: func(a *app) tea.Cmd {
				rule := *a.rules.selected()
				a.rules.remember(rule)
				return a.act(func(c host.Control) error { return c.RemoveRule(rule.Number) })
			},
		},
		{
			id: "rule.restore", keys: []string{"u"}, where: inRules, title: "undo",
			help: "bring back the rule that was removed last",
			enabled: func(a *app) (bool, string) {
				return len(a.rules.removed) > 0, "no rule was removed here"
			},
			run: (*app).restoreRule,
		},
		{
			id: "rule.up", keys: []string{"K"}, where: inRules,
			help: "move the rule up: it acts earlier", enabled: one,
			run: move(-1),
		},
		{
			id: "rule.down", keys: []string{"J"}, where: inRules,
			help: "move the rule down: it acts later", enabled: one,
			run: move(1),
		},
	}
}

// askRule asks for a rule.
func (a *app) askRule() (q question, text string) {
	return a.ruleQuestion("rule", "{prompt.accept} adds the rule", addRule), ""
}

// addRule adds a rule.
func addRule(c host.Control, text string) error {
	_, err := c.AddRule(text)
	return err
}

// askChange asks for what shall stand in the place of the selected rule.
func (a *app) askChange() (q question, text string) {
	rule := *a.rules.selected()
	sign := fmt.Sprintf("rule %d", rule.Number)
	return a.ruleQuestion(sign, "{prompt.accept} changes the rule, whose counts begin anew", func(c host.Control, text string) error {
		return c.ReplaceRule(rule.Number, text)
	}), rule.Text
}

// ruleQuestion asks for the text of a rule, with which then something is done.
func (a *app) ruleQuestion(sign, enter string, do func(host.Control, string) error) question {
	return question{
		sign:     sign,
		enter:    enter,
		history:  a.past.Rules,
		check:    checkRule,
		complete: completeRule,
		accept: func(a *app, text string) tea.Cmd {
			text = strings.TrimSpace(text)
			a.past.Rules = remember(a.past.Rules, text)
			return a.act(func(c host.Control) error { return do(c, text) })
		},
		shell: func(text string) string { return a.again("--rule", strings.TrimSpace(text)) },
	}
}

// restoreRule adds the rule that was removed last, where it was.
func (a *app) restoreRule() tea.Cmd {
	last := len(a.rules.removed) - 1
	was := a.rules.removed[last]
	a.rules.removed = a.rules.removed[:last]
	by := was.place - len(a.rules.rules) // from the end, where it is added
	return a.act(func(c host.Control) error {
		number, err := c.AddRule(was.Text)
		if err == nil && !was.On {
			err = c.SwitchRule(number, false)
		}
		if err == nil && by < 0 {
			err = c.MoveRule(number, by)
		}
		return err
	})
}

// arrow stands between the filter of a rule and its action.
const arrow = "=>"

// checkRule returns why text is no rule. As long as it is not complete it says
// what comes next.
func checkRule(text string) error {
	at := strings.LastIndex(text, arrow)
	when := text
	if at >= 0 {
		when = text[:at]
	}
	if _, err := recordings.ParseFilter(when); err != nil {
		return err
	}
	switch {
	case at < 0:
		return errors.New("want WHEN => ACTION, as in op:write => fail ENOSPC limit=3")
	case strings.TrimSpace(text[at+len(arrow):]) == "":
		return errors.New("want an action: fail ERRNO, delay TIME, drop, corrupt BYTES, truncate BYTES or hold")
	}
	return host.CheckRule(text)
}

// presets are whole rules for what often goes wrong with disks, to begin with.
func presets() []recordings.Candidate {
	return []recordings.Candidate{
		{Text: "op:write => fail ENOSPC", Help: "the disk is full"},
		{Text: "op:read => fail EIO p=0.01", Help: "one read of a hundred fails"},
		{Text: "op:flush => delay 500ms", Help: "a slow flush"},
		{Text: "op:read => delay 20ms", Help: "slow reads"},
		{Text: "op:write => truncate 512", Help: "torn writes: only the first sector is kept"},
		{Text: "op:read => corrupt 1", Help: "each read has a wrong byte"},
		{Text: "op:write => drop limit=1", Help: "the connection breaks at the next write"},
		{Text: "err => hold after", Help: "hold what the script fails"},
	}
}

// actions and behind are what may stand after the arrow.
func actions() []recordings.Candidate {
	return []recordings.Candidate{
		{Text: "fail", Help: "answer with an error: fail ENOSPC"},
		{Text: "delay", Help: "wait: delay 20ms"},
		{Text: "drop", Help: "cut the connection"},
		{Text: "corrupt", Help: "change bytes at random: corrupt 1"},
		{Text: "truncate", Help: "keep the first bytes, and zeroes for the rest: truncate 512"},
		{Text: "hold", Help: "wait until a person lets it go"},
	}
}

func behind() []recordings.Candidate {
	return []recordings.Candidate{
		{Text: "after", Help: "when the script has answered"},
		{Text: "before", Help: "before the script is asked, which is usual"},
		{Text: "limit=", Help: "how often at most: limit=3"},
		{Text: "p=", Help: "with a probability: p=0.1"},
	}
}

// completeRule offers what may stand at the cursor: the filter, the arrow, the
// action, its argument, what may follow.
func completeRule(text string, cursor int) (from int, offers []recordings.Candidate) {
	at := strings.LastIndex(text[:cursor], arrow)
	if at < 0 {
		from, offers = recordings.Complete(text, cursor)
		if strings.TrimSpace(text) == "" {
			return from, append(presets(), offers...)
		}
		if before := text[:cursor]; strings.TrimSpace(before) != "" && strings.HasSuffix(before, " ") {
			offers = append([]recordings.Candidate{{Text: arrow, Help: "and what is done to them"}}, offers...)
		}
		return from, offers
	}
	from = max(strings.LastIndexByte(text[:cursor], ' ')+1, at+len(arrow))
	typed := text[from:cursor]
	switch words := strings.Fields(text[at+len(arrow) : from]); {
	case len(words) == 0:
		offers = actions()
	case len(words) == 1 && words[0] == "fail":
		return completeErrno(text, cursor)
	case len(words) > 1 || words[0] == "drop" || words[0] == "hold":
		offers = behind()
	}
	return from, slices.DeleteFunc(offers, func(c recordings.Candidate) bool { return !strings.HasPrefix(c.Text, typed) })
}
