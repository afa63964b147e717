package nbd

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

const (
	firstInherited = 3  // the number of the first socket that is handed over
	maxInherited   = 16 // as many as nbdkit takes
)

// Inherited returns the listening sockets that the program was started with, by
// systemd or another client of its protocol (sd_listen_fds(3)): LISTEN_FDS of
// them, from file descriptor 3 on, if LISTEN_PID is this process. For another
// process, or if the variables are not set, there are none. It unsets the
// variables and keeps the descriptors from child processes. Call it once, before
// other goroutines start.
func Inherited() ([]net.Listener, error) {
	if !IsActivated() {
		return nil, nil
	}
	count := os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	return inherit(count, firstInherited)
}

// IsActivated reports whether Inherited would find sockets meant for this process.
func IsActivated() bool {
	return os.Getenv("LISTEN_FDS") != "" && os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid())
}

// inherit makes listeners of count descriptors from first on.
func inherit(count string, first int) ([]net.Listener, error) {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > maxInherited {
		return nil, fmt.Errorf("LISTEN_FDS=%s: want a number of sockets from 1 to %d", count, maxInherited)
	}
	var listeners []net.Listener
	for fd := first; fd < first+n; fd++ {
		l, err := inheritOne(fd)
		if err != nil {
			for _, l := range listeners {
				l.Close() // the error that matters is why
			}
			return nil, fmt.Errorf("LISTEN_FDS=%s: descriptor %d: %w", count, fd, err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

func inheritOne(fd int) (net.Listener, error) {
	syscall.CloseOnExec(fd)
	accepting, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err != nil {
		return nil, err
	}
	if accepting == 0 {
		return nil, fmt.Errorf("a socket that does not listen")
	}
	f := os.NewFile(uintptr(fd), "LISTEN_FDS")
	defer f.Close() // the listener has a descriptor of its own
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	if ul, ok := l.(*net.UnixListener); ok {
		ul.SetUnlinkOnClose(false) // the socket's file is its maker's
	}
	return l, nil
}
