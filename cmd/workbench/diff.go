package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"workbench/recordings"
	"workbench/recordings/replay"
)

func newDiffCommand(std streams) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two recordings",
		Long: `Compare two recordings, request by request: errors, the data of reads and of
writes, and what one of them has alone. Connections belong together by their
numbers; on each, requests by operation, offset, length and flags, in the order in
which they came. Then the times of the callbacks stand beside each other.

Exit status: 0 if nothing differs; 1 if anything does, or for an error; 2 for a
wrong command line.`,
		Example: `  workbench diff before.wbrec after.wbrec
  workbench diff before.wbrec after.wbrec --json | jq -r 'select(.kind == "difference") | .text'`,
		Args:              wantWords(2, "the recording", "the second recording"),
		ValidArgsFunction: completeRecordings,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.limit < 1 {
				return usageError{fmt.Errorf("--limit %d: there must be at least one", o.limit)}
			}
			return runDiff(cmd.Context(), args[0], args[1], &o, std)
		},
	}
	addDifferenceFlags(cmd.Flags(), &o.json, &o.limit)
	return cmd
}

// diffOptions are the flags of diff.
type diffOptions struct {
	json  bool
	limit int
}

// runDiff compares two files and prints what differs.
func runDiff(ctx context.Context, a, b string, o *diffOptions, std streams) error {
	was, err := recordings.OpenFile(a)
	if err != nil {
		return err
	}
	is, err := recordings.OpenFile(b)
	if err != nil {
		return errors.Join(err, was.Close())
	}
	bar := newProgressBar(std.Err)
	report, err := replay.Diff(ctx, was, is, replay.Options{Limit: o.limit, Progress: bar.show})
	bar.clear()
	for i, rec := range []*recordings.File{was, is} {
		if missing := rec.Missing(); missing != "" {
			report.Notes = append(report.Notes, fmt.Sprintf("%s is not complete: %s", [...]string{a, b}[i], missing))
		}
	}
	err = errors.Join(err, was.Close(), is.Close())
	return showDifferences(std, report, o.json, differenceWords{a, b, "the recordings have the same requests and answers"}, err)
}
