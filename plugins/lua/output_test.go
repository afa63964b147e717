package lua

import (
	"context"
	"slices"
	"strings"
	"testing"

	"workbench/plugins"
)

func TestOutput(t *testing.T) {
	var lines []string
	program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: skeleton + `
		print("a", 1, nil, true)
		io.write("b", 2, "\nc")
		io.stdout:write("d\n"):write("e")
		io.stderr:write("f\ng\nh")
		print(setmetatable({}, {__tostring = function() return "me" end}))
		print("two\nlines")
		print()
		io.write(("x"):rep(70000))
		io.write("tail")`})
	if err != nil {
		t.Fatal(err)
	}
	_, err = plugins.Start(context.Background(), program, plugins.Env{Print: func(c *plugins.Call, text string) {
		if c != nil {
			t.Errorf("%q was printed in a callback", text)
		}
		lines = append(lines, text)
	}})
	want := []string{"a\t1\tnil\ttrue", "b2", "cd", "ef\ng", "hme", "two\nlines", "", strings.Repeat("x", 70000), "tail"}
	if err != nil || !slices.Equal(lines, want) {
		t.Errorf("printed %.200q, %v\nwant %.200q", lines, err, want)
	}
}
