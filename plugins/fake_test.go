package plugins

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A fakeScript is a Script made of Go functions. It writes down what it was
// asked, so that a test can tell what the instance does.
type fakeScript struct {
	version   int // 0 = 1
	model     ThreadModel
	callbacks map[Callback]func(*Call) error
	trace     []string
	closed    bool
}

// newFake returns a script with the three callbacks that are required, of a
// disk with 1 MiB of the byte 0x55, and the given ones besides.
func newFake(more map[Callback]func(*Call) error) *fakeScript {
	f := &fakeScript{model: SerializeAllRequests, callbacks: map[Callback]func(*Call) error{
		Open:    func(c *Call) error { c.Handle = "h"; return nil },
		GetSize: func(c *Call) error { c.Int = 1 << 20; return nil },
		Pread: func(c *Call) error {
			c.Data = []byte(strings.Repeat("\x55", int(c.Length)))
			return nil
		},
	}}
	for cb, fn := range more {
		f.callbacks[cb] = fn
	}
	return f
}

func succeed(*Call) error { return nil }

func answer(b bool) func(*Call) error {
	return func(c *Call) error { c.Bool = b; return nil }
}

func number(n int64) func(*Call) error {
	return func(c *Call) error { c.Int = n; return nil }
}

func fail(err error) func(*Call) error { return func(*Call) error { return err } }

func (f *fakeScript) Start(_ context.Context, env Env) (Script, error) { return f, nil }
func (f *fakeScript) ThreadModels() (usual, loosest ThreadModel)       { return f.model, f.model }
func (f *fakeScript) Settle(ThreadModel)                               {}
func (f *fakeScript) Close() error                                     { f.closed = true; return nil }
func (f *fakeScript) Defines(cb Callback) bool                         { return f.callbacks[cb] != nil }

func (f *fakeScript) Position(Callback) (string, int) { return "fake.txt", 0 }

func (f *fakeScript) APIVersion() int { return max(f.version, 1) }

func (f *fakeScript) Call(_ context.Context, c *Call) error {
	entry := c.Callback.String()
	for _, arg := range c.Callback.Signature(f.APIVersion()).Args {
		switch arg {
		case ArgKey:
			entry += " " + c.Key
		case ArgValue:
			entry += "=" + c.Value
		case ArgReadOnly:
			entry += fmt.Sprintf(" readonly=%v", c.ReadOnly)
		case ArgCount:
			entry += fmt.Sprintf(" %d", c.Length)
		case ArgData, ArgBuffer:
			entry += fmt.Sprintf(" %d", len(c.Data))
		case ArgOffset:
			entry += fmt.Sprintf("@%d", c.Offset)
		case ArgFlags:
			entry += fmt.Sprintf(" %s", c.Flags)
		case ArgMayTrim:
			entry += fmt.Sprintf(" may_trim=%v", c.Flags&FlagMayTrim != 0)
		}
	}
	f.trace = append(f.trace, entry)
	return f.callbacks[c.Callback](c)
}

// takeTrace returns what the script was asked since the last time.
func (f *fakeScript) takeTrace() string {
	out := strings.Join(f.trace, "; ")
	f.trace = nil
	return out
}

// startFake starts f and ends it with the test.
func startFake(t *testing.T, f *fakeScript, env Env) *Instance {
	t.Helper()
	in, err := Start(t.Context(), f, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return in
}

// openFake starts f, opens it and forgets the trace of that.
func openFake(t *testing.T, f *fakeScript, p OpenParams) Handle {
	t.Helper()
	h, err := startFake(t, f, Env{}).Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	f.takeTrace()
	return h
}

// quiet is a fakeScript that writes nothing down and reads the same bytes always.
type quiet struct {
	*fakeScript
	data []byte
}

func (q quiet) Call(_ context.Context, c *Call) error {
	c.Data = q.data
	return nil
}
