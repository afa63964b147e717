package check_test

import (
	"context"
	"syscall"
	"testing"

	"workbench/plugins"
)

func makePipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A stopper is a language in which the first pwrite makes the user lose patience.
type stopper struct {
	plugins.Runtime
	stop func()
}

func (s stopper) Compile(src plugins.Source) (plugins.Program, error) {
	p, err := s.Runtime.Compile(src)
	return stoppedProgram{p, s.stop}, err
}

type stoppedProgram struct {
	plugins.Program
	stop func()
}

func (p stoppedProgram) Start(ctx context.Context, env plugins.Env) (plugins.Script, error) {
	script, err := p.Program.Start(ctx, env)
	return stoppedScript{script, p.stop}, err
}

type stoppedScript struct {
	plugins.Script
	stop func()
}

func (s stoppedScript) Call(ctx context.Context, c *plugins.Call) error {
	err := s.Script.Call(ctx, c)
	if c.Callback == plugins.Pwrite {
		s.stop()
	}
	return err
}
