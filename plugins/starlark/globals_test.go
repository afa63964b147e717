package starlark

import (
	"reflect"
	"testing"

	"workbench/plugins"
)

func TestGlobals(t *testing.T) {
	program, err := Runtime{}.Compile(plugins.Source{Path: "t.star", Text: `
size, title, ok = 512, "disk", True
params = {}
def pread(h, count, offset): pass
def any(*args, **kwargs): pass
def some(a, b = 1, *, c): pass
length = len`})
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
		{Name: "any", Kind: "function", File: "t.star", Line: 5, Variadic: true},
		{Name: "length", Kind: "function", Variadic: true},
		{Name: "ok", Kind: "bool", Text: "True"},
		{Name: "params", Kind: "dict"},
		{Name: "pread", Kind: "function", File: "t.star", Line: 4, Params: []string{"h", "count", "offset"}, Required: 3},
		{Name: "size", Kind: "int", Text: "512"},
		{Name: "some", Kind: "function", File: "t.star", Line: 6, Params: []string{"a", "b"}, Required: 1},
		{Name: "title", Kind: "string", Text: "disk"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
