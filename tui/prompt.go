package tui

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// A prompt is the line at the bottom in which the user types. It is checked and
// completed with each key.
type prompt struct {
	question
	text    string
	cursor  int   // bytes before it
	problem error // why text will not do; nil = it will

	from   int // where what is offered would begin; it would end at the cursor
	offers []recordings.Candidate
	marked int // the offer that is taken next

	past  int    // the entry of the history that is shown; behind the last stands the draft
	draft string // what was typed before the history was looked at

	did string // the shell line of what is being done; "" = there is none
}

// A question is what a prompt is for.
type question struct {
	sign    string   // before the text
	enter   string   // what enter does, when the text will do
	empty   string   // the same when it is empty
	history []string // the newest last

	check    func(text string) error
	complete func(text string, cursor int) (from int, offers []recordings.Candidate)
	accept   func(a *app, text string) tea.Cmd

	// These may be nil. verdict says what enter would do, and is asked instead of
	// enter and empty; shell returns the line that does the same in a shell.
	verdict func(*prompt) string
	shell   func(text string) string
}

func newPrompt(q question, text string) *prompt {
	p := &prompt{question: q, past: len(q.history)}
	p.set(text, len(text))
	return p
}

// set changes text and cursor.
func (p *prompt) set(text string, cursor int) {
	p.text, p.cursor, p.marked = text, cursor, 0
	p.problem = p.check(text)
	p.from, p.offers = p.complete(text, cursor)
	p.offers = slices.DeleteFunc(p.offers, func(c recordings.Candidate) bool { return c.Text == text[p.from:cursor] })
}

// insert puts what was typed or pasted at the cursor.
func (p *prompt) insert(typed string) {
	typed = printable(typed)
	if len(p.text)+len(typed) > longText {
		return
	}
	p.set(p.text[:p.cursor]+typed+p.text[p.cursor:], p.cursor+len(typed))
}

// printable returns what of typed text can stand on a line.
func printable(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, !unicode.IsPrint(r):
			return -1
		}
		return r
	}, typed)
}

// move moves the cursor by a character, to the right or left.
func (p *prompt) move(direction int) {
	_, n := utf8.DecodeRuneInString(p.text[p.cursor:])
	if direction < 0 {
		_, n = utf8.DecodeLastRuneInString(p.text[:p.cursor])
		n = -n
	}
	p.set(p.text, p.cursor+n)
}

// erase takes away what is between the cursor and from.
func (p *prompt) erase(from int) { p.set(p.text[:from]+p.text[p.cursor:], from) }

// letter and word return where the character and the word before the cursor begin.
func (p *prompt) letter() int {
	_, n := utf8.DecodeLastRuneInString(p.text[:p.cursor])
	return p.cursor - n
}

func (p *prompt) word() int {
	return strings.LastIndexByte(strings.TrimRight(p.text[:p.cursor], " "), ' ') + 1
}

// take puts the marked offer where it belongs.
func (p *prompt) take() {
	taken := p.offers[p.marked].Text
	p.set(p.text[:p.from]+taken+p.text[p.cursor:], p.from+len(taken))
}

// mark marks the next offer.
func (p *prompt) mark() { p.marked = (p.marked + 1) % len(p.offers) }

// recall shows an entry of the history, by so many later.
func (p *prompt) recall(by int) {
	if p.past == len(p.history) {
		p.draft = p.text
	}
	p.past = max(min(p.past+by, len(p.history)), 0)
	text := p.draft
	if p.past < len(p.history) {
		text = p.history[p.past]
	}
	p.set(text, len(text))
}

// How many rows a prompt has for what is offered, on a high terminal and on a
// low one too, and for what is wrong.
const (
	offerRows     = 4
	offerRowsHigh = 8
	offerRowsLow  = 2
	verdictRows   = 2

	offerWidth = 14 // cells of what is offered at least
)

// firstOffer returns the offer in the first of so many rows.
func (p *prompt) firstOffer(rows int) int { return max(p.marked-rows+1, 0) }

// draw returns the rows: what is offered, what is wrong, the line.
func (p *prompt) draw(sc *scene, w, offers int) []string {
	widest := offerWidth
	for _, c := range p.offers {
		widest = min(max(widest, width(clean(c.Text))), w/3)
	}
	t := newTable(w, []column{{title: "text", width: widest}, {title: "help", width: 20, grows: true}})
	var rows []string
	from := p.firstOffer(offers)
	for i, c := range p.offers[from:min(from+offers, len(p.offers))] {
		var mark *selection
		if from+i == p.marked {
			mark = &selection{sc.selected, "▸"}
		}
		rows = append(rows, t.row([]cell{{sc.key, c.Text}, {sc.dim, c.Help}}, mark))
	}
	rows = block(rows, w, offers)
	sign, i, says := "✓", sc.good, sc.named(p.enter)
	switch blank := strings.TrimSpace(p.text) == ""; {
	case p.problem != nil && blank: // nobody has made a mistake yet
		sign, i, says = "▸", sc.dim, p.problem.Error()
	case p.problem != nil:
		sign, i, says = "✗", sc.bad, p.problem.Error()
	case p.verdict != nil:
		says = sc.named(p.verdict(p))
	case blank:
		says = sc.named(p.empty)
	}
	var verdict []string
	for _, part := range wrap(says, w-4) {
		verdict = append(verdict, newLine(w).put(i, " "+sign+" "+part).end())
		sign = " "
	}
	rows = append(rows, block(verdict, w, verdictRows)...)
	return append(rows, p.drawText(sc, w))
}

// drawText draws the line itself: what is to blame in the ink of errors, and as
// much as there is room for around the cursor.
func (p *prompt) drawText(sc *scene, w int) string {
	l := newLine(w).put(sc.key, " "+p.sign+" ")
	before, after := p.text[:p.cursor], p.text[p.cursor:]
	skipped := 0 // characters at the left that have no room
	if clean(before) != "" && width(clean(before))+2 > l.room {
		for before != "" && width(clean(before))+3 > l.room {
			_, n := utf8.DecodeRuneInString(before)
			before, skipped = before[n:], skipped+1
		}
		l.put(sc.dim, "…")
	}
	at := skipped
	blamed := p.blamed()
	put := func(text string) {
		for _, r := range text {
			i := ink{}
			if p.text != "" && p.problem == nil {
				i = sc.good
			} else if at >= blamed[0] && at < blamed[1] {
				i = sc.bad
			}
			l.put(i, string(r))
			at++
		}
	}
	put(before)
	l.put(sc.accent, "▏")
	put(after)
	return l.end()
}

// A wordError blames a word of the line, which stands from its first character on.
type wordError struct {
	error
	word string
}

// blamed returns the characters that are to blame for the problem: from ≤ n < to.
func (p *prompt) blamed() [2]int {
	var e *recordings.FilterError
	var w wordError
	switch {
	case errors.As(p.problem, &e):
		return [2]int{e.Column - 1, e.Column - 1 + e.Length}
	case errors.As(p.problem, &w):
		return [2]int{0, utf8.RuneCountInString(w.word)}
	}
	return [2]int{}
}
