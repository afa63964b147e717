package nbd

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
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

func TestNbdinfo(t *testing.T) {
	need(t, "nbdinfo")
	m := newMemory(1 << 20)
	m.description = "a disk for the test"
	m.sizes = plugins.BlockSizes{Minimum: 512, Preferred: 4096, Maximum: 1 << 20}
	m.exports = []plugins.Export{{Name: "one", Description: "first"}, {Name: "two words"}}
	m.extents = []plugins.Extent{{Length: 65536}, {Offset: 65536, Length: 65536, Type: 3}, {Offset: 131072, Length: 1<<20 - 131072}}
	unix, tcp := serve(t, &Server{Backend: m}, "one")
	for name, uri := range map[string]string{"unix": unix, "tcp": tcp} {
		t.Run(name, func(t *testing.T) {
			out := mustRun(t, "nbdinfo", uri)
			for _, want := range []string{`export="one":`, "export-size: 1048576", "description: a disk for the test", "can_fast_zero: true", "can_df: true",
				"block_size_minimum: 512", "block_size_preferred: 4096", "block_size_maximum: 1048576", "base:allocation", "using structured packets"} {
				if !strings.Contains(out, want) {
					t.Errorf("nbdinfo does not say %q:\n%s", want, out)
				}
			}
			var facts struct {
				Protocol string
				Exports  []map[string]any
			}
			if err := json.Unmarshal([]byte(mustRun(t, "nbdinfo", "--json", uri)), &facts); err != nil {
				t.Fatal(err)
			}
			if facts.Protocol != "newstyle-fixed" || facts.Exports[0]["export-size"] != float64(1<<20) {
				t.Errorf("nbdinfo --json: %+v", facts)
			}
			out = mustRun(t, "nbdinfo", "--map", uri)
			if got, want := strings.Fields(out), "0 65536 0 data 65536 65536 3 hole,zero 131072 917504 0 data"; strings.Join(got, " ") != want {
				t.Errorf("nbdinfo --map: %s, want %s", out, want)
			}
			out = mustRun(t, "nbdinfo", "--list", uri)
			for _, want := range []string{`export="one":`, `export="two words":`, "description: first"} {
				if !strings.Contains(out, want) {
					t.Errorf("nbdinfo --list does not say %q:\n%s", want, out)
				}
			}
		})
	}
}

func TestNbdcopy(t *testing.T) {
	need(t, "nbdcopy")
	const size = 8 << 20
	m := newMemory(size)
	unix, tcp := serve(t, &Server{Backend: m}, "")
	for name, uri := range map[string]string{"unix": unix, "tcp": tcp} {
		t.Run(name, func(t *testing.T) {
			from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
			want := randomBytes(size)
			copy(want[1<<20:], make([]byte, 1<<20)) // some zeroes
			if err := os.WriteFile(from, want, 0o600); err != nil {
				t.Fatal(err)
			}
			mustRun(t, "nbdcopy", "--flush", from, uri)
			if !bytes.Equal(m.data, want) {
				t.Error("the disk does not hold what was copied")
			}
			mustRun(t, "nbdcopy", uri, to)
			if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the copy of the disk differs: %v", err)
			}
		})
	}
}

func TestQemuImg(t *testing.T) {
	need(t, "qemu-img")
	const size = 4 << 20
	m := newMemory(size)
	unix, tcp := serve(t, &Server{Backend: m}, "disk 1")
	for name, uri := range map[string]string{"unix": unix, "tcp": tcp} {
		t.Run(name, func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image")
			if err := os.WriteFile(image, randomBytes(size), 0o600); err != nil {
				t.Fatal(err)
			}
			mustRun(t, "qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image, uri)
			mustRun(t, "qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri)
			if out := mustRun(t, "qemu-img", "map", "-f", "raw", "--output=json", uri); !strings.Contains(out, `"length": 4194304`) {
				t.Errorf("qemu-img map: %s", out)
			}
		})
	}
}

func TestQemuIO(t *testing.T) {
	need(t, "qemu-io")
	m := newMemory(1 << 20)
	unix, _ := serve(t, &Server{Backend: m}, "")
	out := mustRun(t, "qemu-io", "-f", "raw", "-t", "none",
		"-c", "write -P 0xaa 0 64k", "-c", "write -f -P 0xbb 64k 4k", "-c", "read -P 0xaa 0 64k", "-c", "read -P 0xbb 64k 4k",
		"-c", "write -z 0 32k", "-c", "write -zu 32k 4k", "-c", "read -P 0 0 36k", "-c", "discard 64k 4k", "-c", "flush",
		"-c", "aio_write -P 0xcc 128k 64k", "-c", "aio_read 0 64k", "-c", "aio_flush", "-c", "read -P 0xcc 128k 64k", unix)
	if strings.Contains(out, "failed") || strings.Contains(out, "error") {
		t.Error(out)
	}
	var ops []string
	for _, r := range m.requests() {
		if r.Op != plugins.OpRead && r.Op != plugins.OpExtents {
			ops = append(ops, fmt.Sprintf("%s %d+%d %s", r.Op, r.Offset, r.Length, r.Flags))
		}
	}
	for _, want := range []string{"WRITE 0+65536 -", "WRITE 65536+4096 fua", "ZERO 0+32768 -", "ZERO 32768+4096 may_trim", "TRIM 65536+4096 -", "FLUSH 0+0 -"} {
		if !strings.Contains(strings.Join(ops, "; "), want) {
			t.Errorf("the disk did not see %q, but %q", want, ops)
		}
	}
}

func TestFio(t *testing.T) {
	need(t, "fio")
	m := newMemory(4 << 20)
	unix, tcp := serve(t, &Server{Backend: m}, "")
	for name, uri := range map[string]string{"unix": unix, "tcp": tcp} {
		t.Run(name, func(t *testing.T) {
			out, err := output(t, "fio", "--name=verify", "--ioengine=nbd", "--uri="+uri, "--rw=randrw", "--bsrange=512-64k", "--size=4m",
				"--iodepth=16", "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0", "--randrepeat=0")
			if err != nil && strings.Contains(out, "engine nbd not loadable") && os.Getenv("CI") != "true" {
				t.Skip("this fio has no nbd engine")
			}
			if err != nil || !strings.Contains(out, "err= 0") {
				t.Errorf("fio: %v\n%s", err, out)
			}
		})
	}
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
