package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// endWithParent has the system send SIGTERM when the process that started this
// one ends, until ctx ends. The signal belongs to a thread, so this keeps one.
func endWithParent(ctx context.Context, parent int) error {
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0); err != nil {
		return fmt.Errorf("--exit-with-parent: %w", err)
	}
	if os.Getppid() != parent { // it ended before
		return fmt.Errorf("--exit-with-parent: the parent has ended")
	}
	<-ctx.Done()
	return nil
}
