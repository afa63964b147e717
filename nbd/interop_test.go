package nbd

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
)

// commandTimeout bounds every program that the tests run.
const commandTimeout = 60 * time.Second

// need skips the test if a program is missing, but not in CI.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", p)
		}
		t.Skipf("%s is not installed", p)
	}
}

// output runs a program and returns what it printed on both streams.
func output(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	return string(out), err
}

// mustRun is output for a program that must succeed.
func mustRun(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := output(t, program, args...)
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return out
}

// serve serves with s on a unix socket and on TCP until the test ends, and
// returns the URIs of the export.
func serve(t *testing.T, s *Server, export string) (unix, tcp string) {
	t.Helper()
	ul, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
	if err != nil {
		t.Fatal(err)
	}
	tl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	for _, l := range []net.Listener{ul, tl} {
		go func() { served <- s.Serve(context.Background(), l) }()
	}
	t.Cleanup(func() {
		s.Close()
		for range 2 {
			if err := <-served; !errors.Is(err, ErrServerClosed) {
				t.Errorf("Serve returned %v", err)
			}
		}
	})
	return AddrURI(ul.Addr(), export).String(), AddrURI(tl.Addr(), export).String()
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// A way is a kind of connection.
type way struct {
	name    string
	network string
	tls     bool // both sides show a certificate
}

// ways are the kinds of connection that every client is tried over.
var ways = []way{{"unix", "unix", false}, {"TCP", "tcp", false}, {"TLS over unix", "unix", true}, {"TLS over TCP", "tcp", true}}

// overEach runs a test over each kind of connection.
func overEach(t *testing.T, test func(t *testing.T, w way)) {
	t.Helper()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

// serve serves with s until the test ends, and returns where an export is.
func (w way) serve(t *testing.T, s *Server, export string) URI {
	t.Helper()
	var dir string
	if w.tls {
		dir, _ = certificates(t)
		s.TLS, s.RequireTLS = loadServer(t, dir, true), true
	}
	unix, tcp := serve(t, s, export)
	at := tcp
	if w.network == "unix" {
		at = unix
	}
	u, err := ParseURI(at)
	if err != nil {
		t.Fatal(err)
	}
	u.TLS, u.Certificates = w.tls, dir
	return u
}

// checkOpened holds that a disk was opened, and never but by that name and over w.
func (w way) checkOpened(t *testing.T, m *memory, export string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.opened) == 0 {
		t.Error("the disk was not opened")
	}
	for _, p := range m.opened {
		if p.Export != export || p.TLS != w.tls || w.tls != strings.Contains(p.Client.Name, `, "alice"`) {
			t.Errorf("the disk was opened by %+v: want %q, TLS %t", p, export, w.tls)
		}
	}
}

// wantAll holds that a program's output has each of some texts.
func wantAll(t *testing.T, out string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %q in:\n%s", want, out)
		}
	}
}

// exit returns the exit status that a program ended with.
func exit(t *testing.T, err error) int {
	t.Helper()
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return status.ExitCode()
}

// writeFile makes a file with that content and returns its path.
func writeFile(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantFile holds that a file has that content.
func wantFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%s has %d bytes, and not the %d that it should have: %v", path, len(got), len(content), err)
	}
}

// TestClearRefused has programs that do not encrypt meet a server that insists.
func TestClearRefused(t *testing.T) {
	need(t, "nbdinfo", "qemu-img", "nbd-client")
	overEach(t, func(t *testing.T, w way) {
		if !w.tls {
			return
		}
		m := newMemory(4096)
		u := w.serve(t, &Server{Backend: m}, "")
		u.TLS, u.Certificates = false, ""
		for _, command := range [][]string{{"nbdinfo", u.String()}, {"qemu-img", "info", u.String()}, append([]string{"nbd-client", "-l"}, nbdClientArgs(u)...)} {
			out, err := output(t, command[0], command[1:]...)
			if err == nil || !strings.Contains(out, "TLS") {
				t.Errorf("%q: %v\n%s", command, err, out)
			}
		}
		if opened, _ := m.counts(); opened != 0 {
			t.Errorf("the disk was opened %d times", opened)
		}
	})
}

// TestExplainRealClients explains what real clients and our server say to each
// other, each way and both together.
func TestExplainRealClients(t *testing.T) {
	for _, tt := range []struct {
		command []string // and the URI
		want    []string // messages that must be among them
	}{
		{[]string{"nbdinfo", "--map"}, []string{"option GO", "ACK reply to STRUCTURED_REPLY", "INFO EXPORT reply to GO", "request BLOCK_STATUS", "structured reply BLOCK_STATUS to BLOCK_STATUS"}},
		{[]string{"nbdinfo", "--list"}, []string{"option LIST", "SERVER reply to LIST", "option INFO"}},
		{[]string{"qemu-io", "-f", "raw", "-c", "write -P 7 0 8k", "-c", "read 0 64k", "-c", "flush", "-c", "discard 0 64k", "-c", "write -z 64k 64k"},
			[]string{"request WRITE", "simple reply to WRITE", "structured reply OFFSET_DATA to READ", "request TRIM", "request WRITE_ZEROES", "request DISC"}},
	} {
		t.Run(strings.Join(tt.command[:2], " "), func(t *testing.T) {
			need(t, tt.command[0])
			l, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
			if err != nil {
				t.Fatal(err)
			}
			disk := newMemory(1 << 20)
			disk.exports = []plugins.Export{{Name: "", Description: "a disk"}}
			s := &Server{Backend: disk}
			var taps []*tap
			done := make(chan struct{})
			go func() { // until the listener is closed
				defer close(done)
				for {
					nc, err := l.Accept()
					if err != nil {
						return
					}
					taps = append(taps, &tap{Conn: nc})
					if err := s.ServeConn(context.Background(), taps[len(taps)-1]); err != nil {
						t.Error(err)
					}
				}
			}()
			out, err := output(t, tt.command[0], append(tt.command[1:], AddrURI(l.Addr(), "").String())...)
			l.Close()
			<-done
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var seen []string
			for _, c := range taps {
				// The tap is the server's: what it writes comes from the server.
				for way, data := range map[string][]byte{"client": c.server, "server": c.client, "both": c.both} {
					messages := explainAll(t, data, ExplainOptions{})
					for _, m := range messages {
						if m.Problem != nil {
							t.Errorf("%s, %s: %v", way, m.Name, m.Problem)
						}
					}
					if way == "both" {
						seen = append(seen, names(messages)...)
					}
				}
			}
			for _, name := range tt.want {
				if !slices.Contains(seen, name) {
					t.Errorf("no %q among %q", name, seen)
				}
			}
		})
	}
}
