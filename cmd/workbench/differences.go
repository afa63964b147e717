package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"workbench/plugins"
	"workbench/recordings"
	"workbench/recordings/replay"
)

// differenceWords are what the two sides of a comparison are called, and what
// is said of sides that are alike.
type differenceWords struct{ was, is, same string }

// showDifferences prints a report as text or JSON lines. What it returns decides
// the exit status: err, the end of a comparison that did not come to its own, or
// a statusError if anything differs.
func showDifferences(std streams, r *replay.Report, asJSON bool, words differenceWords, err error) error {
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("stopped before the end: %w", err)
	}
	w := bufio.NewWriter(std.Out)
	var werr error
	if asJSON {
		werr = writeDifferencesJSON(w, r, err)
	} else {
		writeDifferences(w, std.Out, r, words, err)
	}
	if werr == nil {
		werr = w.Flush()
	}
	switch {
	case werr != nil:
		return readerGone(werr)
	case err != nil:
		return err
	case r.Differ > 0:
		return statusError(exitError)
	}
	return nil
}

// writeDifferences prints a report for people: what differs, what was left out,
// the callbacks, and how it went as the last line.
func writeDifferences(w io.Writer, to *os.File, r *replay.Report, words differenceWords, err error) {
	renderer := lipgloss.NewRenderer(to)
	bold, dim := renderer.NewStyle().Bold(true), renderer.NewStyle().Faint(true)
	for i := range r.First {
		d := &r.First[i]
		fmt.Fprintf(w, "%s\n    %s\n", bold.Render(d.What()), recordings.Printable(d.How()))
	}
	if more := r.Differ - uint64(len(r.First)); more > 0 {
		fmt.Fprintf(w, "and %d more (--limit shows them)\n", more)
	}
	for _, l := range r.Left {
		fmt.Fprintf(w, "%s\n", dim.Render(l.String()))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", recordings.Printable(note))
	}
	if len(r.Callbacks) > 0 {
		writeCallbackPairs(w, r.Callbacks, words)
	}
	took := fmt.Sprintf("%s %s, %s %s", words.was, recordings.FormatDuration(r.Recorded), words.is, recordings.FormatDuration(r.Took))
	switch {
	case err != nil:
		fmt.Fprintf(w, "%s up to where it ended, of %s\n", r.Verdict(), plural(int(r.Requests), "request"))
	case r.Differ > 0:
		fmt.Fprintf(w, "%s, of %s and %s (%s)\n", r.Verdict(), plural(int(r.Requests), "request"), plural(int(r.Connections), "connection"), took)
	default:
		fmt.Fprintf(w, "%s: %d of %s compared, on %s (%s)\n", words.same, r.Compared, plural(int(r.Requests), "request"), plural(int(r.Connections), "connection"), took)
	}
}

