package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"workbench/nbd"
	"workbench/plugins"
)

// demoPace is the mean time between two requests of a demo client.
const demoPace = 40 * time.Millisecond

// demoDisk is the least size of a disk that the demo clients can use.
const demoDisk = 2 << 20

var errDemoDisk = fmt.Errorf("the disk is smaller than %d bytes", demoDisk)

// demoTraffic sends what two clients might, until ctx ends: one that writes a
// file and makes it safe, and one that reads here and there. Errors that the
// script raises are part of the show; a lost connection ends it.
func demoTraffic(ctx context.Context, uri string) error {
	clients := []func(context.Context, plugins.Handle, *rand.Rand) error{demoWriter, demoReader}
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, client := range clients {
		wg.Go(func() {
			conn, err := nbd.Dial(ctx, uri)
			if err != nil {
				errs[i] = fmt.Errorf("connecting to %s: %w", uri, err)
				return
			}
			defer func() { errs[i] = errors.Join(errs[i], conn.Close()) }()
			errs[i] = client(ctx, conn, rand.New(rand.NewPCG(1, uint64(i))))
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// demoWriter appends to the disk as to a file: some blocks in a row, a flush
// now and then, and the space given back when it begins anew.
func demoWriter(ctx context.Context, disk plugins.Handle, rng *rand.Rand) error {
	info := disk.Info()
	if info.Size < demoDisk {
		return errDemoDisk
	}
	block := make([]byte, 4096)
	offset := uint64(0)
	for n := 0; ; n++ {
		r := plugins.Request{Op: plugins.OpWrite, Offset: offset, Length: uint64(len(block)), Data: block}
		switch {
		case n%16 == 15 && info.CanFlush:
			r = plugins.Request{Op: plugins.OpFlush}
		case n%64 == 32 && info.CanTrim:
			r = plugins.Request{Op: plugins.OpTrim, Offset: 0, Length: 1 << 20}
		case n%64 == 48:
			r = plugins.Request{Op: plugins.OpZero, Offset: offset, Length: 64 << 10, Flags: plugins.FlagMayTrim}
		default:
			for i := range block {
				block[i] = byte('a' + (n+i/64)%26)
			}
			if n%8 == 7 && info.FUA != plugins.None {
				r.Flags = plugins.FlagFUA
			}
			offset = (offset + r.Length) % (info.Size / 2)
		}
		if err := demoRequest(ctx, disk, &r, rng); err != nil {
			return err
		}
	}
}

// demoReader reads blocks of several sizes from anywhere, and asks now and
// then where there is data.
func demoReader(ctx context.Context, disk plugins.Handle, rng *rand.Rand) error {
	info := disk.Info()
	if info.Size < demoDisk {
		return errDemoDisk
	}
	for n := 0; ; n++ {
		length := uint64(512) << rng.IntN(8) // up to 64 KiB
		r := plugins.Request{Op: plugins.OpRead, Length: length, Offset: rng.Uint64N((info.Size-length)/512) * 512}
		if n%20 == 19 {
			r = plugins.Request{Op: plugins.OpExtents, Length: info.Size}
		}
		if err := demoRequest(ctx, disk, &r, rng); err != nil {
			return err
		}
	}
}

// demoRequest sends r, and waits a little, as long as nobody stops it. What the
// disk answers does not matter.
func demoRequest(ctx context.Context, disk plugins.Handle, r *plugins.Request, rng *rand.Rand) error {
	err := disk.Do(ctx, r)
	var answered *plugins.Error
	if err != nil && !errors.As(err, &answered) {
		return err
	}
	select {
	case <-time.After(demoPace/2 + time.Duration(rng.Int64N(int64(demoPace)))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
