package lua

import (
	"errors"
	"os"
	"strings"
	"time"

	glua "github.com/yuin/gopher-lua"
)

// openOS replaces what in the table os reaches out of the script.
func (s *script) openOS(table *glua.LTable) {
	table.RawSetString("setenv", glua.LNil) // not of Lua, and the environment is the program's
	date := table.RawGetString("date").(*glua.LFunction).GFunction
	s.state.SetFuncs(table, map[string]glua.LGFunction{
		"exit":    s.exit,
		"execute": refuse("os.execute is not there: a script cannot run other programs"),
		"remove":  s.remove,
		"rename":  s.rename,
		"date":    func(L *glua.LState) int { return osDate(L, date) },
	})
}

// remove is os.remove(path).
func (s *script) remove(L *glua.LState) int {
	path := L.CheckString(1)
	err := s.env.MayChange(path, os.O_CREATE)
	if err == nil {
		err = os.Remove(path)
	}
	return succeeded(L, err)
}

// rename is os.rename(from, to).
func (s *script) rename(L *glua.LState) int {
	from, to := L.CheckString(1), L.CheckString(2)
	err := errors.Join(s.env.MayChange(from, os.O_CREATE), s.env.MayChange(to, os.O_CREATE))
	if err == nil {
		err = os.Rename(from, to)
	}
	return succeeded(L, err)
}

// succeeded is the end of a function that returns true, or nil, why, and the errno.
func succeeded(L *glua.LState, err error) int {
	if err != nil {
		return failed(L, err)
	}
	L.Push(glua.LTrue)
	return 1
}

// exit is os.exit([code]): the program ends as if it had been told to stop, and
// the script here.
func (s *script) exit(L *glua.LState) int {
	status := 0
	switch code := L.Get(1).(type) {
	case glua.LNumber:
		status = int(wholeArg(L, 1) & 0xff)
	case glua.LBool:
		if !bool(code) {
			status = 1
		}
	}
	if s.env.Shutdown != nil {
		s.env.Shutdown(status)
	}
	L.RaiseError("ESHUTDOWN: os.exit(%d): the program was told to stop", status)
	return 0
}

// osDate is os.date(format[, time]). gopher-lua's leaves the day of the year out
// of its tables.
func osDate(L *glua.LState, original glua.LGFunction) int {
	format := L.OptString(1, "%c")
	n := original(L)
	if table, ok := L.Get(-1).(*glua.LTable); ok {
		at := time.Now()
		if L.Get(2) != glua.LNil {
			at = time.Unix(L.CheckInt64(2), 0)
		}
		if strings.HasPrefix(format, "!") {
			at = at.UTC()
		}
		table.RawSetString("yday", glua.LNumber(at.YearDay()))
		table.RawSetString("isdst", glua.LBool(at.IsDST()))
	}
	return n
}
