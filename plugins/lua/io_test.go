package lua

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

// runIO runs a script in which path is a file with the given contents, and
// returns what it printed and what the file holds then.
func runIO(t *testing.T, contents, script string) (printed, after string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, err := start(t, skeleton+"local path = '"+path+"'\n"+script)
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	left, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.ReplaceAll(out.String(), path, "PATH"), "\n"), string(left)
}

func TestFiles(t *testing.T) {
	const contents = "first\nsecond\n\nx\x00y"
	for _, c := range []struct{ name, script, printed, after string }{
		{"read and seek", `local f = io.open(path, "rb") print(f:read(3), f:seek(), f:seek("set", 6), f:read("*l"), f:seek("end"), f:read(1), f:seek("cur", -3), #f:read("a"))`,
			"fir\t3\t6\tsecond\t17\tnil\t14\t3", contents},
		{"lines", `local t = {} for l in io.lines(path) do t[#t + 1] = #l end print(table.concat(t, ","))`, "5,6,0,3", contents},
		{"lines with ends", `local f = io.open(path) local t = {} for l in f:lines("L") do t[#t + 1] = #l end print(table.concat(t, ","))`, "6,7,1,3", contents},
		{"several formats", `local f = io.open(path) print(f:read("l", 2, "n", "l"))`, "first\tse\tnil", contents},
		{"at the end", `local f = io.open(path) f:seek("end") print(f:read(0), f:read("a"), f:read("l"), f:read(5))`, "nil\t\tnil\tnil", contents},
		{"part of what is there", `local f = io.open(path) f:seek("end", -2) print(#f:read(512))`, "2", contents},
		{"write in place", `local f = io.open(path, "r+b") f:seek("set", 6) print(f:write("SE", 12) == f, f:seek()) f:close()`, "true\t10", "first\nSE12nd\n\nx\x00y"},
		{"write after read", `local f = io.open(path, "r+") f:read(2) f:write("--") print(f:read(2))`, "t\n", "fi--t\nsecond\n\nx\x00y"},
		{"truncate", `local f = io.open(path, "w+b") f:write("new") f:seek("set") print(f:read("a"))`, "new", "new"},
		{"append", `io.open(path, "ab"):write("!")`, "", contents + "!"},
		{"write to a file opened for reading", `local ok, why, errno = io.open(path):write("x") print(ok, why, errno)`, "nil\tBad file descriptor\t9", contents},
		{"missing", `print(io.open(path .. ".none"))`, "nil\tPATH.none: No such file or directory\t2", contents},
		{"closed", `local f = io.open(path) print(io.type(f), f:close(), io.type(f), pcall(f.read, f))`, "file\ttrue\tclosed file\tfalse\tdisk.lua:6: attempt to use a closed file", contents},
		{"modes", `for _, m in ipairs{"r", "rb", "r+", "r+b", "rb+", "a+b", "ab+"} do assert(io.open(path, m), m) end
			for _, m in ipairs{"", "x", "r++", "rbb", "+r", "rw", "b"} do assert(not pcall(io.open, path, m), m) end`, "", contents},
		{"buffering", `local f = io.open(path, "r+") print(f:setvbuf("full", 10), f:flush(), tostring(f), io.type(5))`, "true\ttrue\tFILE*\tnil", contents},
		{"negative seek", `local p, why = io.open(path):seek("set", -1) print(p, why)`, "nil\tInvalid argument", contents},
		{"standard files", `print(io.stdout:seek()) print(io.stdout:close(), io.stderr:write("x") == io.stderr, io.stdin:write("x"))`,
			"nil\tIllegal seek\t29\nxtrue\ttrue\tnil\tBad file descriptor\t9", contents},
	} {
		t.Run(c.name, func(t *testing.T) {
			printed, after := runIO(t, contents, c.script)
			if printed != c.printed || after != c.after {
				t.Errorf("printed %q, want %q\nleft %q, want %q", printed, c.printed, after, c.after)
			}
		})
	}
	const numbers = `local f = io.open(path) print(f:read("n", "n", "*n", "n"))`
	if printed, _ := runIO(t, " 12 -3.5e1\n0x1F x", numbers); printed != "12\t-35\t31\tnil" {
		t.Errorf("numbers read as %q", printed)
	}
}

// TestPersist refuses everything that could change a file.
func TestPersist(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	src := plugins.Source{Path: "disk.lua", Text: skeleton + "local path = '" + path + `'
		assert(io.open(path, "rb"))
		for _, mode in ipairs{"r+", "w", "a+b"} do print(io.open(path, mode)) end
		print(os.remove(path))
		print(os.rename(path, path .. ".new"))
		print(pcall(workbench.file, path, "w+"))
		workbench.file(path)`}
	program, err := Runtime{}.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	var printed strings.Builder
	in, err := plugins.Start(t.Context(), program, plugins.Env{
		Print: func(_ *plugins.Call, text string) { printed.WriteString(text + "\n") },
		Persist: func(path string, changes bool) error {
			asked = append(asked, fmt.Sprint(filepath.Base(path), " ", changes))
			return plugins.Errorf(syscall.EROFS, "keep off")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close(t.Context())
	want := "[file false file true file true file true file true file.new true file true]"
	if got := fmt.Sprint(asked); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if n := strings.Count(printed.String(), "keep off"); n != 7 {
		t.Errorf("printed %s", printed.String())
	}
	if left, err := os.ReadFile(path); err != nil || string(left) != "kept" {
		t.Errorf("the file holds %q (%v)", left, err)
	}
}
