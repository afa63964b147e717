package nbd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"
)

// A ListenError is why nobody can listen at a place.
type ListenError struct {
	Place string // a path, or an address with its port
	Msg   string // what is wrong there
	Err   error  // a syscall.Errno, if there is one: EADDRINUSE for a live server's place, EEXIST for a file's
}

// Error returns where, and why not.
func (e *ListenError) Error() string { return e.Place + ": " + e.Msg }

// Unwrap returns the number of the error.
func (e *ListenError) Unwrap() error { return e.Err }

// maxSocketPath is the longest path that the system takes for a unix socket.
const maxSocketPath = 107

// ListenUnix listens on a socket at path that only this user can connect to. A
// socket that a dead server left there is replaced; a live server's, and anything
// else that stands there, is a *ListenError. Closing the listener removes it.
func ListenUnix(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, &ListenError{path, fmt.Sprintf("a socket's path may have %d bytes, this has %d", maxSocketPath, len(path)), syscall.ENAMETOOLONG}
	}
	if err := removeDeadSocket(path); err != nil {
		return nil, err
	}
	// The mode must be right from the first moment. The file takes the one that
	// the socket has when it is bound.
	private := func(_, _ string, raw syscall.RawConn) error {
		var err error
		if cerr := raw.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), 0o600) }); cerr != nil {
			return cerr
		}
		return err
	}
	l, err := (&net.ListenConfig{Control: private}).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, cannotListen(path, "cannot listen there", err)
	}
	return l, nil
}

// removeDeadSocket makes room at path if a server that is gone left its socket there.
func removeDeadSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return cannotListen(path, "cannot look there", err)
	case info.Mode()&fs.ModeSocket == 0:
		return &ListenError{path, "is there already and is no socket", syscall.EEXIST}
	}
	nc, err := net.DialTimeout("unix", path, 2*time.Second)
	if err == nil {
		nc.Close()
		return &ListenError{path, "a live server listens there", syscall.EADDRINUSE}
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return cannotListen(path, "a socket that does not answer", err)
	}
	if err := os.Remove(path); err != nil {
		return cannotListen(path, "cannot replace the socket that a dead server left", err)
	}
	return nil
}

// The keep-alive of TCP connections: a client whose machine is gone is noticed
// after two minutes.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}

// ListenTCP listens on an address of this machine: on IPv4 or IPv6 as ip has it,
// on all addresses of both if it is "". Port 0 takes a free one. Its connections
// send small messages at once (TCP_NODELAY) and notice a peer that is gone.
func ListenTCP(ip string, port int) (net.Listener, error) {
	place := net.JoinHostPort(ip, strconv.Itoa(port))
	network := "tcp"
	if addr, err := netip.ParseAddr(ip); err == nil && addr.Is4() {
		network = "tcp4" // else 0.0.0.0 would be IPv6 too
	}
	l, err := (&net.ListenConfig{KeepAliveConfig: keepAlive}).Listen(context.Background(), network, place)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &ListenError{place, "the port is in use", syscall.EADDRINUSE}
	case err != nil:
		return nil, cannotListen(place, "cannot listen there", err)
	}
	return l, nil
}

// cannotListen makes a ListenError of err, without what its wrapping says again.
func cannotListen(place, doing string, err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		err = errno
	}
	return &ListenError{place, fmt.Sprintf("%s: %v", doing, err), err}
}
