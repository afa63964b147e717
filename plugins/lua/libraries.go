package lua

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// maxString bounds the strings that one call may make, in bytes. An allocation
// that fails would end the process, not the script.
const maxString = 1 << 30

// openLibraries fills the global table: the libraries of Lua that a disk may
// need, with the functions replaced that reach out of the script or differ from
// what nbdkit's Lua has, and the two tables of ours.
func (s *script) openLibraries(dir string) {
	L := s.state
	for _, open := range []glua.LGFunction{ // package first: the others register with it
		glua.OpenPackage, glua.OpenBase, glua.OpenTable, glua.OpenString, glua.OpenMath,
		glua.OpenCoroutine, glua.OpenOs, glua.OpenDebug,
	} {
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	global := L.G.Global
	table := func(name string) *glua.LTable { return global.RawGetString(name).(*glua.LTable) }

	for _, name := range []string{"_printregs", "module", "newproxy"} {
		global.RawSetString(name, glua.LNil)
	}
	L.SetFuncs(global, map[string]glua.LGFunction{
		"print":          s.basePrint,
		"collectgarbage": collectGarbage,
		"tonumber":       toNumber,
		"load":           load,
		"loadstring":     load,
		"loadfile":       s.loadFile,
		"dofile":         s.doFile,
	})

	tables := table("table")
	tables.RawSetString("unpack", global.RawGetString("unpack"))
	L.SetFuncs(tables, map[string]glua.LGFunction{"pack": tablePack})
	s.openStrings(table("string"))
	maths := table("math")
	maths.RawSetString("huge", glua.LNumber(math.Inf(1))) // gopher-lua has the largest finite number
	L.SetFuncs(maths, map[string]glua.LGFunction{"tointeger": mathToInteger, "type": mathType})
	s.addLibrary("bit32", bit32)

	L.SetFuncs(table("os"), map[string]glua.LGFunction{
		"exit":    refuse("os.exit is not there: a script cannot end the program that runs it; raise an error instead"),
		"execute": refuse("os.execute is not there: a script cannot run other programs"),
	})
	traceback := table("debug").RawGetString("traceback")
	s.addLibrary("debug", nil).RawSetString("traceback", traceback)
	s.keepContext(table("coroutine"))
	s.openRequire(table("package"), dir)

	s.openIO()
	s.openStdlib()
}

// addLibrary makes a table that is global, and what require returns for its name.
func (s *script) addLibrary(name string, functions map[string]glua.LGFunction) *glua.LTable {
	L := s.state
	table := L.SetFuncs(L.NewTable(), functions)
	L.SetGlobal(name, table)
	L.SetField(L.GetField(L.GetGlobal("package"), "loaded"), name, table)
	return table
}

// refuse is a function that only says why it is not there.
func refuse(why string) glua.LGFunction {
	return func(L *glua.LState) int {
		L.RaiseError("%s", why)
		return 0
	}
}

// keepContext makes coroutines run under the script's own context. gopher-lua
// would derive one from it, which ends with the call that created the coroutine.
func (s *script) keepContext(coroutine *glua.LTable) {
	for _, name := range []string{"create", "wrap"} {
		original := coroutine.RawGetString(name).(*glua.LFunction).GFunction
		coroutine.RawSetString(name, s.state.NewFunction(func(L *glua.LState) int {
			L.RemoveContext()
			defer L.SetContext(&s.interrupt)
			n := original(L)
			switch made := L.Get(-1).(type) {
			case *glua.LState:
				made.SetContext(&s.interrupt)
			case *glua.LFunction:
				made.Upvalues[0].Value().(*glua.LState).SetContext(&s.interrupt)
			}
			return n
		}))
	}
}

// collectGarbage counts. It does not collect: the collector is Go's and belongs
// to the whole program.
func collectGarbage(L *glua.LState) int {
	if L.OptString(1, "collect") != "count" {
		L.Push(glua.LNumber(0))
		return 1
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	L.Push(glua.LNumber(float64(m.HeapAlloc) / 1024))
	return 1
}

// toNumber is tonumber. gopher-lua's does not know "2e2".
func toNumber(L *glua.LState) int {
	value := L.CheckAny(1)
	if L.Get(2) != glua.LNil {
		base := L.CheckInt(2)
		if base < 2 || base > 36 {
			L.ArgError(2, "base out of range")
		}
		n, err := strconv.ParseInt(strings.TrimSpace(L.CheckString(1)), base, 64)
		if err != nil {
			L.Push(glua.LNil)
		} else {
			L.Push(glua.LNumber(n))
		}
		return 1
	}
	switch value := value.(type) {
	case glua.LNumber:
		L.Push(value)
	case glua.LString:
		if n, ok := parseNumber(string(value)); ok {
			L.Push(glua.LNumber(n))
		} else {
			L.Push(glua.LNil)
		}
	default:
		L.Push(glua.LNil)
	}
	return 1
}

// parseNumber reads a number as Lua writes them: "12", " -3.5e2 ", "0x1F".
func parseNumber(text string) (float64, bool) {
	text = strings.Trim(text, " \t\n\v\f\r")
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return 0, false
	}
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		if strings.HasPrefix(text, "-") {
			return -float64(n), err == nil
		}
		return float64(n), err == nil
	}
	// ParseFloat knows words and underscores besides, which Lua does not.
	if strings.Trim(digits, "0123456789.eE+-") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

// load is Lua 5.3's: the chunk is a string, or a function that returns the pieces.
func load(L *glua.LState) int {
	var text strings.Builder
	switch chunk := L.CheckAny(1).(type) {
	case glua.LString:
		text.WriteString(string(chunk))
	default:
		fn := L.CheckFunction(1)
		for {
			L.Push(fn)
			L.Call(0, 1)
			piece, ok := L.Get(-1).(glua.LString)
			L.Pop(1)
			if !ok || piece == "" {
				break
			}
			text.WriteString(string(piece))
		}
	}
	name := strings.TrimLeft(L.OptString(2, "=(load)"), "=@")
	proto, err := compile(name, text.String())
	if err != nil {
		L.Push(glua.LNil)
		L.Push(glua.LString(err.Error()))
		return 2
	}
	fn := L.NewFunctionFromProto(proto)
	if env, ok := L.Get(4).(*glua.LTable); ok {
		fn.Env = env
	}
	L.Push(fn)
	return 1
}

func tablePack(L *glua.LState) int {
	n := L.GetTop()
	table := L.CreateTable(n, 1)
	for i := 1; i <= n; i++ {
		table.RawSetInt(i, L.Get(i))
	}
	table.RawSetString("n", glua.LNumber(n))
	L.Push(table)
	return 1
}

// mathToInteger returns its argument if it is a whole number, nil if it is not.
func mathToInteger(L *glua.LState) int {
	f, ok := L.CheckAny(1).(glua.LNumber)
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
	"lshift": bitShift(1),
	"rshift": bitShift(-1),
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
