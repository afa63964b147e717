package starlark

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	star "go.starlark.net/starlark"

	"workbench/plugins"
)

// loader serves the load statements of one script. They stand at the top level
// only, so it is of no use after the script's start.
type loader struct {
	thread  *thread
	dir     string                     // names are relative to this, the script's folder
	loading []string                   // the files whose top level is running, outermost first
	loaded  map[string]star.StringDict // the globals of the others, by path
}

// loadFrom makes t load files from the folder of src.
func loadFrom(t *thread, src plugins.Source) {
	l := &loader{
		thread:  t,
		dir:     src.Dir(),
		loading: []string{filepath.Clean(src.Path)},
		loaded:  map[string]star.StringDict{},
	}
	t.Load = func(_ *star.Thread, name string) (star.StringDict, error) { return l.load(name) }
}

func (l *loader) load(name string) (star.StringDict, error) {
	path := filepath.Clean(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.dir, path)
	}
	if globals, ok := l.loaded[path]; ok {
		return globals, nil
	}
	if slices.Contains(l.loading, path) {
		return nil, fmt.Errorf("the files load each other: %s > %s", strings.Join(l.loading, " > "), path)
	}
	text, err := l.thread.script.env.ReadFile(path)
	if err != nil {
		return nil, err
	}
	code, err := compile(plugins.Source{Path: path, Text: string(text)})
	if err != nil {
		return nil, err
	}
	l.loading = append(l.loading, path)
	globals, err := code.Init(&l.thread.Thread, predeclared)
	if err != nil {
		return nil, l.thread.explain(err)
	}
	l.loading = l.loading[:len(l.loading)-1]
	l.loaded[path] = globals
	l.thread.script.globals = append(l.thread.script.globals, globals)
	return globals, nil
}
