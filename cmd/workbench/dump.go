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
	src, err := plugins.ReadSource(o.script)
	if err != nil {
		return err
	}
	rt, err := plugins.FindRuntime(runtimes(), o.language, src)
	if err != nil {
		return err
	}
	program, err := rt.Compile(src)
	if err == nil {
		var text string
		text, err = plugins.Dump(ctx, program, plugins.Env{
			Params: o.params, ReadOnly: o.readOnly, Version: versionNumber(),
			CallbackTimeout: o.callbackTimeout, MemoryLimit: o.memoryLimit,
			Print: func(_ *plugins.Call, text string) { fmt.Fprintln(std.Err, printableLines(text)) },
		}, rt.Name())
		if isTerminal(std.Out) { // else it is for a program
			text = printableLines(text)
		}
		fmt.Fprint(std.Out, text)
	}
	if script, ok := errors.AsType[*plugins.Error](err); ok && script.File == src.Path {
		return &host.LoadError{Err: err, Excerpt: script.Excerpt(src.Text)}
	}
	return err
}
