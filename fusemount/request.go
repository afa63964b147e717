package fusemount

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// errStopped cancels a request.
var errStopped = plugins.Errorf(syscall.EINTR, "the program that waited for it was told to stop")

// A request is one operation on its way through the handle. It is used again,
// with its context, so that an operation allocates none.
type request struct {
	plugins.Request
	session *session

	// The context that belongs to this request, as that of a http.Request does.
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu        sync.Mutex
	watch     *time.Timer     // guarded by mu; calls look while the request is in flight
	interrupt <-chan struct{} // guarded by mu; closed when the program got a signal; nil if not in flight
	thread    uint32          // guarded by mu; of the program that waits; 0 if the kernel asks for itself
}

// arm has a thread looked at from time to time while it waits.
func (r *request) arm(interrupt <-chan struct{}, thread uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.interrupt, r.thread = interrupt, thread
	if r.watch == nil {
		r.watch = time.AfterFunc(lookEvery, r.look)
	} else {
		r.watch.Reset(lookEvery)
	}
}

// do performs r.
func (r *request) do() error { return r.session.handle.Do(r.ctx, &r.Request) }

// run performs a request whose answer has no data, and ends it.
func (r *request) run() fuse.Status {
	err := r.do()
	r.end(err)
	return status(err)
}

// end tells the handle that the answer has left, or is about to, and gives r
// back. It must not be used after that.
func (r *request) end(err error) {
	plugins.Finish(r.session.handle, &r.Request, err)
	r.mu.Lock()
	r.interrupt = nil
	r.watch.Stop()
	r.mu.Unlock()
	r.Data = nil
	if cap(r.Extents) > keptExtents {
		r.Extents = nil
	}
	r.session.put(r)
}

// keptExtents is how much room for extents a request keeps when it is done.
const keptExtents = 1 << 10

// lookEvery is how long a program that was told to stop may have to wait.
const lookEvery = 100 * time.Millisecond

// look cancels r if the program that waits for it got a signal to stop. What sort of signal it was, FUSE does not say, and of
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
		if stopped(r.thread) {
			r.cancel(errStopped)
			return
		}
	default:
	}
	r.watch.Reset(lookEvery)
}

// stops are the signals that ask a program to stop, or to give up what it waits
// for. Others (a runtime's own, a child that ended, a window that changed) are
// no reason to fail its request.
const stops = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGQUIT-1) | 1<<(syscall.SIGALRM-1) | 1<<(syscall.SIGTERM-1)

// stopped reports whether a thread is being killed, is gone, or has been told to
// stop and catches that. The kernel turns every signal that ends a process
// without a core dump into a SIGKILL for each of its threads.
func stopped(thread uint32) bool {
	if thread == 0 {
		return false
	}
	bytes, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return os.IsNotExist(err)
	}
	text := string(bytes)
	mask := func(name string) uint64 {
		mask, err := strconv.ParseUint(statusLine(text, name), 16, 64)
		if err != nil {
			return 0
		}
		return mask
	}
	asked := (mask("SigPnd") | mask("ShdPnd")) & stops &^ mask("SigBlk") &^ mask("SigIgn")
	return asked != 0 || mask("SigPnd")&(1<<(syscall.SIGKILL-1)) != 0
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
