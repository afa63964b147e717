package tui

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/nbd"
	"workbench/plugins"
	"workbench/recordings"
)

// serveFixture serves the script of the fixture at a socket, and returns the address.
func serveFixture(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wb") // the name of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "nbd.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &nbd.Server{Backend: newHost(t, recordings.NewLog(1<<20))}
	served := make(chan error, 1)
	go func() { served <- s.Serve(context.Background(), l) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, nbd.ErrServerClosed) {
			t.Error(err)
		}
	})
	return "nbd+unix:///?socket=" + socket
}

// sh runs a shell script with $uri set, and returns whether it went well.
func sh(t *testing.T, script, uri string) (bool, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "uri="+uri)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, out)
	}
	return err == nil, string(out)
}

// TestShellForReal: the lines and tests that are copied do what they say, with
// qemu-io against the script of the fixture.
func TestShellForReal(t *testing.T) {
	if _, err := exec.LookPath("qemu-io"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	uri := serveFixture(t)
	mixed := append([]byte("it's 100% mixed\\n\x00"), bytes.Repeat([]byte{1, 2, 3, 4}, 30)...)
	ask := func(op plugins.Op, offset, length uint64, data []byte, errno syscall.Errno) *screen {
		log := recordings.NewLog(1 << 20)
		e := request(0, fixtureNow-ms)
		e.Op, e.Offset, e.Length, e.Errno = op, offset, length, uint16(errno)
		log.Append(e, "", data)
		_, bench := fixture()
		return newScreen(t, 80, 24, log, bench, Options{URI: uri})
	}
	for _, tt := range []struct {
		name           string
		op             plugins.Op
		offset, length uint64
		data           []byte
		errno          syscall.Errno
		passes         bool
	}{
		{"write of mixed bytes", plugins.OpWrite, 4096, 128, mixed[:128], 0, true},
		{"read of them", plugins.OpRead, 4096, 512, mixed[:128], 0, true},
		{"read of others", plugins.OpRead, 16384, 512, mixed[:128], 0, false},
		{"write of one byte", plugins.OpWrite, 8192, 128, bytes.Repeat([]byte{7}, 128), 0, true},
		{"read of that", plugins.OpRead, 8192, 4096, bytes.Repeat([]byte{7}, 128), 0, true},
		{"write that fails as it did", plugins.OpWrite, 1 << 20, 4096, nil, syscall.EFBIG, true},
		{"write that fails otherwise", plugins.OpWrite, 1 << 20, 4096, nil, syscall.EIO, false},
		{"write that should fail", plugins.OpWrite, 0, 4096, nil, syscall.ENOSPC, false},
		{"write that should not fail", plugins.OpWrite, 1 << 20, 4096, nil, 0, false},
		{"read without data", plugins.OpRead, 0, 4096, nil, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := ask(tt.op, tt.offset, tt.length, tt.data, tt.errno)
			test, why := s.app.requestTest()
			if why != "" {
				t.Fatal(why)
			}
			if ok, out := sh(t, test, uri); ok != tt.passes {
				t.Errorf("it passes: %v, want %v\n%s\n%s", ok, tt.passes, test, out)
			}
			line, why := s.app.requestLine()
			if why != "" || !strings.Contains(line, uri) {
				t.Fatalf("%s, %s", line, why)
			}
			if fails := tt.offset >= 1<<20; tt.op == plugins.OpWrite || !fails {
				if ok, out := sh(t, line, uri); ok == fails {
					t.Errorf("%s\n%s", line, out)
				}
			}
		})
	}
	for op, want := range map[plugins.Op]string{
		plugins.OpFlush: "-c flush", plugins.OpTrim: "discard 0 512", plugins.OpZero: "write -z 0 512", plugins.OpExtents: "qemu-img map -f raw --output=json --start-offset=0 --max-length=512 ",
	} {
		if line, why := ask(op, 0, 512, nil, 0).app.requestLine(); !strings.Contains(line, want) {
			t.Errorf("%s: %q, %s, want %q", op, line, why, want)
		}
	}
	for _, op := range []plugins.Op{plugins.OpCache, plugins.OpExtents} {
		if test, why := ask(op, 0, 512, nil, 0).app.requestTest(); test != "" || !strings.Contains(why, "qemu-io has no command for") {
			t.Errorf("%s: %q, %s", op, test, why)
		}
	}
}

func TestQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"plain/path.lua": "plain/path.lua", "": "''", "two words": "'two words'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "é": "'é'",
	} {
		if got := quoted(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
