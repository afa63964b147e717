package main

import (
	"bufio"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"time"
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

// writeImage makes a file without holes, with the same bytes each time.
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
