package lua

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// skeleton is what every script needs; tests put their own text after it.
const skeleton = `
function open() return {} end
function get_size() return 1048576 end
function pread(h, count, offset) return string.rep("x", count) end
`

// start runs text as a script with the path disk.lua, and returns it with what it prints.
func start(t *testing.T, text string) (*plugins.Instance, *strings.Builder, error) {
	t.Helper()
	program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: text})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	var out strings.Builder
	in, err := plugins.Start(ctx, program, plugins.Env{Print: func(_ *plugins.Call, text string) { out.WriteString(text + "\n") }})
	return in, &out, err
}

// mustPrint runs expressions of Lua and compares what they are.
func mustPrint(t *testing.T, expression, want string) {
	t.Helper()
	_, out, err := start(t, skeleton+"print("+expression+")")
	if err != nil {
		t.Errorf("%s: %v", expression, err)
	} else if got := strings.TrimSuffix(out.String(), "\n"); got != want {
		t.Errorf("%s = %s, want %s", expression, got, want)
	}
}

// Names of callbacks that are not functions, and Lua's own load, are no callbacks.
func TestDefines(t *testing.T) {
	in, _, err := start(t, skeleton+"cache = {} flush = 1 trim = nil\nlocal function zero() end")
	if err != nil {
		t.Fatal(err)
	}
	want := []plugins.Callback{plugins.Open, plugins.GetSize, plugins.Pread}
	if got := in.Callbacks(); !slices.Equal(got, want) {
		t.Errorf("Callbacks() = %v, want %v", got, want)
	}
	for _, version := range []string{"3", "0", `"2"`, "{}"} {
		if _, _, err := start(t, skeleton+"API_VERSION = "+version); err == nil || !strings.Contains(err.Error(), "API_VERSION") {
			t.Errorf("API_VERSION %s: %v", version, err)
		}
	}
}

func TestInterruption(t *testing.T) {
	for name, body := range map[string]string{
		"pcall":         `while true do pcall(function() print("spinning") while true do end end) end`,
		"coroutine":     `coroutine.wrap(function() print("spinning") while true do end end)()`,
		"gsub":          `print("spinning") while true do (("x"):rep(100)):gsub(".", function() end) end`,
		"old thread":    `print("spinning") old()`,
		"error handler": `xpcall(function() print("spinning") while true do end end, function() while true do end end) while true do end`,
	} {
		t.Run(name, func(t *testing.T) {
			program, err := Runtime{}.Compile(plugins.Source{Path: "disk.lua", Text: skeleton + `
				old = coroutine.wrap(function() coroutine.yield() while true do end end)
				old()
				function flush() print(coroutine.wrap(function() return "fine" end)()) end
				function pread(h, count, offset) ` + body + ` end`})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			cause := fmt.Errorf("enough: %w", syscall.ETIMEDOUT)
			out := ""
			// The context of the start ends, which must not end the coroutine made in it.
			startContext, started := context.WithCancel(context.Background())
			in, err := plugins.Start(startContext, program, plugins.Env{Print: func(_ *plugins.Call, text string) {
				out = text
				if text == "spinning" {
					cancel(cause)
				}
			}})
			started()
			if err != nil {
				t.Fatal(err)
			}
			h, err := in.Open(context.Background(), plugins.OpenParams{})
			if err != nil {
				t.Fatal(err)
			}
			err = h.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 512})
			if !errors.Is(err, cause) || plugins.ErrnoOf(err) != syscall.ETIMEDOUT {
				t.Errorf("stopped with %v", err)
			}
			if err := h.Do(context.Background(), &plugins.Request{Op: plugins.OpFlush}); err != nil || out != "fine" {
				t.Errorf("the next call: %v, printed %q", err, out)
			}
		})
	}
}
