package lua

import (
	glua "github.com/yuin/gopher-lua"

	"workbench/plugins/stdlib"
)

// stringPack is string.pack(format, ...).
func stringPack(L *glua.LState) int {
	var values []stdlib.Value
	for i := 2; i <= L.GetTop(); i++ {
		values = append(values, fromLua(L.Get(i), stdlib.AnyType))
	}
	packed, err := stdlib.Pack(L.CheckString(1), values)
	if err != nil {
		raise(L, err)
	}
	L.Push(stringOf(packed))
	return 1
}

// stringUnpack is string.unpack(format, text[, position]): the values, and the
// position after them.
func stringUnpack(L *glua.LState) int {
	text := L.CheckString(2)
	start := L.OptInt(3, 1)
	if start > len(text)+1 || start < -len(text) {
		L.ArgError(3, "initial position out of string")
	}
	values, next, err := stdlib.Unpack(L.CheckString(1), bytesOf(glua.LString(text)), uint64(startOf(start, len(text))))
	if err != nil {
		raise(L, err)
	}
	for _, v := range values {
		L.Push(toLua(L, v))
	}
	L.Push(glua.LNumber(next + 1))
	return len(values) + 1
}

// stringPackSize is string.packsize(format).
func stringPackSize(L *glua.LState) int {
	n, err := stdlib.PackSize(L.CheckString(1))
	if err != nil {
		raise(L, err)
	}
	L.Push(glua.LNumber(n))
	return 1
}
