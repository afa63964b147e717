package recordings

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Field is something that a filter can ask about.
type Field struct {
	Name      string
	Type      string // how its values are written: "size"
	Syntax    string // the same, at length
	Help      string // what it is
	Example   string // a filter
	Bare      string // what the name alone asks; "" = it needs a value
	Operators []string
	Values    []Candidate // where they are words
	Alone     bool        // the words may stand without the field
	Known     Stage       // from which on it can be asked for
}

// Fields returns what a filter can ask about, for help.
func Fields() []Field {
	out := make([]Field, len(fields))
	for i := range fields {
		f := &fields[i]
		out[i] = Field{
			Name: f.name, Type: f.of.name, Syntax: f.of.syntax, Help: f.help, Example: f.example,
			Bare: f.bare, Alone: f.alone, Known: f.known,
		}
		for _, op := range f.operators() {
			out[i].Operators = append(out[i].Operators, op.String())
		}
		if f.words != nil {
			out[i].Values = appendWords(nil, f.words(), "", nil)
		}
	}
	return out
}

// filterExamples stand in the help. A test has events that they pick.
var filterExamples = [...]Candidate{
	{"op:write off:1M..2M len>=64k", "long writes that touch the second MiB"},
	{"write fua | flush", "what must reach stable storage"},
	{"zero !may_trim", "zeroes that must not make a hole"},
	{"!(read | write) conn:nbd#2", "whatever else that client asked for"},
	{"len:512,4k..64k", "one sector, or 4 to 64 KiB"},
	{"err", "every failure"},
	{"err:ENOSPC line:31", "where line 31 said that the disk is full"},
	{"wire:EINVAL err!=EINVAL", "what NBD had no number for"},
	{"dur>5ms !held", "slow, and not because it was held"},
	{"cb:pread script>1ms gen>=2", "slow reads of the newer generations"},
	{"data=eb58 off:0", "a boot sector, read or written"},
	{`"disk full"`, "every text that says so"},
	{`output "cache miss"`, "lines that the script printed"},
	{"kind:reload,output", "reloads, and what the script printed"},
	{"req:3..5", "the events 3 to 5"},
	{"since:30s err", "failures of the last 30 seconds"},
}

// The prose of the help.
const (
	filterIntro = `A filter picks events: requests that were answered, and what else happened.`

	filterGrammar = `Words with a space between them must all hold. | means or, ! means not, and parentheses group: ! binds closest, then the space, then |. A field, an operator and a value ask about one thing; several values are separated by commas, and one of them must hold. Text in quotes is looked for in what the script said.`

	filterOperators = `: means "is", where the table of fields says nothing else. = means the same, but for off and data. != is true if there is a value and it is another one: len!=4k is not true for a flush, which has no length, though !len:4k is. For numbers there are < <= > >=. What an event does not have, or what is not known, makes a term false.`

	filterAlone = `These words may stand alone: write is op:write, held is fate:held. None of them belongs to two fields. err alone is any failure.`

	filterKnown = `A rule, and a hold, sees a request before it is in the log, so that a filter there can ask only for what is known. "arrival" is known before the script runs, "answer" when it has; "log" is of events alone. A filter that asks for more is refused.`

	filterLines = `workbench run --filter prints the requests that match. A filter that asks for a kind, a callback, a text or a line picks from all events instead; so does any filter with -v. What one must know (a reload, the script's output, a disk that cannot be opened) is told in any case, on standard error.`
)

var stageNames = [...]string{OnArrival: "arrival", OnAnswer: "answer", InLog: "log"}

// String returns the word that the help uses: "arrival".
func (s Stage) String() string { return stageNames[s] }

// A section is a part of the help: a heading, a paragraph and a table.
type section struct {
	title, prose string
	head         []string
	rows         [][]string
	code         int // how many of the columns are text of a filter
}

