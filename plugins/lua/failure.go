package lua

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
)

// failure turns the error of a protected call into an *plugins.Error. If ctx has
// ended, the error wraps the reason for that as well.
func (s *script) failure(ctx context.Context, cb plugins.Callback, err error) error {
	// An error that passed through a coroutine leaves it marked as running.
	s.state.G.CurrentThread = s.state

	e := &plugins.Error{Callback: cb, File: s.path, Msg: err.Error()}
	var api *glua.ApiError
	if errors.As(err, &api) {
		e.Stack = stackText(api.StackTrace, cb)
		e.Errno, e.Msg = s.describeValue(api.Object)
		switch {
		case strings.Contains(e.Msg, "callstack overflow"):
			e.Msg = "stack overflow"
		case api.Type == glua.ApiErrorPanic:
			e.Msg = "the Lua interpreter failed: " + e.Msg
		}
	}
	s.locate(e)
	e.Msg = s.nameCallee(e.Msg, e.File, e.Line)
	if cause := context.Cause(ctx); cause != nil {
		e.Errno, e.Msg = plugins.ErrnoOf(cause), "the script was stopped"
		return fmt.Errorf("%w: %w", e, cause)
	}
	if errno, rest := splitErrno(e.Msg); errno != 0 {
		e.Errno, e.Msg = errno, rest
	}
	if s.errno != 0 { // what the script said counts more than what the system said to it
		e.Errno = s.errno
	}
	return e
}

// raise fails the running Lua function with an error of ours. It does not return.
func raise(L *glua.LState, err error) {
	text := err.Error()
	if hasErrno(err) {
		name := plugins.ErrnoName(plugins.ErrnoOf(err))
		if _, ok := plugins.ParseErrno(name); ok { // else failure could not read it back
			text = name + ": " + text
		}
	}
	L.RaiseError("%s", text)
}

// hasErrno reports whether err says more than that something failed.
func hasErrno(err error) bool {
	var ours *plugins.Error
	var errno syscall.Errno
	return errors.As(err, &ours) && ours.Errno != 0 || errors.As(err, &errno) && errno != 0
}

// describeValue returns what the argument of error() says.
func (s *script) describeValue(value glua.LValue) (syscall.Errno, string) {
	switch value := value.(type) {
	case *glua.LNilType:
		return 0, "error(nil): no message"
	case *glua.LTable:
		errno, _ := errnoOf(value.RawGetString("errno"))
		for _, text := range []glua.LValue{value.RawGetString("message"), value.RawGetInt(1)} {
			if text.Type() == glua.LTString || text.Type() == glua.LTNumber {
				return errno, text.String()
			}
		}
		if text, ok := s.textOf(value); ok {
			return errno, text
		}
		if errno != 0 {
			return errno, errno.Error()
		}
		return 0, "error() was given a table that has neither a message nor an errno"
	case glua.LString, glua.LNumber:
		return 0, value.String()
	}
	return 0, fmt.Sprintf("error() was given %s: give it a string", kindOf(value))
}

// textOf returns what the __tostring of a table makes of it.
func (s *script) textOf(value *glua.LTable) (string, bool) {
	if s.state.GetMetaField(value, "__tostring") == glua.LNil {
		return "", false
	}
	s.state.Push(s.state.NewFunction(func(L *glua.LState) int {
		L.Push(L.ToStringMeta(value))
		return 1
	}))
	if err := s.state.PCall(0, 1, nil); err != nil {
		return "", false // a mistake in it is not the one to be told
	}
	text, ok := s.state.Get(-1).(glua.LString)
	s.state.Pop(1)
	return string(text), ok
}

// errnoOf returns the errno that a script means: a number, or a name as "ENOSPC".
func errnoOf(value glua.LValue) (syscall.Errno, bool) {
	switch value := value.(type) {
	case glua.LNumber:
		n, ok := natural(value)
		return syscall.Errno(n), ok && n < 4096
	case glua.LString:
		return plugins.ParseErrno(string(value))
	}
	return 0, false
}

// splitErrno takes the name of an errno off the beginning of a message:
// "ENOSPC: disk full".
func splitErrno(msg string) (syscall.Errno, string) {
	if name, rest, ok := strings.Cut(msg, ":"); ok {
		if errno, known := plugins.ParseErrno(name); known {
			return errno, strings.TrimSpace(rest)
		}
	}
	return 0, msg
}

// locate moves the position from the message into File and Line; a message
// without one was raised where the stack ends. A message that was raised again
// has several, and the last is where it comes from.
func (s *script) locate(e *plugins.Error) {
	for {
		file, line, rest := splitPosition(e.Msg, s.files)
		if line == 0 {
			break
		}
		e.File, e.Line, e.Msg = file, line, rest
	}
	if e.Line != 0 {
		return
	}
	for _, frame := range strings.Split(e.Stack, "\n") {
		if file, line, _ := splitPosition(frame, s.files); line != 0 {
			e.File, e.Line = file, line
			return
		}
	}
	e.File, e.Line = s.Position(e.Callback)
}

// splitPosition splits "file:line: rest" if file is one of files; else line is 0.
func splitPosition(text string, files []string) (file string, line int, rest string) {
	for _, file := range files {
		tail, ok := strings.CutPrefix(text, file+":")
		if !ok {
			continue
		}
		number, rest, ok := strings.Cut(tail, ":")
		if n, err := strconv.Atoi(number); ok && err == nil && n > 0 {
			return file, n, strings.TrimPrefix(rest, " ")
		}
	}
	return "", 0, text
}

// stackText returns a traceback of gopher-lua for people: the frames alone, and
// the function that was called from Go, which it names "main chunk", as cb.
func stackText(trace string, cb plugins.Callback) string {
	var frames []string
	for _, frame := range strings.Split(trace, "\n")[1:] {
		frame = strings.TrimSpace(frame)
		if frame == "[G]: ?" {
			continue
		}
		if cb != plugins.NoCallback {
			frame = strings.Replace(frame, "in main chunk", "in function '"+cb.String()+"'", 1)
		}
		frames = append(frames, frame)
	}
	return strings.Join(frames, "\n")
}
