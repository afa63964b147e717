package examples_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/plugins/examples"
)

func TestListAndFind(t *testing.T) {
	files, err := filepath.Glob("*.[ls]*")
	if err != nil {
		t.Fatal(err)
	}
	list := examples.List()
	if len(list) != len(files) {
		t.Errorf("%d examples, but the files are %v", len(list), files)
	}
	for _, e := range list {
		if found, ok := examples.Find(e.Name); !ok || found != e {
			t.Errorf("Find(%s) = %v, %v", e.Name, found, ok)
		}
		if e.Title == "" || strings.ContainsAny(e.Title[:1], "-# ") || len(e.Title) > 75 {
			t.Errorf("%s has the title %q", e.Name, e.Title)
		}
		rt, err := plugins.FindRuntime(runtimes, "", plugins.Source{Path: e.Name, Text: e.Source})
		if err != nil || rt.Name() != e.Language {
			t.Errorf("%s is said to be %s: %v, %v", e.Name, e.Language, rt, err)
		}
		if stem := strings.TrimSuffix(e.Name, path.Ext(e.Name)); stem != "hello" && stem != "starter" {
			for _, field := range []string{"\nname = \"" + stem + "\"\n", "\ndescription = \""} {
				if !strings.Contains(e.Source, field) {
					t.Errorf("%s has no line %q", e.Name, field)
				}
			}
			if strings.Contains(e.Source, "config(key, value)") != strings.Contains(e.Source, "\nconfig_help = ") {
				t.Errorf("%s has one of config and config_help", e.Name)
			}
		}
		if want := "workbench run " + e.Name; e.Name != "tour.lua" && !strings.HasPrefix(e.Name, "starter") &&
			!strings.Contains(e.Source, want) && !strings.Contains(e.Source, strings.Replace(want, "run", "mount", 1)) {
			t.Errorf("%s does not say how to try it", e.Name)
		}
		for i, line := range strings.Split(e.Source, "\n") {
			if len(line) > 90 || strings.TrimRight(line, " \t") != line {
				t.Errorf("%s:%d: too long, or space at its end", e.Name, i+1)
			}
		}
	}
	for _, name := range []string{"", "hello", "nothing.lua", "../examples.go", "examples.go"} {
		if _, ok := examples.Find(name); ok {
			t.Errorf("Find(%q) found something", name)
		}
	}
}

func TestVariants(t *testing.T) {
	for stem, want := range map[string]string{"hello": "hello.lua hello.star", "tour": "tour.lua", "nothing": "", "": "", "hello.lua": ""} {
		var names []string
		for _, e := range examples.Variants(stem) {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("Variants(%q) = %s, want %s", stem, got, want)
		}
	}
}

// Each example that takes parameters says which ones when it is given another, and
// what is missing when it is given none.
func TestParameterErrors(t *testing.T) {
	image := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(image, make([]byte, 1<<16), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ stem, param, want string }{
		{"ramdisk", "", "give size=64M"},
		{"sparse", "", "give size=1T"},
		{"pattern", "", "give size=8M"},
		{"starter", "", "there is no parameter"},
		{"extents", "", "give map=##..00..##"},
		{"extents", "map=##x.", "map: x is in it: use # data, . hole, 0 zeroes"},
		{"extents", "map=", "map: nothing is in it"},
		{"fault", "", "give rate=10% or error=EIO"},
		{"fault", "rate=often", "often"},
		{"fault", "error=EWHAT", "EWHAT"},
		{"delay", "", "give rdelay=50ms or wdelay=50ms"},
		{"delay", "rdelay=soon", "soon"},
		{"file", "", "give file=disk.img"},
		{"iso", "", "give file=debian.iso"},
		{"iso", "file=" + image + ".none", "no such file"},
		{"overlay", "", "give file=precious.img"},
		{"overlay", "file=" + image + ".none", "no such file"},
		{"checksums", "", "give file=disk.img"},
	} {
		bothLanguages(t, tt.stem, func(t *testing.T, name string) {
			param := tt.param
			if param == "" {
				param = "colour=red"
			}
			_, err := plugins.Start(t.Context(), compile(t, name), params(param))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: error %v, want %s", param, err, tt.want)
			}
			if tt.param == "" && !strings.Contains(err.Error(), "there is no parameter colour") {
				t.Errorf("error %v", err)
			}
		})
	}
	for _, stem := range []string{"file", "iso", "overlay", "checksums"} {
		bothLanguages(t, stem, func(t *testing.T, name string) {
			_, err := plugins.Start(t.Context(), compile(t, name), plugins.Env{})
			if err == nil || !strings.Contains(err.Error(), "? Give file=") {
				t.Errorf("error %v", err)
			}
		})
	}
}
