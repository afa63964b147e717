package starlark_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workbench/plugins"
)

// run runs text, the top level of a script, with the disk that is the parameter
// "path" in the variable path; the script itself says what is wrong.
func run(t *testing.T, text string, shelf *plugins.Shelf) {
	t.Helper()
	start(t, text+minimal, plugins.Env{Shelf: shelf})
}

const equal = `
def equal(got, want):
    if got != want: fail("got", repr(got), "want", repr(want))
`

func TestMemory(t *testing.T) {
	run(t, equal+`
d = workbench.memory("1M")
equal(type(d), "disk")
equal(str(d), "<disk of 1048576 bytes>")
equal(dir(d), ["close", "extents", "flush", "pread", "pwrite", "read_into", "size", "trim", "write_from", "zero"])
equal(d.size(), 1 << 20)
equal(d.pread(3, 0), b"\0\0\0")
equal(d.pread(0, 0), b"")
d.pwrite(b"\xff\x01", 1)
d.pwrite("text", offset = 3)
equal(d.pread(count = 7, offset = 0), b"\0\xff\x01text")
d.zero(1, 1)
d.zero(1, 2, may_trim = True)
d.trim(1, 3)
d.flush()
equal(d.pread(7, 0), b"\0\0\0\0ext")
equal(d.extents(1 << 20, 0), [(0, 65536, 0), (65536, (1 << 20) - 65536, nbdkit.EXTENT_HOLE | nbdkit.EXTENT_ZERO)])
d.close()
equal(workbench.memory(size = 512).size(), 512)
equal(workbench.memory("name", "1K").size(), 1024)
equal(workbench.memory(name = "name", size = 1024).size(), 1024)
`, nil)
}

func TestMemoryErrors(t *testing.T) {
	for expr, msg := range map[string]string{
		`workbench.memory()`:                            "size: wanted a number of bytes or a text",
		`workbench.memory(-1)`:                          "size: wanted a whole number from 0 on, got -1",
		`workbench.memory(1 << 63)`:                     "a disk of 9223372036854775808 bytes is too large",
		`workbench.memory(1.5)`:                         "size: wanted a whole number, got 1.5",
		`workbench.memory("a", "b")`:                    "size: ",
		`workbench.memory(9).pread(1 << 40, 0)`:         "1099511627776 bytes are too many for one value",
		`workbench.memory(9).pread(1, -1)`:              "offset: wanted a whole number from 0 on, got -1",
		`workbench.memory(9).pwrite([1], 0)`:            "buf: wanted a string or a buffer, got a list",
		`workbench.memory(9).zero(10, 0)`:               "ZERO of 10 bytes at 0 goes past the end",
		`workbench.memory(9).trim(1, 9)`:                "TRIM of 1 bytes at 9 goes past the end",
		`workbench.memory(9).extents(1, 9)`:             "EXTENTS of 1 bytes at 9 goes past the end",
		`workbench.memory(9).write(b"", 0)`:             "disk has no .write field or method (did you mean .pwrite?)",
		`workbench.file()`:                              "path: wanted a string, got nothing",
		`workbench.file("/", "r")`:                      "/: neither a regular file nor a block device",
		`workbench.file("/etc/passwd", "x")`:            `/etc/passwd: there is no mode "x"`,
		`workbench.file("/etc/passwd").pwrite(b"x", 0)`: "/etc/passwd: opened for reading only",
		`[d.pread(1, 0) for d in [workbench.file("/etc/passwd")] if not d.close()]`: "read /etc/passwd: file already closed",
	} {
		program, err := compile(t, "\nx = "+expr)
		if err != nil {
			t.Fatal(err)
		}
		_, err = program.Start(t.Context(), plugins.Env{})
		if e := scriptError(t, err); e.Line != 2 || !strings.HasPrefix(e.Msg, msg) {
			t.Errorf("%s: error %v\nwant %s", expr, e, msg)
		}
	}
}

func TestNamedMemorySurvives(t *testing.T) {
	shelf := &plugins.Shelf{}
	run(t, `workbench.memory("d", 16).pwrite("kept", 0)`, shelf)
	run(t, equal+`equal(workbench.memory("d", 16).pread(4, 0), b"kept")`, shelf)
	run(t, equal+`equal(workbench.memory("d", 16).pread(4, 0), b"\0\0\0\0")`, &plugins.Shelf{})
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, []byte("hello world"), 0o644); err != nil {
		t.Fatal(err)
	}
	start(t, equal+minimal+`
def config(key, path):
    d = workbench.file(path)
    equal(d.size(), 11)
    equal(d.pread(5, 6), b"world")
    d.close()
    d = workbench.file(path, mode = "r+")
    d.pwrite(b"W", 6)
    d.zero(1, 5)
    d.flush()
    d.close()
`, plugins.Env{Params: []plugins.Param{{Key: "file", Value: path}}})
	if text, err := os.ReadFile(path); err != nil || string(text) != "hello\x00World" {
		t.Errorf("file %q, %v", text, err)
	}
}
