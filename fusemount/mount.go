package fusemount

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"workbench/plugins"
)

// Options say what to mount. Only Backend must be set.
type Options struct {
	// Backend has the disk.
	Backend plugins.Backend

	// Export is the disk's name; "" is the default export, or in a folder all
	// that the backend lists. In a folder the file is called so, or "disk" if
	// that is no file name, and tells by an extended attribute what the disk is.
	Export string

	// ReadOnly mounts the disk read-only, which it also is if it cannot be written.
	ReadOnly bool

	// Cache lets the kernel answer reads from its page cache.
	Cache bool

	// AllowOther lets other users in, to read and to write.
	AllowOther bool

	// Outside are files and sockets that this process uses and that must
	// therefore not be in the mount.
	Outside []string

	// Conn is the number of the first disk in requests and in the Trace. Others
	// have the next ones, and so has a disk that was opened anew.
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
	// Connect is a disk that is to be opened. peer is where it will be.
	Connect func(conn uint32, peer string)

	// Opened is a disk that was opened, and is ready once it is mounted.
	Opened func(conn uint32, export string, info plugins.Info)

	// Disconnect is the end of that. err is nil if the disk could be closed.
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

// An FS is a mounted disk, or several in a folder. Its methods may be called
// from any goroutine.
type FS struct {
	place *place
	way   way
	tree  *tree
	leave func() // takes leave of the backend
	log   func(text string)

	closing sync.Once
	stuck   error // why the mount could not be ended; written once, by closing

	done chan struct{} // closed when the mount has ended and all is put away
	err  error         // what went wrong with that; written before done is closed
}

// Mount opens the disks of o.Backend and mounts them at mountpoint: one over a
// regular file or over an empty file that it creates there and that is removed
// in the end; or, in a folder, each as a file. The mount outlives ctx, which is
// for opening the disks. The caller must Close the FS, from this process or, if
// it was killed, by a later Mount at the same place.
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
	for _, path := range o.Outside {
		if err := place.refuse(path); err != nil {
			return nil, err
		}
	}
	return start(ctx, newTree(ctx, place, o), way, o)
}

// start opens the disks, mounts them at a place that was found fit, and serves them.
func start(ctx context.Context, t *tree, way way, o *Options) (f *FS, err error) {
	leave, err := plugins.Admit(ctx, o.Backend, t.params(o.Export, o.Conn, t.place.path))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.close(), t.place.remove())
			leave()
		}
	}()
	if err := t.openAll(ctx, o); err != nil {
		return nil, err
	}
	if err := t.place.create(); err != nil {
		return nil, err
	}
	d, err := attach(t, way, o)
	if err != nil {
		return nil, errors.Join(err, way.detachOwn(t.place.path))
	}
	f = &FS{place: t.place, way: way, tree: t, leave: leave, log: o.Log, done: make(chan struct{})}
	go f.serve(d)
	return f, nil
}

// mostDisks is how many exports a folder shows: each is open all the time.
const mostDisks = 1000

// openAll opens what is to be shown: the export that o names, or in a folder
// all that the backend lists. One that cannot be opened is left out of several.
func (t *tree) openAll(ctx context.Context, o *Options) error {
	exports := []plugins.Export{{Name: o.Export}}
	if t.folder && o.Export == "" {
		list, err := o.Backend.Exports(ctx, t.params("", o.Conn, t.place.path))
		if err != nil {
			return err
		}
		if len(list) > 0 {
			exports = list
		}
	}
	if more := len(exports) - mostDisks; more > 0 {
		exports = exports[:mostDisks]
		o.Log(fmt.Sprintf("the plugin lists %d exports: the last %d are not shown", mostDisks+more, more))
	}
	var problems []error
	for i, name := range fileNames(exports) {
		if !t.folder {
			name = ""
		}
		if err := t.add(ctx, exports[i], name); err != nil {
			problems = append(problems, err)
			if len(exports) > 1 {
				o.Log(fmt.Sprintf("the export %q is not shown: %v", exports[i].Name, err))
			}
		}
	}
	if len(t.disks) == 0 {
		return problems[0]
	}
	return nil
}

// maxTransfer is the most that one read or write moves: what the kernel allows
// unless it is told otherwise.
const maxTransfer = 1 << 20

// attach mounts t and hears the kernel's greeting.
func attach(t *tree, way way, o *Options) (*device, error) {
	fd, err := way.mount(t.place, t.allReadOnly(), o.AllowOther)
	if err != nil {
		return nil, err
	}
	d, err := newDevice(fd, t, o)
	if err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	if o.Cache {
		if err := way.setReadAhead(t.place.path); err != nil {
			o.Log(fmt.Sprintf("reading ahead is left as it is: %v", err))
		}
	}
	return d, nil
}

// serve answers the kernel until the disk is unmounted, then puts all away. It
// is the FS's goroutine; Close and Done wait for it, and it for two of its own.
func (f *FS) serve(d *device) {
	defer close(f.done)
	var helpers sync.WaitGroup
	helpers.Go(func() { f.tree.keep() })
	helpers.Go(func() { f.tree.stale.run(f.tree.base.Done(), d.forget) })
	d.serve()
	f.tree.cancel(errUnmounted)
	helpers.Wait()
	// Who aborts the connection (umount -f, while it is in use) leaves a dead mount.
	f.err = errors.Join(d.close(), f.way.detachOwn(f.place.path), f.tree.close(), f.place.remove())
	f.leave()
}

// Path returns what programs open, as an absolute path: the file, or the folder
// if there are several.
func (f *FS) Path() string {
	if len(f.tree.disks) > 1 {
		return f.place.given
	}
	return f.place.file(f.tree.disks[0].name)
}

// Done returns a channel that is closed when the disk is no longer mounted and
// all is put away, because of Close or because somebody else unmounted it.
func (f *FS) Done() <-chan struct{} { return f.done }

// lineWriter hands each line that a log.Logger writes to a function.
type lineWriter func(text string)

func (w lineWriter) Write(p []byte) (int, error) {
	w("fuse: " + strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
