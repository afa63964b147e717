package plugins

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// fields are the facts that a script may state of itself at its top level, in
// the order in which nbdkit prints them.
var fields = []string{"name", "longname", "version", "description", "magic_config_key"}

// Dump starts program as far as its parameters, and writes what it says of
// itself as lines of key=value, as nbdkit --dump-plugin does: facts first, then
// has_NAME=1 for each callback, then what its dump_plugin prints. config_complete
// is not run.
func Dump(ctx context.Context, program Program, env Env, language string) (text string, err error) {
	var out strings.Builder
	print := env.Print
	env.Print = func(c *Call, text string) {
		if c != nil && c.Callback == DumpPlugin {
			fmt.Fprintln(&out, text)
		} else if print != nil {
			print(c, text)
		}
	}
	in, err := begin(ctx, program, env)
	if err != nil {
		return "", err
	}
	g := in.guards.take(ctx)
	defer in.guards.close()
	defer in.guards.put(g)
	defer func() { err = errors.Join(err, in.stop(g)) }()
	if err := in.configure(g); err != nil {
		return "", err
	}
	if err := in.chooseModel(g); err != nil {
		return "", err
	}
	_, loosest := in.script.ThreadModels()
	line := func(key string, value any) { fmt.Fprintf(&out, "%s=%v\n", key, value) }
	line("path", in.file())
	line("language", language)
	for _, field := range fields {
		value := in.Setting(field)
		if field == "name" && value == "" { // nbdkit has no plugin without one
			value = strings.TrimSuffix(filepath.Base(in.file()), filepath.Ext(in.file()))
		}
		if value != "" {
			line(field, value)
		}
	}
	line("api_version", in.script.APIVersion())
	line("max_thread_model", loosest)
	line("thread_model", in.model)
	for _, cb := range in.Callbacks() {
		line("has_"+cb.String(), 1)
	}
	err = in.run(g, DumpPlugin)
	return out.String(), err
}

// Describe runs the top level of program, and returns what it says there for
// people who want to use it: its name or long name and version, its description,
// and its config_help, each "" if the script does not say.
func Describe(ctx context.Context, program Program, env Env) (title, description, parameters string, err error) {
	in, err := begin(ctx, program, env)
	if err != nil {
		return "", "", "", err
	}
	g := in.guards.take(ctx)
	defer in.guards.close()
	defer in.guards.put(g)
	defer func() { err = errors.Join(err, in.stop(g)) }()
	title = in.Setting("longname")
	if title == "" {
		title = in.Setting("name")
	}
	if version := in.Setting("version"); version != "" {
		title = strings.TrimSpace(title + " " + version)
	}
	return title, in.Setting("description"), in.Setting("config_help"), nil
}
