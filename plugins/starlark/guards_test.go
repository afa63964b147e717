package starlark_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/plugins/starlark"
)

// Whatever a script does to itself, the program survives, the error names the
// line, and the next call works.
func TestContainment(t *testing.T) {
	const deep = "x = []\n    for _ in range(100000): x = [x]\n    "
	const wide = "x = []\n    for _ in range(60): x = [x, x]\n    "
	for name, c := range map[string]struct {
		body string
		line int
		want string
	}{
		"str":              {deep + `str(x)`, 6, "nests deeper"},
		"repr":             {deep + `repr(x)`, 6, "nests deeper"},
		"print":            {deep + `print(x)`, 6, "nests deeper"},
		"fail":             {deep + `fail(x)`, 6, "nests deeper"},
		"debug":            {deep + `nbdkit.debug(x)`, 6, "nests deeper"},
		"json.encode":      {deep + `json.encode(x)`, 6, "nests deeper"},
		"str of a struct":  {"x = None\n    for _ in range(100000): x = struct(x = x)\n    str(x)", 6, "nests deeper"},
		"str of many":      {wide + `str(x)`, 6, "more than"},
		"json of many":     {wide + `json.encode(x)`, 6, "more than"},
		"json.decode":      {`json.decode("[" * 10000000)`, 4, "nests deeper"},
		"comparison":       {deep + `x == [x]`, 6, "recursion depth"},
		"list of a range":  {`list(range(1 << 62))`, 4, "too many"},
		"reversed":         {`reversed(range(1 << 40))`, 4, "too many"},
		"max":              {`max(range(1 << 62))`, 4, "too many"},
		"repetition":       {`"x" * (1 << 40)`, 4, "too large"},
		"list repetition":  {`[0] * (1 << 40)`, 4, "too large"},
		"shift":            {`1 << (1 << 40)`, 4, "out of range"},
		"recursion":        {"def f(): return f()\n    f()", 4, "stack overflow"},
		"recursion by key": {"def f(k): return sorted([1, 2], key = f)\n    f(1)", 4, "stack overflow"},
		"endless loop":     {"while True: pass", 0, "ran for longer"}, // Starlark does not know the line of a jump
		"endless sleep":    {"nbdkit.nanosleep(1000)", 4, "ran for longer"},
		"pack":             {`workbench.pack("c99999999999", "")`, 4, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := compile(t, "def open(r): pass\ndef get_size(h): return 512\ndef pread(h, count, offset):\n    if not offset: fail_here()\n    return b\"x\" * count\ndef fail_here():\n    "+c.body+"\n")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			timeout := 30 * time.Second // no case takes so long, also with the race detector
			if c.want == "ran for longer" {
				timeout = time.Second
			}
			in, err := plugins.Start(ctx, program, plugins.Env{CallbackTimeout: timeout, Debug: func(*plugins.Call, string) {}})
			if err != nil {
				t.Fatal(err)
			}
			h, err := in.Open(ctx, plugins.OpenParams{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = do(t, h, plugins.Request{Op: plugins.OpRead, Length: 1})
			if e := scriptError(t, err); !strings.Contains(err.Error(), c.want) || c.line > 0 && e.Line != c.line+3 {
				t.Errorf("error %.300v, want line %d: %s", err, c.line+3, c.want)
			}
			if got := read(t, h, 1, 1); got != "x" {
				t.Errorf("the next call returned %q", got)
			}
			if err := errors.Join(h.Close(), in.Close(ctx)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDeepSource(t *testing.T) {
	_, err := starlark.Runtime{}.Compile(plugins.Source{Path: "disk.star", Text: "x = 1\ny = " + strings.Repeat("(", 1<<20)})
	if e := scriptError(t, err); e.Line != 2 || e.Msg != "brackets nest too deeply" {
		t.Errorf("error %v", e)
	}
}

// What the guards let pass is written as the language does.
func TestGuardsLetPass(t *testing.T) {
	start(t, equal+minimal+`
loop = [1]
loop.append(loop)
equal(str(loop), "[1, [...]]")
equal(repr({"a": (1, struct(b = 2))}), '{"a": (1, struct(b = 2))}')
equal(json.decode(json.encode({"a[": [1, "]"]})), {"a[": [1, "]"]})
equal([list(range(3)), list(range(5, 1, -2))], [[0, 1, 2], [5, 3]])
`, plugins.Env{})
}
