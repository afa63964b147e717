package lua

import (
	"context"
	"path/filepath"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
)

// Runtime is the language Lua.
type Runtime struct{}

var _ plugins.Runtime = Runtime{}

// Name returns "lua".
func (Runtime) Name() string { return "lua" }

// Match reports whether the path ends in .lua or the first line names lua, as
// in "#!/usr/sbin/nbdkit lua" and "#!/usr/bin/lua5.3".
func (Runtime) Match(src plugins.Source) bool {
	if src.Ext() == ".lua" {
		return true
	}
	for _, word := range strings.Fields(src.Shebang()) {
		_, value, ok := strings.Cut(word, "=") // --lang=lua
		if !ok {
			value = filepath.Base(word)
		}
		if strings.TrimRight(value, ".0123456789") == "lua" {
			return true
		}
	}
	return false
}

// Compile checks the syntax of src.
func (Runtime) Compile(src plugins.Source) (plugins.Program, error) {
	proto, err := compile(src.Path, src.Text)
	if err != nil {
		return nil, err
	}
	return &program{path: src.Path, dir: src.Dir(), proto: proto}, nil
}

// A program is bytecode. Any number of scripts may run it at once.
type program struct {
	path  string
	dir   string
	proto *glua.FunctionProto
}

// Start runs the top level in a state of its own.
func (p *program) Start(ctx context.Context, env plugins.Env) (plugins.Script, error) {
	s := &script{
		path: p.path,
		env:  env,
		state: glua.NewState(glua.Options{
			SkipOpenLibs: true,
			// Both stacks begin small, because every coroutine has its own, and grow.
			RegistrySize:        1 << 10,
			RegistryGrowStep:    1 << 12,
			RegistryMaxSize:     1 << 20,
			CallStackSize:       1 << 12,
			MinimizeStackMemory: true,
		}),
	}
	s.out.emit = s.print
	s.files = []string{p.path}
	s.protos = map[string]*chunk{p.path: (*chunk)(p.proto)}
	s.openLibraries(p.dir)
	s.builtin = s.functions()
	if err := s.runTopLevel(ctx, p.proto); err != nil {
		s.state.Close()
		return nil, err
	}
	s.resolve()
	if err := s.readVersion(); err != nil {
		s.state.Close()
		return nil, err
	}
	return s, nil
}
