package fusemount

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"workbench/plugins"
)

// callers remembers the programs behind the threads that ask. A place that two
// threads share belongs to the one that asked last.
type callers [256]atomic.Pointer[caller]

// A caller is what is known of a thread. It is never changed.
type caller struct {
	thread  uint32
	pid     uint32
	program plugins.Comm
	found   plugins.Stamp
}

// callerAge is how long a caller is believed: a shell that opens the file
// becomes the program that reads it.
const callerAge = plugins.Stamp(time.Second)

// nobody is who the kernel asks for by itself.
var nobody caller

// find returns the program that a thread belongs to. Only the first request of
// a thread, and one a second after that, looks it up.
func (c *callers) find(thread uint32) *caller {
	if thread == 0 {
		return &nobody
	}
	place := &c[thread%uint32(len(c))]
	now := plugins.Now()
	if k := place.Load(); k != nil && k.thread == thread && now-k.found < callerAge {
		return k
	}
	k := lookUp(thread)
	k.found = now
	place.Store(k)
	return k
}

// forget has a thread looked up again: it has opened the file, and may be about
// to become another program.
func (c *callers) forget(thread uint32) {
	place := &c[thread%uint32(len(c))]
	if k := place.Load(); k != nil && k.thread == thread {
		place.CompareAndSwap(k, nil)
	}
}

// lookUp asks the kernel for the process of a thread, and for its name. A thread
// that is gone already, or one in a world of processes that cannot be seen from
// here, has a number and no name.
func lookUp(thread uint32) *caller {
	k := &caller{thread: thread, pid: thread}
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread)); err == nil {
		if pid, err := strconv.ParseUint(statusLine(string(text), "Tgid"), 10, 32); err == nil {
			k.pid = uint32(pid)
		}
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", k.pid)); err == nil {
		k.program = plugins.CommOf(strings.TrimSuffix(string(name), "\n"))
	}
	return k
}

// statusLine returns what /proc/PID/status says under a name.
func statusLine(text, name string) string {
	_, rest, _ := strings.Cut(text, "\n"+name+":")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}
