package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"time"

	"workbench/nbd"
)

// copySize is the size of the disks that are copied, and copyLimit how long one
// copy may take.
const (
	copySize  = 128 << 20
	copyLimit = time.Minute
)

func measureCopy(ctx context.Context, l *lab) error {
	image := l.path("image")
	if err := writeImage(image, copySize); err != nil {
		return err
	}
	size := "size=" + strconv.Itoa(copySize)
	ours, err := l.startOurs(ctx, "blocks.lua", size)
	if err != nil {
		return err
	}
	theirs, err := l.startNbdkit(ctx, "lua", "blocks.lua", size)
	if err != nil {
		return err
	}
	for _, way := range []struct {
		name     string
		from, to func(*disk) string
	}{
		{"from a file to the disk", func(*disk) string { return image }, (*disk).uri},
		{"from the disk to nowhere", (*disk).uri, func(*disk) string { return "null:" }},
	} {
		copied := func(d *disk) side {
			return func(ctx context.Context) (sample, error) {
				began := time.Now()
				_, err := runTool(ctx, copyLimit, l.dir, []*server{d.server}, "nbdcopy", way.from(d), way.to(d))
				return sample{value: copySize / (1 << 20) / time.Since(began).Seconds()}, err
			}
		}
		if err := l.compare(ctx, row{name: way.name, unit: mebibytes}, copied(ours), copied(theirs)); err != nil {
			return err
		}
	}
	return nil
}

// writeImage makes a file without holes, of which each run has the same bytes.
func writeImage(path string, size int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	bytes := rand.NewChaCha8([32]byte{1})
	var block [4096]byte
	for range size / len(block) {
		if _, err := bytes.Read(block[:]); err != nil {
			return err
		}
		if _, err := w.Write(block[:]); err != nil {
			return err
		}
	}
	return w.Flush()
}

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

// memorySize is the size of the disk whose memory is looked at, and slowest how
// many requests a second are waited for.
const (
	memorySize = 16 << 20
	slowest    = 20_000
)

// measureMemory does so many requests once, however many pairs are asked for.
func measureMemory(ctx context.Context, l *lab) error {
	r := row{name: "after " + thousands(l.requests) + " requests", unit: memory, goal: within(200)}
	if !l.wants(r.name) {
		return nil
	}
	d, err := l.startOurs(ctx, "blocks.lua", "size="+strconv.Itoa(memorySize))
	if err != nil {
		return err
	}
	l.pairs = 1
	return l.compare(ctx, r, func(ctx context.Context) (s sample, err error) {
		limit := fioSlack + time.Duration(l.requests/slowest)*time.Second
		if _, err = runTool(ctx, limit, l.dir, []*server{d.server}, "fio", "--name=many", "--ioengine=nbd", "--uri="+d.uri(),
			"--rw=randrw", "--bs=4k", "--iodepth=16", "--size="+strconv.Itoa(memorySize),
			"--io_size="+strconv.Itoa(4096*l.requests), "--norandommap", "--output-format=json"); err != nil {
			return s, err
		}
		s.value, err = d.resident()
		return s, err
	}, nil)
}

// thousands writes a round number of them.
func thousands(n int) string {
	if n%1_000_000 == 0 {
		return strconv.Itoa(n/1_000_000) + " million"
	}
	return strconv.Itoa(n/1000) + " thousand"
}
