package fusemount

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// What cancels a request.
var (
	errKilled    = plugins.Errorf(syscall.EINTR, "the program that waited for it was killed")
	errUnmounted = plugins.Errorf(syscall.ESHUTDOWN, "the disk was unmounted")
)

// A request is one operation on its way through the handle. It is used again,
// with its context, so that an operation allocates none.
type request struct {
	plugins.Request
	disk *disk

	// The context that belongs to this request, as that of a http.Request does.
	ctx    context.Context
	cancel context.CancelCauseFunc

	data [1][]byte // for readAnswer

	mu        sync.Mutex
	watch     *time.Timer     // guarded by mu; calls look while the request is in flight
	interrupt <-chan struct{} // guarded by mu; closed when the program got a signal; nil if not in flight
	thread    uint32          // guarded by mu; of the program that waits; 0 if the kernel asks for itself
}

// begin starts a request for the caller that h names. Each one must be ended.
// When the disk is being unmounted there are no more.
func (d *disk) begin(op plugins.Op, interrupt <-chan struct{}, h *fuse.InHeader) (*request, fuse.Status) {
	r := d.take()
	if r == nil {
		return nil, status(errUnmounted)
	}
	r.Request = plugins.Request{
		Op:      op,
		Origin:  plugins.Origin{Front: plugins.FrontFUSE, Conn: d.conn, Cookie: h.Unique},
		Extents: r.Extents[:0],
		Times:   plugins.Times{Received: plugins.Now()},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.interrupt, r.thread = interrupt, h.Pid
	if r.watch == nil {
		r.watch = time.AfterFunc(lookEvery, r.look)
	} else {
		r.watch.Reset(lookEvery)
	}
	return r, fuse.OK
}

// take gets a request that counts as in flight, nil if the disk takes no more.
func (d *disk) take() *request {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draining != nil {
		return nil
	}
	d.inFlight++
	if n := len(d.free); n > 0 {
		r := d.free[n-1]
		d.free = d.free[:n-1]
		return r
	}
	r := &request{disk: d}
	r.ctx, r.cancel = context.WithCancelCause(d.base)
	return r
}

// do performs r.
func (r *request) do() error { return r.disk.handle.Do(r.ctx, &r.Request) }

// run performs a request whose answer has no data, and ends it.
func (r *request) run() fuse.Status {
	err := r.do()
	r.end(err)
	return status(err)
}

// end tells the handle that the answer has left, or is about to, and gives r
// back. It must not be used after that.
func (r *request) end(err error) {
	plugins.Finish(r.disk.handle, &r.Request, err)
	r.mu.Lock()
	r.interrupt = nil
	r.watch.Stop()
	r.mu.Unlock()
	r.Data, r.data[0] = nil, nil
	if cap(r.Extents) > keptExtents {
		r.Extents = nil
	}
	r.disk.put(r)
}

// keptExtents is how much room for extents a request keeps when it is done.
const keptExtents = 1 << 10

// put takes back a request that has ended.
func (d *disk) put(r *request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inFlight--
	if d.inFlight == 0 && d.draining != nil {
		close(d.draining)
	}
	if r.ctx.Err() == nil { // a context that has ended is of no more use
		d.free = append(d.free, r)
	}
}

// drain lets no more requests begin and waits for those in flight. Cancelling
// d ends them early. It may be called once.
func (d *disk) drain() {
	d.mu.Lock()
	d.draining = make(chan struct{})
	if d.inFlight == 0 {
		close(d.draining)
	}
	d.mu.Unlock()
	<-d.draining
}

// lookEvery is how long a program that was killed may have to wait.
const lookEvery = 100 * time.Millisecond

// look cancels r if the program that waits for it got a signal and will not
// live to see the answer. What sort of signal it was, FUSE does not say, and of
// a second one not even that it came: so the program itself is looked at, again
// and again once there was a signal.
func (r *request) look() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.interrupt == nil {
		return // it ended in the meantime
	}
	select {
	case <-r.interrupt:
		if killed(r.thread) {
			r.cancel(errKilled)
			return
		}
	default:
	}
	r.watch.Reset(lookEvery)
}

// killed reports whether a thread is being killed or gone. The kernel turns
// every signal that ends a process without a core dump into a SIGKILL for each
// of its threads.
func killed(thread uint32) bool {
	if thread == 0 {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return os.IsNotExist(err)
	}
	_, pending, _ := strings.Cut(string(text), "\nSigPnd:")
	pending, _, _ = strings.Cut(pending, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(pending), 16, 64)
	return err == nil && mask&(1<<(syscall.SIGKILL-1)) != 0
}

// status returns the answer for err. Two errnos cannot be sent: ENOSYS asks the
// kernel never to call this operation again, and what the kernel does not take
// for an errno (from 512 on) would leave the program without an answer.
func status(err error) fuse.Status {
	switch errno := plugins.ErrnoOf(err); {
	case errno == syscall.ENOSYS:
		return fuse.Status(syscall.EOPNOTSUPP)
	case errno >= 512:
		return fuse.EIO
	default:
		return fuse.Status(errno)
	}
}
