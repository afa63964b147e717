package lua

import (
	"fmt"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// nonFunction is how gopher-lua begins its complaint that what was called is no function.
const nonFunction = "attempt to call a non-function object"

// nameCallee says in such a complaint what it was that the script called on that
// line, as far as the line tells: gopher-lua does not.
func (s *script) nameCallee(msg, file string, line int) string {
	if msg != nonFunction {
		return msg
	}
	var names []string
	s.protos[file].each(line, func(name string) {
		_, global := s.state.G.Global.RawGetString(name).(*glua.LFunction)
		if name != "?" && !global && !slices.Contains(names, name) {
			names = append(names, name)
		}
	})
	switch len(names) {
	case 0:
		return msg
	case 1:
		return fmt.Sprintf("attempt to call %s, which is nil or no function", names[0])
	}
	return fmt.Sprintf("attempt to call what is nil or no function: one of %s", strings.Join(names, ", "))
}

// A chunk is the bytecode of a file; nil is that of one that nobody knows.
type chunk glua.FunctionProto

// each calls f with the name of each function that is called on a line.
func (c *chunk) each(line int, f func(name string)) {
	if c == nil {
		return
	}
	for _, call := range c.DbgCalls {
		if call.Pc < len(c.DbgSourcePositions) && c.DbgSourcePositions[call.Pc] == line {
			f(call.Name)
		}
	}
	for _, inner := range c.FunctionPrototypes {
		(*chunk)(inner).each(line, f)
	}
}
