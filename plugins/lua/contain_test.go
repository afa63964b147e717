package lua

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
)

// Whatever a script does to itself, the program survives, the error names the
// line, and the next call works.
func TestContainment(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"string.rep":             {`return ("x"):rep(2^40)`, "larger than"},
		"string.rep of nothing":  {`return (""):rep(2^53, "x")`, "larger than"},
		"format":                 {`return ("%99999999d"):format(1)`, "too long"},
		"format of much":         {`local s = ("x"):rep(2^29) return ("%s%s%s"):format(s, s, s)`, ""},
		"table.concat":           {`local s, t = ("x"):rep(2^20), {} for i = 1, 400 do t[i] = s end return table.concat(t)`, "larger than"},
		"gsub":                   {`return (("x"):rep(2^20):gsub("x", ("y"):rep(2^24)))`, "larger than"},
		"gsub of the match":      {`return (("x"):rep(2^20):gsub(".+", ("%0"):rep(2^16)))`, "larger than"},
		"line without an end":    {`return io.open("/dev/zero"):read("l")`, "longer than"},
		"unpack of nothing":      {`return string.unpack(("c0"):rep(2^26), "")`, "more than"},
		"rep of no number":       {`return ("x"):rep(0/0)`, "no integer"},
		"pack":                   {`return string.pack("c99999999999", "")`, "larger than"},
		"unpack":                 {`return table.unpack({}, 1, 2^40)`, "too many results"},
		"byte":                   {`return ("x"):rep(2^24):byte(1, -1)`, "too long"},
		"load":                   {`assert(load(function() return ("x"):rep(2^20) end))`, "compiled at once"},
		"load of brackets":       {`assert(load("x = " .. ("{"):rep(2^16) .. ("}"):rep(2^16)))`, "nests too deeply"},
		"load of parentheses":    {`assert(load("x = " .. ("("):rep(2^16) .. "1" .. (")"):rep(2^16)))`, ""},
		"exponential pattern":    {`return ((("a"):rep(40)):find(("a?"):rep(40) .. ("a"):rep(40)))`, "ran for longer"},
		"quadratic pattern":      {`return (("a"):rep(1e7):find(".-b"))`, "ran for longer"},
		"deep pattern":           {`return (("a"):rep(1e6):match(("(a"):rep(30) .. (")"):rep(30) .. ("a?"):rep(300)))`, "too complex"},
		"pattern in pcall":       {`while true do pcall(string.find, ("a"):rep(1e6), ".-.-b") end`, "ran for longer"},
		"gmatch":                 {`for _ in (("a"):rep(1e6)):gmatch(".-.-b") do end`, "ran for longer"},
		"table.move":             {`return table.move({}, 1, 2^53, 2)`, "ran for longer"},
		"recursion":              {`local function f() return 1 + f() end return f()`, "stack overflow"},
		"recursion by pcall":     {`local function f() return pcall(f) end while true do f() end`, "ran for longer"},
		"recursion by gsub":      {`local function f() return (("x"):gsub("x", f)) end return f()`, "stack overflow"},
		"recursion by sort":      {`local function f() table.sort({1, 2}, f) end return f()`, "stack overflow"},
		"recursion by index":     {`local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) return t.a`, "stack overflow"},
		"recursion by tostring":  {`local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) return tostring(t)`, "stack overflow"},
		"recursion by concat":    {`local t t = setmetatable({}, {__concat = function() return t .. t end}) return t .. t`, "stack overflow"},
		"recursion by coroutine": {`local function f() return coroutine.wrap(f)() end return f()`, "stack overflow"},
		"recursion by resume":    {`local function f() local ok, e = coroutine.resume(coroutine.create(f)) assert(ok, e) end return f()`, "stack overflow"},
		"recursion by load":      {`code = "local x = load(code)() return x" return load(code)()`, ""},
		"recursion of handlers":  {`local function h(e) error(e) end xpcall(error, h, "x") error("EIO: survived")`, "survived"},
		"index chain":            {`local t = {} for i = 1, 1e5 do t = setmetatable({}, {__index = t}) end return t.x`, "recursions"},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: "function open() end function get_size() return 512 end\n" +
				"function pread(h, count, offset)\nif offset > 0 then return 'x' end\n" + c.body + "\nend"})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			timeout := 30 * time.Second // no case takes so long, also with the race detector
			if c.want == "ran for longer" {
				timeout = time.Second
			}
			in, err := plugins.Start(ctx, program, plugins.Env{CallbackTimeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			h, err := in.Open(ctx, plugins.OpenParams{})
			if err != nil {
				t.Fatal(err)
			}
			err = h.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 1})
			var e *plugins.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %.300v, want %q", err, c.want)
			}
			if c.want != "" && e.Line != 4 {
				t.Errorf("the error is in line %d, want 4: %.300v", e.Line, err)
			}
			if err := h.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 1, Offset: 1}); err != nil {
				t.Errorf("the next call: %v", err)
			}
			if err := in.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}
