package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/plugins/stdlib"
	"workbench/recordings"
	"workbench/recordings/replay"
)

func newReplayCommand(std streams) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		ValidArgsFunction: completeReplay,
		Use:               "replay RECORDING PLUGIN [KEY=VALUE]...",
		Short:             "Send the requests of a recording to a plugin, and report each answer that differs",
		Long: `Send the requests of a recording to a plugin, each client's on a connection of its
own, and compare the answers: errors, and the data of reads. Requests that ran in
the script one after the other do so again, in the same order; those that ran side
by side may do so again. Then the times of the callbacks stand beside the recorded ones.

Writes can be sent only if the recording has their data (record with --payload
full); what is not known because they are missing is not compared. Of extents
a recording has the errors alone.

A plugin that opens files for writing is not given requests that write, unless
--allow-writes says so: give it a copy, for they change it for good. With -r they
are left out instead. Without parameters, the plugin gets the recorded ones.

Exit status: 0 if nothing differs; 1 if anything does, or for an error; 2 for a
wrong command line.`,
		Example: `  workbench run disk.lua --record before.wbrec --payload full --run 'nbdcopy in.img "$uri"'
  workbench replay before.wbrec disk.lua
  workbench replay before.wbrec disk.lua file=copy.img --allow-writes
  workbench replay before.wbrec disk.lua --speed 1 --json | jq -r 'select(.kind == "callback")'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("the recording is missing")}
			}
			o.recording = args[0]
			bare, params, err := splitArgs(args[1:], "the plugin")
			if err != nil {
				return err
			}
			o.script, o.params = bare[0], params
			if err := o.complete(cmd.Flags()); err != nil {
				return err
			}
			return runReplay(cmd.Context(), &o, std)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// replayOptions are the flags of replay.
type replayOptions struct {
	recording string
	script    string
	params    []plugins.Param
	language  string
	readOnly  bool
	writes    bool
	speed     float64
	limit     int
	json      bool
	timeout   time.Duration
	memory    string
	bytes     int64 // memory in bytes, once complete
}

func (o *replayOptions) addFlags(f *pflag.FlagSet) {
	f.Float64Var(&o.speed, "speed", 0, "how many times as fast as recorded: 1 is the recorded speed (default as fast as the plugin goes)")
	f.BoolVar(&o.writes, "allow-writes", false, "send requests that write also to a plugin that opens files for writing")
	f.BoolVarP(&o.readOnly, "readonly", "r", false, "open disks read-only, and leave out the requests that write")
	f.StringVar(&o.language, "lang", "", "language of the script: lua or starlark (default by extension, then first line)")
	f.DurationVar(&o.timeout, "callback-timeout", defaultCallbackTimeout, "stop a callback that runs longer, and answer EIO; 0 = never")
	f.StringVar(&o.memory, "memory-limit", "1G", "stop a script that makes the program hold more, disks in memory left out; 0 = never")
	addDifferenceFlags(f, &o.json, &o.limit)
}

// addDifferenceFlags registers how differences are shown.
func addDifferenceFlags(f *pflag.FlagSet, json *bool, limit *int) {
	f.BoolVar(json, "json", false, "JSON lines: a difference, left, callback or note each, and a summary at the end")
	f.IntVar(limit, "limit", 10, "show so many differences; all are counted")
}

// complete checks the flags against each other.
func (o *replayOptions) complete(f *pflag.FlagSet) error {
	switch {
	case o.speed < 0 || f.Changed("speed") && o.speed == 0 || math.IsNaN(o.speed) || math.IsInf(o.speed, 0):
		return usageError{fmt.Errorf("--speed %g: want a number above zero, as 1 or 0.5; leave it out to go as fast as the plugin can", o.speed)}
	case o.limit < 1:
		return usageError{fmt.Errorf("--limit %d: there must be at least one", o.limit)}
	case o.timeout < 0:
		return usageError{fmt.Errorf("--callback-timeout %s: a time cannot be below zero", o.timeout)}
	case o.writes && o.readOnly:
		return usageError{errors.New("--allow-writes and --readonly exclude each other")}
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

// runReplay replays the recording and prints what differs. Its error is a
// statusError if anything does, for then all is said.
func runReplay(ctx context.Context, o *replayOptions, std streams) error {
	rec, err := recordings.OpenFile(o.recording)
	if err != nil {
		return err
	}
	if len(o.params) == 0 {
		o.params = rec.Header().Params
	}
	bar := newProgressBar(std.Err)
	report, err := replayFile(ctx, o, rec, bar.show)
	bar.clear()
	if missing := rec.Missing(); missing != "" && report != nil {
		report.Notes = append(report.Notes, "the recording is not complete: "+missing)
	}
	err = errors.Join(err, rec.Close())
	if report == nil {
		return err
	}
	return showDifferences(std, report, o.json, differenceWords{"recorded", "now", "the answers are those of the recording"}, err)
}

// replayFile replays rec against the plugin, which it starts and ends.
func replayFile(ctx context.Context, o *replayOptions, rec recordings.Recording, progress func(done, total uint64)) (*replay.Report, error) {
	files := &fileGuard{allow: o.writes}
	log := recordings.NewLog(replayLog)
	h, err := host.New(ctx, host.Options{
		Version:         versionNumber(),
		Path:            o.script,
		Params:          o.params,
		ReadOnly:        o.readOnly || rec.Header().ReadOnly,
		Language:        o.language,
		Runtimes:        runtimes(),
		Log:             log,
		Persist:         files.persist,
		CallbackTimeout: o.timeout,
		MemoryLimit:     o.bytes,
	})
	if err != nil {
		if refused := files.check(0); refused != nil {
			return nil, refused
		}
		return nil, err
	}
	report, err := replay.Run(ctx, rec, h, replay.Options{
		Speed: o.speed, ReadOnly: o.readOnly, Allow: files.check, Limit: o.limit,
		Stats: log.Stats, Progress: progress,
	})
	closing, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), stopTimeout,
		fmt.Errorf("the script did not end in %s", stopTimeout))
	defer cancel()
	return report, errors.Join(err, h.Close(closing))
}

// replayLog is the size of the log of a replay, of which only the figures are read.
const replayLog = 1 << 20

// A fileGuard keeps a replay from changing files that its plugin opens.
type fileGuard struct {
	allow bool

	mu      sync.Mutex
	path    string // the first file that was opened for writing; guarded by mu
	refused bool   // the script wanted to change it there and then, and may be out of step; guarded by mu
}

// persist is plugins.Env.Persist. To open a file for writing changes nothing
// yet; to make, empty, rename or remove one does.
func (g *fileGuard) persist(path string, changes bool) error {
	if g.allow {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.path == "" || changes && !g.refused {
		g.path = path
	}
	if !changes {
		return nil
	}
	g.refused = true
	return &plugins.Error{Msg: g.problem().Error()}
}

// check says why a request must not be sent, once the script has asked for a file.
func (g *fileGuard) check(op plugins.Op) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refused || g.path != "" && op.Writes() {
		return g.problem()
	}
	return nil
}

// problem says what the script wanted. The caller holds g.mu.
func (g *fileGuard) problem() error {
	return fmt.Errorf("the plugin opens %s for writing, which the replay would change: give it a copy and add --allow-writes, or leave out the writes with -r", g.path)
}
