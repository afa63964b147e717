package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// openTables adds to the table named table what Lua 5.3 has.
func (s *script) openTables(table *glua.LTable) {
	global := s.state.G.Global
	unpack := s.state.NewFunction(tableUnpack(global.RawGetString("unpack").(*glua.LFunction).GFunction))
	global.RawSetString("unpack", unpack)
	table.RawSetString("unpack", unpack)
	sort := table.RawGetString("sort").(*glua.LFunction).GFunction
	s.state.SetFuncs(table, map[string]glua.LGFunction{
		"sort": func(L *glua.LState) int {
			if L.Get(2) == glua.LNil { // which gopher-lua's takes for a function
				L.SetTop(1)
			}
			return sort(L)
		},
		"pack":   tablePack,
		"concat": s.tableConcat,
		"move":   s.tableMove,
	})
}

// maxUnpack is how many values a function may return at once: more do not fit
// on the stack, which would grow step by step before it says so.
const maxUnpack = 1 << 19

// tableUnpack is table.unpack(list[, i[, j]]).
func tableUnpack(original glua.LGFunction) glua.LGFunction {
	return func(L *glua.LState) int {
		table := L.CheckTable(1)
		if optWhole(L, 3, int64(table.Len()))-optWhole(L, 2, 1) >= maxUnpack {
			L.RaiseError("too many results to unpack")
		}
		return original(L)
	}
}

// tableConcat is table.concat(list[, separator[, i[, j]]]). gopher-lua's has no
// bound for the result.
func (s *script) tableConcat(L *glua.LState) int {
	table, separator := L.CheckTable(1), ""
	if L.Get(2) != glua.LNil {
		separator = L.CheckString(2)
	}
	first, last := optWhole(L, 3, 1), optWhole(L, 4, int64(table.Len()))
	plain := table.Metatable == glua.LNil
	parts := make([]string, 0, max(0, min(last-first+1, int64(table.Len()))))
	total := 0
	for i := first; i <= last; i++ {
		if i%pollTables == 0 {
			s.interrupt.check(L)
		}
		var value glua.LValue
		if plain {
			value = table.RawGetInt(int(i)) // for which no number must be made
		} else {
			value = L.GetTable(table, glua.LNumber(i))
		}
		if !glua.LVCanConvToString(value) {
			L.RaiseError("invalid value (a %s) at index %d in table for 'concat'", value.Type(), i)
		}
		text := value.String()
		if total += len(text) + len(separator); total > maxString {
			L.RaiseError("table.concat: the result would be larger than %d bytes", maxString)
		}
		parts = append(parts, text)
	}
	L.Push(glua.LString(strings.Join(parts, separator)))
	return 1
}

// pollTables is after how many entries a function looks whether it should stop.
const pollTables = 1 << 12

// tableMove is table.move(from, first, last, at[, into]).
func (s *script) tableMove(L *glua.LState) int {
	from, into := L.CheckTable(1), L.OptTable(5, L.CheckTable(1))
	first, last, at := wholeArg(L, 2), wholeArg(L, 3), wholeArg(L, 4)
	move := func(i int64) {
		if i%pollTables == 0 {
			s.interrupt.check(L)
		}
		L.SetTable(into, glua.LNumber(at+i-first), L.GetTable(from, glua.LNumber(i)))
	}
	if at > last || at <= first || into != from {
		for i := first; i <= last; i++ {
			move(i)
		}
	} else {
		for i := last; i >= first; i-- {
			move(i)
		}
	}
	L.Push(into)
	return 1
}

// optWhole returns argument n, a whole number that may be left out.
func optWhole(L *glua.LState, n int, usual int64) int64 {
	if L.Get(n) == glua.LNil {
		return usual
	}
	return wholeArg(L, n)
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
