package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// runCaptive runs a shell command with variables that say where the disk is, and
// returns its exit status as a statusError. When ctx ends it is asked to end,
// and killed if it does not in time.
func runCaptive(ctx context.Context, command string, vars []string, std streams) error {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	outside := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "tls=") }) // unset means off
	cmd.Env = append(outside, vars...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = std.In, std.Out, std.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case cmd.ProcessState == nil || !errors.As(err, &exit) && !errors.Is(err, context.Canceled):
		return fmt.Errorf("--run: cannot run the command: %w", err)
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		return statusError(128 + int(status.Signal()))
	case cmd.ProcessState.ExitCode() != 0:
		return statusError(cmd.ProcessState.ExitCode())
	}
	return nil
}
