package starlark

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unsafe"

	star "go.starlark.net/starlark"

	"workbench/plugins"
)

// takeResult stores what a callback returned where its signature says.
func takeResult(c *plugins.Call, wanted plugins.Result, v star.Value) (err error) {
	switch wanted {
	case plugins.ResultNone:
	case plugins.ResultHandle:
		c.Handle = v
	case plugins.ResultBool:
		b, ok := v.(star.Bool)
		if !ok {
			return mismatch("a bool", v)
		}
		c.Bool = bool(b)
	case plugins.ResultInt:
		n, ok := v.(star.Int)
		if !ok {
			return mismatch("an int", v)
		}
		c.Int, err = int64Of(n)
	case plugins.ResultSize:
		c.Int, err = sizeOf(v)
	case plugins.ResultText:
		c.Missing = v == star.None
		if !c.Missing {
			c.Text, err = textOf(v)
		}
	case plugins.ResultBytes:
		text, ok := bytesOf(v)
		if !ok {
			return mismatch("bytes", v)
		}
		// The front end must not modify this memory, nor can the script.
		c.Data = unsafe.Slice(unsafe.StringData(text), len(text))
	case plugins.ResultExtents:
		c.Extents, err = extentsOf(v)
	case plugins.ResultExports:
		c.Exports, err = exportsOf(v)
	case plugins.ResultBlockSizes:
		c.BlockSizes, err = blockSizesOf(v)
	case plugins.ResultState:
		c.State, err = toPlain(v, 0)
	default:
		err = fmt.Errorf("this language does not know result kind %d", wanted)
	}
	return err
}

func mismatch(wanted string, got star.Value) error {
	return fmt.Errorf("wanted %s, got %s", wanted, got.Type())
}

func int64Of(n star.Int) (int64, error) {
	if i, ok := n.Int64(); ok {
		return i, nil
	}
	if n.Sign() < 0 {
		return 0, errors.New("the number is too small: it is below -2^63")
	}
	return 0, errors.New("the number is too large: 2^63-1 is the most")
}

// sizeOf takes a number of bytes as an integer, a float, or digits.
func sizeOf(v star.Value) (int64, error) {
	switch v := v.(type) {
	case star.Int:
		return int64Of(v)
	case star.Float:
		if v != v || v >= 1<<63 || v < -1<<63 {
			return 0, fmt.Errorf("%s is no size: 2^63-1 is the most", v)
		}
		return int64(math.Trunc(float64(v))), nil
	case star.String:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is no number of bytes (nbdkit.parse_size understands units)", v)
		}
		return n, nil
	}
	return 0, mismatch("an int", v)
}

func textOf(v star.Value) (string, error) {
	if s, ok := bytesOf(v); ok {
		return s, nil
	}
	return "", mismatch("a string", v)
}

// bytesOf returns the bytes of a bytes value or of a string, which Starlark
// keeps in UTF-8.
func bytesOf(v star.Value) (string, bool) {
	switch v := v.(type) {
	case star.Bytes:
		return string(v), true
	case star.String:
		return string(v), true
	}
	return "", false
}

// elements calls visit for each element of v until it fails.
func elements(v star.Value, wanted string, visit func(i int, v star.Value) error) error {
	list, ok := v.(star.Iterable)
	if !ok {
		return mismatch(wanted, v)
	}
	i := 0
	for e := range star.Elements(list) {
		if err := visit(i, e); err != nil {
			return err
		}
		i++
	}
	return nil
}

// fields returns the members of a record that a script may write as a tuple or
// list, (0, 512, 1), or by name, in a dict or struct. Members that it leaves out are nil.
func fields(v star.Value, names ...string) ([]star.Value, error) {
	out := make([]star.Value, len(names))
	switch v := v.(type) {
	case star.Indexable:
		if _, isText := bytesOf(v); isText {
			break
		}
		if v.Len() > len(names) {
			return nil, fmt.Errorf("%d members, but there are only %v", v.Len(), names)
		}
		for i := range v.Len() {
			out[i] = v.Index(i)
		}
		return out, nil
	case star.Mapping:
		for i, name := range names {
			member, found, err := v.Get(star.String(name))
			if err != nil {
				return nil, err
			}
			if found {
				out[i] = member
			}
		}
		return out, nil
	case star.HasAttrs:
		for i, name := range names {
			var missing star.NoSuchAttrError
			member, err := v.Attr(name)
			if err != nil && !errors.As(err, &missing) {
				return nil, err
			}
			out[i] = member
		}
		return out, nil
	}
	return nil, mismatch("a tuple", v)
}

// extentsOf takes a list of (offset, length, type). The type may be left out: data.
func extentsOf(v star.Value) ([]plugins.Extent, error) {
	var out []plugins.Extent
	err := elements(v, "a list of extents", func(i int, v star.Value) error {
		member, err := fields(v, "offset", "length", "type")
		if err != nil {
			return fmt.Errorf("extent %d: %w", i, err)
		}
		if member[0] == nil || member[1] == nil {
			return fmt.Errorf("extent %d: want (offset, length, type)", i)
		}
		var e plugins.Extent
		err = star.AsInt(member[0], &e.Offset)
		if err == nil {
			err = star.AsInt(member[1], &e.Length)
		}
		if err == nil && member[2] != nil {
			err = star.AsInt(member[2], (*uint32)(&e.Type))
		}
		if err == nil && e.Type > plugins.ExtentHole|plugins.ExtentZero {
			err = fmt.Errorf("type %d is not made of nbdkit.EXTENT_HOLE and nbdkit.EXTENT_ZERO", e.Type)
		}
		if err != nil {
			return fmt.Errorf("extent %d: %w", i, err)
		}
		out = append(out, e)
		return nil
	})
	return out, err
}

func exportsOf(v star.Value) ([]plugins.Export, error) {
	var out []plugins.Export
	err := elements(v, "a list of exports", func(i int, v star.Value) error {
		if name, ok := bytesOf(v); ok {
			out = append(out, plugins.Export{Name: name})
			return nil
		}
		member, err := fields(v, "name", "description")
		if err == nil && member[0] == nil {
			err = errors.New("has no name")
		}
		var e plugins.Export
		if err == nil {
			e.Name, err = textOf(member[0])
		}
		if err == nil && member[1] != nil && member[1] != star.None {
			e.Description, err = textOf(member[1])
		}
		if err != nil {
			return fmt.Errorf("export %d: %w", i, err)
		}
		out = append(out, e)
		return nil
	})
	return out, err
}

func blockSizesOf(v star.Value) (plugins.BlockSizes, error) {
	var b plugins.BlockSizes
	member, err := fields(v, "minimum", "preferred", "maximum")
	if err != nil {
		return b, err
	}
	for i, into := range []*uint32{&b.Minimum, &b.Preferred, &b.Maximum} {
		if member[i] == nil {
			return b, errors.New("want three numbers: minimum, preferred, maximum")
		}
		if err := star.AsInt(member[i], into); err != nil {
			return b, err
		}
	}
	return b, nil
}
