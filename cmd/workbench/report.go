package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"workbench/plugins"
	"workbench/plugins/check"
	"workbench/recordings"
)

// printReport prints what a check has found: the worst first, and a summary as
// the last line. In a terminal the severities have colours.
func printReport(to *os.File, r *check.Report) error {
	w := bufio.NewWriter(to)
	style := newReportStyle(to)
	for i := range r.Findings {
		style.printFinding(w, &r.Findings[i])
	}
	if len(r.Refusals) > 0 {
		fmt.Fprintln(w, style.dim.Render("refused by the script, on purpose"))
		for _, refusal := range r.Refusals {
			fmt.Fprintf(w, "  %s%s: %s\n", times(refusal.Times), refusal.Request, refusalText(refusal.Err))
		}
		fmt.Fprintln(w)
	}
	if len(r.Output) > 0 {
		fmt.Fprintln(w, style.dim.Render("printed by the script"))
		for _, line := range r.Output {
			for text := range strings.Lines(line.Text) {
				fmt.Fprintf(w, "  %-10s %s\n", place(line.Callback), recordings.Printable(text))
			}
		}
		if r.Unshown > 0 {
			fmt.Fprintf(w, "  and %s more\n", plural(r.Unshown, "line"))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, style.summary(r))
	return w.Flush()
}

// A reportStyle has the colours of a report; each says what a word beside it says too.
type reportStyle struct {
	severities [3]lipgloss.Style
	bold, dim  lipgloss.Style
	good       lipgloss.Style
}

// newReportStyle makes the colours that w can show: none, if it is no terminal.
// They are those of the terminal itself, for any background.
func newReportStyle(w io.Writer) *reportStyle {
	r := lipgloss.NewRenderer(w)
	colour := func(n string) lipgloss.Style { return r.NewStyle().Foreground(lipgloss.Color(n)) }
	return &reportStyle{
		severities: [3]lipgloss.Style{
			check.Error: colour("1").Bold(true), check.Warning: colour("3").Bold(true), check.Note: colour("6").Bold(true),
		},
		bold: r.NewStyle().Bold(true),
		dim:  r.NewStyle().Faint(true),
		good: colour("2"),
	}
}

// printFinding prints what, where, the line of the script, and what to do.
func (s *reportStyle) printFinding(w io.Writer, f *check.Finding) {
	word := s.severities[f.Severity].Render(fmt.Sprintf("%-7s", f.Severity))
	again := ""
	if f.Times > 1 {
		again = s.dim.Render(fmt.Sprintf(" (%d times)", f.Times))
	}
	fmt.Fprintf(w, "%s  %s: %s%s\n", word, s.bold.Render(recordings.Printable(f.Position())), recordings.Printable(f.Text), again)
	for line := range strings.Lines(f.Excerpt) {
		fmt.Fprintf(w, "    %s\n", s.dim.Render(sourceLine(line)))
	}
	if f.Advice != "" {
		fmt.Fprintf(w, "         %s\n", recordings.Printable(f.Advice))
	}
	fmt.Fprintln(w)
}

// printableLines returns text that has lines of its own, as an excerpt does, as it
// can be shown.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = sourceLine(line)
	}
	return strings.Join(lines, "\n")
}

// sourceLine returns a line of a script as it can be shown. Its tabs stay, so
// that a caret below it points where it should.
func sourceLine(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !strconv.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, strings.TrimRight(line, "\n"))
}

// summary says in one line how it went.
func (s *reportStyle) summary(r *check.Report) string {
	var counts []string
	for severity, style := range s.severities {
		if n := r.Count(check.Severity(severity)); n > 0 {
			counts = append(counts, style.Render(plural(n, check.Severity(severity).String())))
		}
	}
	script := recordings.Printable(r.Script)
	if len(counts) > 0 {
		return strings.Join(counts, ", ") + " in " + s.bold.Render(script)
	}
	facts := []string{plural(len(r.Callbacks), "callback")}
	switch len(r.Disks) {
	case 1:
		facts = append(facts, sizeText(r.Disks[0].Info.Size))
	default:
		facts = append(facts, plural(len(r.Disks), "export"))
	}
	facts = append(facts, plural(r.Requests, "request"))
	if r.Changing {
		facts = append(facts, "other bytes from read to read")
	}
	if r.Written {
		facts = append(facts, "written and put back")
	} else if len(r.Disks) > 0 && r.Disks[0].Info.ReadOnly {
		facts = append(facts, "read-only")
	}
	return fmt.Sprintf("%s: %s (%s)", s.bold.Render(script), s.good.Render("nothing to complain about"), strings.Join(facts, ", "))
}

