package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
	"workbench/recordings/replay"
)

// recordingCommands returns the part of the table that is about recordings.
func recordingCommands() []command {
	one := func(a *app) (bool, string) {
		f := a.library.selected()
		switch {
		case f == nil:
			return false, "there is no recording"
		case f.err != nil:
			return false, "it cannot be read"
		}
		return true, ""
	}
	return []command{
		{
			id: "recording.open", keys: []string{"enter"}, where: inRecordings, title: "open",
			help: "look into the recording, or the difference",
			enabled: func(a *app) (bool, string) {
				if a.library.report.selected() != nil {
					return true, ""
				}
				return one(a)
			},
			run: (*app).openSelected,
			shell: func(a *app) string {
				if f := a.library.selected(); f != nil {
					return "workbench open " + quoted(f.Path)
				}
				return ""
			},
		},
		{
			id: "recording.mark", keys: []string{"m"}, where: inRecordings, title: "mark",
			help: "mark it, to compare another with it", enabled: one,
			run: do(func(a *app) {
				if path := a.library.selected().Path; a.library.marked != path {
					a.library.marked = path
				} else {
					a.library.marked = ""
				}
			}),
		},
		{
			id: "recording.diff", keys: []string{"d"}, where: inRecordings, title: "compare",
			help:    "compare the marked recording with this one",
			enabled: (*app).canCompare,
			run:     (*app).compareRecordings,
			shell: func(a *app) string {
				if f := a.library.selected(); f != nil && a.library.marked != "" {
					return "workbench diff " + quoted(a.library.marked) + " " + quoted(f.Path)
				}
				return ""
			},
		},
		{
			id: "recording.replay", keys: []string{"r"}, where: inRecordings, title: "replay",
			help: "send it to the script again, and compare",
			enabled: func(a *app) (bool, string) {
				if f := a.library.selected(); f == nil || f.err != nil {
					return false, "there is no recording"
				}
				return a.canReplay()
			},
			ask: (*app).askReplay,
			shell: func(a *app) string {
				f := a.library.selected()
				if f == nil || a.scene.status.Path == "" {
					return ""
				}
				words := []string{"workbench replay", quoted(f.Path), quoted(a.scene.status.Path)}
				for _, p := range a.scene.status.Params {
					words = append(words, quoted(p.String()))
				}
				return strings.Join(words, " ")
			},
		},
	}
}

// openSelected opens the selected recording, or the request that differs.
func (a *app) openSelected() tea.Cmd {
	d := a.library.report.selected()
	if d == nil {
		return openFile(a.library.selected().Path, -1)
	}
	path := a.library.report.from
	if d.Kind == replay.Added {
		path = a.library.report.to
	}
	if path != "" {
		return openFile(path, int64(d.Event.Seq))
	}
	a.goTo(d.Event.Seq)
	return a.runID("request.open")
}

func (a *app) canCompare() (bool, string) {
	f := a.library.selected()
	switch {
	case f == nil:
		return false, "there is no recording"
	case a.library.marked == "":
		return false, "no recording is marked: {recording.mark} marks one"
	case a.library.marked == f.Path:
		return false, "this is the marked one: select another"
	}
	return a.idle()
}

// compareRecordings compares the marked recording with the selected one.
func (a *app) compareRecordings() tea.Cmd {
	was, is := a.library.marked, a.library.selected().Path
	title := fmt.Sprintf("comparing %s with %s", filepath.Base(was), filepath.Base(is))
	return a.begin(title, func(ctx context.Context, t *task) (o outcome) {
		first, err := recordings.OpenFile(was)
		if err != nil {
			return outcome{err: err}
		}
		defer func() { o.err = errors.Join(o.err, first.Close()) }()
		second, err := recordings.OpenFile(is)
		if err != nil {
			return outcome{err: err}
		}
		defer func() { o.err = errors.Join(o.err, second.Close()) }()
		found, err := replay.Diff(ctx, first, second, replay.Options{Limit: keptDifferences, Progress: t.progress})
		return outcome{report: &report{
			Report: found, title: filepath.Base(was) + " and " + filepath.Base(is),
			was: "first", is: "second", from: was, to: is, stopped: ending(ctx, err),
		}}
	})
}

// ending says why something did not come to its end, "" if it did.
func ending(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return "it was stopped"
	}
	return err.Error()
}

// record ends the recording, or asks for a file to begin one.
func (a *app) record() tea.Cmd {
	recorder := a.options.Record
	if a.live.recorder.Path != "" {
		lists := a.named("{panel.recordings} lists recordings")
		return func() tea.Msg {
			s, err := recorder.Stop()
			return outcome{err: err, said: fmt.Sprintf("recorded %s, %s, in %s; %s", amount(int(s.Events), "event"), shortSize(uint64(s.Bytes)), s.Path, lists)}
		}
	}
	a.prompt = newPrompt(question{
		sign:  "record into",
		enter: "{prompt.accept} begins the recording; add none, hash or full: what is kept of the data (hash)",
		empty: "{prompt.accept} records into a new file in the folder for recordings; or name one; full keeps all data",
		check: func(text string) error {
			path, _ := recordingPath(text)
			if path != "" && filepath.Ext(path) != recordingExt {
				return fmt.Errorf("a recording is a file %s", recordingExt)
			}
			return nil
		},
		complete: completeRecord,
		accept: func(a *app, text string) tea.Cmd {
			path, keep := recordingPath(text)
			asked, ends := a.prompt, a.named("; {record} ends it")
			a.prompt = nil
			return func() tea.Msg {
				if err := recorder.Start(path, keep); err != nil {
					return outcome{prompt: asked, err: err}
				}
				return outcome{said: "recording into " + recorder.Status().Path + ", from the oldest event that the log has" + ends}
			}
		},
	}, "")
	return nil
}

// recordingPath returns what was typed as the path of a recording, "" if there was
// none, and what is kept of the data.
func recordingPath(text string) (path string, keep recordings.Policy) {
	words := strings.Fields(text)
	keep = recordings.PayloadHash
	if n := len(words); n > 0 {
		if p, err := recordings.ParsePolicy(words[n-1]); err == nil {
			text, keep = strings.TrimSuffix(strings.TrimSpace(text), words[n-1]), p
		}
	}
	return strings.TrimSpace(text), keep
}

// completeRecord offers the extension, and the policies.
func completeRecord(text string, cursor int) (from int, offers []recordings.Candidate) {
	from = strings.LastIndexByte(text[:cursor], ' ') + 1
	typed := text[from:cursor]
	for _, p := range []recordings.Policy{recordings.PayloadFull, recordings.PayloadHash, recordings.PayloadNone} {
		if strings.HasPrefix(p.String(), typed) {
			offers = append(offers, recordings.Candidate{Text: p.String(), Help: keptWords[p]})
		}
	}
	if stem := strings.TrimSuffix(typed, filepath.Ext(typed)); stem != "" && typed != stem+recordingExt {
		offers = append([]recordings.Candidate{{Text: stem + recordingExt, Help: "a recording"}}, offers...)
	}
	return from, offers
}
