package lua

import (
	"reflect"
	"testing"

	"workbench/plugins"
)

func TestGlobals(t *testing.T) {
	program, err := Runtime{}.Compile(plugins.Source{Path: "t.lua", Text: `
size, title, ok = 512, "disk", true
params = {}
math2 = math
function pread(h, count, offset) end
function any(...) end
function some(a, ...) end
local function hidden() end
alias = string.rep`})
	if err != nil {
		t.Fatal(err)
	}
	script, err := program.Start(t.Context(), plugins.Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer script.Close()
	got := script.(plugins.Lister).Globals()
	want := []plugins.Global{
		{Name: "any", Kind: "function", File: "t.lua", Line: 6, Variadic: true},
		{Name: "ok", Kind: "boolean", Text: "true"},
		{Name: "params", Kind: "table"},
		{Name: "pread", Kind: "function", File: "t.lua", Line: 5, Params: []string{"h", "count", "offset"}},
		{Name: "size", Kind: "number", Text: "512"},
		{Name: "some", Kind: "function", File: "t.lua", Line: 7, Params: []string{"a"}, Variadic: true},
		{Name: "title", Kind: "string", Text: "disk"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
