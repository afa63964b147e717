package lua

import (
	"fmt"
	"math"
	"unsafe"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
)

// maxExact is the largest number up to which Lua has every integer.
const maxExact = 1 << 53

// result takes what the callback returned off the stack and into c.
func (s *script) result(r plugins.Result, c *plugins.Call) error {
	if r == plugins.ResultNone {
		return nil
	}
	value := s.state.Get(1)
	var problem string
	switch r {
	case plugins.ResultHandle:
		c.Handle = value
	case plugins.ResultBool:
		b, ok := value.(glua.LBool)
		c.Bool = bool(b)
		problem = unless(ok, "a boolean", value)
	case plugins.ResultInt:
		n, ok := integer(value)
		c.Int = n
		problem = unless(ok, "a whole number", value)
	case plugins.ResultSize:
		c.Int, problem = size(value)
	case plugins.ResultText:
		text, ok := value.(glua.LString)
		c.Text, c.Missing = string(text), value == glua.LNil
		problem = unless(ok || c.Missing, "a string", value)
	case plugins.ResultBytes:
		text, ok := value.(glua.LString)
		if n, isNumber := value.(glua.LNumber); isNumber { // a number is text too, in Lua
			text = glua.LString(n.String())
			ok = uint64(len(text)) >= c.Length // else it was not meant
		}
		c.Data = bytesOf(text)
		if !ok {
			problem = unless(false, fmt.Sprintf("a string of %d bytes", c.Length), value)
		}
	case plugins.ResultExtents:
		c.Extents, problem = extents(value)
	case plugins.ResultExports:
		c.Exports, problem = exports(value)
	case plugins.ResultBlockSizes:
		c.BlockSizes, problem = blockSizes(value, s.state.Get(2), s.state.Get(3))
	case plugins.ResultState:
		state, err := toPlain(value)
		if err != nil {
			problem = "returned " + err.Error()
		}
		c.State = state
	}
	s.state.SetTop(0)
	if problem != "" {
		return s.wrong(c.Callback, problem)
	}
	return nil
}

// wrong is the error for a callback that returned what it must not; its place is
// the beginning of the function.
func (s *script) wrong(cb plugins.Callback, msg string) error {
	file, line := s.Position(cb)
	return &plugins.Error{Errno: s.errno, Callback: cb, File: file, Line: line, Msg: msg}
}

// bytesOf returns the bytes of a string without copying them. Nobody may change
// them: the string may be kept by the script. They go to the socket or the
// kernel and nowhere else.
func bytesOf(text glua.LString) []byte {
	return unsafe.Slice(unsafe.StringData(string(text)), len(text))
}

// stringOf returns b as a string without copying it. The caller never changes b again.
func stringOf(b []byte) glua.LString {
	return glua.LString(unsafe.String(unsafe.SliceData(b), len(b)))
}

// unless returns what is wrong with value if it is not what was wanted.
func unless(ok bool, want string, value glua.LValue) string {
	if ok {
		return ""
	}
	return fmt.Sprintf("wanted %s, got %s", want, kindOf(value))
}

// kindOf names a value for a message: "nil", "a string", the number itself.
func kindOf(value glua.LValue) string {
	switch value.Type() {
	case glua.LTNil:
		return "nil"
	case glua.LTNumber, glua.LTBool:
		return value.String()
	case glua.LTUserData:
		return "an object"
	}
	return "a " + value.Type().String()
}

// integer returns a number that is whole and exact.
func integer(value glua.LValue) (int64, bool) {
	n, ok := value.(glua.LNumber)
	f := float64(n)
	if !ok || f != math.Trunc(f) || math.Abs(f) > maxExact {
		return 0, false
	}
	return int64(f), true
}

// size returns a number of bytes: the fraction is cut off, and a string of
// digits counts as a number, as with nbdkit. A negative one is the caller's to judge.
func size(value glua.LValue) (n int64, problem string) {
	f, ok := 0.0, false
	switch value := value.(type) {
	case glua.LNumber:
		f, ok = float64(value), true
	case glua.LString:
		f, ok = parseNumber(string(value))
	}
	switch {
	case !ok || math.IsNaN(f):
		return 0, unless(false, "a number of bytes", value)
	case f > maxExact:
		return 0, fmt.Sprintf("returned %s: the numbers of Lua are exact up to 2^53 only, so a disk may have %d bytes at most", value, int64(maxExact))
	case f < -maxExact:
		return math.MinInt64, ""
	}
	return int64(f), ""
}

// extents reads a list of {offset, length, type}; the type may be left out.
func extents(value glua.LValue) (list []plugins.Extent, problem string) {
	const want = "a list of {offset, length, type}"
	table, ok := value.(*glua.LTable)
	if !ok {
		return nil, unless(false, want, value)
	}
	for i := 1; i <= table.Len(); i++ {
		entry, ok := table.RawGetInt(i).(*glua.LTable)
		if !ok {
			return nil, unless(false, want+fmt.Sprintf(" in place %d of the list", i), table.RawGetInt(i))
		}
		offset, ok1 := natural(field(entry, 1, "offset"))
		length, ok2 := natural(field(entry, 2, "length"))
		kind, ok3 := uint64(0), true
		if k := field(entry, 3, "type"); k != glua.LNil {
			kind, ok3 = natural(k)
		}
		if !ok1 || !ok2 || !ok3 || kind > uint64(plugins.ExtentHole|plugins.ExtentZero) {
			return nil, fmt.Sprintf("extent %d of the list is {%s, %s, %s}: wanted an offset, a length, and a type made of nbdkit.EXTENT_HOLE and nbdkit.EXTENT_ZERO",
				i, field(entry, 1, "offset"), field(entry, 2, "length"), field(entry, 3, "type"))
		}
		list = append(list, plugins.Extent{Offset: offset, Length: length, Type: plugins.ExtentType(kind)})
	}
	return list, ""
}

// exports reads a list of names or {name, description}.
func exports(value glua.LValue) (list []plugins.Export, problem string) {
	const want = "a list of names or {name, description}"
	table, ok := value.(*glua.LTable)
	if !ok {
		return nil, unless(false, want, value)
	}
	for i := 1; i <= table.Len(); i++ {
		entry := table.RawGetInt(i)
		var description glua.LValue = glua.LNil
		name := entry
		if pair, ok := entry.(*glua.LTable); ok {
			name, description = field(pair, 1, "name"), field(pair, 2, "description")
		}
		if name.Type() != glua.LTString || description.Type() != glua.LTString && description != glua.LNil {
			return nil, unless(false, want+fmt.Sprintf(" in place %d of the list", i), entry)
		}
		list = append(list, plugins.Export{Name: name.String(), Description: glua.LVAsString(description)})
	}
	return list, ""
}

// blockSizes reads the three results of block_size.
func blockSizes(values ...glua.LValue) (sizes plugins.BlockSizes, problem string) {
	var n [3]uint32
	for i, value := range values {
		v, ok := natural(value)
		if !ok || v > math.MaxUint32 {
			return sizes, unless(false, "three numbers: minimum, preferred and maximum, in bytes", value)
		}
		n[i] = uint32(v)
	}
	return plugins.BlockSizes{Minimum: n[0], Preferred: n[1], Maximum: n[2]}, ""
}

// natural returns a whole number that is not negative.
func natural(value glua.LValue) (uint64, bool) {
	n, ok := integer(value)
	return uint64(n), ok && n >= 0
}

// field returns an entry of a table that may be given by place or by name.
func field(table *glua.LTable, place int, name string) glua.LValue {
	if value := table.RawGetInt(place); value != glua.LNil {
		return value
	}
	return table.RawGetString(name)
}
