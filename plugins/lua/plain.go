package lua

import (
	"fmt"
	"math"

	glua "github.com/yuin/gopher-lua"
)

// maxDepth is how deep plain values may nest.
const maxDepth = 100

// toPlain turns a value of a script into one that outlives it: nil, bool, int64
// (a whole number), float64, string, []any (a table with the keys 1 to n, and an
// empty one), or map[string]any.
func toPlain(value glua.LValue) (any, error) { return plain(value, map[*glua.LTable]bool{}) }

// plain is toPlain inside of the tables in above.
func plain(value glua.LValue, above map[*glua.LTable]bool) (any, error) {
	switch value := value.(type) {
	case *glua.LNilType:
		return nil, nil
	case glua.LBool:
		return bool(value), nil
	case glua.LString:
		return string(value), nil
	case glua.LNumber:
		if n, ok := integer(value); ok && !(n == 0 && math.Signbit(float64(value))) {
			return n, nil
		}
		return float64(value), nil
	case *glua.LTable:
		if above[value] {
			return nil, fmt.Errorf("a table that contains itself")
		}
		if len(above) == maxDepth {
			return nil, fmt.Errorf("a table that nests deeper than %d levels", maxDepth)
		}
		above[value] = true
		defer delete(above, value)
		return plainTable(value, above)
	case *glua.LUserData:
		return nil, fmt.Errorf("an object, which cannot be carried over: a disk made by workbench.memory(name, size) is found again by its name")
	}
	return nil, fmt.Errorf("a %s, which cannot be carried over", value.Type())
}

func plainTable(table *glua.LTable, above map[*glua.LTable]bool) (any, error) {
	entries := 0
	named := map[string]any{}
	var problem error
	table.ForEach(func(key, value glua.LValue) {
		if problem != nil {
			return
		}
		entries++
		if name, ok := key.(glua.LString); ok {
			named[string(name)], problem = plain(value, above)
		}
	})
	switch {
	case problem != nil:
		return nil, problem
	case len(named) == entries && entries > 0:
		return named, nil
	case len(named) > 0 || table.Len() != entries:
		return nil, fmt.Errorf("a table whose keys are neither the numbers from 1 on nor all strings")
	}
	list := make([]any, entries)
	for i := range list {
		value, err := plain(table.RawGetInt(i+1), above)
		if err != nil {
			return nil, err
		}
		list[i] = value
	}
	return list, nil
}

// fromPlain is the inverse of toPlain.
func (s *script) fromPlain(value any) glua.LValue {
	switch value := value.(type) {
	case bool:
		return glua.LBool(value)
	case int64:
		return glua.LNumber(value)
	case float64:
		return glua.LNumber(value)
	case string:
		return glua.LString(value)
	case []any:
		table := s.state.CreateTable(len(value), 0)
		for i, v := range value {
			table.RawSetInt(i+1, s.fromPlain(v))
		}
		return table
	case map[string]any:
		table := s.state.CreateTable(0, len(value))
		for k, v := range value {
			table.RawSetString(k, s.fromPlain(v))
		}
		return table
	}
	return glua.LNil
}
