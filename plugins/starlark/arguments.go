package starlark

import (
	"fmt"
	"unsafe"

	star "go.starlark.net/starlark"

	"workbench/plugins"
	"workbench/plugins/stdlib"
)

// arguments returns the values that the call passes to the script. They are
// good until the thread is reset.
func (t *thread) arguments(wanted []plugins.Arg) (star.Tuple, error) {
	for i, arg := range wanted {
		v, err := t.argument(arg)
		if err != nil {
			return nil, err
		}
		t.args[i] = v
	}
	return t.args[:len(wanted)], nil
}

func (t *thread) argument(arg plugins.Arg) (star.Value, error) {
	c := t.call
	switch arg {
	case plugins.ArgHandle:
		if h, ok := c.Handle.(star.Value); ok {
			return h, nil
		}
		return star.None, nil
	case plugins.ArgReadOnly:
		return star.Bool(c.ReadOnly), nil
	case plugins.ArgTLS:
		return star.Bool(c.TLS), nil
	case plugins.ArgKey:
		return star.String(c.Key), nil
	case plugins.ArgValue:
		return star.String(c.Value), nil
	case plugins.ArgCount:
		return star.MakeUint64(c.Length), nil
	case plugins.ArgOffset:
		return star.MakeUint64(c.Offset), nil
	case plugins.ArgData:
		if c.Given {
			return star.Bytes(unsafe.String(unsafe.SliceData(c.Data), len(c.Data))), nil
		}
		return star.Bytes(c.Data), nil // a copy: the script may keep it
	case plugins.ArgBuffer:
		t.buffer = stdlib.Lend(c.Data) // the memory is the front end's
		return t.script.methods.object(t.buffer), nil
	case plugins.ArgFlags:
		return star.MakeUint(uint(c.Flags)), nil
	case plugins.ArgMayTrim:
		return star.Bool(c.Flags&plugins.FlagMayTrim != 0), nil
	case plugins.ArgState:
		return fromPlain(c.State)
	}
	return nil, fmt.Errorf("this language does not know argument kind %d", arg)
}
