package main

import (
	"context"
	"strconv"
	"time"
)

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
