package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"workbench/plugins"
	"workbench/recordings"
	"workbench/tui"
)

// A printer writes events as lines, as they come: finished requests to one
// place, and what else a user must know to another.
type printer struct {
	log      tui.Events
	requests io.Writer // nil: none are printed
	rest     io.Writer
	json     bool
	verbose  bool // the rest is everything, not only reloads and what the script printed

	from uint64 // the number of the first event to print
	gap  string // why events may be missing; "" = the output is too slow

	// filter picks from what is printed, but what a user must know; nil picks
	// all. If it asks for more than requests, what matches goes with them.
	filter *recordings.Filter
}

// errReaderGone is the end of a pipe that nobody reads any more.
var errReaderGone = errors.New("nobody reads the lines any more")

// run prints until ctx ends, and then what there is still to print. It fails
// when it cannot write. It has a place of its own in the log and does not slow
// those who append: what it misses then, it says.
func (p *printer) run(ctx context.Context) error {
	out := bufio.NewWriterSize(p.requests, 64<<10)
	if p.requests == nil {
		out = bufio.NewWriter(io.Discard)
	}
	var (
		events [256]recordings.Event
		line   []byte
		next   = p.from
	)
	for {
		waited := p.log.Wait(ctx, next)
		if waited == nil {
			p.gather(ctx)
		}
		for {
			n := p.log.Read(events[:], next)
			if n == 0 {
				break
			}
			if lost := events[0].Seq - next; lost > 0 {
				if _, err := fmt.Fprintf(p.rest, "workbench: %s not printed: %s\n", plural(int(lost), "event"), p.gapReason()); err != nil {
					return err
				}
			}
			for i := range events[:n] {
				var err error
				if line, err = p.print(out, line[:0], &events[i]); err != nil {
					return readerGone(err)
				}
			}
			next = events[n-1].Seq + 1
		}
		if err := out.Flush(); err != nil {
			return readerGone(err)
		}
		if waited != nil {
			return nil
		}
	}
}

// gatherTime is for how long lines wait for others, to be printed with them.
const gatherTime = 5 * time.Millisecond

// gather lets more events come: to be woken by each of them would cost the
// requests more than all the rest of the log.
func (p *printer) gather(ctx context.Context) {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// gapReason says why events are missing.
func (p *printer) gapReason() string {
	if p.gap != "" {
		return p.gap
	}
	return "this output is too slow"
}

// print writes e where it belongs. It returns line for the next time.
func (p *printer) print(out *bufio.Writer, line []byte, e *recordings.Event) ([]byte, error) {
	isRequest := e.Kind == recordings.Request
	told := e.Kind == recordings.Output || e.Kind == recordings.Reload && !isFirstLoad(e) ||
		e.Kind == recordings.Opened && e.Failed() || failedAside(e)
	asked := p.filter != nil && p.filter.Needs().Kinds // for more than requests
	shown := isRequest || asked || p.verbose
	if shown && p.filter != nil {
		shown = p.filter.Match(e, p.log)
	}
	withRequests := isRequest || asked && shown
	if withRequests && p.requests == nil || !shown && !told {
		return line, nil
	}
	text, ok := p.log.Text(e)
	if !ok {
		text = "(the text is gone: " + p.gapReason() + ")"
	}
	var err error
	if !withRequests {
		if err := out.Flush(); err != nil { // both may be one place: what came before stands before
			return line, err
		}
		return p.printRest(line, e, text)
	}
	if p.json {
		line, err = recordings.AppendJSON(line, e, text)
	} else {
		line = recordings.AppendLine(line, e, text)
	}
	if err != nil {
		return line, err
	}
	line = append(line, '\n')
	_, err = out.Write(line)
	return line, err
}

// printRest writes an event that is no request, for people.
func (p *printer) printRest(line []byte, e *recordings.Event, text string) ([]byte, error) {
	var err error
	switch {
	case e.Kind == recordings.Reload:
		// The excerpt has lines of its own.
		_, err = fmt.Fprintf(p.rest, "workbench: reload: %s\n", printableLines(text))
	case e.Kind == recordings.Opened && e.Failed():
		_, err = fmt.Fprintf(p.rest, "workbench: %s#%d cannot open the disk: %s\n", e.Front, e.Conn, recordings.Printable(text))
	case failedAside(e) && !p.verbose:
		_, err = fmt.Fprintf(p.rest, "workbench: %s#%d %s: %s\n", e.Front, e.Conn, e.Callback, recordings.Printable(text))
	default:
		line = append(recordings.AppendLine(line, e, text), '\n')
		_, err = p.rest.Write(line)
	}
	return line, err
}

// failedAside reports whether e is a callback that failed where neither a request
// nor the opening of a disk tells of it: a client went away without a reason.
func failedAside(e *recordings.Event) bool {
	if e.Kind != recordings.Callback || !e.Failed() {
		return false
	}
	switch e.Callback {
	case plugins.Preconnect, plugins.ListExports, plugins.ExportDescription, plugins.BlockSize, plugins.Close:
		return true
	}
	return false
}

// isFirstLoad reports whether e is the load of generation 1, which is no reload.
func isFirstLoad(e *recordings.Event) bool { return e.Generation == 1 && !e.Failed() }

// readerGone tells the end of a pipe from other errors.
func readerGone(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return errReaderGone
	}
	return fmt.Errorf("writing the lines: %w", err)
}
