package lua

import (
	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// openNbdkit makes the table nbdkit, with nbdkit's names.
func (s *script) openNbdkit() {
	table := s.addLibrary("nbdkit", map[string]glua.LGFunction{
		"parse_size":  parseSize,
		"debug":       s.debug,
		"set_error":   s.setError,
		"export_name": s.exportName,
	})
	for name, value := range stdlib.Constants() {
		table.RawSetString(name, glua.LNumber(value))
	}
}

// parseSize is nbdkit.parse_size(text).
func parseSize(L *glua.LState) int {
	L.Push(glua.LNumber(sizeOf(L, L.CheckString(1))))
	return 1
}

// sizeOf parses a size, or fails the script.
func sizeOf(L *glua.LState, text string) int64 {
	n, err := stdlib.ParseSize(text)
	if err != nil {
		raise(L, err)
	}
	if n > maxExact {
		L.RaiseError("%q: the numbers of Lua are exact up to 2^53 only", text)
	}
	return n
}

// debug is nbdkit.debug(text).
func (s *script) debug(L *glua.LState) int {
	text := L.ToStringMeta(L.CheckAny(1)).String()
	if s.env.Debug != nil {
		s.env.Debug(s.running, text)
	}
	return 0
}

// setError is nbdkit.set_error(number or name): the errno that the callback
// fails with, if it fails and the error names none itself.
func (s *script) setError(L *glua.LState) int {
	errno, ok := errnoOf(L.CheckAny(1))
	if !ok {
		L.ArgError(1, "wanted an errno, a number or a name as \"ENOSPC\", got "+kindOf(L.Get(1)))
	}
	s.errno = errno
	return 0
}

// exportName is nbdkit.export_name().
func (s *script) exportName(L *glua.LState) int {
	c := s.running
	if c == nil || c.Callback < plugins.Preconnect || c.Callback > plugins.Close {
		L.RaiseError("nbdkit.export_name: there is no connection: ask in open or later")
	}
	L.Push(glua.LString(c.Open.Export))
	return 1
}
