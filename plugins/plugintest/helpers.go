package plugintest

import (
	"errors"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

// helpers checks what a script gets from the functions of nbdkit and workbench.
func helpers(t *testing.T, l Language) {
	r := l.rig(t, "helpers")
	r.mustStart()
	var disconnected []bool
	client := &plugins.Client{Name: "somebody", PID: 11, UID: 12, GID: 13, Disconnect: func(force bool) { disconnected = append(disconnected, force) }}
	r.open(plugins.OpenParams{Export: "name", TLS: true, Client: client})
	want := []string{
		"size 1048576 8 1024",
		"bool true false",
		"delay 0.02 3 1.5",
		"probability 0.25 0.5",
		"password secret",
		"paths /a/b /",
		"version 1.2.3",
		"connection name true somebody 11 12 13",
		"buffer <buffer of 8 bytes> 8 8 255 97,98 255,97,98,1,2,255,0,0 513 -1 4284572161 -256",
		"buffer 7,7,121,1,2,255,7,7",
		"disk <disk of 1024 bytes> 1024 7,7,121,1,2,255,7,7 7,7,121,1,2,255,121,1 121,0",
		"disk 0,0,121 ",
		"pack 2,1,1,2,255,104,105,0 8",
		"unpack 258 258 -1",
		"unpack 258 1.5",
		"checksum 3421780262 3808858755 3421780262 3421780262",
		"hex 00000010  00 41 ff                                          |.A.|",
		"unhex 0,65,255",
		"now true",
	}
	var got []string
	for _, p := range r.output() {
		got = append(got, p.text)
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("line %d of what it printed: %q\nwant %q", i+1, got[min(i, len(got)):], want[min(i, len(want)):])
			break
		}
	}
	if !reflect.DeepEqual(disconnected, []bool{true, false, false}) || !reflect.DeepEqual(r.shutdowns, []int{0}) || !reflect.DeepEqual(r.debugged, []string{"debugged"}) {
		t.Errorf("disconnect %v, shutdown %v, debug %q", disconnected, r.shutdowns, r.debugged)
	}
}

// misuse checks what a script is told that calls a function as it must not.
func misuse(t *testing.T, l Language) {
	r := l.rig(t, "misuse").mustStart()
	d := r.open(plugins.OpenParams{Client: &plugins.Client{PID: -1}})
	for i, c := range []struct {
		errno syscall.Errno
		text  string
	}{
		{syscall.EIO, `"1MB" is not a size`},
		{syscall.EIO, `"maybe" is neither true nor false`},
		{syscall.EIO, `"soon" is not a delay`},
		{syscall.EIO, `"often" is not a probability`},
		{syscall.EIO, "a password cannot be asked for"},
		{syscall.ENOENT, "/none"},
		{syscall.EINVAL, "a sleep of -1 seconds"},
		{syscall.EIO, "seconds: wanted a number, got a string"},
		{syscall.EIO, `errno: no error is called "EWHAT"`},
		{syscall.ENOSPC, "no space"},
		{syscall.EFBIG, "too big"},
		{syscall.EIO, "nobody knows the process of this client"},
		{syscall.EIO, "this client cannot be disconnected"},
		{syscall.EIO, "size: wanted a number of bytes or a text"},
		{syscall.EIO, "size: wanted a whole number from 0 on, got -1"},
		{syscall.EIO, "size: wanted a number of bytes or a text"},
		{syscall.ENOENT, "/none/such"},
		{syscall.EIO, "size: wanted a number of bytes, a string or a buffer"},
		{syscall.EIO, "1125899906842624 bytes are too many"},
		{syscall.EIO, "1 bytes at 8 are not inside the buffer of 8 bytes"},
		{syscall.EIO, "value: wanted a byte"},
		{syscall.EIO, "value: 65536 does not fit into u16le"},
		{syscall.EIO, "value: wanted a whole number, got nothing"},
		{syscall.EIO, "3 arguments are too many for get(offset[, count])"},
		{syscall.EINVAL, "READ of 9 bytes at 0 goes past the end"},
		{syscall.ENOSPC, "WRITE of 3 bytes at 6 goes past the end"},
		{syscall.EIO, "buf: wanted a string or a buffer"},
		{syscall.EIO, "offset: wanted a whole number from 0 on, got -1"},
		{syscall.EIO, "offset: wanted a whole number, got 0.5"},
		{syscall.EIO, "buffer: wanted a buffer, got a string"},
		{syscall.EIO, `item "I2" of the format: 65536 does not fit`},
		{syscall.EIO, "more items than there are values"},
		{syscall.EIO, "is no item"},
		{syscall.EIO, "the data (3 bytes) end before the format"},
		{syscall.EIO, "no zero ends the string"},
		{syscall.EIO, "data: wanted a string or a buffer"},
		{syscall.EIO, "a checksum has 32 bits"},
		{syscall.EIO, "pairs of hexadecimal digits"},
	} {
		_, err := d.do(plugins.Request{Op: plugins.OpRead, Length: 1, Offset: uint64(i) * 512})
		var e *plugins.Error
		if !errors.As(err, &e) || e.Callback != plugins.Pread || e.Line == 0 || !strings.Contains(e.Msg, c.text) {
			t.Errorf("call %d: %v, want an error of pread with %q", i, err, c.text)
			continue
		}
		wantErrno(t, c.text, err, c.errno)
	}

	// Outside of a connection there is nobody to ask about.
	for _, expr := range []string{"nbdkit.export_name()", "nbdkit.is_tls()", "nbdkit.peer_name()", "nbdkit.peer_pid()", "nbdkit.peer_uid()", "nbdkit.peer_gid()", "nbdkit.disconnect()"} {
		program, err := l.Runtime.Compile(plugins.Source{Path: "top" + l.Ext, Text: "\n" + expr + "\n"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = plugins.Start(r.ctx, program, plugins.Env{})
		var e *plugins.Error
		if !errors.As(err, &e) || e.Line != 2 || !strings.Contains(e.Msg, "there is no client here") {
			t.Errorf("%s at the top level: %v", expr, err)
		}
	}
}
