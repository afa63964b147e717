package fusemount

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// Options say what to mount. Only Backend must be set.
type Options struct {
	// Backend has the disk.
	Backend plugins.Backend

	// Export is the disk's name, "" for the default export. In a folder the
	// file is called so, or "disk" if that is no file name.
	Export string

	// ReadOnly mounts the disk read-only, which it also is if it cannot be written.
	ReadOnly bool

	// Cache lets the kernel answer reads from its page cache.
	Cache bool

	// Conn is the number of this mount in requests and in the Trace.
	Conn uint32

	// Log is told what people should know, and what go-fuse logs: mostly one
	// line, without a newline at the end. nil discards it. It is called from
	// any goroutine.
	Log func(text string)

	// Trace is told what becomes of the mount. The zero Trace tells nobody.
	Trace Trace

	helper bool // mount by fusermount3 though this is root; for tests
}

// Trace is told what happens to a mount, in the words that package nbd has for
// connections. Each function may be nil.
type Trace struct {
	// Connect is a mount that begins. peer is its mount point.
	Connect func(conn uint32, peer string)

	// Opened is a disk that is mounted and ready for requests.
	Opened func(conn uint32, export string, info plugins.Info)

	// Disconnect is the end of a mount. err is nil if it was unmounted and the
	// disk could be closed.
	Disconnect func(conn uint32, err error)
}

func (t *Trace) connect(conn uint32, peer string) {
	if t.Connect != nil {
		t.Connect(conn, peer)
	}
}

func (t *Trace) opened(conn uint32, export string, info plugins.Info) {
	if t.Opened != nil {
		t.Opened(conn, export, info)
	}
}

func (t *Trace) disconnect(conn uint32, err error) {
	if t.Disconnect != nil {
		t.Disconnect(conn, err)
	}
}

// An FS is a mounted disk. Its methods may be called from any goroutine.
type FS struct {
	place *place
	way   way
	disk  *disk
	end   func() error // takes leave of the backend
	log   func(text string)

	closing sync.Once
	stuck   error // why the mount could not be ended; written once, by closing

	done chan struct{} // closed when the mount has ended and all is put away
	err  error         // what went wrong with that; written before done is closed
}

// Mount opens a disk of o.Backend and mounts it at mountpoint: over a regular
// file, as a file in a folder, or over an empty file that it creates there and
// that is removed in the end. The mount outlives ctx, which is for opening the
// disk. The caller must Close the FS, from this process or, if it was killed,
// by a later Mount at the same place.
func Mount(ctx context.Context, mountpoint string, o Options) (*FS, error) {
	f, err := mount(ctx, mountpoint, &o)
	if err != nil {
		return nil, fmt.Errorf("mounting at %s: %w", mountpoint, err)
	}
	return f, nil
}

func mount(ctx context.Context, mountpoint string, o *Options) (*FS, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	way, err := findWay(o.helper)
	if err != nil {
		return nil, err
	}
	place, err := findPlace(mountpoint, way, o.Log)
	if err != nil {
		return nil, err
	}
	o.Trace.connect(o.Conn, place.path)
	f, err := start(ctx, place, way, o)
	if err != nil {
		o.Trace.disconnect(o.Conn, err)
		return nil, err
	}
	return f, nil
}

// start opens the disk, mounts it at a place that was found fit, and serves it.
func start(ctx context.Context, place *place, way way, o *Options) (*FS, error) {
	params := plugins.OpenParams{
		Export:   o.Export,
		ReadOnly: o.ReadOnly,
		Client:   &plugins.Client{Name: place.path, PID: -1, UID: -1, GID: -1},
		Front:    plugins.FrontFUSE,
		Conn:     o.Conn,
	}
	leave, err := plugins.Admit(ctx, o.Backend, params)
	if err != nil {
		return nil, err
	}
	handle, err := o.Backend.Open(ctx, params)
	if err != nil {
		leave()
		return nil, err
	}
	end := func() error {
		defer leave()
		return handle.Close()
	}
	if err := place.create(); err != nil {
		return nil, errors.Join(err, end())
	}
	d := newDisk(ctx, handle, o)
	if place.folder {
		d.name = fileName(o.Export)
	}
	server, err := newServer(d, place, way, o)
	if err != nil {
		d.cancel(errUnmounted)
		return nil, errors.Join(err, way.detachOwn(place.path), end(), place.remove())
	}
	f := &FS{place: place, way: way, disk: d, end: end, log: o.Log, done: make(chan struct{})}
	o.Trace.opened(o.Conn, o.Export, d.info)
	go f.serve(server, o.Trace, o.Conn)
	return f, nil
}

