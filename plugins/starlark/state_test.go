package starlark_test

import (
	"reflect"
	"testing"

	"workbench/plugins"
)

func TestState(t *testing.T) {
	tests := []struct {
		name, expr string
		want       any
		msg        string
	}{
		{"None", "None", nil, ""},
		{"bool", "True", true, ""},
		{"int", "-(1 << 63)", int64(-1 << 63), ""},
		{"float", "1.5", 1.5, ""},
		{"string", `"h\u00e9"`, "h\u00e9", ""},
		{"bytes", `b"\xff\x00"`, []byte("\xff\x00"), ""},
		{"list", `[1, (2, "x"), []]`, []any{int64(1), []any{int64(2), "x"}, []any{}}, ""},
		{"dict", `{"b": {"c": None}, "a": [1]}`, map[string]any{"b": map[string]any{"c": nil}, "a": []any{int64(1)}}, ""},
		{"too large", "1 << 63", nil, "the number is too large"},
		{"a key that is no string", "{1: 2}", nil, "a key of the dict is a int"},
		{"a function", "before_reload", nil, "wanted a plain value"},
		{"inside", `{"a": {"b": [len]}}`, nil, "a: b: wanted a plain value"},
		{"itself", "[loop.append(loop), loop][1]", nil, "the value nests deeper than 100 levels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := call(t, "before_reload", "loop = []", tt.expr, plugins.Call{})
			wants(t, err, tt.msg)
			if tt.msg != "" {
				return
			}
			if !reflect.DeepEqual(c.State, tt.want) {
				t.Fatalf("%#v, want %#v", c.State, tt.want)
			}
			// What another generation is given, it can give on.
			h := start(t, minimal+`
kept = []
def after_reload(state): kept.append(state)
def before_reload(): return kept[0]
`, plugins.Env{})
			if err := h.RestoreState(t.Context(), c.State); err != nil {
				t.Fatal(err)
			}
			if again, err := h.SaveState(t.Context()); err != nil || !reflect.DeepEqual(again, tt.want) {
				t.Errorf("the next generation has %#v, %v", again, err)
			}
		})
	}
}
