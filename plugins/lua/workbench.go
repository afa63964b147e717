package lua

import (
	glua "github.com/yuin/gopher-lua"

	"workbench/plugins/stdlib"
)

// diskType is the name of the metatable that disks have.
const diskType = "workbench.disk"

// openWorkbench makes the table workbench, and the methods of its objects.
func (s *script) openWorkbench() {
	s.addLibrary("workbench", map[string]glua.LGFunction{
		"memory": s.memory,
		"file":   s.file,
	})
	s.newType(diskType, map[string]glua.LGFunction{
		"size":    diskSize,
		"pread":   diskPread,
		"pwrite":  diskPwrite,
		"flush":   diskFlush,
		"trim":    diskTrim,
		"zero":    diskZero,
		"extents": diskExtents,
		"close":   diskClose,
	}, nil)
	s.newType(bufferType, bufferMethods, map[string]glua.LGFunction{"__len": bufferLen})
}

// newType makes the metatable of a kind of object.
func (s *script) newType(name string, methods, meta map[string]glua.LGFunction) {
	mt := s.state.NewTypeMetatable(name)
	mt.RawSetString("__index", s.state.SetFuncs(s.state.NewTable(), methods))
	mt.RawSetString("__metatable", glua.LString(name))
	s.state.SetFuncs(mt, meta)
	s.state.SetField(mt, "__tostring", s.state.NewFunction(func(L *glua.LState) int {
		L.Push(glua.LString(name))
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

// memory is workbench.memory([name,] size).
func (s *script) memory(L *glua.LState) int {
	var disk *stdlib.Memory
	var err error
	if L.GetTop() < 2 {
		disk, err = stdlib.NewMemory(checkSize(L, 1))
	} else {
		disk, err = stdlib.NamedMemory(s.env.Shelf, L.CheckString(1), checkSize(L, 2))
	}
	if err != nil {
		raise(L, err)
	}
	L.Push(object(L, diskType, disk))
	return 1
}

// file is workbench.file(path[, mode]).
func (s *script) file(L *glua.LState) int {
	disk, err := stdlib.OpenFile(L.CheckString(1), L.OptString(2, ""))
	if err != nil {
		raise(L, err)
	}
	L.Push(object(L, diskType, disk))
	return 1
}

// checkDisk returns the object that a method was called on.
func checkDisk(L *glua.LState) stdlib.Disk {
	if u, ok := L.Get(1).(*glua.LUserData); ok {
		if d, ok := u.Value.(stdlib.Disk); ok {
			return d
		}
	}
	L.RaiseError("wanted a disk, got %s: methods are called with a colon, as in disk:pread(count, offset)", kindOf(L.Get(1)))
	return nil
}

// checkNatural returns argument n, a whole number that is not negative. what
// names it in the message.
func checkNatural(L *glua.LState, n int, what string) uint64 {
	value := L.Get(n)
	if text, ok := value.(glua.LString); ok {
		if f, ok := parseNumber(string(text)); ok {
			value = glua.LNumber(f)
		}
	}
	v, ok := natural(value)
	if !ok {
		L.RaiseError("%s: wanted a whole number from 0 to 2^53, got %s", what, kindOf(value))
	}
	return v
}

// checkSize returns argument n, a number of bytes or a text as "64M".
func checkSize(L *glua.LState, n int) uint64 {
	if text, ok := L.Get(n).(glua.LString); ok {
		return uint64(sizeOf(L, string(text)))
	}
	return checkNatural(L, n, "size")
}

// checkBytes returns argument n, a string or a buffer. The caller only reads it,
// and not after the call.
func checkBytes(L *glua.LState, n int) []byte {
	if u, ok := L.Get(n).(*glua.LUserData); ok {
		if b, ok := u.Value.(*buffer); ok {
			return b.check(L)
		}
	}
	return bytesOf(glua.LString(L.CheckString(n)))
}

func diskSize(L *glua.LState) int {
	size := checkDisk(L).Size()
	if size > maxExact {
		L.RaiseError("the disk has %d bytes: the numbers of Lua are exact up to 2^53 only", size)
	}
	L.Push(glua.LNumber(size))
	return 1
}

// diskPread is disk:pread(count, offset).
func diskPread(L *glua.LState) int {
	disk, count, offset := checkDisk(L), checkNatural(L, 2, "count"), checkNatural(L, 3, "offset")
	if count > maxString {
		L.RaiseError("count: %d bytes are too many for one string, %d is the most", count, maxString)
	}
	data := make([]byte, count)
	if err := disk.ReadAt(data, offset); err != nil {
		raise(L, err)
	}
	L.Push(stringOf(data))
	return 1
}

// diskPwrite is disk:pwrite(buf, offset).
func diskPwrite(L *glua.LState) int {
	return done(L, checkDisk(L).WriteAt(checkBytes(L, 2), checkNatural(L, 3, "offset")))
}

func diskFlush(L *glua.LState) int { return done(L, checkDisk(L).Flush()) }

// diskTrim is disk:trim(count, offset).
func diskTrim(L *glua.LState) int {
	return done(L, checkDisk(L).Trim(checkNatural(L, 2, "count"), checkNatural(L, 3, "offset")))
}

// diskZero is disk:zero(count, offset[, may_trim]).
func diskZero(L *glua.LState) int {
	return done(L, checkDisk(L).Zero(checkNatural(L, 2, "count"), checkNatural(L, 3, "offset"), L.ToBool(4)))
}

// diskExtents is disk:extents(count, offset), which returns what the callback
// extents may return.
func diskExtents(L *glua.LState) int {
	list, err := checkDisk(L).Extents(checkNatural(L, 2, "count"), checkNatural(L, 3, "offset"))
	if err != nil {
		raise(L, err)
	}
	table := L.CreateTable(len(list), 0)
	for i, e := range list {
		entry := L.CreateTable(0, 3)
		entry.RawSetString("offset", glua.LNumber(e.Offset))
		entry.RawSetString("length", glua.LNumber(e.Length))
		entry.RawSetString("type", glua.LNumber(e.Type))
		table.RawSetInt(i+1, entry)
	}
	L.Push(table)
	return 1
}

func diskClose(L *glua.LState) int { return done(L, checkDisk(L).Close()) }

// done is the end of a function that returns nothing but may fail.
func done(L *glua.LState, err error) int {
	if err != nil {
		raise(L, err)
	}
	return 0
}
