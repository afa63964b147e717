package stdlib

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"syscall"
	"time"

	"workbench/plugins"
)

// Realpath returns the path of a file that exists, from the root on and without
// symbolic links.
func Realpath(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// AbsolutePath returns the path of a file, which need not exist, from the root on.
func AbsolutePath(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty")
	}
	return filepath.Abs(path)
}

// Sleep returns after so many seconds and nanoseconds, which it adds. When ctx
// ends before, it returns at once with ESHUTDOWN and the reason.
func Sleep(ctx context.Context, seconds, nanoseconds float64) error {
	total := seconds + nanoseconds/1e9
	if !(total >= 0 && total < math.MaxInt32) {
		return plugins.Errorf(syscall.EINVAL, "a sleep of %v seconds: wanted 0 or more, and less than 2^31-1", total)
	}
	timer := time.NewTimer(time.Duration(total * 1e9))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the sleep was cut short: %w: %w", syscall.ESHUTDOWN, context.Cause(ctx))
	}
}
