package fusemount

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// blockSize is what stat and statfs say, in bytes. It has no other meaning.
const blockSize = 4096

// attrTimeout is how long the kernel may remember names and attributes. They
// do not change while a disk is open, but for the times, of which the kernel
// knows when to ask again, or is told.
const attrTimeout = time.Hour

// A disk is one file. Its methods may be called on many goroutines at once.
type disk struct {
	tree        *tree
	node        uint64 // what the kernel calls it
	name        string // in the folder; "" if the file itself is mounted
	export      string
	description string // for people; may be empty

	modified atomic.Int64            // a plugins.Stamp: when the disk was written last
	current  atomic.Pointer[session] // never nil once the disk is mounted
	turn     chan struct{}           // holds one token while renew is at work
}

// session returns the session in which a program opened the file.
func (d *disk) session(number uint64) (*session, fuse.Status) {
	if s := d.current.Load(); s.number == number {
		return s, fuse.OK
	}
	return nil, status(errCutOff)
}

// renew returns the session of d, a new one if the last has ended: the backend
// cut it off, because the disk is another one now. Whoever opens the file, and a
// goroutine when it is told, call it.
func (d *disk) renew(ctx context.Context) (*session, error) {
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	old := d.current.Load()
	if old.ended() == nil {
		return old, nil
	}
	if d.tree.ending.Load() {
		return nil, errUnmounted
	}
	if err := d.tree.leave(old); err != nil {
		return nil, fmt.Errorf("closing the disk before: %w", err)
	}
	s, err := d.tree.open(ctx, d)
	if err != nil {
		return nil, err
	}
	s.number = old.number + 1
	// Before anybody can notice it.
	d.tree.log(d.tree.place.file(d.name) + " is another disk now: programs that had it open get ESTALE and must open it again")
	d.current.Store(s)
	if d.tree.ending.Load() {
		s.end(errUnmounted)
	}
	d.touch()
	d.tree.stale.all(d.node)
	return s, nil
}

// keeps reports whether what is written is to be given away. See plugins.Keeps.
func (d *disk) keeps() bool { return d.current.Load().keeps }

// touch notes that the disk was written.
func (d *disk) touch() { d.modified.Store(int64(plugins.Now())) }

// fill sets the attributes of the file.
func (d *disk) fill(a *fuse.Attr) {
	t, info := d.tree, d.current.Load().info
	modified := t.mounted
	if at := plugins.Stamp(d.modified.Load()); at != 0 {
		modified = at.Time()
	}
	a.Ino = d.node
	a.Owner = t.owner
	a.Blksize = blockSize
	a.Mode = syscall.S_IFREG | t.permit(0o600)
	if info.ReadOnly {
		a.Mode = syscall.S_IFREG | t.permit(0o400)
	}
	a.Nlink = 1
	a.Size = info.Size
	a.Blocks = info.Size/512 + min(info.Size%512, 1) // of 512 bytes, whatever Blksize says
	a.SetTimes(&t.mounted, &modified, &modified)
}

// Open lets in whoever the kernel let through.
func (d *disk) Open(in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	t, s := d.tree, d.current.Load()
	if s.ended() != nil {
		var err error
		if s, err = d.renew(t.base); err != nil {
			return status(err)
		}
	}
	if s.info.ReadOnly && in.Flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return fuse.EROFS
	}
	t.asked.forget(in.Pid)
	out.Fh = s.number
	switch {
	case !t.cache:
		out.OpenFlags = fuse.FOPEN_DIRECT_IO | fuse.FOPEN_PARALLEL_DIRECT_WRITES
	case s.seen.Swap(true): // else what is cached may be of the disk before
		out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	}
	return fuse.OK
}