// writeCallbackPairs prints the figures of the callbacks, those of both sides on a
// line, and how many times as long the second side took.
func writeCallbackPairs(w io.Writer, pairs []replay.CallbackPair, words differenceWords) {
	fmt.Fprintf(w, "\n%-20s %10s %8s %8s %8s   %s > %s\n", "callback", "count", "p50", "p95", "p99", recordings.Printable(words.was), recordings.Printable(words.is))
	line := func(name string, s *recordings.CallbackStats) {
		if s == nil {
			fmt.Fprintf(w, "%-20s %10s\n", name, "-")
			return
		}
		fmt.Fprintf(w, "%-20s %10d %8s %8s %8s", name, s.Count,
			recordings.FormatDuration(s.P50), recordings.FormatDuration(s.P95), recordings.FormatDuration(s.P99))
	}
	for _, p := range pairs {
		name := p.Callback().String()
		if p.Was != nil && p.Was.Generation > 1 {
			name += fmt.Sprintf(" gen %d", p.Was.Generation)
		}
		line(name, p.Was)
		if p.Was != nil {
			fmt.Fprintln(w)
		}
		line("", p.Is)
		if p.Was != nil && p.Is != nil {
			fmt.Fprintf(w, "   × %s %s %s", ratioText(p.Was.P50, p.Is.P50), ratioText(p.Was.P95, p.Is.P95), ratioText(p.Was.P99, p.Is.P99))
		}
		if p.Is != nil {
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintln(w)
}

// ratioText returns how many times as long is is.
func ratioText(was, is time.Duration) string {
	if was == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(is)/float64(was))
}

// The JSON lines of a comparison; kind tells them apart. was is the first side,
// is the second.
type (
	jsonDifference struct {
		Kind   string      `json:"kind"` // "difference"
		What   string      `json:"what"` // errno, data, size, refused, missing or added
		Seq    uint64      `json:"seq"`
		Other  *uint64     `json:"other_seq,omitempty"` // of its partner in the second recording
		From   string      `json:"from"`
		Conn   uint32      `json:"conn"`
		Op     string      `json:"op,omitempty"`
		Offset uint64      `json:"offset"`
		Length uint64      `json:"length"`
		Flags  []string    `json:"flags,omitempty"`
		Byte   *uint64     `json:"byte,omitempty"`  // the first that differs, in the request
		At     *uint64     `json:"at,omitempty"`    // and on the disk
		After  uint64      `json:"after,omitempty"` // so many bytes do not differ; where is not known
		Was    *jsonAnswer `json:"was,omitempty"`
		Is     *jsonAnswer `json:"is,omitempty"`
		Text   string      `json:"text"`
	}
	jsonAnswer struct {
		Result string `json:"result"` // "ok" or the name of the errno
		Text   string `json:"text,omitempty"`
		Size   uint64 `json:"size,omitempty"`
		Data   string `json:"data,omitempty"` // some bytes from the first that differs on, in hex
	}
	jsonLeft struct {
		Kind  string `json:"kind"` // "left"
		Why   string `json:"why"`
		Count uint64 `json:"count"`
		Text  string `json:"text"`
	}
	jsonPair struct {
		Kind       string       `json:"kind"` // "callback"
		Callback   string       `json:"callback"`
		Generation uint32       `json:"generation,omitempty"` // of the first side
		Was        *jsonFigures `json:"was,omitempty"`
		Is         *jsonFigures `json:"is,omitempty"`
	}
	jsonFigures struct {
		Count  uint64 `json:"count"`
		Errors uint64 `json:"errors"`
		P50    int64  `json:"p50_ns"`
		P95    int64  `json:"p95_ns"`
		P99    int64  `json:"p99_ns"`
	}
	jsonNote struct {
		Kind string `json:"kind"` // "note"
		Text string `json:"text"`
	}
	jsonCompared struct {
		Kind        string `json:"kind"` // "summary"
		Requests    uint64 `json:"requests"`
		Connections uint64 `json:"connections"`
		Compared    uint64 `json:"compared"`
		Differ      uint64 `json:"differ"`
		Recorded    int64  `json:"recorded_ns"`
		Took        int64  `json:"took_ns"`
		Complete    bool   `json:"complete"` // it came to its end
	}
)

// writeDifferencesJSON prints a report for programs.
func writeDifferencesJSON(w io.Writer, r *replay.Report, err error) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	var all []any
	for i := range r.First {
		all = append(all, differenceJSON(&r.First[i]))
	}
	for _, l := range r.Left {
		all = append(all, jsonLeft{"left", l.Why.Name(), l.Count, l.Why.String()})
	}
	for _, p := range r.Callbacks {
		j := jsonPair{Kind: "callback", Callback: p.Callback().String(), Was: figuresJSON(p.Was), Is: figuresJSON(p.Is)}
		if p.Was != nil {
			j.Generation = p.Was.Generation
		}
		all = append(all, j)
	}
	for _, note := range r.Notes {
		all = append(all, jsonNote{"note", note})
	}
	all = append(all, jsonCompared{"summary", r.Requests, r.Connections, r.Compared, r.Differ, r.Recorded.Nanoseconds(), r.Took.Nanoseconds(), err == nil})
	for _, line := range all {
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func differenceJSON(d *replay.Difference) jsonDifference {
	e := &d.Event
	j := jsonDifference{
		Kind: "difference", What: d.Kind.String(), Seq: e.Seq, From: e.Front.String(), Conn: e.Conn,
		Offset: e.Offset, Length: e.Length, Text: d.Text(),
	}
	if e.Op != 0 {
		j.Op = e.Op.String()
	}
	if e.Flags != 0 {
		j.Flags = strings.Split(e.Flags.String(), ",")
	}
	if d.Other.Kind != 0 {
		j.Other = &d.Other.Seq
	}
	if d.Kind == replay.Data {
		if d.Exact {
			at := e.Offset + d.At
			j.Byte, j.At = &d.At, &at
		} else {
			j.After = d.At
		}
	}
	if d.Kind != replay.Missing && d.Kind != replay.Added {
		j.Was, j.Is = answerJSON(&d.Was), answerJSON(&d.Is)
	}
	return j
}

func answerJSON(a *replay.Answer) *jsonAnswer {
	j := &jsonAnswer{Result: "ok", Text: a.Text, Size: a.Size, Data: hex.EncodeToString(a.Data)}
	if a.Errno != 0 {
		j.Result = plugins.ErrnoName(a.Errno)
	}
	return j
}

func figuresJSON(s *recordings.CallbackStats) *jsonFigures {
	if s == nil {
		return nil
	}
	return &jsonFigures{s.Count, s.Errors, s.P50.Nanoseconds(), s.P95.Nanoseconds(), s.P99.Nanoseconds()}
}
