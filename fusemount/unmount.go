package fusemount

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Close unmounts the disk, closes it and removes what Mount created. If a
// program has the file open, requests in flight may finish until ctx ends and
// are cancelled then; whatever the program asks after that fails. Close
// returns what it could not do. It may be called again.
func (f *FS) Close(ctx context.Context) error {
	// umount(2) waits for pages that were written through a memory map. If they
	// do not get done, cancelling what is left is the only way out.
	defer context.AfterFunc(ctx, func() { f.tree.cancel(errUnmounted) })()
	f.closing.Do(func() { f.stuck = f.unmount(ctx) })
	if f.stuck != nil && !f.endsBefore(ctx) {
		return fmt.Errorf("unmounting %s: %w", f.place.path, f.stuck)
	}
	<-f.done
	if f.err != nil {
		return fmt.Errorf("unmounting %s: %w", f.place.path, f.err)
	}
	return nil
}

// endsBefore waits for the end of f or of ctx, and reports whether f has ended.
func (f *FS) endsBefore(ctx context.Context) bool {
	select {
	case <-f.done:
	case <-ctx.Done():
	}
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// How long to try the gentle way. A program that has just ended may hold the
// file for a moment, as the kernel closes it afterwards.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = 80 * time.Millisecond
)

// errDetached is the state of a mount that somebody else took away: it has
// ended, or ends when the last program closes the file.
var errDetached = errors.New("it was unmounted by somebody else, but programs still have the file open")

// unmount ends the connection to the kernel: gently if the file is not in use,
// else by force, once no request is in flight.
func (f *FS) unmount(ctx context.Context) error {
	var inUse error
	for pause := firstPause; pause <= lastPause; pause *= 2 {
		mine, err := ownMount(f.place.path)
		if err != nil {
			return err
		}
		if mine == nil {
			f.tree.end()
			f.tree.drain()
			return errDetached
		}
		if inUse = f.way.unmount(f.place.path); inUse == nil {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	f.tree.end()
	f.log(f.inUse(ctx, inUse))
	f.tree.drain()
	<-time.After(lastPause) // an answer is sent after its request has ended
	mine, err := ownMount(f.place.path)
	switch {
	case err != nil:
		return err
	case mine == nil:
		return errDetached
	}
	return f.way.force(mine)
}

// inUse says that programs have the mount open, and which, since unmounting it
// failed for err.
func (f *FS) inUse(ctx context.Context, err error) string {
	who := "the programs that have it open"
	if e, merr := ownMount(f.place.path); merr == nil && e != nil {
		if names := holders(ctx, e); len(names) > 0 {
			who = listed(names)
		}
	}
	return fmt.Sprintf("%s is in use: taking it away from %s (%v)", f.Path(), who, err)
}
