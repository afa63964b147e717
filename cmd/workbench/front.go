package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"

	"workbench/plugins/host"
	"workbench/recordings"
	"workbench/tui"
)

// runBench serves what o says, in front of a captive command, as lines, or on
// the screen.
func runBench(ctx context.Context, o *benchOptions, std streams) error {
	b, err := openBench(ctx, o, recordings.NewLog(0))
	if err != nil {
		return err
	}
	switch {
	case o.run != "":
		return b.serveLines(ctx, b.captiveLines(std), func(ctx context.Context) error {
			return runCaptive(ctx, o.run, b.vars(), std)
		})
	case o.headless || !isTerminal(std.Out) || !isTerminal(std.In):
		return b.serveLines(ctx, b.lines(std), func(ctx context.Context) error {
			b.announce(std.Err)
			<-ctx.Done()
			return nil
		})
	}
	return b.serve(ctx, func(ctx context.Context) error {
		return b.showScreen(ctx, std, tui.Options{Title: o.script})
	})
}

// lines prints the requests on standard output, and the rest on standard error.
func (b *bench) lines(std streams) *printer {
	return &printer{log: b.log, requests: std.Out, rest: std.Err, json: b.o.json, verbose: b.o.verbose}
}

// captiveLines prints beside a captive command, which has standard output for
// itself: requests only if asked for.
func (b *bench) captiveLines(std streams) *printer {
	p := &printer{log: b.log, rest: std.Err, json: b.o.json, verbose: b.o.verbose}
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
	if s.Reloads+s.Refusals == 0 || b.o.run != "" && !b.o.verbose {
		return
	}
	fmt.Fprintf(p.rest, "workbench: generation %d; %d reloads, %d refused; the gate was closed for %s at the longest\n",
		s.Generation, s.Reloads, s.Refusals, recordings.FormatDuration(s.LongestClosed))
}

// showScreen opens the screen until the user quits or ctx ends.
func (b *bench) showScreen(ctx context.Context, std streams, o tui.Options) error {
	o.Events, o.Workbench, o.URI = b.log, liveHost{b.host}, b.uri()
	o.Input, o.Output = std.In, std.Out
	if b.mount != nil {
		o.Mount = b.mount.Path()
	}
	return tui.Run(ctx, o)
}

// A liveHost is the host as the screen wants it.
type liveHost struct{ *host.Host }

// Reload asks for a reload and returns at once.
func (h liveHost) Reload() { h.Kick() }

func isTerminal(f *os.File) bool { return term.IsTerminal(f.Fd()) }
