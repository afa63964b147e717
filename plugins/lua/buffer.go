package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

// bufferType is the name of the metatable that buffers have.
const bufferType = "workbench.buffer"

// A buffer is memory that the script may change. The one that pread of API
// version 2 gets is the front end's, and lent for the time of the call.
type buffer struct {
	bytes []byte
	over  bool // the call that it was lent to has ended
}

func (s *script) newBuffer(b *buffer) glua.LValue { return object(s.state, bufferType, b) }

// check returns the bytes, or fails the script if they are not its any more.
func (b *buffer) check(L *glua.LState) []byte {
	if b.over {
		L.RaiseError("this buffer belonged to a call of pread that has ended")
	}
	return b.bytes
}

var bufferMethods = map[string]glua.LGFunction{
	"get":  bufferGet,
	"set":  bufferSet,
	"sub":  bufferSub,
	"fill": bufferFill,
}

func checkBuffer(L *glua.LState) []byte {
	if u, ok := L.Get(1).(*glua.LUserData); ok {
		if b, ok := u.Value.(*buffer); ok {
			return b.check(L)
		}
	}
	L.RaiseError("wanted a buffer, got %s: methods are called with a colon, as in buf:set(offset, text)", kindOf(L.Get(1)))
	return nil
}

// part returns n bytes at offset, or fails the script.
func part(L *glua.LState, b []byte, offset, n uint64) []byte {
	if size := uint64(len(b)); offset > size || n > size-offset {
		L.RaiseError("%d bytes at %d go past the end of the buffer (%d bytes)", n, offset, size)
	}
	return b[offset : offset+n]
}

func bufferLen(L *glua.LState) int {
	L.Push(glua.LNumber(len(checkBuffer(L))))
	return 1
}

// bufferGet is buf:get(offset), the byte there, or buf:get(offset, count), a
// string. Offsets begin with 0, as those of a disk.
func bufferGet(L *glua.LState) int {
	if L.Get(3) != glua.LNil {
		return bufferSub(L)
	}
	L.Push(glua.LNumber(part(L, checkBuffer(L), checkNatural(L, 2, "offset"), 1)[0]))
	return 1
}

// bufferSet is buf:set(offset, value): a byte, or a string or buffer to copy.
func bufferSet(L *glua.LState) int {
	b, offset := checkBuffer(L), checkNatural(L, 2, "offset")
	if L.Get(3).Type() == glua.LTNumber {
		part(L, b, offset, 1)[0] = checkByte(L, 3)
		return 0
	}
	data := checkBytes(L, 3)
	copy(part(L, b, offset, uint64(len(data))), data)
	return 0
}

// bufferSub is buf:sub(offset, count): a string. Without count, up to the end.
func bufferSub(L *glua.LState) int {
	b, offset := checkBuffer(L), checkNatural(L, 2, "offset")
	L.Push(glua.LString(part(L, b, offset, optCount(L, 3, b, offset))))
	return 1
}

// bufferFill is buf:fill(byte[, offset[, count]]).
func bufferFill(L *glua.LState) int {
	b, value, offset := checkBuffer(L), checkByte(L, 2), uint64(0)
	if L.GetTop() > 2 {
		offset = checkNatural(L, 3, "offset")
	}
	target := part(L, b, offset, optCount(L, 4, b, offset))
	for i := range target {
		target[i] = value
	}
	return 0
}

// optCount returns argument n, or what is left of b after offset.
func optCount(L *glua.LState, n int, b []byte, offset uint64) uint64 {
	if L.Get(n) == glua.LNil {
		return uint64(len(b)) - min(offset, uint64(len(b)))
	}
	return checkNatural(L, n, "count")
}

// checkByte returns argument n, a number from 0 to 255.
func checkByte(L *glua.LState, n int) byte {
	v, ok := natural(L.Get(n))
	if !ok || v > math.MaxUint8 {
		L.RaiseError("wanted a byte, a number from 0 to 255, got %s", kindOf(L.Get(n)))
	}
	return byte(v)
}
