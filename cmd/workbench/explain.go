package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workbench/nbd"
)

func newExplainCommand(std streams) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain [HEX... or -]",
		Short: "Name every field of NBD bytes",
		Long: `Name every field of NBD messages: its offset, bytes, name, value and meaning. The
bytes come in hex, as words or on standard input: digits with or without spaces,
colons, commas, dashes and 0x; a dump by xxd, hexdump -C, od -tx1, tcpdump -X or
tshark -x; or the bytes of a program, as []byte{0x25, 96}, [37 96], b'%\x60'.

Several messages in a row are all explained, from the handshake to the replies.
Who sent them and what was agreed on is told by the bytes themselves, as far as
they can; the flags say it where they cannot. The answer to EXPORT_NAME and the
client's flags have no magic number: --stage names them when they stand alone.

A message that is cut off or wrong is explained up to the byte where it is; the
exit status is then 1.`,
		Example: `  workbench explain 25609513 0001 0003 0000000000000001 0000000000000000 00000000
  workbench explain --stage export-name 00:00:00:00:00:10:00:00:00:05
  xxd client.bin | workbench explain --from client
  workbench explain --raw --from server --json < server.bin | jq .name`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := o.complete()
			if err != nil {
				return err
			}
			data, err := o.read(args, std)
			if err != nil {
				return err
			}
			return explain(std.Out, data, options, o.json)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// explainOptions are the flags of explain.
type explainOptions struct {
	from, stage string
	structured  bool
	extended    bool
	noZeroes    bool
	headers     bool
	length      uint64
	json        bool
	raw         bool
}

func (o *explainOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.from, "from", "", "who sent the bytes: client or server (default: guess)")
	f.StringVar(&o.stage, "stage", "", "what the first message is: "+strings.Join(stageNames(), ", ")+" (default: guess)")
	f.BoolVar(&o.structured, "structured", false, "structured replies were negotiated")
	f.BoolVar(&o.extended, "extended", false, "extended headers were negotiated")
	f.BoolVar(&o.noZeroes, "no-zeroes", false, "both sides chose NO_ZEROES")
	f.Uint64Var(&o.length, "length", 0, "bytes of data after a simple reply to a READ (default: guess)")
	f.BoolVar(&o.headers, "headers", false, "the data that are read and written were left out")
	f.BoolVar(&o.raw, "raw", false, "standard input is the bytes themselves, not hex")
	f.BoolVar(&o.json, "json", false, "a JSON line for each message")
}

func stageNames() []string {
	var names []string
	for s := nbd.StageGreeting; s <= nbd.StageReply; s++ {
		names = append(names, s.String())
	}
	return names
}

// complete checks the flags.
func (o *explainOptions) complete() (nbd.ExplainOptions, error) {
	e := nbd.ExplainOptions{
		Structured: o.structured, Extended: o.extended, NoZeroes: o.noZeroes,
		ReadLength: o.length, HeadersOnly: o.headers,
	}
	switch o.from {
	case "":
	case "client":
		e.From = nbd.FromClient
	case "server":
		e.From = nbd.FromServer
	default:
		return e, usageError{fmt.Errorf("--from %s: want client or server", o.from)}
	}
	if o.stage != "" {
		stage, ok := nbd.ParseStage(o.stage)
		switch {
		case !ok:
			return e, usageError{fmt.Errorf("--stage %s: want one of %s", o.stage, strings.Join(stageNames(), ", "))}
		case e.From != 0 && stage.From() != e.From:
			return e, usageError{fmt.Errorf("--stage %s: a %s sends it, not a %s", stage, stage.From(), e.From)}
		}
		e.Stage = stage
	}
	return e, nil
}

// read returns the bytes to explain: from the words, or from standard input
// where there is none, or "-".
func (o *explainOptions) read(args []string, std streams) ([]byte, error) {
	text := strings.Join(args, " ")
	switch {
	case len(args) == 0 && isTerminal(std.In):
		return nil, usageError{fmt.Errorf("nothing to explain: give the bytes in hex, or on standard input")}
	case len(args) > 0 && text != "-":
		if o.raw {
			return nil, usageError{fmt.Errorf("--raw: the bytes come on standard input, not as words")}
		}
	default:
		const most = 8 * maxExplain // of text, for as many bytes
		b, err := io.ReadAll(io.LimitReader(std.In, most+1))
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the bytes: %w", err)
		case len(b) > most || o.raw && len(b) > maxExplain:
			return nil, usageError{errors.New(tooMuch)}
		case o.raw && len(b) > 0:
			return b, nil
		}
		text = string(b)
	}
	data, err := parseHex(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("bad hex: %w", err)}
	}
	if len(data) == 0 {
		return nil, usageError{fmt.Errorf("nothing to explain: there are no bytes")}
	}
	return data, nil
}

