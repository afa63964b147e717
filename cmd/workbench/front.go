package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"

	"workbench/nbd"
	"workbench/recordings"
	"workbench/tui"
)

// runBench serves what o says, in front of a captive command, as lines, or on
// the screen.
func runBench(ctx context.Context, o *benchOptions, std streams) error {
	if o.dump {
		return dumpPlugin(ctx, o, std)
	}
	if pid := os.Getenv("LISTEN_PID"); pid != "" && !o.inherit {
		fmt.Fprintf(std.Err, "workbench: LISTEN_FDS is not for this process: LISTEN_PID is %s\n", pid)
	}
	b, err := openBench(ctx, o, recordings.NewLog(0))
	if err != nil {
		return err
	}
	switch {
	case o.single:
		return b.serveSingle(ctx, std)
	case o.inherit && !o.headless:
		// Whoever started it with a socket may want the standard output.
		return b.serveLines(ctx, b.captiveLines(std), untilDone)
	case o.run != "":
		return b.serveLines(ctx, b.captiveLines(std), func(ctx context.Context) error {
			return runCaptive(ctx, o.run, b.vars(), std)
		})
	case !o.onScreen(std):
		return b.serveLines(ctx, b.lines(std), func(ctx context.Context) error {
			b.announce(std.Err)
			return untilDone(ctx)
		})
	}
	err = b.serve(ctx, func(ctx context.Context) error {
		return b.showScreen(ctx, std, o.script, tui.Options{Title: o.script, Filter: o.filterText})
	})
	b.summarizeRecording(std.Err)
	return err
}

// onScreen reports whether what happens is shown on the screen.
func (o *benchOptions) onScreen(std streams) bool {
	taken := o.single || o.inherit || o.run != "" // the terminal has another use
	return !taken && !o.headless && isTerminal(std.Out) && isTerminal(std.In)
}

// lines prints the requests on standard output, and the rest on standard error.
func (b *bench) lines(std streams) *printer {
	return &printer{log: b.log, requests: std.Out, rest: std.Err, json: b.o.json, verbose: b.o.verbose, filter: b.o.filter}
}

// untilDone is a front that has nothing to do but wait.
func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// serveSingle serves the client at standard input and output, to its end.
func (b *bench) serveSingle(ctx context.Context, std streams) error {
	served := make(chan error, 1)
	err := b.serveLines(ctx, b.captiveLines(std), func(ctx context.Context) error {
		go func() { served <- b.server.ServeConn(context.WithoutCancel(ctx), b.single) }()
		select {
		case err := <-served:
			served <- err
		case <-ctx.Done(): // closing the bench ends the connection
		}
		return nil
	})
	if cerr := <-served; !errors.Is(cerr, nbd.ErrServerClosed) {
		err = errors.Join(err, cerr)
	}
	return err
}

// captiveLines prints beside a captive command or a single client, which has
// standard output for itself: requests only if asked for.
func (b *bench) captiveLines(std streams) *printer {
	p := &printer{log: b.log, rest: std.Err, json: b.o.json, verbose: b.o.verbose, filter: b.o.filter}
	if b.o.verbose {
		p.requests = std.Err
	}
	return p
}

// serveLines serves with p printing beside it, to the last event.
func (b *bench) serveLines(ctx context.Context, p *printer, front func(context.Context) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	printing, stop := context.WithCancel(context.WithoutCancel(ctx))
	printed := make(chan error, 1)
	go func() {
		err := p.run(printing)
		if err != nil {
			fail(err)
		}
		printed <- err
	}()
	err := b.serve(ctx, front)
	stop()
	b.summarizeRecording(p.rest)
	if err := <-printed; err != nil && !errors.Is(err, errReaderGone) {
		return err
	}
	b.summarize(p)
	return err
}

// announce tells where the disk is.
func (b *bench) announce(w io.Writer) {
	fmt.Fprintf(w, "workbench: %s is served at %s\n", b.o.script, b.uri())
	if b.mount != nil {
		fmt.Fprintf(w, "workbench: and mounted at %s\n", b.mount.Path())
	}
}

// summarize tells how the reloads went, if there were any and the output is
// nobody else's.
func (b *bench) summarize(p *printer) {
	s := b.host.Status()
	quiet := b.o.run != "" || b.o.single
	if s.Reloads+s.Refusals == 0 || quiet && !b.o.verbose {
		return
	}
	fmt.Fprintf(p.rest, "workbench: generation %d; %d reloads, %d refused; the gate was closed for %s at the longest (p99 %s)\n",
		s.Generation, s.Reloads, s.Refusals, recordings.FormatDuration(s.Closed.Longest), recordings.FormatDuration(s.Closed.P99))
}

// showScreen opens the screen until the user quits or ctx ends. What is typed is
// kept for the next run with the script of that name.
func (b *bench) showScreen(ctx context.Context, std streams, script string, o tui.Options) error {
	o.Events, o.Workbench, o.URI = b.log, b.host, b.uri()
	o.Input, o.Output = std.In, std.Out
	b.o.look.apply(&o, script)
	if b.mount != nil {
		o.Mount = b.mount.Path()
	}
	return tui.Run(ctx, o)
}

func isTerminal(f *os.File) bool { return term.IsTerminal(f.Fd()) }
