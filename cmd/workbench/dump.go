package main

import (
	"context"
	"errors"
	"fmt"

	"workbench/plugins"
	"workbench/plugins/host"
)

// dumpPlugin prints what the script says of itself, and serves nothing.
func dumpPlugin(ctx context.Context, o *benchOptions, std streams) error {
	return inspect(o.script, o.language, func(rt plugins.Runtime, program plugins.Program) error {
		text, err := plugins.Dump(ctx, program, plugins.Env{
			Params: o.params, ReadOnly: o.readOnly, Version: versionNumber(),
			CallbackTimeout: o.callbackTimeout, MemoryLimit: o.memoryLimit,
			Print: func(_ *plugins.Call, text string) { fmt.Fprintln(std.Err, printableLines(text)) },
		}, rt.Name())
		if isTerminal(std.Out) { // else it is for a program
			text = printableLines(text)
		}
		fmt.Fprint(std.Out, text)
		return err
	})
}

// inspect compiles the script at path and hands it to look. A mistake of the
// script comes back with the lines that it is in.
func inspect(path, language string, look func(plugins.Runtime, plugins.Program) error) error {
	src, err := plugins.ReadSource(path)
	if err != nil {
		return err
	}
	rt, err := plugins.FindRuntime(runtimes(), language, src)
	if err != nil {
		return err
	}
	program, err := rt.Compile(src)
	if err == nil {
		err = look(rt, program)
	}
	if script, ok := errors.AsType[*plugins.Error](err); ok && script.File == src.Path {
		return &host.LoadError{Err: err, Excerpt: script.Excerpt(src.Text)}
	}
	return err
}
