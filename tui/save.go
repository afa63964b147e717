package tui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
	"workbench/recordings/export"
)

// saveFormats are the kinds of file that what is shown can be saved as, with what
// is offered for each.
var saveFormats = []recordings.Candidate{
	{Text: ".csv", Help: "a table, for a spreadsheet"},
	{Text: ".jsonl", Help: "a JSON object a line, for jq"},
	{Text: ".pcapng", Help: "a capture, for Wireshark"},
	{Text: ".fio", Help: "for fio --read_iolog"},
	{Text: ".log", Help: "lines as nbdkit's log filter has them"},
	{Text: ".json", Help: "trace events, for Perfetto and Chrome"},
	{Text: recordingExt, Help: "a recording, to open and replay"},
}

// askSave asks for the file that the requests which are shown go to.
func (a *app) askSave() (question, string) {
	first, next := a.requests.index(&a.scene).bounds()
	what := amount(next-first, "request")
	if a.requests.picked != nil {
		what += " that the filter picks"
	}
	return question{
		sign:     "save to",
		enter:    "{prompt.accept} saves the " + what,
		check:    checkSave,
		complete: completeSave,
		accept: func(a *app, text string) tea.Cmd {
			return a.save(strings.TrimSpace(text))
		},
	}, ""
}

// errNoFormat says what is missing of the name of a file.
var errNoFormat = errors.New("want the name of a file; its extension says what is written, as in slow.csv")

func checkSave(text string) error {
	path := strings.TrimSuffix(strings.TrimSpace(text), "!")
	if _, ok := export.FormatOf(path); !ok && filepath.Ext(path) != recordingExt || strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) == "" {
		return errNoFormat
	}
	return nil
}

// completeSave offers extensions.
func completeSave(text string, cursor int) (from int, offers []recordings.Candidate) {
	typed := text[:cursor]
	stem := strings.TrimSuffix(typed, filepath.Ext(typed))
	if stem == "" {
		stem = "requests"
	}
	for _, f := range saveFormats {
		if path := stem + f.Text; strings.HasPrefix(path, typed) || typed == "" {
			offers = append(offers, recordings.Candidate{Text: path, Help: f.Help})
		}
	}
	return 0, offers
}

// save writes what is shown to a file. One that is there is replaced only if a !
// stands behind its name.
func (a *app) save(text string) tea.Cmd {
	path, replace := strings.CutSuffix(text, "!")
	filter, err := a.shownFilter()
	if err != nil {
		a.prompt.problem = err
		return nil
	}
	asked, rec := a.prompt, a.recording()
	a.prompt = nil
	return a.begin("saving "+filepath.Base(path), func(ctx context.Context, t *task) outcome {
		err := writeShown(ctx, path, replace, &counted{Recording: rec, task: t}, filter)
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s is there: write %s! to replace it", path, text)
		}
		o := outcome{prompt: asked, err: err}
		if err == nil {
			o.said = "saved " + path
			if abs, err := filepath.Abs(path); err == nil {
				o.said = "saved " + abs
			}
		}
		return o
	})
}

// shownFilter returns the filter of the requests that have rows, with the time
// that it is asked at.
func (a *app) shownFilter() (*recordings.Filter, error) {
	if a.requests.picked == nil {
		return nil, nil
	}
	f, err := recordings.ParseFilter("kind:request (" + a.requests.picked.text + ")")
	if err != nil {
		return nil, err
	}
	return f.At(a.scene.now), nil
}

// A counted recording tells a task how far it is read.
type counted struct {
	recordings.Recording
	task *task
}

// Read implements recordings.Source.
func (c *counted) Read(dst []recordings.Event, from uint64) int {
	n := c.Recording.Read(dst, from)
	if n > 0 {
		first, next := c.Bounds()
		c.task.progress(dst[n-1].Seq+1-first, next-first)
	}
	return n
}

// writeShown writes what filter picks of rec to a file, as its extension says. If
// that fails nothing is left, and a file that was to be replaced is still there.
func writeShown(ctx context.Context, path string, replace bool, rec recordings.Recording, filter *recordings.Filter) error {
	target := path
	if replace {
		target += ".part"
	}
	if format, ok := export.FormatOf(path); ok {
		err := writeFile(target, func(w io.Writer) error {
			return export.Write(ctx, w, rec, format, export.Options{Filter: filter})
		})
		if err != nil {
			return err
		}
	} else {
		if _, err := os.Lstat(target); err == nil {
			return fs.ErrExist
		}
		if err := recordings.Save(ctx, target, rec, filter); err != nil {
			return err
		}
	}
	if replace {
		return os.Rename(target, path)
	}
	return nil
}

// writeFile makes a file, and removes it again if it cannot be written to its end.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = errors.Join(write(w), w.Flush(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
