package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// keepCommands returns the part of the table that keeps what is shown, or does it
// again.
func keepCommands() []command {
	return []command{
		{
			id: "record", keys: []string{"W"}, where: inPanels | inDetail,
			help: "record what happens into a file, or stop",
			enabled: func(a *app) (bool, string) {
				return a.options.Record != nil && a.bench != nil, "nothing happens that could be recorded"
			},
			run: (*app).record,
		},
		{
			id: "save", keys: []string{"w"}, where: inPanels | inDetail,
			help: "save the requests that are shown into a file",
			enabled: func(a *app) (bool, string) {
				if a.requests.list.empty() {
					return false, "there is no request"
				}
				return a.idle()
			},
			ask: (*app).askSave,
		},
		{
			id: "request.replay", keys: []string{"r"}, where: inRequests | inDetail,
			help: "do the request again, or all that are shown",
			enabled: func(a *app) (bool, string) {
				if a.requests.list.empty() {
					return false, "there is no request"
				}
				return a.canReplay()
			},
			ask: (*app).askAgain,
		},
	}
}

// canReplay reports whether requests can be sent to the script.
func (a *app) canReplay() (bool, string) {
	if a.options.Replay == nil {
		return false, "there is no script to send it to"
	}
	return a.idle()
}

// A replayWord is a word by which a replay is told what to do.
type replayWord struct {
	text, help string
	set        func(*replayPlan)
}

// A replayPlan is what the words say.
type replayPlan struct {
	ReplayOptions
	all bool // requests that the list shows
}

// fileWords and requestWords are those for recordings and for requests. speed=
// has a number behind it.
var (
	fileWords = []replayWord{
		{"live", "to the disk that clients use, not to a fresh start of the script", func(p *replayPlan) { p.Live = true }},
		{"reads", "leave out the requests that write", func(p *replayPlan) { p.Reads = true }},
		{"writes", "also those that change files, or the disk that clients use", func(p *replayPlan) { p.Writes = true }},
		{"speed=", "as fast as recorded: speed=1; else as fast as it goes", nil},
	}
	requestWords = []replayWord{
		{"all", "all requests that are shown, in their order", func(p *replayPlan) { p.all = true }},
		{"writes", "also those that change the disk", func(p *replayPlan) { p.Writes = true }},
		{"speed=", "as fast as it was: speed=1; else as fast as it goes", nil},
	}
)

// parseReplay returns what text says in words.
func parseReplay(text string, words []replayWord) (p replayPlan, err error) {
	for typed := range strings.FieldsSeq(text) {
		if number, ok := strings.CutPrefix(typed, "speed="); ok {
			p.Speed, err = strconv.ParseFloat(number, 64)
			if err != nil || p.Speed < 0.001 || p.Speed > 1e6 {
				return p, fmt.Errorf("%s: want a number above zero, as speed=1 or speed=0.5", typed)
			}
			continue
		}
		i := slices.IndexFunc(words, func(w replayWord) bool { return w.text == typed && w.set != nil })
		if i < 0 {
			return p, fmt.Errorf("%s: want %s or nothing", typed, wordList(words))
		}
		words[i].set(&p)
	}
	if p.Reads && p.Writes {
		return p, errors.New("reads and writes exclude each other")
	}
	return p, nil
}

func wordList(words []replayWord) string {
	var names []string
	for _, w := range words {
		names = append(names, w.text)
	}
	return strings.Join(names, ", ")
}

// replayQuestion returns a question whose answer is words.
func replayQuestion(words []replayWord) question {
	return question{
		enter: "{prompt.accept} does as the words say",
		check: func(text string) error {
			_, err := parseReplay(text, words)
			return err
		},
		complete: func(text string, cursor int) (from int, offers []recordings.Candidate) {
			from = strings.LastIndexByte(text[:cursor], ' ') + 1
			for _, w := range words {
				if strings.HasPrefix(w.text, text[from:cursor]) && !strings.Contains(text, w.text) {
					offers = append(offers, recordings.Candidate{Text: w.text, Help: w.help})
				}
			}
			return from, offers
		},
	}
}

