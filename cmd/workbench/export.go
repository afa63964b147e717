package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workbench/recordings"
	"workbench/recordings/export"
)

func newExportCommand(std streams) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export RECORDING [-o FILE]",
		Short: "Write a recording in the format of another tool",
		Long: `Write a recording in the format of another tool. The extension of FILE says in
which, or --format:

  jsonl   .jsonl .ndjson  every event as a JSON object: jq, duckdb
  csv     .csv            every event as a row: spreadsheets, pandas
  pcapng  .pcapng         requests as packets: Wireshark, tshark
  fio     .fio .iolog     requests to do again: fio --read_iolog FILE --replay_redirect DISK
  log     .log            requests in the lines of nbdkit's log filter
  chrome  .json .trace    requests and callbacks as spans: Perfetto (ui.perfetto.dev)

A capture shows requests without their flags, which Wireshark before 4.6 takes
for no NBD at all; --command-flags puts them in. They stand in the comment of each
packet in any case. Of data that were not recorded (--payload full keeps them)
packets hold the first 128 bytes and the length. An iolog has a zero as a write, and
leaves out caches and questions about extents, which fio does not know.

--filter picks from all events, of which a callback that ran for a write matches
op:write as well as the write itself: add kind:request to have requests alone.

A FILE that is there is replaced. If something goes wrong, none is left.`,
		Example: `  workbench export run.wbrec -o run.pcapng
  workbench export run.wbrec -o slow.csv --filter 'dur>5ms' --since 1m
  workbench export run.wbrec --format jsonl | jq -r 'select(.result == "ENOSPC").offset'
  workbench export run.wbrec -o run.fio && fio --name=again --read_iolog=run.fio --replay_redirect=/dev/nbd0`,
		Args:              wantWords(1, "the recording"),
		ValidArgsFunction: completeRecordings,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(std); err != nil {
				return err
			}
			return runExport(cmd.Context(), args[0], &o, std)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// exportOptions are the flags of export.
type exportOptions struct {
	output       string // "-" = standard output
	format       string
	filter       string
	since, until string
	flags        bool

	as     export.Format
	picked *recordings.Filter
}

func (o *exportOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.output, "output", "o", "-", "write to this file; - is standard output")
	f.StringVar(&o.format, "format", "", strings.Join(export.Names(), ", ")+" (default by extension)")
	f.StringVar(&o.filter, "filter", "", "write only what matches, as in 'op:write err'; see workbench help filters")
	f.StringVar(&o.since, "since", "", "begin here: 30s before the newest event, or at 12:00:01")
	f.StringVar(&o.until, "until", "", "end before this time, written as for --since")
	f.BoolVar(&o.flags, "command-flags", false, "pcapng: write the flags of requests too")
}

// complete checks the flags.
func (o *exportOptions) complete(std streams) error {
	names := strings.Join(export.Names(), ", ")
	var ok bool
	switch {
	case o.output == "":
		return usageError{errors.New("-o: an empty path")}
	case o.format != "":
		if o.as, ok = export.ParseFormat(o.format); !ok {
			return usageError{fmt.Errorf("--format %s: want one of %s", o.format, names)}
		}
	default:
		if o.as, ok = export.FormatOf(o.output); !ok {
			return usageError{fmt.Errorf("-o %s: the extension names no format: add --format, one of %s", o.output, names)}
		}
	}
	switch {
	case o.flags && o.as != export.Pcapng:
		return usageError{fmt.Errorf("--command-flags is for pcapng, not for %s", o.as)}
	case o.output == "-" && o.as == export.Pcapng && isTerminal(std.Out):
		return usageError{errors.New("a capture is not for a terminal: add -o FILE, or pipe it into tshark -r -")}
	}
	return o.completeFilter()
}

// completeFilter joins the filter and the two times, which are written as the
// filter language has them, after each was found right by itself.
func (o *exportOptions) completeFilter() error {
	var terms []string
	for _, part := range []struct{ flag, before, text string }{
		{"--filter", "", o.filter}, {"--since", "since:", o.since}, {"--until", "until:", o.until},
	} {
		if part.text == "" {
			continue
		}
		if part.before != "" && strings.ContainsAny(part.text, " |!()\"") {
			return usageError{fmt.Errorf("%s %s: want a time, as 30s or 12:00:01", part.flag, part.text)}
		}
		if _, err := recordings.ParseFilter(part.before + part.text); err != nil {
			return usageError{fmt.Errorf("%s: %w", part.flag, err)}
		}
		terms = append(terms, "("+part.before+part.text+")")
	}
	if terms == nil {
		return nil
	}
	var err error
	o.picked, err = recordings.ParseFilter(strings.Join(terms, " "))
	return err
}

// runExport exports the recording at path, and says what of it is missing.
func runExport(ctx context.Context, path string, o *exportOptions, std streams) (err error) {
	file, err := recordings.OpenFile(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	write := func(w io.Writer) error {
		return export.Write(ctx, w, file, o.as, export.Options{Filter: o.picked, CommandFlags: o.flags})
	}
	if o.output == "-" {
		err = write(std.Out)
		if errors.Is(err, syscall.EPIPE) {
			err = nil // who reads it, as head, has enough
		}
	} else {
		err = writeFile(o.output, path, write)
	}
	if missing := file.Missing(); missing != "" && err == nil {
		fmt.Fprintf(std.Err, "workbench: %s: %s\n", path, missing)
	}
	return err
}

// writeFile makes or replaces the file at path, and removes it again if it cannot
// be written to its end. It must not be the one that is read.
func writeFile(path, from string, write func(io.Writer) error) error {
	source, err := os.Stat(from)
	if err != nil {
		return err
	}
	if old, err := os.Stat(path); err == nil && os.SameFile(old, source) {
		return usageError{fmt.Errorf("-o %s: this is the recording itself", path)}
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("-o %s: cannot write there: %w", path, cause(err))
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		return nil
	}
	if info, serr := os.Stat(path); serr == nil && info.Mode().IsRegular() {
		err = errors.Join(err, os.Remove(path))
	}
	return fmt.Errorf("writing %s: %w", path, err)
}
