package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"workbench/plugins/examples"
	"workbench/recordings"
	"workbench/tui"
)

// tourScript is the example that the tour serves.
const tourScript = "tour.lua"

// runTour serves an example from a private folder, with demo traffic, on the
// screen. It needs nothing but a terminal.
func runTour(ctx context.Context, l look, std streams) (err error) {
	if !isTerminal(std.Out) || !isTerminal(std.In) {
		return usageError{errors.New("the tour needs a terminal: name a verb, as in `workbench run disk.lua`, or see `workbench --help`")}
	}
	example, ok := examples.Find(tourScript)
	if !ok {
		return fmt.Errorf("the example %s is not in this program", tourScript)
	}
	dir, err := os.MkdirTemp("", "workbench-tour-")
	if err != nil {
		return fmt.Errorf("making a folder for the tour: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	script := filepath.Join(dir, tourScript)
	if err := os.WriteFile(script, []byte(example.Source), 0o644); err != nil {
		return fmt.Errorf("writing the script of the tour: %w", err)
	}

	b, err := openBench(ctx, &benchOptions{
		script: script, unix: "-", port: -1, threads: 16, look: l,
		callbackTimeout: defaultCallbackTimeout, memoryLimit: defaultMemoryLimit,
	}, recordings.NewLog(0))
	if err != nil {
		return err
	}
	return b.serve(ctx, func(ctx context.Context) error {
		traffic, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := demoTraffic(traffic, b.uri()); err != nil && traffic.Err() == nil {
				b.say(fmt.Sprintf("the demo traffic has ended: %v", err))
			}
		}()
		// It has another folder each time, but what was typed belongs together.
		err := b.showScreen(ctx, std, "/"+tourScript, tui.Options{
			Title:     "tour",
			Checklist: tourList(script),
		})
		stop()
		<-done
		return err
	})
}

// tourList is what the tour has people try. The log shows that they did.
func tourList(script string) *tui.Checklist {
	done := func(filter string) *recordings.Filter {
		f, err := recordings.ParseFilter(filter)
		if err != nil {
			panic(err) // a test gives the tour
		}
		return f
	}
	return &tui.Checklist{
		Title: "tour",
		Intro: "Two clients use a disk that is a script. Some answers are slow, some fail.",
		Steps: []tui.Step{
			{
				Text: "Change the script and save it: the clients stay connected",
				Hint: "{edit} edits " + script + "; try FAIL_EVERY = 5",
				Done: done("kind:reload gen>=2 !err"),
			},
			{
				Text: "Hold a request, look at it, and let it go",
				Hint: "{hold} holds all that come, enter shows one, {hold} again ends that, {held.release.all} lets them go",
				Done: done("kind:request held"),
			},
			{
				Text: "Have requests fail by a rule",
				Hint: "{rule}, then type: op:write => fail ENOSPC",
				Done: done(`kind:request ruled err "=> fail"`),
			},
		},
	}
}
