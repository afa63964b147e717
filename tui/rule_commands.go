package tui

import (
	"errors"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins/host"
	"workbench/recordings"
)

// ruleCommands returns the part of the table that is about rules.
func ruleCommands() []command {
	one := func(a *app) (bool, string) { return a.rules.selected() != nil, "there is no rule" }
	return []command{
		{
			id: "rule.switch", keys: []string{"t"}, where: inRules, title: "on/off",
			help: "switch the selected rule on or off", enabled: one,
			run: func(a *app) tea.Cmd {
				number, on := a.rules.selected().Number, a.rules.selected().On
				return a.act(func(c host.Control) error { return c.SwitchRule(number, !on) })
			},
		},
		{
			id: "rule.remove", keys: []string{"D"}, where: inRules, title: "remove",
			help: "remove the selected rule; held ones stay held", enabled: one,
			run: func(a *app) tea.Cmd {
				number := a.rules.selected().Number
				return a.act(func(c host.Control) error { return c.RemoveRule(number) })
			},
		},
	}
}

// askRule asks for a rule.
func (a *app) askRule() (q question, text string) {
	return question{
		sign:     "rule",
		enter:    "enter adds the rule",
		history:  a.past.Rules,
		check:    checkRule,
		complete: completeRule,
		accept: func(a *app, text string) tea.Cmd {
			text = strings.TrimSpace(text)
			a.past.Rules = remember(a.past.Rules, text)
			return a.act(func(c host.Control) error {
				_, err := c.AddRule(text)
				return err
			})
		},
		shell: func(text string) string { return a.again("--rule", strings.TrimSpace(text)) },
	}, ""
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
