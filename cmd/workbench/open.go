package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"workbench/plugins"
	"workbench/recordings"
	"workbench/tui"
)

// openOptions say what of a recording is shown, and how.
type openOptions struct {
	path         string
	since, until string
	filterText   string
	headless     bool
	json         bool
	verbose      bool
	look         look
}

func newOpenCommand(std streams) *cobra.Command {
	var o openOptions
	cmd := &cobra.Command{
		Use:   "open RECORDING",
		Short: "Look at a recording: the screen, or lines",
		Long: `Look at a recording, as at a live disk: on the screen, or elsewhere, or with
--headless, as one line a finished request on standard output.

A recording that was cut, or is damaged, is shown as far as it is there, and what
is missing is said. --since and --until take a time after the beginning (1m30s), a
time of the day on which the recording began (12:00:05.5), or a whole time
(2026-01-02T12:00:05Z).`,
		Example: `  workbench open disk.wbrec
  workbench open disk.wbrec --since 12:00:05 --until 12:00:06
  workbench open disk.wbrec --headless --filter 'err | dur>10ms'
  workbench open disk.wbrec --json | jq .duration_ns`,
		Args:              wantWords(1, "the recording"),
		ValidArgsFunction: completeRecordings,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.path = args[0]
			return runOpen(cmd.Context(), &o, std)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.since, "since", "", "begin at a time")
	f.StringVar(&o.until, "until", "", "end before a time")
	f.StringVar(&o.filterText, "filter", "", "show or print only what matches; see workbench help filters")
	f.BoolVar(&o.headless, "headless", false, "no screen: one line a finished request (by itself where stdout is no terminal)")
	o.look.addFlags(f)
	f.BoolVar(&o.json, "json", false, "headless: JSON lines")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "headless: callbacks, connections and debug lines too")
	return cmd
}

// runOpen shows a recording.
func runOpen(ctx context.Context, o *openOptions, std streams) (err error) {
	var filter *recordings.Filter
	if o.filterText != "" {
		if filter, err = recordings.ParseFilter(o.filterText); err != nil {
			return usageError{fmt.Errorf("--filter: %w", err)}
		}
	}
	file, err := recordings.OpenFile(o.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	span, err := newSpan(file, o.since, o.until)
	if err != nil {
		return err
	}
	if o.headless || o.json || !isTerminal(std.Out) || !isTerminal(std.In) {
		err = span.print(ctx, o, filter, std)
	} else {
		err = span.show(ctx, o, std)
	}
	if missing := file.Missing(); missing != "" {
		fmt.Fprintf(std.Err, "workbench: %s is not complete: %s\n", o.path, missing)
	}
	return err
}

// A span is the part of a recording between two times. It is what the screen
// and the printer read as if it were a log.
type span struct {
	*recordings.File
	first, next uint64
	stopped     atomic.Bool // nothing more is to be read
}

// newSpan returns the part of f between two times, "" = its begin and end.
func newSpan(f *recordings.File, since, until string) (*span, error) {
	s := &span{File: f}
	s.first, s.next = f.Bounds()
	for _, edge := range []struct {
		flag, text string
		at         *uint64
	}{{"--since", since, &s.first}, {"--until", until, &s.next}} {
		if edge.text == "" {
			continue
		}
		begin, _ := f.Times()
		t, err := recordings.ParseMoment(edge.text, begin)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", edge.flag, err)}
		}
		*edge.at = f.At(t)
	}
	s.next = max(s.next, s.first)
	return s, nil
}

// Bounds implements recordings.Source.
func (s *span) Bounds() (first, next uint64) { return s.first, s.next }

// Read implements recordings.Source.
func (s *span) Read(dst []recordings.Event, from uint64) int {
	from = max(from, s.first)
	if from >= s.next || s.stopped.Load() {
		return 0
	}
	n := s.File.Read(dst[:min(uint64(len(dst)), s.next-from)], from)
	for n > 0 && dst[n-1].Seq >= s.next { // it had to go on behind what is damaged
		n--
	}
	return n
}

// Wait implements tui.Events. Behind the end nothing comes any more.
func (s *span) Wait(ctx context.Context, from uint64) error {
	if from < s.next {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// end returns when the last event of the span came to be: what "now" is in it.
func (s *span) end() plugins.Stamp {
	_, last := s.Times()
	var one [1]recordings.Event
	if s.next > s.first && s.Read(one[:], s.next-1) == 1 {
		if last = one[0].Replied; last == 0 {
			last = one[0].Received
		}
	}
	return last
}

// print prints the span as lines.
func (s *span) print(ctx context.Context, o *openOptions, filter *recordings.Filter, std streams) error {
	if filter != nil {
		filter = filter.At(s.end())
	}
	p := &printer{log: s, from: s.first, gap: "the recording is damaged there",
		requests: std.Out, rest: std.Err, json: o.json, verbose: o.verbose, filter: filter}
	defer context.AfterFunc(ctx, func() { s.stopped.Store(true) })()
	ended, end := context.WithCancel(context.Background())
	end() // print what there is, and do not wait for more
	if err := p.run(ended); !errors.Is(err, errReaderGone) {
		return err
	}
	return nil
}

// show opens the screen over the span.
func (s *span) show(ctx context.Context, o *openOptions, std streams) error {
	h := s.Header()
	last := s.end()
	folders, err := recordingFolders()
	if err != nil {
		return err
	}
	screen := tui.Options{
		Events: s,
		Title:  tui.RecordingTitle(o.path, h),
		Filter: o.filterText,
		Input:  std.In, Output: std.Out,
		Now:     func() plugins.Stamp { return last },
		Folders: folders,
	}
	o.look.apply(&screen, h.Script)
	return tui.Run(ctx, screen)
}

var _ tui.Events = (*span)(nil)
