package lua

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{`nil`, "<nil>"}, {`true`, "true"}, {`5`, "5"}, {`1.5`, "1.5"}, {`2^53`, "9007199254740992"}, {`2^60`, "1.152921504606847e+18"},
		{`"a\0b"`, "a\x00b"}, {`{1, {2}, "x"}`, "[1 [2] x]"}, {`{}`, "[]"}, {`{a = {b = 1}}`, "map[a:map[b:1]]"},
		{`(function() local t = {1} return {t, t} end)()`, "[[1] [1]]"},
		{`(function() local t = {} t[1] = t return t end)()`, "contains itself"},
		{`print`, "function"}, {`{1, a = 2}`, "keys"}, {`{[2] = 1}`, "keys"}, {`{[true] = 1}`, "keys"},
		{`workbench.memory(1)`, "workbench.memory(name, size)"}, {`coroutine.create(print)`, "thread"},
	} {
		in, _, err := start(t, skeleton+"function before_reload() return "+c.value+" end")
		if err != nil {
			t.Fatal(err)
		}
		state, err := in.SaveState(context.Background())
		if got := fmt.Sprint(state, err); !strings.Contains(got, c.want) {
			t.Errorf("%s became %s, want %s", c.value, got, c.want)
		}
	}
}
