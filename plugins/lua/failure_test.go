package lua

import (
	"context"
	"syscall"
	"testing"

	"workbench/plugins"
)

// read runs pread with the body given, and returns the error.
func read(t *testing.T, body string) error {
	t.Helper()
	in, _, err := start(t, "function open() end function get_size() return 4096 end\nfunction pread(h, count, offset)\n"+body+"\nend")
	if err != nil {
		t.Fatal(err)
	}
	h, err := in.Open(context.Background(), plugins.OpenParams{})
	if err != nil {
		t.Fatal(err)
	}
	return h.Do(context.Background(), &plugins.Request{Op: plugins.OpRead, Length: 512})
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		body  string
		errno syscall.Errno
		want  string
	}{
		{`error("boom")`, syscall.EIO, "pread: disk.lua:3: boom"},
		{`error("boom", 0)`, syscall.EIO, "pread: disk.lua:3: boom"},
		{`error({errno = 28, message = "full"})`, syscall.ENOSPC, "pread: disk.lua:3: full"},
		{`error({errno = "ENOSPC", "full"})`, syscall.ENOSPC, "pread: disk.lua:3: full"},
		{`error{errno = "EROFS"}`, syscall.EROFS, "pread: disk.lua:3: read-only file system"},
		{`error({})`, syscall.EIO, "pread: disk.lua:3: error() was given a table that has neither a message nor an errno"},
		{`error(setmetatable({}, {__tostring = function() return "a table that speaks" end}))`, syscall.EIO, "pread: disk.lua:3: a table that speaks"},
		{`error(setmetatable({errno = 28}, {__tostring = function() return "full" end}))`, syscall.ENOSPC, "pread: disk.lua:3: full"},
		{`error(setmetatable({}, {__tostring = function() error("no") end}))`, syscall.EIO, "pread: disk.lua:3: error() was given a table that has neither a message nor an errno"},
		{`return sting.rep("x", math.floor(count))`, syscall.EIO, "pread: disk.lua:3: attempt to index a non-table object(nil) with key 'rep'"},
		{`return nbdkit.parse_sice("1M")`, syscall.EIO, "pread: disk.lua:3: attempt to call parse_sice, which is nil or no function"},
		{`return fill(math.floor(1))`, syscall.EIO, "pread: disk.lua:3: attempt to call what is nil or no function: one of floor, fill"},
		{`return fill(tostring(1))`, syscall.EIO, "pread: disk.lua:3: attempt to call fill, which is nil or no function"},
		{`return (h or 1)(2)`, syscall.EIO, "pread: disk.lua:3: attempt to call a non-function object"},
		{`error(nil)`, syscall.EIO, "pread: disk.lua:3: error(nil): no message"},
		{`error(42)`, syscall.EIO, "pread: disk.lua:3: 42"},
		{`error(print)`, syscall.EIO, "pread: disk.lua:3: error() was given a function: give it a string"},
		{`error("EFBIG: too big")`, syscall.EFBIG, "pread: disk.lua:3: too big"},
		{`error("efbig: too big")`, syscall.EFBIG, "pread: disk.lua:3: too big"},
		{`error("EWHAT: too big")`, syscall.EIO, "pread: disk.lua:3: EWHAT: too big"},
		{`nbdkit.set_error("ENOSPC") error("EIO: both")`, syscall.ENOSPC, "pread: disk.lua:3: both"},
		{`nbdkit.set_error(0) error("x")`, syscall.EIO, "pread: disk.lua:3: x"},
		{`assert(nil, "no luck")`, syscall.EIO, "pread: disk.lua:3: no luck"},
		{`assert(io.open("/nonexistent/x"))`, syscall.EIO, "pread: disk.lua:3: /nonexistent/x: No such file or directory"},
		{`workbench.file("/nonexistent/x")`, syscall.ENOENT, "pread: disk.lua:3: open /nonexistent/x: no such file or directory"},
		{`workbench.memory(4096):pwrite("x", 4096)`, syscall.ENOSPC, "pread: disk.lua:3: WRITE of 1 bytes at 4096 goes past the end of the disk (4096 bytes)"},
		{`workbench.memory(4096):pread(-1, 0)`, syscall.EIO, "pread: disk.lua:3: count: wanted a whole number from 0 on, got -1"},
		{`workbench.memory(4096):pread(1, 0.5)`, syscall.EIO, "pread: disk.lua:3: offset: wanted a whole number, got 0.5"},
		{`workbench.memory(2^53):pread(2^52, 0)`, syscall.EIO, "pread: disk.lua:3: 4503599627370496 bytes are too many for one value, 268435456 are the most"},
		{`workbench.memory(4096).pread(1, 0)`, syscall.EIO, "pread: disk.lua:3: wanted a disk, got 1: methods are called with a colon, as in disk:pread(count, offset)"},
		{`local ok, e = pcall(workbench.file, "/nonexistent/x")
error(e)`, syscall.ENOENT, "pread: disk.lua:3: open /nonexistent/x: no such file or directory"},
		{`local ok, e = pcall(error, {errno = "EPERM", message = "no"}) error(e)`, syscall.EPERM, "pread: disk.lua:3: no"},
		{`coroutine.wrap(function() error("EROFS: inside") end)()`, syscall.EROFS, "pread: disk.lua:3: inside"},
		{`coroutine.yield()`, syscall.EIO, "pread: disk.lua:3: can not yield from outside of a coroutine"},
		{`return nil`, syscall.EIO, "pread: disk.lua:2: wanted a string of 512 bytes, got nil"},
		{`return 12345`, syscall.EIO, "pread: disk.lua:2: wanted a string of 512 bytes, got 12345"},
		{`return "short"`, syscall.EIO, "pread: disk.lua:2: returned 5 bytes: 512 were asked for at offset 0"},
	} {
		err := read(t, c.body)
		if err == nil || err.Error() != c.want || plugins.ErrnoOf(err) != c.errno {
			t.Errorf("%s\n got  %v (%s)\n want %s (%s)", c.body, err, plugins.ErrnoName(plugins.ErrnoOf(err)), c.want, plugins.ErrnoName(c.errno))
		}
	}
}
