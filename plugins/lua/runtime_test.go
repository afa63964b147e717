package lua

import (
	"testing"

	"workbench/plugins"
	"workbench/plugins/plugintest"
)

func TestContract(t *testing.T) {
	plugintest.Run(t, plugintest.Language{
		Runtime: Runtime{},
		Loosest: plugins.SerializeAllRequests,
		Ext:     ".lua",
		Scripts: plugintest.ReadScripts(t, "testdata", ".lua"),
	})
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		path, text string
		want       bool
	}{
		{"disk.lua", "", true},
		{"DISK.LUA", "", true},
		{"disk", "#!/usr/sbin/nbdkit lua\n", true},
		{"disk", "#!/usr/bin/env workbench run --lang lua", true},
		{"disk", "#!/usr/bin/env workbench run --lang=lua", true},
		{"disk", "#!/usr/bin/lua5.3\n", true},
		{"disk", "#!/usr/bin/python3\n", false},
		{"disk", "#!/home/lua/bin/python\n", false},
		{"disk", "lua", false},
		{"disk.star", "", false},
	} {
		if got := (Runtime{}).Match(plugins.Source{Path: c.path, Text: c.text}); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.path, c.text, got)
		}
	}
}
