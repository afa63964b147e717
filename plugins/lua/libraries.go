package lua

import (
	"errors"
	"runtime"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins/stdlib"
)

// maxString bounds the strings that one call may make, in bytes.
const maxString = stdlib.MaxBytes

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
		"rawlen":         rawLen,
		"xpcall":         xpcall(global.RawGetString("xpcall").(*glua.LFunction)),
		"pairs":          pairs(global.RawGetString("pairs").(*glua.LFunction)),
	})

	s.openStrings(table("string"))
	s.openTables(table("table"))
	openMath(L, table("math"))
	s.openOS(table("os"))
	s.addLibrary("bit32", bit32)
	s.addLibrary("utf8", utf8Functions).RawSetString("charpattern", glua.LString("[\x00-\x7F\xC2-\xF4][\x80-\xBF]*"))

	traceback := table("debug").RawGetString("traceback")
	s.addLibrary("debug", nil).RawSetString("traceback", traceback)
	s.openCoroutines(table("coroutine"))
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

// rawLen is rawlen(value).
func rawLen(L *glua.LState) int {
	switch v := L.Get(1).(type) {
	case *glua.LTable:
		L.Push(glua.LNumber(v.Len()))
	case glua.LString:
		L.Push(glua.LNumber(len(v)))
	default:
		L.ArgError(1, "table or string expected")
	}
	return 1
}

// pairs is pairs(value), which asks the metamethod __pairs first.
func pairs(original *glua.LFunction) glua.LGFunction {
	return func(L *glua.LState) int {
		first := L.Get(1)
		f := L.GetMetaField(first, "__pairs")
		if f == glua.LNil {
			f = original
		}
		L.Push(f)
		L.Push(first)
		L.Call(1, 3)
		return 3
	}
}

// xpcall is xpcall(f, handler, ...), of which gopher-lua's ignores the arguments.
func xpcall(original *glua.LFunction) glua.LGFunction {
	return func(L *glua.LState) int {
		f, args := L.CheckAny(1), []glua.LValue{}
		handler := L.CheckFunction(2)
		for i := 3; i <= L.GetTop(); i++ {
			args = append(args, L.Get(i))
		}
		L.SetTop(0)
		L.Push(original)
		L.Push(L.NewFunction(func(L *glua.LState) int {
			L.Push(f)
			for _, arg := range args {
				L.Push(arg)
			}
			L.Call(len(args), glua.MultRet)
			return L.GetTop()
		}))
		L.Push(handler)
		L.Call(2, glua.MultRet)
		return L.GetTop()
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
	if hex, ok := strings.CutPrefix(strings.ToLower(digits), "0x"); ok && strings.ContainsAny(hex, ".p") && !strings.Contains(hex, "_") {
		if !strings.Contains(hex, "p") {
			text += "p0"
		}
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil || errors.Is(err, strconv.ErrRange)
	} else if ok {
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

// maxChunk bounds what load compiles, because the compiler cannot be interrupted.
const maxChunk = 4 << 20

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
			if text.Len() > maxChunk {
				break
			}
		}
	}
	if text.Len() > maxChunk {
		L.RaiseError("load: %d bytes are the most that is compiled at once", maxChunk)
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
