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

// order is how the examples should be read. Each is there in one language or in
// several.
var order = []string{
	"hello", "ramdisk", "file", "iso", "pattern", "extents", "sparse", "statistics",
	"errors", "fault", "delay", "exports", "reload", "buffers",
	"overlay", "checksums", "partition", "tour", "starter",
}

// languages are those of the examples, by the extensions of their files.
var languages = []struct{ extension, name string }{{".lua", "lua"}, {".star", "starlark"}}

// List returns every example, the simplest first.
func List() []Example {
	var list []Example
	for _, stem := range order {
		list = append(list, Variants(stem)...)
	}
	return list
}

// Variants returns the examples whose name without its extension is stem: the
// same in several languages.
func Variants(stem string) []Example {
	var list []Example
	for _, language := range languages {
		if e, ok := Find(stem + language.extension); ok {
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
	e := Example{
		Name:   name,
		Title:  strings.TrimSuffix(strings.TrimLeft(title, "-# "), "."),
		Source: source,
	}
	for _, language := range languages {
		if path.Ext(name) == language.extension {
			e.Language = language.name
		}
	}
	return e, true
}
