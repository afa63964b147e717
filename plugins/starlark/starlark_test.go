package starlark_test

import (
	"testing"

	"workbench/plugins"
	"workbench/plugins/plugintest"
	"workbench/plugins/starlark"
)

func TestContract(t *testing.T) {
	plugintest.Run(t, plugintest.Language{
		Runtime: starlark.Runtime{},
		Loosest: plugins.Parallel,
		Ext:     ".star",
		Scripts: plugintest.ReadScripts(t, "testdata", ".star"),
	})
}
