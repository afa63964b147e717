package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workbench/plugins"
	"workbench/plugins/check"
	"workbench/plugins/stdlib"
)

func newCheckCommand(std streams) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check PLUGIN [KEY=VALUE]...",
		Short: "Look for mistakes in a plugin, without serving it",
		Long: `Load a plugin script, play a client, and report what is to be mended, with file
and line: callbacks that are missing, misspelt or written for the other API
version; pairs that do not fit, as can_trim without trim; sizes and block sizes
that do not fit; short reads, reads that do not agree, extents that say zero where
there is data; a callback that hangs or is slow; parameters that nobody reads.

Only reads are sent, to the first, last, odd and unaligned parts of the disk. With
--write the disk is also written, read back and compared, and each part of it is
put back as it was before the next is tried: use a copy of what is dear to you.

An error that the script raises on purpose, by a name as in "ENOSPC: disk full",
is no mistake; it is listed as a refusal.

Exit status: 0, 1 if anything found is an error, 2 for a wrong command line.`,
		Example: `  workbench check disk.lua
  workbench check disk.lua file=copy.img --write
  workbench check disk.star --json | jq -r 'select(.kind == "finding") | .text'`,
		ValidArgsFunction: completeScripts,
		RunE: func(cmd *cobra.Command, args []string) error {
			bare, params, err := splitArgs(args, "the plugin")
			if err != nil {
				return err
			}
			o.script, o.params = bare[0], params
			if err := o.complete(); err != nil {
				return err
			}
			return runCheck(cmd.Context(), &o, std)
		},
	}
	o.addFlags(cmd.Flags())
	addPluginHelp(cmd, std)
	return cmd
}

// checkOptions are the flags of check.
type checkOptions struct {
	script   string
	params   []plugins.Param
	language string
	export   string
	readOnly bool
	write    bool
	json     bool
	verbose  bool
	limit    time.Duration
	memory   string
	bytes    int64 // memory in bytes, once complete
}

func (o *checkOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.write, "write", false, "also write to the disk, and put back what was there")
	f.BoolVar(&o.json, "json", false, "JSON lines: a finding, refusal or output each, and a summary at the end")
	f.StringVarP(&o.export, "export", "e", "", "check this export alone (default: the default export, and those that are listed)")
	f.BoolVarP(&o.readOnly, "readonly", "r", false, "check as it is served with -r")
	f.StringVar(&o.language, "lang", "", "language of the script: lua or starlark (default by extension, then first line)")
	f.DurationVar(&o.limit, "callback-timeout", defaultCallbackTimeout, "a callback that takes longer is stopped and reported; 0 = never")
	f.StringVar(&o.memory, "memory-limit", "1G", "stop a script that makes the program hold more; 0 = never")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show what nbdkit.debug says too")
}

// complete checks the flags against each other.
func (o *checkOptions) complete() error {
	switch {
	case o.limit < 0:
		return usageError{fmt.Errorf("--callback-timeout %s: a time cannot be below zero", o.limit)}
	case o.write && o.readOnly:
		return usageError{fmt.Errorf("--write and --readonly exclude each other")}
	case len(o.export) > plugins.MaxString:
		return usageError{fmt.Errorf("-e: a name may have %d bytes, this has %d", plugins.MaxString, len(o.export))}
	}
	if err := checkLanguage(o.language); err != nil {
		return err
	}
	var err error
	if o.bytes, err = stdlib.ParseSize(o.memory); err != nil {
		return usageError{fmt.Errorf("--memory-limit: %w", err)}
	}
	return nil
}

// runCheck checks the script and prints what was found. Its error is a
// statusError if that is an error, for then all is said.
func runCheck(ctx context.Context, o *checkOptions, std streams) error {
	src, err := plugins.ReadSource(o.script)
	if err != nil {
		return err
	}
	report, err := check.Run(ctx, check.Options{
		Source:   src,
		Runtimes: runtimes(),
		Language: o.language,
		Params:   o.params,
		Export:   o.export,
		ReadOnly: o.readOnly,
		Write:    o.write,
		Debug:    o.verbose,
		Limit:    o.limit,
		Memory:   o.bytes,
	})
	if err != nil {
		return err
	}
	show := printReport
	if o.json {
		show = printReportJSON
	}
	if err := show(std.Out, report); err != nil {
		return err
	}
	if report.Count(check.Error) > 0 {
		return statusError(exitError)
	}
	return nil
}
