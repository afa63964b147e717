package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// editHelp says what the words are for.
var editHelp = [...]recordings.Candidate{
	{Text: "off=", Help: "where on the disk: off=0x1000"},
	{Text: "len=", Help: "how many bytes: len=4k; of a write, the rest is cut off or zero"},
	{Text: "flags=", Help: "flags, with commas: flags=fua; - is none"},
	{Text: "fill=", Help: "all bytes, repeated: fill=00 or fill=\"abc\""},
	{Text: "data=", Help: "the first bytes: data=55aa or data=\"Hello\""},
	{Text: "data@", Help: "bytes from a place on: data@510=55aa"},
}

// completeEdit offers the words that are not there yet, and flags.
func completeEdit(offer []recordings.Candidate, op plugins.Op) func(text string, cursor int) (int, []recordings.Candidate) {
	return func(text string, cursor int) (from int, offers []recordings.Candidate) {
		typed := text[:cursor]
		from = strings.LastIndexByte(typed, ' ') + 1
		if word := typed[from:]; strings.HasPrefix(word, "flags=") {
			from += max(strings.LastIndexByte(word, ','), strings.IndexByte(word, '=')) + 1
			for _, f := range allFlags {
				if op.Flags()&f != 0 && strings.HasPrefix(f.String(), typed[from:]) {
					offers = append(offers, recordings.Candidate{Text: f.String()})
				}
			}
			return from, offers
		}
		for _, c := range offer {
			used := c.Text != "data@" && (strings.HasPrefix(text, c.Text) || strings.Contains(text[:from], " "+c.Text))
			if strings.HasPrefix(c.Text, typed[from:]) && !used {
				offers = append(offers, c)
			}
		}
		return from, offers
	}
}

// editable reports whether anything of q can be edited.
func editable(q *host.HeldRequest) bool {
	switch op := q.Request.Op; {
	case op == plugins.OpExtents || op == plugins.OpFlush:
		return false
	case q.After:
		return op == plugins.OpRead && q.Err == nil
	}
	return true
}

// askEdit asks what shall be other than the client sent it.
func (a *app) askEdit() (q question, text string) {
	held := *a.held.selected()
	offer := editHelp[:]
	switch op := held.Request.Op; {
	case held.After:
		offer = editHelp[3:] // data
	case op != plugins.OpWrite: // there are no data yet, or never
		offer = editHelp[:3]
	}
	return question{
		sign:    fmt.Sprintf("edit %d", held.Number),
		enter:   "{prompt.accept} edits the request, which stays held; {held.release} lets it go then",
		history: a.past.Edits,
		check: func(text string) error {
			_, err := parseEdit(text, &held)
			return err
		},
		complete: completeEdit(offer, held.Request.Op),
		accept: func(a *app, text string) tea.Cmd {
			e, err := parseEdit(text, &held)
			a.past.Edits = remember(a.past.Edits, strings.TrimSpace(text))
			return a.act(func(c host.Control) error {
				if err != nil {
					return err
				}
				return c.EditHeld(held.Number, e)
			})
		},
	}, editText(&held)
}

// askAnswer asks for the bytes that a read gets, or whether something else is
// to be answered as if it were done.
func (a *app) askAnswer() (q question, text string) {
	held := *a.held.selected()
	r := &held.Request
	reads := r.Op == plugins.OpRead
	q = question{
		sign:    fmt.Sprintf("answer %d", held.Number),
		enter:   "{prompt.accept} answers the READ with this (" + amount(int(r.Length), "byte") + "), without the script",
		empty:   "{prompt.accept} answers the READ with zeroes (" + amount(int(r.Length), "byte") + "), without the script",
		history: a.past.Answers,
		check: func(text string) error {
			_, err := parseAnswer(text, r)
			return err
		},
		complete: completeEdit(editHelp[3:], r.Op),
		accept: func(a *app, text string) tea.Cmd {
			data, err := parseAnswer(text, r)
			if text = strings.TrimSpace(text); text != "" {
				a.past.Answers = remember(a.past.Answers, text)
			}
			a.held.acted = held.Number
			return a.act(func(c host.Control) error {
				if err != nil {
					return err
				}
				return c.AnswerHeld(held.Number, data)
			})
		},
	}
	if !reads {
		q.empty = fmt.Sprintf("{prompt.accept} answers the %s as if it were done, without the script", r.Op)
		q.complete = func(_ string, cursor int) (int, []recordings.Candidate) { return cursor, nil }
	}
	return q, ""
}

// parseAnswer reads the bytes that answer r: zeroes, where nothing else is said.
func parseAnswer(text string, r *plugins.Request) ([]byte, error) {
	answer := plugins.Request{Op: r.Op, Length: r.Length}
	if r.Op == plugins.OpRead {
		answer.Data = make([]byte, min(r.Length, plugins.MaxPayload))
	}
	words := editWords(text)
	for i := range words {
		w := &words[i]
		name, place, _ := strings.Cut(w.name, "@")
		err := fmt.Errorf("there is no %q: want data=, data@N= or fill=", w.name)
		if name == "fill" || name == "data" {
			err = applyData(name, place, w.value, &answer)
		}
		if err != nil {
			return nil, w.blame(text, err)
		}
	}
	return answer.Data, nil
}