// explain prints what data hold. The error is the first problem in them.
func explain(to io.Writer, data []byte, o nbd.ExplainOptions, asJSON bool) error {
	w := bufio.NewWriter(to)
	show := printMessage
	if asJSON {
		show = printMessageJSON
	}
	var first *nbd.Problem
	problems, n := 0, 0
	for m := range nbd.Explain(data, o) {
		n++
		if err := show(w, n, &m); err != nil {
			return err
		}
		if m.Problem != nil {
			problems++
			if first == nil {
				first = m.Problem
			}
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	switch problems {
	case 0:
		return nil
	case 1:
		return first
	}
	return fmt.Errorf("%d messages are wrong; the first: %w", problems, first)
}

// shownBytes is how many bytes of a field are shown.
const shownBytes = 8

// printMessage prints a heading, and a line for each field and each flag in it.
func printMessage(w io.Writer, n int, m *nbd.Message) error {
	if n > 1 {
		fmt.Fprintln(w)
	}
	name := m.Name
	if name == "" {
		name = "not understood"
	}
	from := ""
	if m.From != 0 {
		from = m.From.String() + ": "
	}
	fmt.Fprintf(w, "%d. %s%s (bytes %d to %d)\n", n, from, name, m.Offset, m.Offset+m.Size-1)
	var bytesWidth, valueWidth int
	values := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		values[i] = f.Name + " = " + f.Value
		bytesWidth = max(bytesWidth, utf8.RuneCountInString(bytesText(f.Bytes)))
		if f.Meaning != "" && utf8.RuneCountInString(values[i]) <= 60 {
			valueWidth = max(valueWidth, utf8.RuneCountInString(values[i]))
		}
	}
	for i, f := range m.Fields {
		line := fmt.Sprintf("%6d  %-*s  %-*s  %s", f.Offset, bytesWidth, bytesText(f.Bytes), valueWidth, values[i], f.Meaning)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
		for _, flag := range f.Flags {
			fmt.Fprintf(w, "%6s  %*s    bit %d %s: %s\n", "", bytesWidth, "", flag.Bit, flag.Name, flag.Meaning)
		}
	}
	for _, note := range m.Notes {
		fmt.Fprintf(w, "  note: %s\n", note)
	}
	if m.Problem != nil {
		fmt.Fprintln(w, m.Problem)
	}
	return nil // what a bufio.Writer cannot write, its Flush tells
}

func bytesText(b []byte) string {
	if len(b) > shownBytes {
		return hex.EncodeToString(b[:shownBytes]) + "…"
	}
	return hex.EncodeToString(b)
}

// The JSON of a message. Data are cut after maxJSONBytes; size tells how many there are.
type (
	jsonMessage struct {
		Offset  int          `json:"offset"`
		Size    int          `json:"size"`
		From    string       `json:"from,omitempty"`
		Stage   string       `json:"stage,omitempty"`
		Name    string       `json:"name"`
		Fields  []jsonField  `json:"fields"`
		Notes   []string     `json:"notes,omitempty"`
		Problem *jsonProblem `json:"problem,omitempty"`
	}
	jsonField struct {
		Offset  int        `json:"offset"`
		Size    int        `json:"size"`
		Bytes   string     `json:"bytes"`
		Name    string     `json:"name"`
		Value   string     `json:"value"`
		Meaning string     `json:"meaning,omitempty"`
		Flags   []jsonFlag `json:"flags,omitempty"`
	}
	jsonFlag struct {
		Bit     int    `json:"bit"`
		Name    string `json:"name"`
		Meaning string `json:"meaning"`
	}
	jsonProblem struct {
		Offset int    `json:"offset"`
		Text   string `json:"text"`
	}
)

const maxJSONBytes = 256

func printMessageJSON(w io.Writer, _ int, m *nbd.Message) error {
	j := jsonMessage{Offset: m.Offset, Size: m.Size, Name: m.Name, Fields: []jsonField{}, Notes: m.Notes}
	if m.From != 0 {
		j.From, j.Stage = m.From.String(), m.Stage.String()
	}
	for _, f := range m.Fields {
		field := jsonField{
			Offset: f.Offset, Size: len(f.Bytes), Bytes: hex.EncodeToString(f.Bytes[:min(len(f.Bytes), maxJSONBytes)]),
			Name: f.Name, Value: f.Value, Meaning: f.Meaning,
		}
		for _, flag := range f.Flags {
			field.Flags = append(field.Flags, jsonFlag(flag))
		}
		j.Fields = append(j.Fields, field)
	}
	if m.Problem != nil {
		j.Problem = &jsonProblem{m.Problem.Offset, m.Problem.Text}
	}
	return json.NewEncoder(w).Encode(j)
}
