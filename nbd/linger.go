package nbd

import (
	"crypto/tls"
	"net"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// lingerTime is how long a reader looks for the next request before it sleeps. To
// sleep and to be woken takes the system about as long.
const lingerTime = 30 * time.Microsecond

// A lingerer keeps the reader of a busy connection awake for a moment after it has
// sent answers. A client that keeps several requests under way meets them with new
// ones at once: so the two work side by side, where they would wake each other in
// turn, which costs both more than to look. (With fio at depth 4 half as many
// requests again are done in less time of the processor each.) Who looked in vain
// does so less often.
//
// It is not for a client with one request at a time, with which it is better to
// share a processor, nor for several connections: then there is something to do.
type lingerer struct {
	raw    syscall.RawConn // nil = it cannot be looked at
	look   func(fd uintptr)
	found  bool // by look
	misses uint // in a row, at most maxMisses
	skip   int  // so many times not to look
}

// maxMisses bounds skip: a client that has become quick is noticed after 256 waits.
const maxMisses = 8

func newLingerer(nc net.Conn) *lingerer {
	l := new(lingerer)
	if tc, ok := nc.(*tls.Conn); ok {
		nc = tc.NetConn()
	}
	if sc, ok := nc.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			l.raw = raw
		}
	}
	var fds [1]unix.PollFd
	l.look = func(fd uintptr) {
		fds[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		n, err := unix.Poll(fds[:], 0)
		l.found = n != 0 || err != nil // whoever reads will learn what it is
	}
	return l
}

// linger returns when there is something to read, be it the end, or after a moment.
func (l *lingerer) linger() {
	if l.raw == nil {
		return
	}
	if l.skip > 0 {
		l.skip--
		return
	}
	for begin := plugins.Now(); ; runtime.Gosched() {
		if err := l.raw.Control(l.look); err != nil || l.found {
			l.misses = 0
			return
		}
		if plugins.Now().Sub(begin) > lingerTime {
			l.misses = min(l.misses+1, maxMisses)
			l.skip = 1 << l.misses
			return
		}
	}
}
