package starlark

import (
	"fmt"
	"math"

	star "go.starlark.net/starlark"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// builtins returns functions of stdlib as Starlark has them, with names that
// begin with prefix. The methods of an object are bound to it later.
func builtins(prefix string, list []stdlib.Function) star.StringDict {
	out := make(star.StringDict, len(list))
	for i := range list {
		f := &list[i]
		out[f.Name] = star.NewBuiltin(prefix+f.Name, func(st *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
			return invoke(threadOf(st), f, b.Receiver(), args, kwargs)
		})
	}
	return out
}

// invoke calls a function of stdlib.
func invoke(t *thread, f *stdlib.Function, receiver star.Value, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	in := &t.invocation // the functions of stdlib do not call back
	clear(in.Args)
	*in = stdlib.Invocation{Env: &t.script.env, Call: t.call, Errno: &t.errno, Args: in.Args[:0]}
	switch receiver := receiver.(type) {
	case *disk:
		in.Self = receiver.Disk
	case *buffer:
		in.Self = receiver.Buffer
	}
	for _, arg := range args {
		in.Args = append(in.Args, fromStarlark(arg))
	}
	for _, pair := range kwargs {
		name := string(pair[0].(star.String))
		i := f.Position(name)
		if i < 0 {
			return nil, fmt.Errorf("there is no parameter %s in %s", name, f)
		}
		if i < len(args) {
			return nil, fmt.Errorf("parameter %s of %s is given twice", name, f)
		}
		for len(in.Args) <= i {
			in.Args = append(in.Args, stdlib.Value{})
		}
		in.Args[i] = fromStarlark(pair[1])
	}
	result, err := f.Invoke(t.ctx, in)
	if err != nil {
		return nil, err
	}
	return t.script.methods.value(result), nil
}

// fromStarlark returns an argument for stdlib.
func fromStarlark(v star.Value) stdlib.Value {
	switch v := v.(type) {
	case star.NoneType:
		return stdlib.Value{}
	case star.Bool:
		return stdlib.Boolean(bool(v))
	case star.Int:
		if n, ok := v.Int64(); ok {
			return stdlib.Integer(n)
		}
		if n, ok := v.Uint64(); ok {
			return stdlib.Natural(n)
		}
		return stdlib.Value{Kind: stdlib.Other, Str: v.String() + ", which has more than 64 bits"}
	case star.Float:
		return stdlib.Real(float64(v))
	case star.String:
		return stdlib.Words(string(v))
	case star.Bytes:
		return stdlib.Data(string(v))
	case *disk:
		return stdlib.Value{Kind: stdlib.Object, Object: v.Disk}
	case *buffer:
		return stdlib.Value{Kind: stdlib.Object, Object: v.Buffer}
	}
	return stdlib.Value{Kind: stdlib.Other, Str: "a " + v.Type()}
}

// value returns a result of stdlib.
func (m *methods) value(v stdlib.Value) star.Value {
	switch v.Kind {
	case stdlib.Bool:
		return star.Bool(v.Number != 0)
	case stdlib.Int:
		return star.MakeInt64(int64(v.Number))
	case stdlib.Uint:
		return star.MakeUint64(v.Number)
	case stdlib.Float:
		return star.Float(math.Float64frombits(v.Number))
	case stdlib.Text:
		return star.String(v.Str)
	case stdlib.Bytes:
		return star.Bytes(v.Str)
	case stdlib.Tuple:
		items := v.Object.([]stdlib.Value)
		out := make(star.Tuple, len(items))
		for i, item := range items {
			out[i] = m.value(item)
		}
		return out
	case stdlib.Extents:
		return extentList(v.Object.([]plugins.Extent))
	case stdlib.Object:
		return m.object(v.Object)
	}
	return star.None
}

// extentList returns what the callback extents may return.
func extentList(extents []plugins.Extent) star.Value {
	out := make([]star.Value, len(extents))
	for i, e := range extents {
		out[i] = star.Tuple{star.MakeUint64(e.Offset), star.MakeUint64(e.Length), star.MakeUint(uint(e.Type))}
	}
	return star.NewList(out)
}
