package lua

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// openRequire makes require look beside the script, and remember what it loaded.
func (s *script) openRequire(pkg *glua.LTable, dir string) {
	pkg.RawSetString("path", glua.LString(filepath.Join(dir, "?.lua")+";"+filepath.Join(dir, "?", "init.lua")))
	pkg.RawSetString("cpath", glua.LString(""))
	loaders := pkg.RawGetString("loaders").(*glua.LTable)
	loaders.RawSetInt(2, s.state.NewFunction(func(L *glua.LState) int { return s.findModule(L, pkg) }))
}

// findModule is the loader of require that looks along package.path.
func (s *script) findModule(L *glua.LState, pkg *glua.LTable) int {
	name := strings.ReplaceAll(L.CheckString(1), ".", string(filepath.Separator))
	var missing []string
	for _, pattern := range strings.Split(glua.LVAsString(pkg.RawGetString("path")), ";") {
		path := strings.ReplaceAll(pattern, "?", name)
		fn, err := s.loadPath(L, path)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, "no file "+path)
			continue
		}
		if err != nil {
			raise(L, err)
		}
		L.Push(fn)
		return 1
	}
	L.Push(glua.LString(strings.Join(missing, "\n\t")))
	return 1
}

// loadPath compiles a file and adds it to those that the script consists of.
func (s *script) loadPath(L *glua.LState, path string) (*glua.LFunction, error) {
	text, err := s.env.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(s.files, path) {
		s.files = append(s.files, path) // also one that is wrong: the error is in it
	}
	proto, err := compile(path, string(text))
	if err != nil {
		return nil, err
	}
	s.protos[path] = (*chunk)(proto)
	return L.NewFunctionFromProto(proto), nil
}

// loadFile is loadfile; the path is relative to the working directory of the process.
func (s *script) loadFile(L *glua.LState) int {
	fn, err := s.loadPath(L, L.CheckString(1))
	if err != nil {
		L.Push(glua.LNil)
		L.Push(glua.LString(err.Error()))
		return 2
	}
	L.Push(fn)
	return 1
}

// doFile is dofile.
func (s *script) doFile(L *glua.LState) int {
	fn, err := s.loadPath(L, L.CheckString(1))
	if err != nil {
		raise(L, err)
	}
	L.SetTop(0)
	L.Push(fn)
	L.Call(0, glua.MultRet)
	return L.GetTop()
}
