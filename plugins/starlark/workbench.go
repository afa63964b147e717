package starlark

import (
	"fmt"

	star "go.starlark.net/starlark"

	"workbench/plugins/stdlib"
)

// workbench has what nbdkit does not: disks to keep data in.
var workbench = module("workbench", star.StringDict{
	"memory": star.NewBuiltin("workbench.memory", newMemory),
	"file":   star.NewBuiltin("workbench.file", openFile),
})

// memory([name,] size) returns a sparse disk of zeroes; one with a name keeps
// its contents when the script is loaded again.
func newMemory(st *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var name string
	var size sizeArg
	params := []any{"name", &name, "size", &size}
	if len(args)+len(kwargs) == 1 { // the name is left out
		params = params[2:]
	}
	err := star.UnpackArgs(b.Name(), args, kwargs, params...)
	if err != nil {
		return nil, err
	}
	var m *stdlib.Memory
	if name == "" {
		m, err = stdlib.NewMemory(uint64(size))
	} else {
		m, err = stdlib.NamedMemory(threadOf(st).script.env.Shelf, name, uint64(size))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return newDisk(m), nil
}

// file(path, mode="r") returns the disk that is in a file.
func openFile(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var path string
	mode := "r"
	if err := star.UnpackArgs(b.Name(), args, kwargs, "path", &path, "mode?", &mode); err != nil {
		return nil, err
	}
	f, err := stdlib.OpenFile(path, mode)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return newDisk(f), nil
}

// sizeArg is an argument that is a number of bytes or a text like "1M".
type sizeArg uint64

func (s *sizeArg) Unpack(v star.Value) error {
	switch v := v.(type) {
	case star.Int:
		return star.AsInt(v, (*uint64)(s))
	case star.String:
		n, err := stdlib.ParseSize(string(v))
		*s = sizeArg(n)
		return err
	}
	return mismatch("an int or a text such as \"1M\"", v)
}

// bytesArg is an argument that is bytes or a string.
type bytesArg string

func (a *bytesArg) Unpack(v star.Value) error {
	text, ok := bytesOf(v)
	if !ok {
		return mismatch("bytes", v)
	}
	*a = bytesArg(text)
	return nil
}
