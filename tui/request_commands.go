package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins/host"
	"workbench/recordings"
)

// inLadder is the place of the panel that shows the same requests another way.
const inLadder = where(1) << ladderPanel

// searchable are the places from which requests are searched; output and script
// are looked through as texts.
const searchable = inPanels&^(inOutput|inScript) | inDetail

// requestCommands returns the part of the table that is about finished requests:
// their order, marks, search, and the way through time.
func requestCommands() []command {
	some := func(a *app) (bool, string) { return !a.requests.list.empty(), "there is no request" }
	steps := func(a *app) (bool, string) { // so that what is shown follows the list
		if d := a.detail; d != nil && d.other != nil {
			return false, "two requests are compared here"
		}
		return some(a)
	}
	searched := func(a *app) (bool, string) {
		if a.requests.hunt == nil {
			return false, "{search} says what to look for first"
		}
		return steps(a)
	}
	return []command{
		{
			id: "search", keys: []string{"ctrl+f"}, where: searchable, title: "find",
			help: "go to the next request that matches; hide none", enabled: steps,
			ask: (*app).askSearch,
		},
		{
			id: "search.next", keys: []string{"n"}, where: searchable, enabled: searched,
			help: "go to the next match",
			run:  do(func(a *app) { a.searchNext(1) }),
		},
		{
			id: "search.before", keys: []string{"N"}, where: searchable, enabled: searched,
			help: "go to the match before",
			run:  do(func(a *app) { a.searchNext(-1) }),
		},
		{
			id: "time.back", keys: []string{"["}, where: inPanels | inDetail, enabled: steps,
			help: "one request back; a recording is shown as of it",
			run:  do(func(a *app) { a.moveInTime(-1) }),
		},
		{
			id: "time.on", keys: []string{"]"}, where: inPanels | inDetail, enabled: steps,
			help: "one request on; a recording is shown as of it",
			run:  do(func(a *app) { a.moveInTime(1) }),
		},
		{
			id: "clock", keys: []string{"t"}, where: inRequests | inLadder, title: "times",
			help: "times of the day, since the first, or between",
			run:  do(func(a *app) { a.requests.clock = (a.requests.clock + 1) % numClocks }),
		},
		{
			id: "sort", keys: []string{"o"}, where: inRequests, title: "order", enabled: some,
			help: "sort the requests by a column",
			ask:  (*app).askOrder,
		},
		{
			id: "sort.left", keys: []string{"<"}, where: inRequests, enabled: some,
			help: "sort by the column to the left",
			run:  func(a *app) tea.Cmd { return a.sortBeside(-1) },
		},
		{
			id: "sort.right", keys: []string{">"}, where: inRequests, enabled: some,
			help: "sort by the column to the right",
			run:  func(a *app) tea.Cmd { return a.sortBeside(1) },
		},
		{
			id: "sort.reverse", keys: []string{"v"}, where: inRequests, enabled: some,
			help: "reverse the order",
			run: func(a *app) tea.Cmd {
				if o := a.requests.order; o != nil {
					return a.sortBy(o.by, !o.falling)
				}
				return a.sortBy(colTime, true)
			},
		},
		{
			id: "mark", keys: []string{"m"}, where: inRequests | inLadder | inDetail, title: "mark",
			help: "mark the request with a letter, or unmark it",
			enabled: func(a *app) (bool, string) {
				if a.detail != nil && a.detail.held != nil {
					return false, "what is held has no place in the log yet"
				}
				return steps(a)
			},
			run: (*app).mark,
		},
		{
			id: "mark.next", keys: []string{"'"}, where: inRequests | inLadder | inDetail,
			help: "go to the next marked request",
			enabled: func(a *app) (bool, string) {
				if len(a.scene.marks.list) == 0 {
					return false, "no request is marked: {mark} marks one"
				}
				return steps(a)
			},
			run: do((*app).nextMark),
		},
		{
			id: "compare", keys: []string{"d"}, where: inRequests | inLadder | inDetail,
			help: "compare the two requests that were marked last",
			enabled: func(a *app) (bool, string) {
				_, _, why := a.askedPair()
				return why == "", why
			},
			run: do((*app).compare),
		},
	}
}