// refusalText is an error with the name that the client knows it by.
func refusalText(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*plugins.Error](err); ok {
		text = e.Position() + ": " + e.Msg
	}
	return plugins.ErrnoName(plugins.ErrnoOf(err)) + " " + recordings.Printable(text)
}

// place names where a script printed something.
func place(cb plugins.Callback) string {
	if cb == plugins.NoCallback {
		return "top level"
	}
	return cb.String()
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("%d × ", n)
}

// plural returns "1 error" or "2 errors".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// sizeText returns a size in the largest unit that it is a whole number of.
func sizeText(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"}
	i := 0
	for n != 0 && n%1024 == 0 && i < len(units)-1 {
		n, i = n/1024, i+1
	}
	return fmt.Sprintf("%d %s", n, units[i])
}

// The JSON lines of a report; kind tells them apart.
type (
	jsonFinding struct {
		Kind     string `json:"kind"` // "finding"
		Severity string `json:"severity"`
		Rule     string `json:"rule"`
		Callback string `json:"callback,omitempty"`
		File     string `json:"file"`
		Line     int    `json:"line,omitempty"`
		Text     string `json:"text"`
		Advice   string `json:"advice,omitempty"`
		Excerpt  string `json:"excerpt,omitempty"`
		Times    int    `json:"times"`
	}
	jsonRefusal struct {
		Kind    string `json:"kind"` // "refusal"
		Request string `json:"request"`
		Errno   string `json:"errno"`
		Text    string `json:"text"`
		Times   int    `json:"times"`
	}
	jsonOutput struct {
		Kind     string `json:"kind"` // "output"
		Callback string `json:"callback,omitempty"`
		Text     string `json:"text"`
	}
	jsonSummary struct {
		Kind       string     `json:"kind"` // "summary"
		Script     string     `json:"script"`
		Language   string     `json:"language"`
		APIVersion int        `json:"api_version,omitempty"`
		Callbacks  []string   `json:"callbacks"`
		Disks      []jsonDisk `json:"disks"`
		Requests   int        `json:"requests"`
		Changing   bool       `json:"changing,omitempty"` // a read-only disk gave other bytes from read to read
		Written    bool       `json:"written"`
		Errors     int        `json:"errors"`
		Warnings   int        `json:"warnings"`
		Notes      int        `json:"notes"`
		Took       int64      `json:"took_ns"`
	}
	jsonDisk struct {
		Export      string `json:"export"`
		Description string `json:"description,omitempty"`
		Size        uint64 `json:"size"`
		ReadOnly    bool   `json:"readonly"`
	}
)

// printReportJSON prints a report for programs.
func printReportJSON(to *os.File, r *check.Report) error {
	w := bufio.NewWriter(to)
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, f := range r.Findings {
		if err := lines.Encode(jsonFinding{"finding", f.Severity.String(), string(f.Rule), f.Callback.String(),
			f.File, f.Line, f.Text, f.Advice, f.Excerpt, f.Times}); err != nil {
			return err
		}
	}
	for _, refusal := range r.Refusals {
		if err := lines.Encode(jsonRefusal{"refusal", refusal.Request, plugins.ErrnoName(plugins.ErrnoOf(refusal.Err)), refusal.Err.Error(), refusal.Times}); err != nil {
			return err
		}
	}
	for _, line := range r.Output {
		if err := lines.Encode(jsonOutput{"output", line.Callback.String(), line.Text}); err != nil {
			return err
		}
	}
	s := jsonSummary{
		Kind: "summary", Script: r.Script, Language: r.Language, APIVersion: r.APIVersion,
		Callbacks: []string{}, Disks: []jsonDisk{}, Requests: r.Requests, Changing: r.Changing, Written: r.Written,
		Errors: r.Count(check.Error), Warnings: r.Count(check.Warning), Notes: r.Count(check.Note), Took: r.Took.Nanoseconds(),
	}
	for _, cb := range r.Callbacks {
		s.Callbacks = append(s.Callbacks, cb.String())
	}
	for _, d := range r.Disks {
		s.Disks = append(s.Disks, jsonDisk{d.Export, d.Description, d.Info.Size, d.Info.ReadOnly})
	}
	if err := lines.Encode(s); err != nil {
		return err
	}
	return w.Flush()
}
