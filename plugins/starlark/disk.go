package starlark

import (
	"fmt"
	"maps"
	"slices"
	"unsafe"

	star "go.starlark.net/starlark"

	"workbench/plugins/stdlib"
)

// disk is a stdlib.Disk in the hands of a script.
type disk struct {
	stdlib.Disk
	methods map[string]*star.Builtin // bound to this disk once, so that a request makes none
}

var _ star.HasAttrs = (*disk)(nil)

func newDisk(d stdlib.Disk) *disk {
	v := &disk{Disk: d, methods: make(map[string]*star.Builtin, len(diskMethods))}
	for name, f := range diskMethods {
		v.methods[name] = star.NewBuiltin(name, f).BindReceiver(v)
	}
	return v
}

func (d *disk) String() string        { return fmt.Sprintf("<disk of %d bytes>", d.Size()) }
func (d *disk) Type() string          { return "disk" }
func (d *disk) Freeze()               {} // it holds its own locks
func (d *disk) Truth() star.Bool      { return true }
func (d *disk) Hash() (uint32, error) { return 0, fmt.Errorf("unhashable type: disk") }

func (d *disk) AttrNames() []string { return slices.Sorted(maps.Keys(d.methods)) }

func (d *disk) Attr(name string) (star.Value, error) {
	if m, ok := d.methods[name]; ok {
		return m, nil
	}
	return nil, nil
}

// A method is a Go function that a script calls on a value.
type method = func(*star.Thread, *star.Builtin, star.Tuple, []star.Tuple) (star.Value, error)

var diskMethods = map[string]method{
	"size":    diskSize,
	"pread":   diskPread,
	"pwrite":  diskPwrite,
	"flush":   diskFlush,
	"trim":    diskTrim,
	"zero":    diskZero,
	"extents": diskExtents,
	"close":   diskClose,
}

func diskSize(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if err := star.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return star.MakeUint64(b.Receiver().(*disk).Size()), nil
}

// maxBytes bounds the bytes that one call may make, as the language's own
// repetition does. An allocation that fails would end the process, not the script.
const maxBytes = 1 << 30

// pread(count, offset) returns bytes.
func diskPread(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var count, offset uint64
	if err := star.UnpackArgs(b.Name(), args, kwargs, "count", &count, "offset", &offset); err != nil {
		return nil, err
	}
	if count > maxBytes {
		return nil, fmt.Errorf("pread of %d bytes: %d is the most at once", count, maxBytes)
	}
	if count == 0 {
		return star.Bytes(""), nil
	}
	data := make([]byte, count)
	if err := b.Receiver().(*disk).ReadAt(data, offset); err != nil {
		return nil, err
	}
	return star.Bytes(unsafe.String(&data[0], len(data))), nil // data is known to nobody else
}

// pwrite(buf, offset).
func diskPwrite(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var buf bytesArg
	var offset uint64
	if err := star.UnpackArgs(b.Name(), args, kwargs, "buf", &buf, "offset", &offset); err != nil {
		return nil, err
	}
	data := unsafe.Slice(unsafe.StringData(string(buf)), len(buf)) // a Disk does not change what it writes
	return star.None, b.Receiver().(*disk).WriteAt(data, offset)
}

func diskFlush(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if err := star.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return star.None, b.Receiver().(*disk).Flush()
}

// trim(count, offset).
func diskTrim(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var count, offset uint64
	if err := star.UnpackArgs(b.Name(), args, kwargs, "count", &count, "offset", &offset); err != nil {
		return nil, err
	}
	return star.None, b.Receiver().(*disk).Trim(count, offset)
}

// zero(count, offset, may_trim=False).
func diskZero(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var count, offset uint64
	var mayTrim bool
	if err := star.UnpackArgs(b.Name(), args, kwargs, "count", &count, "offset", &offset, "may_trim?", &mayTrim); err != nil {
		return nil, err
	}
	return star.None, b.Receiver().(*disk).Zero(count, offset, mayTrim)
}

// extents(count, offset) returns a list of (offset, length, type), as the extents callback does.
func diskExtents(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var count, offset uint64
	if err := star.UnpackArgs(b.Name(), args, kwargs, "count", &count, "offset", &offset); err != nil {
		return nil, err
	}
	extents, err := b.Receiver().(*disk).Extents(count, offset)
	if err != nil {
		return nil, err
	}
	out := make([]star.Value, len(extents))
	for i, e := range extents {
		out[i] = star.Tuple{star.MakeUint64(e.Offset), star.MakeUint64(e.Length), star.MakeUint(uint(e.Type))}
	}
	return star.NewList(out), nil
}

// close() releases the disk; using it afterwards is an error.
func diskClose(_ *star.Thread, b *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if err := star.UnpackArgs(b.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return star.None, b.Receiver().(*disk).Close()
}