// sortColumns are the columns that the requests can be sorted by, from left to right.
func sortColumns() []int {
	var out []int
	for by, name := range columnNames {
		if name != "" {
			out = append(out, by)
		}
	}
	return out
}

// fallsFirst reports whether of a column the largest is of more interest.
func fallsFirst(by int) bool {
	switch by {
	case colLength, colWait, colScript, colTook, colGen, colResult:
		return true
	}
	return false
}

// sortBeside sorts by the column beside the one that the order is by.
func (a *app) sortBeside(by int) tea.Cmd {
	now := colTime
	if o := a.requests.order; o != nil {
		now = o.by
	}
	columns := sortColumns()
	for i, c := range columns {
		if c == now {
			next := columns[(i+by+len(columns))%len(columns)]
			return a.sortBy(next, fallsFirst(next))
		}
	}
	return nil
}

// askOrder asks for the column to sort by.
func (a *app) askOrder() (q question, text string) {
	find := func(text string) int {
		for _, by := range sortColumns() {
			if columnNames[by] == strings.TrimSpace(text) {
				return by
			}
		}
		return -1
	}
	return question{
		sign:  "order:",
		enter: "{prompt.accept} sorts by this column; {sort.reverse} reverses, {sort.left} and {sort.right} go to the next column",
		empty: "{prompt.accept} goes back to the order of time",
		check: func(text string) error {
			if strings.TrimSpace(text) != "" && find(text) < 0 {
				return fmt.Errorf("there is no column %s: want one such as took or length", strings.TrimSpace(text))
			}
			return nil
		},
		complete: func(text string, cursor int) (int, []recordings.Candidate) {
			var offers []recordings.Candidate
			for _, by := range sortColumns() {
				if strings.HasPrefix(columnNames[by], strings.TrimSpace(text[:cursor])) {
					help := "the smallest first"
					if fallsFirst(by) {
						help = "the largest first"
					}
					offers = append(offers, recordings.Candidate{Text: columnNames[by], Help: help})
				}
			}
			return 0, offers
		},
		accept: func(a *app, text string) tea.Cmd {
			a.prompt = nil
			by := max(find(text), colTime) // the first one is time
			return a.sortBy(by, fallsFirst(by))
		},
	}, ""
}

// mark marks the selected request, or takes its mark away: in the log, where
// there is a host that writes it.
func (a *app) mark() tea.Cmd {
	seq, ok := a.requests.selectedSeq(&a.scene)
	if a.detail != nil {
		seq = a.detail.event.Seq
	}
	e, there := readRequest(&a.scene, seq)
	if !ok || !there {
		return nil
	}
	m := a.live.marks
	sign := m.toggle(&e)
	m.set(keyOf(&e), sign, seq, true)
	if p := a.requests.picked; p != nil && p.filter.Needs().Mark {
		a.requests.pick(&a.scene, p.text, p.filter) // which picks others now
	}
	if a.bench == nil {
		return nil
	}
	return a.act(func(c host.Control) error { c.Mark(e, sign); return nil })
}

// nextMark goes to the next request that is marked, from the last to the first.
func (a *app) nextMark() {
	if a.detail != nil {
		a.detail.leaveHeld()
	}
	a.live.marks.meet(&a.scene)
	seqs := a.live.marks.seqs()
	now, _ := a.requests.selectedSeq(&a.scene)
	for _, seq := range seqs {
		if seq > now {
			a.requests.goTo(&a.scene, seq)
			return
		}
	}
	if len(seqs) > 0 {
		a.requests.goTo(&a.scene, seqs[0])
	}
}
