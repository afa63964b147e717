package tui

import (
	"fmt"
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/plugins/examples"
)

// classed writes a code with the letter of a class around each span that has one.
func classed(c code) string {
	letters := [numClasses]string{keyword: "k", stringWord: "s", numberWord: "n", commentWord: "c", callbackWord: "C"}
	var rows []string
	for _, line := range c.lines {
		row := ""
		for _, s := range line {
			if l := letters[s.class]; l != "" {
				s.text = fmt.Sprintf("%s{%s}", l, s.text)
			}
			row += s.text
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, "\n")
}

func TestScan(t *testing.T) {
	for _, tt := range []struct{ name, language, text, want string }{
		{"lua", "lua", "local x = 0x10 + 1.5 -- half\nfunction pread(h) return '\\'' .. [[a\nb]] end",
			"k{local} x = n{0x10} + n{1.5} c{-- half}\nk{function} C{pread}(h) k{return} s{'\\''} .. s{[[a}\ns{b]]} k{end}"},
		{"lua long comment", "lua", "--[==[ a ]] \n end ]==] end", "c{--[==[ a ]] }\nc{ end ]==]} k{end}"},
		{"lua open ends", "lua", "x = 'open\ny = [[never", "x = s{'open}\ny = s{[[never}"},
		{"lua assigned", "lua", "flush = function() end\n  trim = 1\nzero == 1\n", "C{flush} = k{function}() k{end}\n  trim = n{1}\nzero == n{1}"},
		{"lua index", "lua", "a[b[1]] = x[=1]", "a[b[n{1}]] = x[=n{1}]"},
		{"starlark", "starlark", "def pwrite(h, buf):  # [[x\r\n  \"\"\"doc\n  x\"\"\"\n  return b'\\x00' + None\n",
			"k{def} C{pwrite}(h, buf):  c{# [[x}\n  s{\"\"\"doc}\ns{  x\"\"\"}\n  k{return} bs{'\\x00'} + k{None}"},
		{"unknown", "brainfuck", "function pread() -- 'x' 1", "function pread() -- s{'x'} n{1}"},
		{"empty", "lua", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := classed(scan(tt.language, tt.text)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestScanExamples: in each example the callbacks that it defines are found.
func TestScanExamples(t *testing.T) {
	for _, e := range examples.List() {
		language := "lua"
		if strings.HasSuffix(e.Name, ".star") {
			language = "starlark"
		}
		c := scan(language, e.Source)
		if _, ok := c.defined[plugins.Pread]; !ok {
			t.Errorf("%s: no pread among %v", e.Name, c.defined)
		}
	}
}

// FuzzScan: nothing of a script is lost, whatever stands in it.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{fixtureSource, "--[[", "[==[", "'\\", `"""`, "\xff\xfe\x00", hostile} {
		f.Add("lua", seed)
		f.Add("starlark", seed)
	}
	f.Fuzz(func(t *testing.T, language, text string) {
		var rows []string
		for _, line := range scan(language, text).lines {
			row := ""
			for _, s := range line {
				row += s.text
			}
			rows = append(rows, row)
		}
		got, want := strings.Join(rows, "\n"), strings.TrimSuffix(text, "\n")
		want = strings.TrimSuffix(strings.ReplaceAll(want, "\r\n", "\n"), "\r")
		if got != want {
			t.Errorf("%q became %q", text, got)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	text := strings.Repeat(fixtureSource, 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		scan("lua", text)
	}
}