// askReplay asks how the selected recording is to be replayed.
func (a *app) askReplay() (question, string) {
	path := a.library.selected().Path
	q := replayQuestion(fileWords)
	q.sign = "replay " + filepath.Base(path)
	q.empty = "{prompt.accept} sends it to a fresh start of the script that serves, and compares the answers"
	q.accept = func(a *app, text string) tea.Cmd {
		a.prompt = nil
		plan, err := parseReplay(text, fileWords)
		if err != nil {
			a.trouble = err.Error()
			return nil
		}
		return a.replayFile(path, plan.ReplayOptions)
	}
	return q, ""
}

// replayFile replays the recording at path.
func (a *app) replayFile(path string, o ReplayOptions) tea.Cmd {
	send := a.options.Replay
	name := filepath.Base(path)
	return a.begin("replaying "+name, func(ctx context.Context, t *task) (done outcome) {
		f, err := recordings.OpenFile(path)
		if err != nil {
			return outcome{err: err}
		}
		defer func() { done.err = errors.Join(done.err, f.Close()) }()
		o.Progress = t.progress
		found, err := send(ctx, f, o)
		if found == nil {
			return outcome{err: err}
		}
		if missing := f.Missing(); missing != "" {
			found.Notes = append(found.Notes, "the recording is not complete: "+missing)
		}
		return outcome{report: &report{
			Report: found, title: name + ", replayed", was: "recorded", is: "now", from: path, stopped: ending(ctx, err),
		}}
	})
}

// askAgain asks which requests are to be done again.
func (a *app) askAgain() (question, string) {
	x := a.requests.index(&a.scene)
	first, next := x.bounds()
	seq, _ := a.requests.selectedSeq(&a.scene)
	one := []uint64{seq}
	e, _ := readRequest(&a.scene, seq)
	q := replayQuestion(requestWords)
	q.sign = "again"
	q.empty = fmt.Sprintf("{prompt.accept} does %s again; all does what is shown, %s", describe(e.Op, e.Offset, e.Length), amount(next-first, "request"))
	if e.Op.Writes() {
		q.empty = fmt.Sprintf("%s writes: writes and {prompt.accept} does it again; all does what is shown, %s", e.Op, amount(next-first, "request"))
	}
	q.accept = func(a *app, text string) tea.Cmd {
		plan, err := parseReplay(text, requestWords)
		switch {
		case err != nil:
			a.prompt.problem = err
			return nil
		case e.Op.Writes() && !plan.Writes && !plan.all:
			a.prompt.problem = errors.New("it would change the disk that clients use: type writes if that is what you want")
			return nil
		}
		a.prompt = nil
		seqs := one
		if plan.all {
			seqs = slices.Clone(x.seqs)
		}
		return a.doAgain(seqs, plan.ReplayOptions)
	}
	return q, ""
}

// doAgain does requests again, on the disk that clients use.
func (a *app) doAgain(seqs []uint64, o ReplayOptions) tea.Cmd {
	send, some := a.options.Replay, a.excerpt(seqs)
	o.Live = true
	title := "one request, again"
	if len(seqs) != 1 {
		title = amount(len(seqs), "request") + ", again"
	}
	return a.begin(title, func(ctx context.Context, t *task) outcome {
		o.Progress = t.progress
		found, err := send(ctx, some, o)
		if found == nil || len(seqs) == 1 && err != nil {
			return outcome{err: err}
		}
		for i := range found.First {
			some.restore(&found.First[i].Event)
		}
		if len(seqs) == 1 && found.Differ == 0 && found.Compared == 1 {
			e := &some.only
			return outcome{said: fmt.Sprintf("%s again, the same answer: %s, after %s then",
				describe(e.Op, e.Offset, e.Length), shortDuration(found.Took), shortDuration(e.Duration()))}
		}
		return outcome{report: &report{Report: found, title: title, was: "then", is: "now", stopped: ending(ctx, err)}}
	})
}
