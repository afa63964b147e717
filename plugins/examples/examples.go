// Package examples holds example plugins, each of which teaches one thing, and
// the starter plugins that `workbench new` writes. They are files of this
// folder, embedded in the program.
//
// The first line of each is a comment that says what it is: its Title.
package examples

import (
	"embed"
	"path"
	"strings"
)

//go:embed *.lua *.star
var files embed.FS

// An Example is one script.
type Example struct {
	Name     string // of its file: "ramdisk.lua"
	Language string // as --lang takes it: "lua"
	Title    string // one line for people
	Source   string
}

// order is how the examples should be read.
var order = []string{
	"hello.lua", "hello.star",
	"ramdisk.lua", "ramdisk.star",
	"file.lua", "file.star",
	"errors.lua", "errors.star",
	"tour.lua",
	"starter.lua", "starter.star",
}

var languages = map[string]string{".lua": "lua", ".star": "starlark"}

// List returns every example, the simplest first.
func List() []Example {
	var list []Example
	for _, name := range order {
		if e, ok := Find(name); ok {
			list = append(list, e)
		}
	}
	return list
}

// Find returns the example of that name.
func Find(name string) (Example, bool) {
	text, err := files.ReadFile(name)
	if err != nil {
		return Example{}, false
	}
	source := string(text)
	title, _, _ := strings.Cut(source, "\n")
	return Example{
		Name:     name,
		Language: languages[path.Ext(name)],
		Title:    strings.TrimSuffix(strings.TrimLeft(title, "-# "), "."),
		Source:   source,
	}, true
}
