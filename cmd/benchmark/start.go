package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"workbench/nbd"
)

func measureStart(ctx context.Context, l *lab) error {
	for _, r := range []struct {
		row
		ours, theirs func(door) *exec.Cmd
	}{
		{row{name: "Lua, over nbdkit's", unit: milliseconds, goal: within(30)},
			func(d door) *exec.Cmd { return l.ours(d, "run", "blocks.lua", "--headless") },
			func(d door) *exec.Cmd { return l.nbdkit(d, nil, "lua", "blocks.lua") }},
		{row{name: "Starlark, over nbdkit's Python", unit: milliseconds, goal: within(30)},
			func(d door) *exec.Cmd { return l.ours(d, "run", "blocks.star", "--headless") },
			func(d door) *exec.Cmd { return l.nbdkit(d, nil, "python", "blocks.py") }},
	} {
		if err := l.compare(ctx, r.row, l.firstByte(r.ours), l.firstByte(r.theirs)); err != nil {
			return err
		}
	}
	return nil
}

// firstByte takes the time from the start of a server to the first byte that a
// client has read, which it tries to do again and again.
func (l *lab) firstByte(command func(door) *exec.Cmd) side {
	return func(ctx context.Context) (s sample, err error) {
		d := l.newDoor()
		cmd := command(d)
		began := time.Now()
		server, err := startServer(cmd)
		if err != nil {
			return s, err
		}
		defer func() { err = errors.Join(err, server.stop()) }()
		ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("no byte was read within %s", startLimit))
		defer cancel()
		client := &disk{server, d.socket}
		again := time.NewTicker(200 * time.Microsecond)
		defer again.Stop()
		for readByte(ctx, client.uri()) != nil { // there is no socket yet
			select {
			case <-again.C:
			case <-server.ended:
				return s, server.died()
			case <-ctx.Done():
				return s, context.Cause(ctx)
			}
		}
		return sample{value: float64(time.Since(began).Microseconds()) / 1000}, nil
	}
}

func readByte(ctx context.Context, uri string) error {
	c, err := nbd.Dial(ctx, uri)
	if err != nil {
		return err
	}
	return errors.Join(c.Read(ctx, make([]byte, 1), 0, 0), c.Close())
}
