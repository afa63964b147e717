package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// maxNested is how many coroutines may run inside of each other, as in C. Each
// takes a part of the stack of the program, which ends when that is used up.
const maxNested = 190

// openCoroutines makes coroutines that end with the call that runs them, and
// not with the one that created them, for gopher-lua derives their context from
// the one of then.
func (s *script) openCoroutines(table *glua.LTable) {
	create := table.RawGetString("create").(*glua.LFunction).GFunction
	wrap := table.RawGetString("wrap").(*glua.LFunction).GFunction
	resume := table.RawGetString("resume").(*glua.LFunction).GFunction
	s.state.SetFuncs(table, map[string]glua.LGFunction{
		"create": func(L *glua.LState) int {
			s.withoutContext(L, create)
			L.ToThread(-1).SetContext(&s.interrupt)
			return 1
		},
		"wrap": func(L *glua.LState) int {
			s.withoutContext(L, wrap)
			made := L.Get(-1).(*glua.LFunction)
			thread := made.Upvalues[0].Value()
			thread.(*glua.LState).SetContext(&s.interrupt)
			L.Push(L.NewClosure(s.nested(made.GFunction), thread))
			return 1
		},
		"resume":      s.nested(resume),
		"running":     running,
		"isyieldable": isYieldable,
	})
}

// withoutContext calls a function that would derive a context.
func (s *script) withoutContext(L *glua.LState, f glua.LGFunction) {
	L.RemoveContext()
	defer L.SetContext(&s.interrupt)
	f(L)
}

// nested is a function that runs a coroutine, within the limit.
func (s *script) nested(f glua.LGFunction) glua.LGFunction {
	return func(L *glua.LState) int {
		if s.coroutines == maxNested {
			L.RaiseError("stack overflow: %d coroutines run inside of each other", maxNested)
		}
		s.coroutines++
		defer func() { s.coroutines-- }()
		return f(L)
	}
}

// running is coroutine.running(): the coroutine, and whether it is the main one.
func running(L *glua.LState) int {
	L.Push(L)
	L.Push(glua.LBool(L.G.MainThread == L))
	return 2
}

func isYieldable(L *glua.LState) int {
	L.Push(glua.LBool(L.G.MainThread != L))
	return 1
}
