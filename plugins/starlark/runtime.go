package starlark

import (
	"strings"

	star "go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"workbench/plugins"
)

// Runtime is the Starlark language. The zero value is ready for use, by any goroutine.
type Runtime struct{}

var _ plugins.Runtime = Runtime{}

// Name returns "starlark".
func (Runtime) Name() string { return "starlark" }

// Match reports whether src has a Starlark extension, or a first line that names a Starlark interpreter.
func (Runtime) Match(src plugins.Source) bool {
	switch src.Ext() {
	case ".star", ".starlark":
		return true
	}
	return strings.Contains(src.Shebang(), "starlark")
}

// Compile parses src and resolves its names. It runs nothing. The Program may
// be started any number of times, from any goroutine.
func (Runtime) Compile(src plugins.Source) (plugins.Program, error) {
	code, err := compile(src)
	if err != nil {
		return nil, err
	}
	return &program{source: src, code: code}, nil
}

// dialect is Starlark with everything that a Python programmer expects and the
// language leaves to its host to permit.
var dialect = syntax.FileOptions{
	Set:             true,
	While:           true,
	TopLevelControl: true,
	GlobalReassign:  true,
	Recursion:       true,
}

// compile is Compile for the script and for each file that it loads. Its error is a *plugins.Error.
func compile(src plugins.Source) (*star.Program, error) {
	if line, err := checkSource(src.Text); err != nil {
		return nil, &plugins.Error{File: src.Path, Line: line, Msg: err.Error()}
	}
	_, code, err := star.SourceProgramOptions(&dialect, src.Path, src.Text, predeclared.Has)
	if err != nil {
		return nil, syntaxError(src.Path, src.Text, err)
	}
	return code, nil
}
