package lua

import (
	"fmt"
	"math"
	"math/bits"

	glua "github.com/yuin/gopher-lua"
)

// bit32 has the functions of Lua 5.2's library that stand for operators of 5.3.
// The operands are taken modulo 2^32.
var bit32 = map[string]glua.LGFunction{
	"band": bitFold(math.MaxUint32, func(a, b uint32) uint32 { return a & b }),
	"bor":  bitFold(0, func(a, b uint32) uint32 { return a | b }),
	"bxor": bitFold(0, func(a, b uint32) uint32 { return a ^ b }),
	"bnot": func(L *glua.LState) int {
		L.Push(glua.LNumber(^checkBits(L, 1)))
		return 1
	},
	"btest": func(L *glua.LState) int {
		result := uint32(math.MaxUint32)
		for i := 1; i <= L.GetTop(); i++ {
			result &= checkBits(L, i)
		}
		L.Push(glua.LBool(result != 0))
		return 1
	},
	"lshift":  bitShift(1),
	"rshift":  bitShift(-1),
	"arshift": arithmeticShift,
	"lrotate": bitRotate(1),
	"rrotate": bitRotate(-1),
	"extract": func(L *glua.LState) int {
		value := checkBits(L, 1)
		offset, mask := checkField(L, 2)
		L.Push(glua.LNumber(value >> offset & mask))
		return 1
	},
	"replace": func(L *glua.LState) int {
		value, field := checkBits(L, 1), checkBits(L, 2)
		offset, mask := checkField(L, 3)
		L.Push(glua.LNumber(value&^(mask<<offset) | field&mask<<offset))
		return 1
	},
}

// arithmeticShift is bit32.arshift(bits, distance), which keeps the highest bit.
func arithmeticShift(L *glua.LState) int {
	value, distance := int32(checkBits(L, 1)), wholeArg(L, 2)
	switch {
	case distance >= 0:
		value >>= min(distance, 31)
	case distance > -32:
		value <<= -distance
	default:
		value = 0
	}
	L.Push(glua.LNumber(uint32(value)))
	return 1
}

func bitRotate(direction int64) glua.LGFunction {
	return func(L *glua.LState) int {
		L.Push(glua.LNumber(bits.RotateLeft32(checkBits(L, 1), int(direction*wholeArg(L, 2)%32))))
		return 1
	}
}

// checkField returns the offset and the mask of the field that arguments n and
// n+1 describe: its lowest bit and its width, 1 if it is left out.
func checkField(L *glua.LState, n int) (offset int64, mask uint32) {
	offset, width := wholeArg(L, n), int64(1)
	if L.Get(n+1) != glua.LNil {
		width = wholeArg(L, n+1)
	}
	if offset < 0 || width < 1 || offset+width > 32 {
		L.RaiseError("a field of %d bits at %d does not lie in 32 bits", width, offset)
	}
	return offset, uint32(uint64(1)<<width - 1)
}

func bitFold(start uint32, op func(a, b uint32) uint32) glua.LGFunction {
	return func(L *glua.LState) int {
		result := start
		for i := 1; i <= L.GetTop(); i++ {
			result = op(result, checkBits(L, i))
		}
		L.Push(glua.LNumber(result))
		return 1
	}
}

// bitShift shifts to the left for direction 1, to the right for -1; a negative
// distance turns it round.
func bitShift(direction float64) glua.LGFunction {
	return func(L *glua.LState) int {
		bits, distance := checkBits(L, 1), direction*math.Trunc(float64(L.CheckNumber(2)))
		switch {
		case math.Abs(distance) >= 32:
			bits = 0
		case distance >= 0:
			bits <<= uint(distance)
		default:
			bits >>= uint(-distance)
		}
		L.Push(glua.LNumber(bits))
		return 1
	}
}

// checkBits returns argument n modulo 2^32.
func checkBits(L *glua.LState, n int) uint32 {
	f := float64(L.CheckNumber(n))
	if f != math.Trunc(f) || math.Abs(f) > maxExact {
		L.ArgError(n, fmt.Sprintf("%v is not a whole number", f))
	}
	return uint32(int64(f))
}