// maxTransfer is the most that one read or write moves: what the kernel allows
// unless it is told otherwise.
const maxTransfer = 1 << 20

// newServer mounts d and hears the kernel's greeting.
func newServer(d *disk, place *place, way way, o *Options) (*fuse.Server, error) {
	fd, err := way.mount(place.path, place.folder, d.info.ReadOnly)
	if err != nil {
		return nil, err
	}
	// go-fuse takes over what is mounted already under this name.
	return fuse.NewServer(d, fmt.Sprintf("/dev/fd/%d", fd), &fuse.MountOptions{
		Logger: log.New(lineWriter(o.Log), "", 0),

		MaxWrite:      maxTransfer,
		MaxBackground: 64, // asynchronous requests in flight; the kernel's default is 12

		// Reads come from memory: splicing cannot help, and go-fuse would try each time.
		DisableSplice:      true,
		DisableXAttrs:      true,
		DisableReadDirPlus: true,

		// The time stamps change with each write, which must not empty the page cache.
		ExplicitDataCacheControl: o.Cache,

		ExtraCapabilities: fuse.CAP_ATOMIC_O_TRUNC | // Open sees O_TRUNC, instead of a truncation after it
			fuse.CAP_ASYNC_DIO | // asynchronous I/O of one program runs at once
			fuse.CAP_DIRECT_IO_ALLOW_MMAP,
	})
}

// serve answers the kernel until the disk is unmounted, then puts all away. It
// is the FS's goroutine; Close and Done wait for it.
func (f *FS) serve(server *fuse.Server, trace Trace, conn uint32) {
	defer close(f.done)
	server.Serve() // returns when each answer has been sent
	f.disk.cancel(errUnmounted)
	// Who aborts the connection (umount -f, while it is in use) leaves a dead mount.
	f.err = errors.Join(f.way.detachOwn(f.place.path), f.end(), f.place.remove())
	trace.disconnect(conn, f.err)
}

// Path returns the file that programs open, as an absolute path.
func (f *FS) Path() string { return f.place.file(f.disk.name) }

// Done returns a channel that is closed when the disk is no longer mounted and
// all is put away, because of Close or because somebody else unmounted it.
func (f *FS) Done() <-chan struct{} { return f.done }

// Close unmounts the disk, closes it and removes what Mount created. If a
// program has the file open, requests in flight may finish until ctx ends and
// are cancelled then; whatever the program asks after that fails. Close
// returns what it could not do. It may be called again.
func (f *FS) Close(ctx context.Context) error {
	// umount(2) waits for pages that were written through a memory map. If they
	// do not get done, cancelling what is left is the only way out.
	defer context.AfterFunc(ctx, func() { f.disk.cancel(errUnmounted) })()
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
			f.disk.drain()
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
	f.log(fmt.Sprintf("%s is in use: taking it away from the programs that have it open (%v)", f.Path(), inUse))
	f.disk.drain()
	<-time.After(lastPause) // go-fuse sends an answer after the method that gave it has returned
	mine, err := ownMount(f.place.path)
	switch {
	case err != nil:
		return err
	case mine == nil:
		return errDetached
	}
	return f.way.force(mine)
}

// lineWriter hands each line that a log.Logger writes to a function.
type lineWriter func(text string)

func (w lineWriter) Write(p []byte) (int, error) {
	w("fuse: " + strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
