package tui

import (
	"fmt"
	"strings"

	"workbench/plugins"
	"workbench/recordings"
)

// injectCommands returns the part of the table that goes from a request to what
// shall be done to such.
func injectCommands() []command {
	one := func(a *app) (bool, string) {
		if a.bench == nil {
			return false, "there is nothing to rule: this is a recording"
		}
		return a.detail != nil && !a.detail.gone || !a.requests.list.empty(), "there is no request"
	}
	from := func(sign, then string) func(*app) (question, string) {
		return func(a *app) (question, string) {
			e := a.request()
			return a.ruleQuestion(sign, "{prompt.accept} adds the rule", addRule), likeText(&e) + " " + arrow + " " + then
		}
	}
	return []command{
		{
			id: "request.rule", keys: []string{"I"}, where: inRequests | inDetail, title: "inject",
			help: "make a rule for requests like this one", enabled: one,
			ask: from("rule", ""),
		},
		{
			id: "request.hold", keys: []string{"P"}, where: inRequests | inDetail,
			help: "hold requests like this one", enabled: one,
			ask: from("hold", "hold"),
		},
	}
}

// request returns the request that is open, or else the one that is selected.
func (a *app) request() recordings.Event {
	if a.detail != nil {
		return a.detail.event
	}
	e, _ := a.requests.selected(&a.scene)
	return e
}

// likeText returns the filter for requests of the same operation that touch the
// same part of the disk.
func likeText(e *recordings.Event) string {
	op := "op:" + strings.ToLower(e.Op.String())
	if e.Op == plugins.OpFlush || e.Length == 0 || e.Offset+e.Length < e.Offset {
		return op
	}
	return fmt.Sprintf("%s off:%s..%s", op, hex(e.Offset), hex(e.Offset+e.Length))
}
