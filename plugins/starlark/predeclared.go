package starlark

import (
	"errors"
	"fmt"
	"strings"

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
	"json":      guardedJSON(),
	"str":       guarded(star.Universe["str"], checkWritable),
	"repr":      guarded(star.Universe["repr"], checkWritable),
	"print":     guarded(star.Universe["print"], checkWritable),
	"range":     guarded(star.Universe["range"], checkRange),
	"math":      math.Module,
	"time":      time.Module,
	"nbdkit":    nbdkit,
	"workbench": workbench,
}

// nbdkit has the names that nbdkit's own bindings have.
var nbdkit = module("nbdkit", nbdkitMembers())

func nbdkitMembers() star.StringDict {
	members := builtins("nbdkit.", stdlib.Nbdkit)
	members["debug"] = star.NewBuiltin("nbdkit.debug", debug)
	for name, n := range stdlib.Constants() {
		members[name] = star.MakeInt(n)
	}
	return members
}

// workbench has what nbdkit does not.
var workbench = module("workbench", builtins("workbench.", stdlib.Workbench))

func module(name string, members star.StringDict) *starlarkstruct.Module {
	return &starlarkstruct.Module{Name: name, Members: members}
}

// debug(*values) says something that is shown only with -v. It is not stdlib's:
// what a value is in words, the language knows.
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

// joined returns what print would print.
func joined(function string, args star.Tuple, kwargs []star.Tuple) (string, error) {
	sep := " "
	if err := star.UnpackArgs(function, nil, kwargs, "sep?", &sep); err != nil {
		return "", err
	}
	if err := checkWritable(args); err != nil {
		return "", fmt.Errorf("%s: %w", function, err)
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
