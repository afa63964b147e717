package starlark

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"go.starlark.net/lib/json"
	"go.starlark.net/lib/math"
	"go.starlark.net/lib/time"
	star "go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// predeclared is what every script finds besides the language's own. It never
// changes: what belongs to a script or a call is found through the thread.
var predeclared = star.StringDict{
	"fail":      star.NewBuiltin("fail", fail),
	"struct":    star.NewBuiltin("struct", starlarkstruct.Make),
	"json":      json.Module,
	"math":      math.Module,
	"time":      time.Module,
	"nbdkit":    nbdkit,
	"workbench": workbench,
}

// nbdkit has the names that nbdkit's own bindings have.
var nbdkit = module("nbdkit", withConstants(star.StringDict{
	"parse_size":  star.NewBuiltin("nbdkit.parse_size", parseSize),
	"debug":       star.NewBuiltin("nbdkit.debug", debug),
	"set_error":   star.NewBuiltin("nbdkit.set_error", setError),
	"error":       star.NewBuiltin("nbdkit.error", raise),
	"export_name": star.NewBuiltin("nbdkit.export_name", exportName),
}))

// withConstants adds the numbers that nbdkit has names for.
func withConstants(members star.StringDict) star.StringDict {
	for name, n := range stdlib.Constants() {
		members[name] = star.MakeInt(n)
	}
	return members
}

func module(name string, members star.StringDict) *starlarkstruct.Module {
	return &starlarkstruct.Module{Name: name, Members: members}
}

// parse_size(text) returns a number of bytes: "1M" is 1048576.
func parseSize(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var text string
	if err := star.UnpackArgs(b.Name(), args, kwargs, "text", &text); err != nil {
		return nil, err
	}
	n, err := stdlib.ParseSize(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return star.MakeInt64(n), nil
}

// debug(*values) says something that is shown only with -v.
func debug(st *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	text, err := joined("nbdkit.debug", args, kwargs)
	if err != nil {
		return nil, err
	}
	if t := threadOf(st); t.script.env.Debug != nil {
		t.script.env.Debug(t.call, text)
	}
	return star.None, nil
}

// set_error(errno) says what error the client gets if this call fails.
func setError(st *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var code errnoArg
	if err := star.UnpackArgs(b.Name(), args, kwargs, "errno", &code); err != nil {
		return nil, err
	}
	threadOf(st).errno = syscall.Errno(code)
	return star.None, nil
}

// error(errno, text) is set_error and fail in one.
func raise(st *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var code errnoArg
	var text string
	if err := star.UnpackArgs(b.Name(), args, kwargs, "errno", &code, "text", &text); err != nil {
		return nil, err
	}
	threadOf(st).errno = syscall.Errno(code)
	return nil, errors.New(text)
}

// fail(*values) is the language's own, but a text that begins with the name of
// an error and a colon, "ENOSPC: disk full", is what the client gets. And the
// text does not begin with "fail: ".
func fail(st *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	text, err := joined("fail", args, kwargs)
	if err != nil {
		return nil, err
	}
	if name, rest, found := strings.Cut(text, ":"); found {
		if errno, ok := plugins.ParseErrno(name); ok {
			threadOf(st).errno = errno
			text = strings.TrimSpace(rest)
			if text == "" {
				text = errno.Error()
			}
		}
	}
	return nil, errors.New(text)
}

// export_name() returns the name of the export that the client opened.
func exportName(st *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if err := star.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	c := threadOf(st).call
	if c == nil || c.Callback < plugins.Preconnect || c.Callback > plugins.Close {
		return nil, fmt.Errorf("%s: there is no client here: call it in open or later", b.Name())
	}
	return star.String(c.Open.Export), nil
}

// joined returns what print would print.
func joined(function string, args star.Tuple, kwargs []star.Tuple) (string, error) {
	sep := " "
	if err := star.UnpackArgs(function, nil, kwargs, "sep?", &sep); err != nil {
		return "", err
	}
	words := make([]string, len(args))
	for i, v := range args {
		text, ok := bytesOf(v)
		if !ok {
			text = v.String()
		}
		words[i] = text
	}
	return strings.Join(words, sep), nil
}

// errnoArg is an argument that names an error, "ENOSPC", or gives its number.
// The number 0 stands for none.
type errnoArg syscall.Errno

// maxErrno is the largest number that Linux can return as an error.
const maxErrno = 4095

func (e *errnoArg) Unpack(v star.Value) error {
	switch v := v.(type) {
	case star.String:
		errno, ok := plugins.ParseErrno(string(v))
		if !ok {
			return fmt.Errorf("no error is called %s: want a name such as \"ENOSPC\", or a number", v)
		}
		*e = errnoArg(errno)
		return nil
	case star.Int:
		n, ok := v.Int64()
		if !ok || n < 0 || n > maxErrno {
			return fmt.Errorf("there is no error number %s", v)
		}
		*e = errnoArg(n)
		return nil
	}
	return mismatch("a name such as \"ENOSPC\" or a number", v)
}
