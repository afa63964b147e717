package lua

import (
	"testing"
)

// Loops that gopher-lua's compiler gets wrong by itself.
func TestRepairedLoops(t *testing.T) {
	for _, loop := range []string{
		`for k in pairs(t) do if false then local x end n = n + 1 end`,
		`for k in pairs(t) do if nil then n = 50 end n = n + 1 end`,
		`for k in pairs(t) do if false and n == 3 then n = 50 end n = n + 1 end`,
		`for k in pairs(t) do do if false then local x end end n = n + 1 end`,
		`for k in pairs(t) do while false do n = 50 end n = n + 1 end`,
		`for k in pairs(t) do if not true then n = 50 end n = n + 1 end`,
		`for k in pairs(t) do if true then n = n + 1 else n = 50 end end`,
		`for k in pairs(t) do for j in pairs(t) do if false then n = 50 end end n = n + 1 end`,
		`while true do if false then n = 50 end n = n + 1 if n == 3 then break end end`,
		`repeat if false then n = 50 end n = n + 1 until n == 3`,
		`local f = {function() for k in pairs(t) do if false then n = 50 end n = n + 1 end end} f[1]()`,
		`for k in pairs(t) do n = n + 3 break end`,
		`n = 3 for k in pairs(t) do break end`,
		`n = 3 while true do break end`,
	} {
		mustPrint(t, "(function() local n, t = 0, {1, 2, 3} "+loop+" return n end)()", "3")
	}
}
