package starlark

import (
	"errors"
	"fmt"

	star "go.starlark.net/starlark"

	"workbench/plugins/stdlib"
)

// methods are the functions that objects have, each unbound.
type methods struct{ disk, buffer star.StringDict }

func newMethods() *methods {
	return &methods{disk: builtins("disk.", stdlib.DiskMethods), buffer: builtins("buffer.", stdlib.BufferMethods)}
}

// object returns a Disk or a Buffer as a script has it.
func (m *methods) object(o any) star.Value {
	d, ok := o.(stdlib.Disk)
	if !ok {
		return &buffer{o.(*stdlib.Buffer), m.buffer}
	}
	v := &disk{Disk: d, methods: make(star.StringDict, len(m.disk))}
	for name, f := range m.disk {
		v.methods[name] = f.(*star.Builtin).BindReceiver(v)
	}
	return v
}

// disk is a stdlib.Disk in the hands of a script.
type disk struct {
	stdlib.Disk
	methods star.StringDict // bound to this disk once, so that a request makes none
}

var _ star.HasAttrs = (*disk)(nil)

func (d *disk) String() string        { return fmt.Sprintf("<disk of %d bytes>", d.Size()) }
func (d *disk) Type() string          { return "disk" }
func (d *disk) Freeze()               {} // it holds its own locks
func (d *disk) Truth() star.Bool      { return true }
func (d *disk) Hash() (uint32, error) { return 0, errors.New("unhashable type: disk") }
func (d *disk) AttrNames() []string   { return d.methods.Keys() }

func (d *disk) Attr(name string) (star.Value, error) {
	if m, ok := d.methods[name]; ok {
		return m, nil
	}
	return nil, nil
}

// buffer is a stdlib.Buffer in the hands of a script. Starlark cannot assign to
// a slice, so it has methods, besides buf[i].
type buffer struct {
	*stdlib.Buffer
	methods star.StringDict
}

var (
	_ star.HasAttrs    = (*buffer)(nil)
	_ star.HasSetIndex = (*buffer)(nil)
)

func (b *buffer) String() string        { return fmt.Sprintf("<buffer of %d bytes>", b.Len()) }
func (b *buffer) Type() string          { return "buffer" }
func (b *buffer) Freeze()               {} // it holds its own lock
func (b *buffer) Truth() star.Bool      { return b.Len() > 0 }
func (b *buffer) Hash() (uint32, error) { return 0, errors.New("unhashable type: buffer") }
func (b *buffer) AttrNames() []string   { return b.methods.Keys() }

func (b *buffer) Attr(name string) (star.Value, error) {
	if m, ok := b.methods[name]; ok {
		return m.(*star.Builtin).BindReceiver(b), nil
	}
	return nil, nil
}

// Index is buf[i]; the interpreter has held i against Len. It is None if the
// buffer has been revoked since.
func (b *buffer) Index(i int) star.Value {
	var value star.Value = star.None
	if err := b.Read(func(bytes []byte) error { value = star.MakeInt(int(bytes[i])); return nil }); err != nil {
		return star.None
	}
	return value
}

// SetIndex is buf[i] = v.
func (b *buffer) SetIndex(i int, v star.Value) error {
	var value uint8
	if err := star.AsInt(v, &value); err != nil {
		return err
	}
	return b.Change(func(bytes []byte) error { bytes[i] = value; return nil })
}
