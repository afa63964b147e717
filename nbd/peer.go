package nbd

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// peerName says who the client is. A unix socket has no address to show, but
// knows the process.
func peerName(nc net.Conn) string {
	if uc, ok := nc.(*net.UnixConn); ok {
		if cred, err := peerCred(uc); err == nil {
			return fmt.Sprintf("pid %d, uid %d", cred.Pid, cred.Uid)
		}
		return "unix socket"
	}
	if addr := nc.RemoteAddr(); addr != nil {
		return addr.String()
	}
	return "unknown"
}

func peerCred(uc *net.UnixConn) (cred *syscall.Ucred, err error) {
	raw, err := uc.SyscallConn()
	if err != nil {
		return nil, err
	}
	cerr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	return cred, errors.Join(err, cerr)
}

// peerGone reports whether the client has hung up, though there may be
// something left to read. It is false if that cannot be found out.
func peerGone(nc net.Conn) bool {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0 // what is not asked for is POLLHUP and POLLERR
	})
	return err == nil && gone
}
