package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

//go:embed scripts
var scripts embed.FS

// A lab is where a section measures: a private folder with the scripts, the
// program, and what runs there. It is closed after the section.
type lab struct {
	dir       string // short, for the names of sockets
	workbench string // the program
	settings
	section  string         // that runs
	picked   *regexp.Regexp // rows to measure; nil = all
	progress io.Writer

	rows    []row // measured so far
	numbers int   // of doors so far
	closers []func() error
}

// settings say how long is measured.
type settings struct {
	pairs    int
	seconds  time.Duration // of one turn
	requests int           // after which the memory is looked at
	short    bool          // leave out rows that say little beside others
}

// newLab makes the folder.
func newLab(workbench string, s settings) (*lab, error) {
	dir, err := os.MkdirTemp("", "wbb")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, workbench: workbench, settings: s, progress: io.Discard}
	l.onClose(l.remove)
	if err := os.CopyFS(dir, scripts); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

// remove removes the folder, unless something is mounted in it.
func (l *lab) remove() error {
	switch mounted, err := mountedBelow(l.dir); {
	case err != nil:
		return err
	case len(mounted) > 0:
		return fmt.Errorf("%s stays: %s is still mounted", l.dir, mounted[0])
	}
	return os.RemoveAll(l.dir)
}

func (l *lab) onClose(f func() error) { l.closers = append(l.closers, f) }

// close undoes what was done, the last first.
func (l *lab) close() error { return l.closeDown(0) }

// closeDown undoes all but the first so many.
func (l *lab) closeDown(first int) error {
	var errs []error
	for _, f := range slices.Backward(l.closers[first:]) {
		errs = append(errs, f())
	}
	l.closers = l.closers[:first]
	return errors.Join(errs...)
}

func (l *lab) path(name string) string   { return filepath.Join(l.dir, name) }
func (l *lab) script(name string) string { return filepath.Join(l.dir, "scripts", name) }

// A disk is a server of one script, with the socket where clients find it.
type disk struct {
	*server
	socket string
}

func (d *disk) uri() string { return "nbd+unix:///?socket=" + d.socket }

// A door is where a server that was not started yet will be found.
type door struct{ socket, pidFile string }

func (l *lab) newDoor() door {
	l.numbers++
	number := strconv.Itoa(l.numbers)
	return door{socket: l.path("s" + number), pidFile: l.path("p" + number)}
}

// ours is the command of the workbench that serves a script at a door.
func (l *lab) ours(d door, verb, script string, arguments ...string) *exec.Cmd {
	return l.command(l.workbench, append([]string{verb, "-U", d.socket, "-P", d.pidFile, "--exit-with-parent", l.script(script)}, arguments...))
}

// nbdkit is the command of nbdkit that does; options, such as filters, come
// before the language, and parameters after the script.
func (l *lab) nbdkit(d door, options []string, language, script string, parameters ...string) *exec.Cmd {
	arguments := append([]string{"-f", "-U", d.socket, "-P", d.pidFile, "--exit-with-parent"}, options...)
	return l.command("nbdkit", append(append(arguments, language, l.script(script)), parameters...))
}

func (l *lab) command(name string, arguments []string) *exec.Cmd {
	cmd := exec.Command(name, arguments...)
	cmd.Dir = l.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM} // the keys of the terminal are for us
	return cmd
}

// start starts a server at a door and waits until it is ready.
func (l *lab) start(ctx context.Context, cmd *exec.Cmd, d door) (*disk, error) {
	s, err := l.startServer(ctx, cmd, func() bool { return isWritten(d.pidFile) })
	return &disk{s, d.socket}, err
}

// startServer starts any server, which is stopped with the lab at the latest.
func (l *lab) startServer(ctx context.Context, cmd *exec.Cmd, ready func() bool) (*server, error) {
	s, err := startServer(cmd)
	if err != nil {
		return nil, err
	}
	l.onClose(s.stop)
	return s, s.await(ctx, ready)
}

// startOurs starts the workbench, headless, its lines to nowhere.
func (l *lab) startOurs(ctx context.Context, script string, arguments ...string) (*disk, error) {
	d := l.newDoor()
	return l.start(ctx, l.ours(d, "run", script, append(arguments, "--headless")...), d)
}

// startNbdkit starts nbdkit without filters.
func (l *lab) startNbdkit(ctx context.Context, language, script string, parameters ...string) (*disk, error) {
	d := l.newDoor()
	return l.start(ctx, l.nbdkit(d, nil, language, script, parameters...), d)
}

// A side does one turn.
type side func(context.Context) (sample, error)

// wants reports whether a row is to be measured.
func (l *lab) wants(name string) bool {
	return l.picked == nil || l.picked.MatchString(l.section+": "+name)
}

// compare measures a row, if it is wanted; theirs may be nil. A turn that fails
// ends the row, which says so; only the end of ctx is an error.
func (l *lab) compare(ctx context.Context, r row, ours, theirs side) error {
	if !l.wants(r.name) {
		return nil
	}
	for range l.pairs {
		if r.failure == nil {
			r.ours, r.failure = turn(ctx, r.ours, ours)
		}
		if r.failure == nil && theirs != nil {
			r.theirs, r.failure = turn(ctx, r.theirs, theirs)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.rows = append(l.rows, r)
	l.say(&r)
	return nil
}

func turn(ctx context.Context, samples []sample, s side) ([]sample, error) {
	got, err := s(ctx)
	if err != nil {
		return samples, err
	}
	return append(samples, got), nil
}

// say prints a row while others are still to come.
func (l *lab) say(r *row) {
	switch {
	case r.failure != nil:
		fmt.Fprintf(l.progress, "%s: %s: %s\n", l.section, r.name, oneLine(r.failure))
	case len(r.theirs) == 0:
		fmt.Fprintf(l.progress, "%s: %s: %s\n", l.section, r.name, r.unit.format(median(values(r.ours))))
	default:
		fmt.Fprintf(l.progress, "%s: %s: %s, %s: %s\n", l.section, r.name,
			r.unit.format(median(values(r.ours))), r.unit.format(median(values(r.theirs))), figure(median(r.ratios())))
	}
}
