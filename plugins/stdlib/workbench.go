package stdlib

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Workbench are the functions that nbdkit does not have.
var Workbench = []Function{
	{"memory", []Param{value("name"), optional(size("size"))}, false, memory},
	{"file", []Param{text("path"), optional(text("mode"))}, false, func(_ context.Context, in *Invocation) (Value, error) {
		f, err := OpenFile(in.Env, in.text(0), in.text(1))
		if err != nil {
			return Value{}, err
		}
		return object(f), nil
	}},
	{"buffer", []Param{value("size")}, false, newBuffer},

	{"pack", []Param{text("format")}, true, func(_ context.Context, in *Invocation) (Value, error) {
		packed, err := Pack(in.text(0), in.Args[1:])
		return Data(stringOf(packed)), err
	}},
	{"unpack", []Param{text("format"), data("data"), optional(natural("offset"))}, false, func(_ context.Context, in *Invocation) (v Value, err error) {
		err = in.read(1, func(data []byte) error {
			items, _, err := Unpack(in.text(0), data, in.natural(2))
			v = Value{Kind: Tuple, Object: items}
			return err
		})
		return v, err
	}},
	{"packsize", []Param{text("format")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		n, err := PackSize(in.text(0))
		return Natural(n), err
	}},

	{"crc32", []Param{data("data"), optional(natural("start"))}, false, checksum(crc32.IEEE)},
	{"crc32c", []Param{data("data"), optional(natural("start"))}, false, checksum(crc32.Castagnoli)},
	{"hex", []Param{data("data"), optional(natural("offset"))}, false, func(_ context.Context, in *Invocation) (v Value, err error) {
		err = in.read(0, func(data []byte) error {
			text, err := Dump(data, in.natural(1))
			v = Words(text)
			return err
		})
		return v, err
	}},
	{"unhex", []Param{text("text")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		data, err := Undump(in.text(0))
		return Data(stringOf(data)), err
	}},
	{"now", nil, false, func(context.Context, *Invocation) (Value, error) {
		return Real(float64(time.Now().UnixNano()) / 1e9), nil
	}},
}

// memory([name,] size) is a sparse disk; one with a name outlives the script.
func memory(_ context.Context, in *Invocation) (Value, error) {
	var m *Memory
	var err error
	switch name := in.Args[0]; {
	case !in.given(1):
		var n uint64
		if n, err = name.size(); err != nil {
			return Value{}, fmt.Errorf("size: %w", err)
		}
		m, err = NewMemory(n, in.Env.Held)
	case name.Kind == None:
		m, err = NewMemory(in.size(1), in.Env.Held)
	case name.Kind != Text || name.Str == "":
		return Value{}, fmt.Errorf("name: wanted a string that is not empty, got %s", name.describe())
	default:
		m, err = NamedMemory(in.Env.Shelf, name.Str, in.size(1), in.Env.Held)
	}
	if err != nil {
		return Value{}, err
	}
	return object(m), nil
}

// size returns the number of bytes that an argument stands for.
func (in *Invocation) size(i int) uint64 {
	n, _ := in.Args[i].size()
	return n
}

// newBuffer is buffer(size) or buffer(data): so many zeroes, or a copy of data.
func newBuffer(_ context.Context, in *Invocation) (Value, error) {
	var b *Buffer
	fill := func(data []byte) (err error) {
		if b, err = NewBuffer(uint64(len(data)), in.Env.Held); err == nil {
			copy(b.bytes, data)
		}
		return err
	}
	var err error
	switch _, isBuffer := in.Args[0].Object.(*Buffer); in.Args[0].Kind {
	case Text, Bytes:
		err = in.read(0, fill)
	default:
		if isBuffer {
			err = in.read(0, fill)
			break
		}
		var n uint64
		if n, err = in.Args[0].natural(); err != nil {
			return Value{}, fmt.Errorf("size: wanted a number of bytes, a string or a buffer, got %s", in.Args[0].describe())
		}
		b, err = NewBuffer(n, in.Env.Held)
	}
	if err != nil {
		return Value{}, err
	}
	return object(b), nil
}

// checksum is a crc of data, which may go on from that of what stands before it.
func checksum(polynomial uint32) func(context.Context, *Invocation) (Value, error) {
	table := crc32.MakeTable(polynomial)
	return func(_ context.Context, in *Invocation) (v Value, err error) {
		start := in.natural(1)
		if start >= 1<<32 {
			return v, errors.New("start: a checksum has 32 bits")
		}
		err = in.read(0, func(data []byte) error {
			v = Natural(uint64(crc32.Update(uint32(start), table, data)))
			return nil
		})
		return v, err
	}
}

// DiskMethods are the methods of a [Disk].
var DiskMethods = []Function{
	{"size", nil, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Natural(in.disk().Size()), nil
	}},
	{"pread", []Param{natural("count"), natural("offset")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		bytes, err := makeBytes(in.natural(0))
		if err != nil {
			return Value{}, err
		}
		err = in.disk().ReadAt(bytes, in.natural(1))
		return Data(stringOf(bytes)), err
	}},
	{"pwrite", []Param{data("buf"), natural("offset")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Value{}, in.read(0, func(data []byte) error { return in.disk().WriteAt(data, in.natural(1)) })
	}},
	{"read_into", []Param{buffer("buffer"), natural("offset"), optional(natural("at")), optional(natural("count"))}, false,
		func(_ context.Context, in *Invocation) (Value, error) {
			return Value{}, in.Args[0].Object.(*Buffer).Change(func(bytes []byte) error {
				bytes, err := part(bytes, in.natural(2), in.natural(3), in.given(3))
				if err != nil {
					return err
				}
				return in.disk().ReadAt(bytes, in.natural(1))
			})
		}},
	{"write_from", []Param{buffer("buffer"), natural("offset"), optional(natural("at")), optional(natural("count"))}, false,
		func(_ context.Context, in *Invocation) (Value, error) {
			return Value{}, in.read(0, func(bytes []byte) error {
				bytes, err := part(bytes, in.natural(2), in.natural(3), in.given(3))
				if err != nil {
					return err
				}
				return in.disk().WriteAt(bytes, in.natural(1))
			})
		}},
	{"flush", nil, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Value{}, in.disk().Flush()
	}},
	{"trim", []Param{natural("count"), natural("offset")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Value{}, in.disk().Trim(in.natural(0), in.natural(1))
	}},
	{"zero", []Param{natural("count"), natural("offset"), optional(boolean("may_trim"))}, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Value{}, in.disk().Zero(in.natural(0), in.natural(1), in.flag(2))
	}},
	{"extents", []Param{natural("count"), natural("offset")}, false, func(_ context.Context, in *Invocation) (Value, error) {
		list, err := in.disk().Extents(in.natural(0), in.natural(1))
		return Value{Kind: Extents, Object: list}, err
	}},
	{"close", nil, false, func(_ context.Context, in *Invocation) (Value, error) {
		return Value{}, in.disk().Close()
	}},
}

func (in *Invocation) disk() Disk { return in.Self.(Disk) }
