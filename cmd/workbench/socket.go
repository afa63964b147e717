package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// maxSocketPath is the longest path that the system takes for a unix socket.
const maxSocketPath = 107

// listenUnix listens on a socket that only this user can connect to. What a dead
// server left at path is replaced; a live one's socket, and anything else that
// stands there, is an error.
func listenUnix(path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("%s: a socket's path may have %d bytes, this has %d: choose a shorter one with -U", path, maxSocketPath, len(path))
	}
	if err := removeDeadSocket(path); err != nil {
		return nil, err
	}
	// The mode must be right from the first moment; nothing else makes files now.
	old := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot listen there: %w", path, cause(err))
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
		return fmt.Errorf("%s: %w", path, cause(err))
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("%s: is there already and is no socket: choose another path with -U", path)
	}
	conn, err := net.DialTimeout("unix", path, 2*time.Second)
	if err == nil {
		return errors.Join(fmt.Errorf("%s: a live server listens there: stop it, or choose another path with -U", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%s: a socket that does not answer: %w", path, cause(err))
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("%s: cannot replace the socket that a dead server left: %w", path, cause(err))
	}
	return nil
}

// privateSocket returns a path for a socket in a folder that only this user can
// enter, and what removes the folder.
func privateSocket() (path string, remove func() error, err error) {
	dir, err := os.MkdirTemp("", "workbench-")
	if err != nil {
		return "", nil, fmt.Errorf("making a private folder for the socket: %w", err)
	}
	return filepath.Join(dir, "nbd.sock"), func() error { return os.RemoveAll(dir) }, nil
}

// listenTCP listens on an address; port 0 takes a free one.
func listenTCP(ip string, port int) (net.Listener, error) {
	addr := net.JoinHostPort(ip, strconv.Itoa(port))
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: the port is in use: stop what listens there, or choose another one with -p", addr)
	case err != nil:
		return nil, fmt.Errorf("%s: cannot listen there: %w", addr, cause(err))
	}
	return l, nil
}

// cause returns the error number in err, whose wrapping would name the path or
// address again, or err itself.
func cause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
