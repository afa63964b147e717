package fusemount

import (
	"fmt"
	"log"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// A device is the open /dev/fuse of a mount, and who reads it. Reads and writes
// are done here; what else the kernel asks, go-fuse understands.
//
// A disk that does one request at a time has one reader, which does them itself:
// passing a request on, or waking by turns those who wait for one, takes longer
// than a small script. If it is at a request for more than a tick, another
// takes its place. For a disk that does several at once there is always
// somebody who waits.
type device struct {
	fd     int
	tree   *tree
	others *fuse.ProtocolServer // does what is neither a read nor a write
	log    func(text string)

	running sync.WaitGroup // the readers
	ended   chan struct{}  // closed when the kernel asks no more

	mu      sync.Mutex
	over    bool                     // guarded by mu; ended is closed
	places  int                      // guarded by mu; readers that wait for the kernel, or are about to again
	idle    []*reader                // guarded by mu; for reuse
	flights map[uint64]chan struct{} // guarded by mu; by the number of a request, closed if its program gets a signal
}

// newDevice hears the kernel's greeting on fd, which it owns if it succeeds.
func newDevice(fd int, t *tree, o *Options) (*device, error) {
	d := &device{
		fd: fd, tree: t, log: o.Log, flights: map[uint64]chan struct{}{}, ended: make(chan struct{}),
		others: fuse.NewProtocolServer(t, &fuse.MountOptions{
			Logger: log.New(lineWriter(o.Log), "", 0),

			MaxWrite:      maxTransfer,
			MaxBackground: 64, // asynchronous requests in flight; the kernel's default is 12

			DisableXAttrs:      !t.described(), // with them each cached write asks for one
			DisableReadDirPlus: true,

			// The time stamps change with each write, which must not empty the page cache.
			ExplicitDataCacheControl: o.Cache,

			// Without CAP_ATOMIC_O_TRUNC: it has the kernel take the file for empty once
			// it was opened with O_TRUNC, and programs that have mapped it get SIGBUS.
			ExtraCapabilities: fuse.CAP_ASYNC_DIO | // asynchronous I/O of one program runs at once
				fuse.CAP_DIRECT_IO_ALLOW_MMAP,
		}),
	}
	r := d.newReader()
	n, err := r.read()
	if err != nil {
		return nil, fmt.Errorf("reading the kernel's greeting: %w", err)
	}
	r.do(n)
	d.idle = append(d.idle, r)
	return d, nil
}

// serve answers the kernel until the disk is unmounted and each answer has been sent.
func (d *device) serve() {
	d.mu.Lock()
	d.add()
	d.mu.Unlock()
	<-d.ended
	d.running.Wait()
	for _, r := range d.idle {
		r.turn.Stop()
	}
}

// close closes the device, which nobody uses any more.
func (d *device) close() error { return syscall.Close(d.fd) }

// end is called when there is nothing more to read: nobody waits for an answer.
func (d *device) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.over {
		d.over = true
		close(d.ended)
		d.tree.cancel(errUnmounted)
	}
}

// add has one more reader. The caller holds d.mu.
func (d *device) add() {
	if d.over {
		return
	}
	d.places++
	var r *reader
	if n := len(d.idle); n > 0 {
		r, d.idle = d.idle[n-1], d.idle[:n-1]
	} else {
		r = d.newReader()
	}
	d.running.Go(r.run)
}

// pass is called when a reader does something else for now: somebody else must read.
func (d *device) pass() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.places--; d.places == 0 {
		d.add()
	}
}

// resume reports whether a reader that is done with something else is to read again.
func (d *device) resume(serial bool) bool {
	most := 1
	if !serial {
		most = runtime.GOMAXPROCS(0)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.places >= most {
		return false
	}
	d.places++
	return true
}

// mostIdle is how many readers are kept, with their memory, for when they are needed.
const mostIdle = 4

// leave is the last thing that a reader does.
func (d *device) leave(r *reader) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.idle) < mostIdle {
		d.idle = append(d.idle, r)
		return
	}
	r.turn.Stop()
}

// begin says that the program behind a request may interrupt it from now on.
func (d *device) begin(number uint64, interrupt chan struct{}) {
	d.mu.Lock()
	d.flights[number] = interrupt
	d.mu.Unlock()
}

// done is the end of that.
func (d *device) done(number uint64) {
	d.mu.Lock()
	delete(d.flights, number)
	d.mu.Unlock()
}

// interrupt tells a request that its program got a signal, and reports whether
// it is one of those that are known here.
func (d *device) interrupt(number uint64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, known := d.flights[number]
	if known {
		select {
		case <-c: // another signal
		default:
			close(c)
		}
	}
	return known
}

// forget has the kernel forget what it knows of a file: pages, attributes. It
// waits for requests that have to do with them.
func (d *device) forget(node uint64, offset, length int64) fuse.Status {
	m := struct {
		fuse.OutHeader
		fuse.NotifyInvalInodeOut
	}{
		fuse.OutHeader{Status: -int32(fuse.NOTIFY_INVAL_INODE)},
		fuse.NotifyInvalInodeOut{Ino: node, Off: offset, Length: length},
	}
	m.OutHeader.Length = uint32(unsafe.Sizeof(m))
	_, err := syscall.Write(d.fd, bytesAt(&m))
	return fuse.ToStatus(err)
}

// send writes an answer. The kernel does not know its request any more if that
// was withdrawn, or the disk was unmounted.
func (d *device) send(parts ...[]byte) {
	for {
		switch _, err := unix.Writev(d.fd, parts); err {
		case syscall.EINTR:
		case nil, syscall.ENOENT, syscall.ENODEV:
			return
		default:
			d.log(fmt.Sprintf("fuse: an answer could not be sent: %v", err))
			return
		}
	}
}

// bytesAt returns the memory of a message.
func bytesAt[T any](m *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(m)), unsafe.Sizeof(*m))
}
