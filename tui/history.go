package tui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A history is what was typed, the newest last.
type history struct {
	Filters  []string `json:"filters,omitempty"`
	Searches []string `json:"searches,omitempty"` // for requests
	Texts    []string `json:"texts,omitempty"`    // for lines of output and script
	Rules    []string `json:"rules,omitempty"`
	Commands []string `json:"commands,omitempty"`
	Errors   []string `json:"errors,omitempty"` // names
	Edits    []string `json:"edits,omitempty"`  // of held requests
	Answers  []string `json:"answers,omitempty"`
	Stats    []string `json:"stats,omitempty"` // what figures were asked for
}

// What a history has at most: entries of a kind, and bytes of its file.
const (
	keptHistory = 100
	historySize = 1 << 20
)

// remember puts text at the end of entries, where it stands once.
func remember(entries []string, text string) []string {
	if strings.TrimSpace(text) == "" {
		return entries
	}
	out := slices.DeleteFunc(slices.Clone(entries), func(s string) bool { return s == text })
	out = append(out, text)
	return out[max(len(out)-keptHistory, 0):]
}

// kinds returns the entries of each kind.
func (h *history) kinds() []*[]string {
	return []*[]string{&h.Filters, &h.Searches, &h.Texts, &h.Rules, &h.Commands, &h.Errors, &h.Edits, &h.Answers, &h.Stats}
}

// equal reports whether h and o have the same entries.
func (h *history) equal(o *history) bool {
	for i, k := range h.kinds() {
		if !slices.Equal(*k, *o.kinds()[i]) {
			return false
		}
	}
	return true
}

// tidy keeps of what a file says only what could have been typed.
func (h *history) tidy() {
	for _, k := range h.kinds() {
		var out []string
		for _, text := range *k {
			if text = printable(text); len(text) <= longText {
				out = remember(out, text)
			}
		}
		*k = out
	}
}

// readHistory reads what path has; a file that is not there is an empty history.
func readHistory(path string) (h history, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("what was typed in earlier runs: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(&limited{f, historySize})
	if err := d.Decode(&h); err != nil {
		return history{}, fmt.Errorf("what was typed in earlier runs is not known: %s is damaged (%w), and begins anew", path, err)
	}
	h.tidy()
	return h, nil
}

// limited reads so many bytes and fails then.
type limited struct {
	from *os.File
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("it is longer than %d bytes", historySize)
	}
	n, err := l.from.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// write puts what was added since before into the file at path, behind what
// other programs put there meanwhile. The file is replaced as a whole, so that
// none of them finds half of it.
func (h *history) write(path string, before *history) (err error) {
	if h.equal(before) {
		return nil
	}
	fail := func(err error) error { return fmt.Errorf("keeping what was typed for the next run: %w", err) }
	now, _ := readHistory(path) // what is damaged was told at the start, and is replaced
	for i, k := range now.kinds() {
		old := *before.kinds()[i]
		for j, text := range *h.kinds()[i] {
			if j >= len(old) || old[j] != text {
				*k = remember(*k, text)
			}
		}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // people may read it
	e.SetIndent("", " ")
	if err := e.Encode(&now); err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".history-*") // for its owner alone
	if err != nil {
		return fail(err)
	}
	_, err = f.Write(text.Bytes())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fail(errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
