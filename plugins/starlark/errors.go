package starlark

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"go.starlark.net/resolve"
	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"workbench/plugins"
)

// interruptError is a call that was stopped because its context ended.
type interruptError struct {
	cause error
	at    error // what the interpreter returned; nil if it was not entered
}

func (e *interruptError) Error() string { return "interrupted: " + e.cause.Error() }

// explain turns an error of run into one for the front end: a *plugins.Error
// or, for an interrupted call, one that wraps the context's cause besides.
func (t *thread) explain(err error) error {
	if stop, ok := errors.AsType[*interruptError](err); ok {
		e := t.newError("the script was stopped")
		e.Errno = plugins.ErrnoOf(stop.cause)
		locate(e, stop.at)
		return fmt.Errorf("%w: %w", e, stop.cause)
	}
	e := t.newError(err.Error())
	if hint := hintFor(runtimeHints, e.Msg, ""); hint != "" {
		e.Msg += ": " + hint
	}
	if inner, ok := errors.AsType[*plugins.Error](err); ok {
		if inner.File != "" { // from a file that this one loads: it knows better
			told := *inner
			told.Callback = e.Callback
			return &told
		}
		e.Errno = inner.Errno
	} else if errno, ok := errors.AsType[syscall.Errno](err); ok {
		e.Errno = errno
	}
	if t.errno != 0 { // what the script says counts more than what the system said to it
		e.Errno = t.errno
	}
	locate(e, err)
	return e
}

// blame is the error for a function that cannot be called as the contract
// says, or that returned what it must not.
func (t *thread) blame(f star.Callable, err error) error {
	e := t.newError(err.Error())
	e.Errno = t.errno
	if f, ok := f.(*star.Function); ok {
		place(e, f.Position())
	}
	return e
}

func (t *thread) newError(msg string) *plugins.Error {
	e := &plugins.Error{File: t.script.file, Msg: msg}
	if t.call != nil {
		e.Callback = t.call.Callback
	}
	return e
}

// maxFrames is how much of a stack is shown; the rest is counted.
const maxFrames = 50

// locate enters into e the place in the script where err, if it comes from the
// interpreter, was raised, and the stack.
func locate(e *plugins.Error, err error) {
	eval, ok := errors.AsType[*star.EvalError](err)
	if !ok {
		return
	}
	var stack strings.Builder
	for i := range eval.CallStack {
		frame := eval.CallStack.At(i)
		builtin := frame.Pos.Line == 0
		if e.Line == 0 && !builtin {
			place(e, frame.Pos)
		}
		switch {
		case i == maxFrames:
			fmt.Fprintf(&stack, "... and %d more\n", len(eval.CallStack)-maxFrames)
		case i > maxFrames:
		case builtin:
			fmt.Fprintf(&stack, "in %s\n", frame.Name)
		default:
			fmt.Fprintf(&stack, "%s: in %s\n", frame.Pos, frame.Name)
		}
	}
	e.Stack = stack.String()
}

func place(e *plugins.Error, pos syntax.Position) {
	e.File, e.Line, e.Column = pos.Filename(), int(pos.Line), int(pos.Col)
}

// syntaxError turns an error of the parser or the resolver into a
// *plugins.Error. The first of several is told: the others often follow from it.
func syntaxError(file, text string, err error) *plugins.Error {
	e := &plugins.Error{File: file, Msg: err.Error()}
	if syn, ok := errors.AsType[syntax.Error](err); ok {
		e.Msg = syn.Msg
		place(e, syn.Pos)
	} else if list, ok := errors.AsType[resolve.ErrorList](err); ok && len(list) > 0 {
		e.Msg = list[0].Msg
		place(e, list[0].Pos)
	}
	if e.Line > 1 && e.Column == 1 && strings.HasPrefix(e.Msg, "got newline,") {
		e.Line, e.Column = e.Line-1, 0 // the line end that is meant is that of the line before
	}
	if hint := hintFor(syntaxHints, e.Msg, lineOf(text, e.Line)); hint != "" {
		e.Msg += ": " + hint
	}
	return e
}
