package starlark

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	star "go.starlark.net/starlark"
)

// buffer is the memory that an API version 2 pread fills. Starlark cannot
// assign to a slice, so it has methods, besides buf[i]. It is the caller's own
// memory, and nothing of it can be reached after the call.
type buffer struct {
	data []byte
	over bool // the call has returned
}

var (
	_ star.HasAttrs    = (*buffer)(nil)
	_ star.HasSetIndex = (*buffer)(nil)
)

var errBufferOver = errors.New("the buffer belongs to a call that has returned: copy what you want to keep with buf.get(offset, count)")

func (b *buffer) cut() { b.data, b.over = nil, true }

func (b *buffer) String() string        { return fmt.Sprintf("<buffer of %d bytes>", len(b.data)) }
func (b *buffer) Type() string          { return "buffer" }
func (b *buffer) Freeze()               {} // it belongs to one call
func (b *buffer) Truth() star.Bool      { return len(b.data) > 0 }
func (b *buffer) Hash() (uint32, error) { return 0, errors.New("unhashable type: buffer") }

func (b *buffer) Len() int               { return len(b.data) }
func (b *buffer) Index(i int) star.Value { return star.MakeInt(int(b.data[i])) }

// SetIndex is buf[i] = v.
func (b *buffer) SetIndex(i int, v star.Value) error {
	var value uint8
	if err := star.AsInt(v, &value); err != nil {
		return err
	}
	b.data[i] = value
	return nil
}

func (b *buffer) AttrNames() []string { return slices.Sorted(maps.Keys(bufferMethods)) }

func (b *buffer) Attr(name string) (star.Value, error) {
	m, ok := bufferMethods[name]
	if !ok {
		return nil, nil
	}
	if b.over {
		return nil, errBufferOver
	}
	return star.NewBuiltin(name, m).BindReceiver(b), nil
}

var bufferMethods = map[string]method{
	"get":   bufferGet,
	"set":   bufferSet,
	"sub":   bufferSub,
	"fill":  bufferFill,
	"len":   bufferLen,
	"read":  bufferSub, // as a file would call it
	"write": bufferSet,
}

// rest is the count of whatever is left after an offset.
const rest = math.MinInt

// part returns count bytes from offset on.
func (b *buffer) part(offset, count int) ([]byte, error) {
	if b.over {
		return nil, errBufferOver
	}
	if count == rest {
		count = max(len(b.data)-offset, 0)
	}
	if offset < 0 || count < 0 || offset > len(b.data) || count > len(b.data)-offset {
		return nil, fmt.Errorf("%d bytes at %d are not inside the buffer of %d bytes", count, offset, len(b.data))
	}
	return b.data[offset : offset+count], nil
}

// get(offset) returns the byte there, get(offset, count) a copy as bytes.
func bufferGet(st *star.Thread, m *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if len(args)+len(kwargs) > 1 {
		return bufferSub(st, m, args, kwargs)
	}
	var offset int
	if err := star.UnpackArgs(m.Name(), args, kwargs, "offset", &offset); err != nil {
		return nil, err
	}
	from, err := m.Receiver().(*buffer).part(offset, 1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name(), err)
	}
	return star.MakeInt(int(from[0])), nil
}

// set(offset, value) puts a byte there, or copies bytes or a string.
func bufferSet(_ *star.Thread, m *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var offset int
	var value star.Value
	if err := star.UnpackArgs(m.Name(), args, kwargs, "offset", &offset, "value", &value); err != nil {
		return nil, err
	}
	data, isText := bytesOf(value)
	if !isText {
		var one uint8
		if err := star.AsInt(value, &one); err != nil {
			return nil, fmt.Errorf("%s: for parameter value: %w, bytes or string", m.Name(), err)
		}
		data = string([]byte{one})
	}
	into, err := m.Receiver().(*buffer).part(offset, len(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name(), err)
	}
	copy(into, data)
	return star.None, nil
}

// sub(offset, count) returns a copy as bytes; without count, up to the end.
func bufferSub(_ *star.Thread, m *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	offset, count := 0, rest
	if err := star.UnpackArgs(m.Name(), args, kwargs, "offset", &offset, "count?", &count); err != nil {
		return nil, err
	}
	from, err := m.Receiver().(*buffer).part(offset, count)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name(), err)
	}
	return star.Bytes(from), nil
}

// fill(byte, offset=0, count=rest) sets every byte of a part.
func bufferFill(_ *star.Thread, m *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	var value uint8
	offset, count := 0, rest
	if err := star.UnpackArgs(m.Name(), args, kwargs, "byte", &value, "offset?", &offset, "count?", &count); err != nil {
		return nil, err
	}
	into, err := m.Receiver().(*buffer).part(offset, count)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name(), err)
	}
	for i := range into {
		into[i] = value
	}
	return star.None, nil
}

// len() is len(buf).
func bufferLen(_ *star.Thread, m *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
	if err := star.UnpackArgs(m.Name(), args, kwargs); err != nil {
		return nil, err
	}
	return star.MakeInt(m.Receiver().(*buffer).Len()), nil
}
