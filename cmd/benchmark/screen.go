package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func measureScreen(ctx context.Context, l *lab) error {
	return l.try(ctx, l.onScreen, l.ourScript("blocks.lua"), l.ownTrials(0.9))
}

// onScreen starts the workbench with its screen open, on a terminal of a fixed
// size from which all is read and nothing kept.
func (l *lab) onScreen(ctx context.Context) (*disk, error) {
	ours, theirs, err := openTerminal(120, 40)
	if err != nil {
		return nil, err
	}
	d := l.newDoor()
	cmd := l.ours(d, "run", "blocks.lua")
	cmd.Stdin, cmd.Stdout = theirs, theirs
	cmd.Env = append(os.Environ(), "TERM=tmux-256color", "COLORTERM=truecolor") // of which it asks nothing
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGTERM}

	drained := make(chan struct{})
	go func() {
		defer close(drained)
		// It ends with an error when the other end is closed.
		_, _ = io.Copy(io.Discard, ours)
	}()
	l.onClose(func() error { // after the server has ended
		err := ours.Close()
		<-drained
		return err
	})
	started, err := l.start(ctx, cmd, d)
	return started, errors.Join(err, theirs.Close())
}

// openTerminal returns both ends of a new terminal: ours, from which is read what
// is drawn, and the one of the program.
func openTerminal(columns, lines uint16) (ours, theirs *os.File, err error) {
	if ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	raw, err := ours.SyscallConn() // Fd would make it block, and Close wait for a read
	if err != nil {
		return nil, nil, errors.Join(err, ours.Close())
	}
	number := 0
	if cerr := raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
			return
		}
		if number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err != nil {
			return
		}
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: lines, Col: columns})
	}); cerr != nil || err != nil {
		return nil, nil, errors.Join(cerr, err, ours.Close())
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, errors.Join(err, ours.Close())
	}
	return ours, theirs, nil
}
