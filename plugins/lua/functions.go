package lua

import (
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// The names of the metatables that the objects of stdlib have.
const (
	diskType   = "workbench.disk"
	bufferType = "workbench.buffer"
)

// openStdlib makes the tables nbdkit and workbench, and the methods of their objects.
func (s *script) openStdlib() {
	table := s.addLibrary("nbdkit", s.functionsOf(stdlib.Nbdkit))
	s.state.SetFuncs(table, map[string]glua.LGFunction{"debug": s.debug})
	for name, value := range stdlib.Constants() {
		table.RawSetString(name, glua.LNumber(value))
	}
	s.addLibrary("workbench", s.functionsOf(stdlib.Workbench))
	s.newType(diskType, s.methodsOf(diskType, stdlib.DiskMethods), nil)
	methods := s.methodsOf(bufferType, stdlib.BufferMethods)
	s.newType(bufferType, methods, map[string]glua.LGFunction{"__len": methods["len"]})
}

// functionsOf returns functions of stdlib as Lua has them.
func (s *script) functionsOf(list []stdlib.Function) map[string]glua.LGFunction {
	functions := map[string]glua.LGFunction{}
	for i := range list {
		f := &list[i]
		functions[f.Name] = func(L *glua.LState) int { return s.invoke(L, f, nil, 1) }
	}
	return functions
}

// methodsOf is functionsOf for what is called on an object.
func (s *script) methodsOf(typeName string, list []stdlib.Function) map[string]glua.LGFunction {
	methods := map[string]glua.LGFunction{}
	for i := range list {
		f := &list[i]
		methods[f.Name] = func(L *glua.LState) int {
			u, ok := L.Get(1).(*glua.LUserData)
			if !ok || u.Metatable != L.GetTypeMetatable(typeName) {
				kind := strings.TrimPrefix(typeName, "workbench.")
				L.RaiseError("wanted a %s, got %s: methods are called with a colon, as in %s:%s", kind, kindOf(L.Get(1)), kind, f)
			}
			return s.invoke(L, f, u.Value, 2)
		}
	}
	return methods
}

// invoke calls a function of stdlib with the arguments from first on.
func (s *script) invoke(L *glua.LState, f *stdlib.Function, self any, first int) int {
	last := L.GetTop()
	for last >= first && L.Get(last) == glua.LNil && last-first >= len(f.Params) {
		last--
	}
	in := &s.invocation // the functions of stdlib do not call back
	clear(in.Args)
	*in = stdlib.Invocation{Env: &s.env, Call: s.running, Errno: &s.errno, Self: self, Args: in.Args[:0]}
	for i := first; i <= last; i++ {
		wanted := stdlib.AnyType
		if at := i - first; at < len(f.Params) {
			wanted = f.Params[at].Type
		}
		in.Args = append(in.Args, fromLua(L.Get(i), wanted))
	}
	result, err := f.Invoke(&s.interrupt, in)
	if err != nil {
		raise(L, err)
	}
	return pushValue(L, result)
}

// fromLua returns an argument for stdlib. As everywhere in Lua, digits will do
// for a number and a number for its digits.
func fromLua(value glua.LValue, wanted stdlib.Type) stdlib.Value {
	switch v := value.(type) {
	case *glua.LNilType:
		return stdlib.Value{}
	case glua.LBool:
		return stdlib.Boolean(bool(v))
	case glua.LNumber:
		if wanted.Textual() {
			return stdlib.Words(v.String())
		}
		if n, ok := integer(v); ok {
			return stdlib.Integer(n)
		}
		return stdlib.Real(float64(v))
	case glua.LString:
		if wanted.Numeric() {
			if f, ok := parseNumber(string(v)); ok {
				return fromLua(glua.LNumber(f), wanted)
			}
		}
		return stdlib.Words(string(v))
	case *glua.LUserData:
		switch v.Value.(type) {
		case stdlib.Disk, *stdlib.Buffer:
			return stdlib.Value{Kind: stdlib.Object, Object: v.Value}
		}
	}
	return stdlib.Value{Kind: stdlib.Other, Str: kindOf(value)}
}

// pushValue pushes a result of stdlib, and returns how many values that are.
func pushValue(L *glua.LState, v stdlib.Value) int {
	switch v.Kind {
	case stdlib.None:
		return 0
	case stdlib.Tuple:
		items := v.Object.([]stdlib.Value)
		for _, item := range items {
			L.Push(toLua(L, item))
		}
		return len(items)
	}
	L.Push(toLua(L, v))
	return 1
}

// toLua returns a result of stdlib. A number that Lua does not have exactly
// fails the script.
func toLua(L *glua.LState, v stdlib.Value) glua.LValue {
	switch v.Kind {
	case stdlib.Bool:
		return glua.LBool(v.Number != 0)
	case stdlib.Int:
		n := int64(v.Number)
		if n > maxExact || n < -maxExact {
			L.RaiseError("the result is %d: %s", n, beyondExact)
		}
		return glua.LNumber(n)
	case stdlib.Uint:
		L.RaiseError("the result is %d: %s", v.Number, beyondExact)
	case stdlib.Float:
		return glua.LNumber(v.Float())
	case stdlib.Text, stdlib.Bytes:
		return glua.LString(v.Str)
	case stdlib.Extents:
		return extentTable(L, v.Object.([]plugins.Extent))
	case stdlib.Object:
		if _, ok := v.Object.(stdlib.Disk); ok {
			return object(L, diskType, v.Object)
		}
		return object(L, bufferType, v.Object)
	}
	return glua.LNil
}

// beyondExact says why a number cannot be had.
const beyondExact = "the numbers of Lua are exact up to 2^53 only; take a large integer in halves of 32 bits"

// extentTable returns what the callback extents may return.
func extentTable(L *glua.LState, list []plugins.Extent) *glua.LTable {
	table := L.CreateTable(len(list), 0)
	for i, e := range list {
		entry := L.CreateTable(0, 3)
		entry.RawSetString("offset", glua.LNumber(e.Offset))
		entry.RawSetString("length", glua.LNumber(e.Length))
		entry.RawSetString("type", glua.LNumber(e.Type))
		table.RawSetInt(i+1, entry)
	}
	return table
}

// debug is nbdkit.debug(text). It is not stdlib's: what a value is in words, the
// language knows.
func (s *script) debug(L *glua.LState) int {
	text := L.ToStringMeta(L.CheckAny(1)).String()
	if s.env.Debug != nil {
		s.env.Debug(s.running, text)
	}
	return 0
}

// newType makes the metatable of a kind of object.
func (s *script) newType(name string, methods, meta map[string]glua.LGFunction) {
	mt := s.state.NewTypeMetatable(name)
	mt.RawSetString("__index", s.state.SetFuncs(s.state.NewTable(), methods))
	mt.RawSetString("__metatable", glua.LString(name))
	s.state.SetFuncs(mt, meta)
	s.state.SetField(mt, "__tostring", s.state.NewFunction(func(L *glua.LState) int {
		text := name
		if u, ok := L.Get(1).(*glua.LUserData); ok {
			switch o := u.Value.(type) {
			case stdlib.Disk:
				text = fmt.Sprintf("<disk of %d bytes>", o.Size())
			case *stdlib.Buffer:
				text = fmt.Sprintf("<buffer of %d bytes>", o.Len())
			}
		}
		L.Push(glua.LString(text))
		return 1
	}))
}

// object wraps a Go value for the script.
func object(L *glua.LState, typeName string, value any) *glua.LUserData {
	u := L.NewUserData()
	u.Value = value
	u.Metatable = L.GetTypeMetatable(typeName)
	return u
}
