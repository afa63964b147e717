package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

// openMath adds to the table math what Lua 5.3 has. The integers are those that
// a float64 has exactly.
func openMath(L *glua.LState, table *glua.LTable) {
	table.RawSetString("huge", glua.LNumber(math.Inf(1))) // gopher-lua has the largest finite number
	table.RawSetString("maxinteger", glua.LNumber(maxExact))
	table.RawSetString("mininteger", glua.LNumber(-maxExact))
	L.SetFuncs(table, map[string]glua.LGFunction{
		"tointeger": mathToInteger,
		"type":      mathType,
		"ult":       mathULT,
		"log":       mathLog,
		"floor":     mathRound(math.Floor),
		"ceil":      mathRound(math.Ceil),
	})
}

// mathRound makes a whole number of a number, and never -0.
func mathRound(round func(float64) float64) glua.LGFunction {
	return func(L *glua.LState) int {
		L.Push(glua.LNumber(round(float64(L.CheckNumber(1))) + 0))
		return 1
	}
}

// mathULT is math.ult(m, n), which compares as if both had no sign.
func mathULT(L *glua.LState) int {
	L.Push(glua.LBool(uint64(wholeArg(L, 1)) < uint64(wholeArg(L, 2))))
	return 1
}

// mathLog is math.log(x[, base]).
func mathLog(L *glua.LState) int {
	x := float64(L.CheckNumber(1))
	switch base := float64(L.OptNumber(2, math.E)); base {
	case math.E:
		x = math.Log(x)
	case 2:
		x = math.Log2(x)
	case 10:
		x = math.Log10(x)
	default:
		x = math.Log(x) / math.Log(base)
	}
	L.Push(glua.LNumber(x))
	return 1
}

// mathToInteger returns its argument if it is a whole number, nil if it is not.
func mathToInteger(L *glua.LState) int {
	value := L.CheckAny(1)
	if text, ok := value.(glua.LString); ok {
		if n, ok := parseNumber(string(text)); ok {
			value = glua.LNumber(n)
		}
	}
	f, ok := value.(glua.LNumber)
	if !ok || float64(f) != math.Trunc(float64(f)) || math.IsInf(float64(f), 0) {
		L.Push(glua.LNil)
		return 1
	}
	L.Push(f)
	return 1
}

// mathType tells whole numbers from others. 5.1 has one type for both, so 2.0 is
// an integer here.
func mathType(L *glua.LState) int {
	f, ok := L.CheckAny(1).(glua.LNumber)
	switch {
	case !ok:
		L.Push(glua.LNil)
	case float64(f) == math.Trunc(float64(f)) && !math.IsInf(float64(f), 0):
		L.Push(glua.LString("integer"))
	default:
		L.Push(glua.LString("float"))
	}
	return 1
}
