package lua

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workbench/plugins"
)

func TestRequire(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	main := write("disk.lua", skeleton+`
		local geometry = require("geometry")
		assert(require("geometry") == geometry)
		require("sub.thing")
		function get_size() return geometry.size end
		function flush() geometry.fail() end
		function close() require("late") end`)
	geometry := write("geometry.lua", "local M = {size = 512}\nfunction M.fail() error('EROFS: no') end\nreturn M")
	thing := write("sub/thing.lua", "thing = 1")
	late := write("late.lua", "return {}")

	var loaded []string
	load := func(path string) ([]byte, error) {
		text, err := os.ReadFile(path)
		if err == nil {
			loaded = append(loaded, path)
		}
		return text, err
	}
	src, err := plugins.ReadSource(main)
	if err != nil {
		t.Fatal(err)
	}
	program, err := Runtime{}.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	in, err := plugins.Start(context.Background(), program, plugins.Env{Load: load})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{geometry, thing}; !slices.Equal(loaded, want) {
		t.Errorf("loaded %v, want %v", loaded, want)
	}
	h, err := in.Open(context.Background(), plugins.OpenParams{})
	if err != nil || h.Info().Size != 512 {
		t.Fatalf("opened with %v", err)
	}
	err = h.Do(context.Background(), &plugins.Request{Op: plugins.OpFlush})
	if err == nil || err.Error() != "flush: "+geometry+":2: no" {
		t.Errorf("an error in a required file: %v", err)
	}
	if err := h.Close(); err != nil || !slices.Contains(loaded, late) {
		t.Errorf("loaded %v after a late require (%v)", loaded, err)
	}

	write("geometry.lua", "return {\nsize = = 1}")
	_, err = plugins.Start(context.Background(), program, plugins.Env{})
	var e *plugins.Error
	if !errors.As(err, &e) || e.File != geometry || e.Line != 2 {
		t.Errorf("a syntax error in a required file: %v", err)
	}
	if _, _, err = start(t, skeleton+`require("nothing")`); err == nil || !strings.Contains(err.Error(), "nothing.lua") {
		t.Errorf("a missing module: %v", err)
	}
}
