package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	// What is started ends with the thread that started it (Pdeathsig): this one
	// ends with the program, be it killed.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	settings
	sections  string
	rows      string
	output    string
	workbench string
}

// wholeOutput is where the report of a whole run goes.
const wholeOutput = "BENCHMARKS.md"

func parseOptions(arguments []string, stderr io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	f.SetOutput(stderr)
	var names []string
	for _, s := range sections() {
		names = append(names, s.name)
	}
	f.BoolVar(&o.short, "short", false, "measure less, in about three minutes")
	f.IntVar(&o.pairs, "pairs", 0, "turns of each side in a row (default 5, with -short 2)")
	f.DurationVar(&o.seconds, "turn", 0, "length of a turn (default 1s, with -short 500ms)")
	f.IntVar(&o.requests, "requests", 0, "requests after which the memory is looked at (default 10000000, with -short 500000)")
	f.StringVar(&o.sections, "sections", "", "measure these alone, by comma: "+strings.Join(names, ","))
	f.StringVar(&o.rows, "rows", "", "measure the rows alone that match, as \"section: row\"; a regular expression")
	f.StringVar(&o.output, "o", "", "where the report goes, - is standard output (default "+wholeOutput+" for a whole run, else -)")
	f.StringVar(&o.workbench, "workbench", "", "measure this program (default: it is built from here)")
	if err := f.Parse(arguments); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("what is %q? there are flags only", f.Arg(0))
	}
	ordinary := settings{pairs: 5, seconds: time.Second, requests: 10_000_000}
	if o.short {
		ordinary = settings{pairs: 2, seconds: 500 * time.Millisecond, requests: 500_000}
	}
	if o.pairs == 0 {
		o.pairs = ordinary.pairs
	}
	if o.seconds == 0 {
		o.seconds = ordinary.seconds
	}
	if o.requests == 0 {
		o.requests = ordinary.requests
	}
	if o.pairs < 1 || o.seconds < 10*time.Millisecond || o.requests < 1000 {
		return nil, errors.New("-pairs wants 1 at least, -turn 10ms, -requests 1000")
	}
	if o.output == "" {
		o.output = "-"
		if !o.short && o.sections == "" && o.rows == "" {
			o.output = wholeOutput
		}
	}
	return &o, nil
}

// run measures what the arguments ask for and writes the report. It fails if a
// part could not be measured, after it has written the rest; a target that is
// missed is no failure.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) (err error) {
	o, err := parseOptions(arguments, stderr)
	if err != nil {
		return err
	}
	chosen, err := choose(o.sections)
	if err != nil {
		return err
	}
	picked, err := regexp.Compile(o.rows)
	if err != nil {
		return fmt.Errorf("-rows: %w", err)
	}
	workbench, remove, err := program(ctx, o.workbench)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	r := &report{command: commandLine(arguments), began: time.Now(), pairs: o.pairs, seconds: o.seconds, machine: describeMachine(ctx, workbench)}
	failures := 0
	for _, s := range chosen {
		t := measure(ctx, &s, workbench, o.settings, picked, stderr)
		if ctx.Err() != nil {
			return errors.Join(errors.New("stopped; nothing was written"), t.failure)
		}
		if t.failure != nil {
			failures++
			fmt.Fprintf(stderr, "%s: %s\n", s.name, oneLine(t.failure))
		}
		for i := range t.rows {
			if t.rows[i].failure != nil {
				failures++
			}
		}
		if t.failure != nil || len(t.rows) > 0 {
			r.tables = append(r.tables, t)
		}
	}
	r.took = time.Since(r.began)
	if err := save(r, o.output, stdout); err != nil {
		return err
	}
	if failures > 0 {
		return fmt.Errorf("%s could not be measured: see the report", plural(failures, "part"))
	}
	return nil
}

// measure does one section.
func measure(ctx context.Context, s *section, workbench string, settings settings, picked *regexp.Regexp, progress io.Writer) table {
	t := table{title: s.title, text: s.text}
	l, err := newLab(workbench, settings)
	if err != nil {
		t.failure = err
		return t
	}
	l.section, l.picked, l.progress = s.name, picked, progress
	t.failure = errors.Join(s.run(ctx, l), l.close())
	t.rows = l.rows
	return t
}

// choose returns the sections that are named, in the order of the report.
func choose(names string) ([]section, error) {
	all := sections()
	if names == "" {
		return all, nil
	}
	wanted := strings.Split(names, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(s section) bool { return s.name == name }) {
			return nil, fmt.Errorf("-sections: there is no %q", name)
		}
	}
	return slices.DeleteFunc(all, func(s section) bool { return !slices.Contains(wanted, s.name) }), nil
}

// buildLimit is how long the program may take to build.
const buildLimit = 5 * time.Minute

// program returns the workbench to measure, built as users build it if none is
// named, and what removes it.
func program(ctx context.Context, path string) (string, func() error, error) {
	if path != "" {
		path, err := filepath.Abs(path)
		return path, func() error { return nil }, err
	}
	dir, err := os.MkdirTemp("", "wbb")
	if err != nil {
		return "", nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	path = filepath.Join(dir, "workbench")
	if _, err := runTool(ctx, buildLimit, "", nil, "env", "CGO_ENABLED=0", "go", "build", "-trimpath", "-o", path, "workbench/cmd/workbench"); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return path, remove, nil
}

// commandLine is how to run this again in a shell.
func commandLine(arguments []string) string {
	line := "go run ./cmd/benchmark"
	for _, a := range arguments {
		if strings.ContainsAny(a, " ()|$*?^\\\"") {
			a = "'" + a + "'"
		}
		line += " " + a
	}
	return line
}

func save(r *report, path string, stdout io.Writer) (err error) {
	if path == "-" {
		return r.write(stdout)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.write(f)
}
