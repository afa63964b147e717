package lua

import (
	"context"
	"syscall"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// Call runs one callback.
func (s *script) Call(ctx context.Context, c *plugins.Call) error {
	sig := &s.signature[c.Callback]
	s.interrupt.until(ctx)
	s.running, s.errno = c, 0
	defer func() { s.running = nil }()

	if s.callbacks[c.Callback] == nil {
		return s.wrong(c.Callback, "the script has taken this function away from itself")
	}
	s.state.SetTop(0) // also after a panic
	s.state.Push(s.callbacks[c.Callback])
	var lent *stdlib.Buffer
	for _, arg := range sig.Args {
		if arg == plugins.ArgBuffer {
			lent = stdlib.Lend(c.Data) // the memory is the front end's
			s.state.Push(object(s.state, bufferType, lent))
			continue
		}
		s.state.Push(s.argument(arg, c))
	}
	err := s.state.PCall(len(sig.Args), resultsOf(sig.Result), nil)
	if lent != nil {
		lent.Revoke()
	}
	s.out.flush()
	if err != nil {
		return s.failure(ctx, c.Callback, err)
	}
	if c.Callback <= plugins.AfterFork {
		s.resolve()
	}
	if c.Callback == plugins.Zero && s.errno == syscall.ENOTSUP {
		// nbdkit's rule: this asks for writes instead, also without raising an error.
		return s.wrong(c.Callback, "set the error to ENOTSUP")
	}
	return s.result(sig.Result, c)
}

// argument returns what a callback is given for one argument of its signature.
func (s *script) argument(arg plugins.Arg, c *plugins.Call) glua.LValue {
	switch arg {
	case plugins.ArgHandle:
		if h, ok := c.Handle.(glua.LValue); ok {
			return h
		}
		return glua.LNil
	case plugins.ArgReadOnly:
		return glua.LBool(c.ReadOnly)
	case plugins.ArgTLS:
		return glua.LBool(c.TLS)
	case plugins.ArgKey:
		return glua.LString(c.Key)
	case plugins.ArgValue:
		return glua.LString(c.Value)
	case plugins.ArgCount:
		return s.length.of(c.Length)
	case plugins.ArgOffset:
		return glua.LNumber(c.Offset)
	case plugins.ArgData:
		if c.Given {
			return stringOf(c.Data)
		}
		return glua.LString(c.Data) // a copy: the script may keep it
	case plugins.ArgFlags:
		return glua.LNumber(c.Flags)
	case plugins.ArgMayTrim:
		return glua.LBool(c.Flags&plugins.FlagMayTrim != 0)
	case plugins.ArgState:
		return s.fromPlain(c.State)
	}
	return glua.LNil
}

// A number is a value of Lua that is kept, because making one allocates.
type number struct {
	n     uint64
	value glua.LValue // nil = there is none yet
}

// of returns n.
func (k *number) of(n uint64) glua.LValue {
	if k.n != n || k.value == nil {
		k.n, k.value = n, glua.LNumber(n)
	}
	return k.value
}

// resultsOf returns how many values a callback returns.
func resultsOf(r plugins.Result) int {
	switch r {
	case plugins.ResultNone:
		return 0
	case plugins.ResultBlockSizes:
		return 3
	}
	return 1
}