// filterSections returns the help.
func filterSections() []section {
	examples := section{title: "Examples", head: []string{"filter", "picks"}, code: 1}
	for _, e := range filterExamples {
		examples.rows = append(examples.rows, []string{e.Text, e.Help})
	}
	table := section{title: "Fields", head: []string{"field", "type", "known", "example", "what it is"}, code: 1}
	alone := section{title: "Words alone", prose: filterAlone, head: []string{"word", "field", "meaning"}, code: 1}
	values := section{title: "Values", prose: filterOperators, head: []string{"type", "how it is written"}}
	seen := map[string]bool{}
	for _, f := range Fields() {
		help := f.Help
		if f.Bare != "" {
			help += "; " + f.Name + " alone is " + f.Bare
		}
		for _, op := range f.Operators {
			if field := findField(f.Name); op == equal.String() {
				help += "; " + f.Name + "= is " + field.equals
			}
		}
		table.rows = append(table.rows, []string{f.Name, f.Type, f.Known.String(), f.Example, help})
		if f.Alone {
			for _, v := range f.Values {
				alone.rows = append(alone.rows, []string{v.Text, f.Name, v.Help})
			}
		}
		if !seen[f.Type] {
			seen[f.Type] = true
			values.rows = append(values.rows, []string{f.Type, f.Syntax})
		}
	}
	return []section{
		{prose: filterIntro}, examples,
		{title: "Grammar", prose: filterGrammar}, table, values, alone,
		{title: "Rules and holds", prose: filterKnown},
		{title: "Lines without a screen", prose: filterLines},
	}
}

// FilterHelp returns what there is to know about filters, for a terminal of 80
// columns.
func FilterHelp() string {
	var b strings.Builder
	for _, s := range filterSections() {
		if s.title != "" {
			fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(s.title))
		}
		writeWrapped(&b, s.prose, 2)
		var widths []int
		for _, row := range s.rows {
			widths = append(widths, make([]int, max(len(row)-len(widths), 0))...)
			for i, cell := range row {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
		for _, row := range s.rows {
			last := len(row) - 1
			line := " "
			for i, cell := range row[:last] {
				line += fmt.Sprintf(" %-*s ", widths[i], cell)
			}
			at := utf8.RuneCountInString(line) + 1
			if at > 45 { // too little is left beside the columns
				b.WriteString(strings.TrimRight(line, " ") + "\n")
				writeWrapped(&b, row[last], 6)
				continue
			}
			var text strings.Builder
			writeWrapped(&text, row[last], at)
			b.WriteString(line + " " + strings.TrimLeft(text.String(), " "))
		}
	}
	return strings.TrimLeft(b.String(), "\n")
}

// helpWidth is the longest line of FilterHelp.
const helpWidth = 79

// writeWrapped writes text in lines that begin with so many spaces.
func writeWrapped(b *strings.Builder, text string, indent int) {
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
			b.WriteString(strings.Repeat(" ", indent))
			column = indent
		case column+1+n > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	if column > 0 {
		b.WriteByte('\n')
	}
}

// FilterMarkdown returns the same as a page in Markdown: FILTERS.md.
func FilterMarkdown() string {
	var b strings.Builder
	b.WriteString("# Filters\n\n<!-- Made from the table of fields by go test ./recordings -update; do not edit. -->\n")
	cell := func(text string, code bool) string {
		if text == "" {
			return " "
		}
		text = strings.ReplaceAll(text, "|", `\|`)
		if code {
			return " `" + text + "` "
		}
		return " " + strings.NewReplacer("<", "&lt;", ">", "&gt;", "*", `\*`, "_", `\_`).Replace(text) + " "
	}
	for _, s := range filterSections() {
		if s.title != "" {
			fmt.Fprintf(&b, "\n## %s\n", s.title)
		}
		if s.prose != "" {
			fmt.Fprintf(&b, "\n%s\n", strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s.prose))
		}
		if s.rows == nil {
			continue
		}
		b.WriteString("\n|")
		for _, h := range s.head {
			b.WriteString(" " + h + " |")
		}
		b.WriteString("\n|" + strings.Repeat("---|", len(s.head)) + "\n")
		for _, row := range s.rows {
			b.WriteByte('|')
			for i, text := range row {
				b.WriteString(cell(text, i < s.code || s.head[i] == "example") + "|")
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
