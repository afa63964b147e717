package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// privateSocket returns a path for a socket in a folder that only this user can
// enter, and what removes the folder.
func privateSocket() (path string, remove func() error, err error) {
	dir, err := os.MkdirTemp("", "workbench-")
	if err != nil {
		return "", nil, fmt.Errorf("making a private folder for the socket: %w", err)
	}
	return filepath.Join(dir, "nbd.sock"), func() error { return os.RemoveAll(dir) }, nil
}

// advise adds to an error of listening which option helps.
func advise(err error, option string) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: stop what listens there, or choose another place with %s", err, option)
	case errors.Is(err, syscall.EEXIST), errors.Is(err, syscall.ENAMETOOLONG):
		return fmt.Errorf("%w: choose another place with %s", err, option)
	}
	return err
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
