package nbd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// holedDisk is a disk of 1 MiB with a hole, and all to tell that there is.
func holedDisk() *memory {
	m := newMemory(1 << 20)
	copy(m.data, randomBytes(1<<20))
	clear(m.data[65536:131072])
	m.description = "a disk for the test"
	m.sizes = plugins.BlockSizes{Minimum: 512, Preferred: 4096, Maximum: 1 << 20}
	m.exports = []plugins.Export{{Name: "one", Description: "first"}, {Name: "two words"}}
	m.extents = []plugins.Extent{{Length: 65536}, {Offset: 65536, Length: 65536, Type: 3}, {Offset: 131072, Length: 1<<20 - 131072}}
	return m
}

func TestNbdinfo(t *testing.T) {
	need(t, "nbdinfo")
	overEach(t, func(t *testing.T, w way) {
		m := holedDisk()
		u := w.serve(t, &Server{Backend: m}, "one")
		with := "without"
		if w.tls {
			with = "with"
		}
		wantAll(t, mustRun(t, "nbdinfo", u.String()), "protocol: newstyle-fixed "+with+" TLS, using structured packets", `export="one":`,
			"export-size: 1048576", "description: a disk for the test", "is_read_only: false", "is_rotational: false", "can_fast_zero: true", "can_df: true",
			"block_size_minimum: 512", "block_size_preferred: 4096", "block_size_maximum: 1048576", "base:allocation")

		var facts struct {
			Protocol   string
			TLS        bool
			Structured bool
			Exports    []map[string]any
		}
		if err := json.Unmarshal([]byte(mustRun(t, "nbdinfo", "--json", u.String())), &facts); err != nil {
			t.Fatal(err)
		}
		if facts.Protocol != "newstyle-fixed" || facts.TLS != w.tls || !facts.Structured || len(facts.Exports) != 1 {
			t.Fatalf("nbdinfo --json: %+v", facts)
		}
		for name, want := range map[string]any{"export-name": "one", "export-size": 1048576.0, "description": "a disk for the test", "is_read_only": false,
			"can_multi_conn": true, "can_trim": true, "can_zero": true, "can_cache": true, "can_fua": true, "can_flush": true,
			"block_size_minimum": 512.0, "block_size_preferred": 4096.0, "block_size_maximum": 1048576.0} {
			if got := facts.Exports[0][name]; got != want {
				t.Errorf("nbdinfo --json: %s is %v: want %v", name, got, want)
			}
		}
		w.checkOpened(t, m, "one")

		for _, tt := range []struct {
			args []string
			want string
		}{
			{[]string{"--size"}, "1048576"},
			{[]string{"--map"}, "0 65536 0 data 65536 65536 3 hole,zero 131072 917504 0 data"},
			{[]string{"--map=base:allocation", "--totals"}, "983040 93.8% 0 data 65536 6.2% 3 hole,zero"},
		} {
			out := mustRun(t, "nbdinfo", append(tt.args, u.String())...)
			if got := strings.Join(strings.Fields(out), " "); got != tt.want {
				t.Errorf("nbdinfo %q: %s: want %s", tt.args, got, tt.want)
			}
		}
		wantAll(t, mustRun(t, "nbdinfo", "--list", u.String()), `export="one":`, `export="two words":`, "description: first")
		wantAll(t, mustRun(t, "nbdinfo", "--list", "--json", u.String()), `"export-name": "two words"`, `"description": "first"`)
	})
}

// TestNbdinfoCan asks every question that nbdinfo has of a disk that can
// everything and of one that can nothing.
func TestNbdinfoCan(t *testing.T) {
	need(t, "nbdinfo")
	const yes, no = 0, 2
	overEach(t, func(t *testing.T, w way) {
		tls := no
		if w.tls {
			tls = yes
		}
		poor := newMemory(4096)
		poor.info = plugins.Info{Size: 4096, ReadOnly: true, Rotational: true}
		able := w.serve(t, &Server{Backend: newMemory(4096)}, "").String()
		unable := w.serve(t, &Server{Backend: poor, NoStructuredReplies: true}, "").String()
		for _, tt := range []struct {
			question     string
			able, unable int
		}{
			{"--can connect", yes, yes}, {"--can read", yes, yes}, {"--is tls", tls, tls},
			{"--is read-only", no, yes}, {"--is rotational", no, yes},
			{"--can cache", yes, no}, {"--can df", yes, no}, {"--can fast-zero", yes, no}, {"--can flush", yes, no}, {"--can fua", yes, no},
			{"--can multi-conn", yes, no}, {"--can structured-reply", yes, no}, {"--can trim", yes, no}, {"--can write", yes, no}, {"--can zero", yes, no},
		} {
			for uri, want := range map[string]int{able: tt.able, unable: tt.unable} {
				out, err := output(t, "nbdinfo", append(strings.Fields(tt.question), uri)...)
				if got := exit(t, err); got != want {
					t.Errorf("nbdinfo %s %s: exit status %d: want %d\n%s", tt.question, uri, got, want, out)
				}
			}
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
		if err != nil {
			t.Fatal(err)
		}
		uri := AddrURI(l.Addr(), "").String()
		l.Close()
		out, err := output(t, "nbdinfo", "--can", "connect", uri)
		if exit(t, err) == yes {
			t.Errorf("nbdinfo can connect to nobody:\n%s", out)
		}
	})
}

func TestNbdcopy(t *testing.T) {
	need(t, "nbdcopy")
	const size = 8 << 20
	content := randomBytes(size)
	clear(content[1<<20 : 2<<20])
	from := writeFile(t, content)
	overEach(t, func(t *testing.T, w way) {
		for _, args := range [][]string{{"--connections", "4", "--threads", "4", "--requests", "16"}, {"--synchronous"}} {
			t.Run(args[0], func(t *testing.T) {
				m, other := newMemory(size), newMemory(size)
				u := w.serve(t, &Server{Backend: m}, "disk")
				mustRun(t, "nbdcopy", append(args, "--flush", from, u.String())...)
				zeroes := args[0] != "--synchronous" // which does not look for them
				if !m.holds(content) || m.count(plugins.OpFlush) == 0 || m.count(plugins.OpZero) > 0 != zeroes {
					t.Errorf("the disk holds what was copied: %t; it saw %q", m.holds(content), m.changes())
				}
				w.checkOpened(t, m, "disk")
				to := filepath.Join(t.TempDir(), "to")
				mustRun(t, "nbdcopy", append(args, u.String(), to)...)
				wantFile(t, to, content)
				mustRun(t, "nbdcopy", append(args, u.String(), w.serve(t, &Server{Backend: other}, "other").String())...)
				if !other.holds(content) {
					t.Error("the second disk does not hold what the first does")
				}
				w.checkOpened(t, other, "other")
			})
		}
	})
}

// A wide disk is made of four parts so large that nbdcopy gives each to a thread
// of its own. Each begins with some data, and the rest is a hole.
const (
	wideParts = 4
	widePart  = 128 << 20
	wideData  = 32 * 64 << 10
)

// wideByte is what the data at an offset of a wide disk consist of.
func wideByte(offset uint64) byte { return byte(offset/(64<<10)%251 + 1) }

// newWide returns such a disk, without the memory.
func newWide(before func(context.Context, *plugins.Request) error) *memory {
	m := newMemory(0)
	m.data, m.info.Size, m.before = nil, wideParts*widePart, before
	for at := uint64(0); at < m.info.Size; at += widePart {
		m.extents = append(m.extents, plugins.Extent{Offset: at, Length: wideData}, plugins.Extent{Offset: at + wideData, Length: widePart - wideData, Type: 3})
	}
	return m
}

// TestNbdcopyConnections copies between two disks over four connections each,
// with up to 16 requests in flight on each.
func TestNbdcopyConnections(t *testing.T) {
	need(t, "nbdcopy")
	overEach(t, func(t *testing.T, w way) {
		var mu sync.Mutex
		conns, all := map[uint32]bool{}, make(chan struct{})
		from := newWide(func(ctx context.Context, r *plugins.Request) error {
			if r.Op != plugins.OpRead {
				return nil
			}
			mu.Lock()
			if conns[r.Origin.Conn] = true; len(conns) == wideParts {
				select {
				case <-all:
				default:
					close(all)
				}
			}
			mu.Unlock()
			select {
			case <-all: // each connection has something to read
			case <-ctx.Done():
				return ctx.Err()
			}
			copy(r.Data, bytes.Repeat([]byte{wideByte(r.Offset)}, len(r.Data)))
			return nil
		})
		written := map[uint32]uint64{} // bytes by connection; guarded by mu
		to := newWide(func(_ context.Context, r *plugins.Request) error {
			if r.Op != plugins.OpWrite {
				return nil
			}
			if want := bytes.Repeat([]byte{wideByte(r.Offset)}, len(r.Data)); !bytes.Equal(r.Data, want) || r.Offset%widePart >= wideData {
				return fmt.Errorf("other data at %d", r.Offset)
			}
			mu.Lock()
			defer mu.Unlock()
			written[r.Origin.Conn] += r.Length
			return nil
		})
		mustRun(t, "nbdcopy", "--connections", "4", "--threads", "4", "--requests", "16", "--request-size", "65536", "--destination-is-zero",
			w.serve(t, &Server{Backend: from}, "from").String(), w.serve(t, &Server{Backend: to}, "to").String())
		var sum uint64
		for _, n := range written {
			sum += n
		}
		if len(conns) != 4 || len(written) != 4 || sum != wideParts*wideData {
			t.Errorf("it was read over %d connections; written: %v", len(conns), written)
		}
	})
	t.Run("a disk without MULTI_CONN", func(t *testing.T) {
		m := newMemory(1 << 20)
		m.info.MultiConn = false
		unix, _ := serve(t, &Server{Backend: m}, "")
		mustRun(t, "nbdcopy", "--connections", "4", "--threads", "4", unix, "null:")
		if opened, _ := m.counts(); opened != 1 {
			t.Errorf("it was opened %d times", opened)
		}
	})
}

// TestFio writes at random, with many requests in flight, and verifies what it
// wrote. libnbd takes no folder of certificates out of fio's URI, but has one
// under HOME, unless it runs as root.
func TestFio(t *testing.T) {
	need(t, "fio")
	overEach(t, func(t *testing.T, w way) {
		m := newMemory(4 << 20)
		u := w.serve(t, &Server{Backend: m}, "disk")
		ctx, cancel := context.WithTimeout(t.Context(), commandTimeout) // without its server fio would go on for ever
		defer cancel()
		home, certificates := shortDir(t), u.Certificates
		u.Certificates = ""
		cmd := exec.CommandContext(ctx, "fio", "--name=verify", "--ioengine=nbd", "--uri="+u.String(), "--rw=randrw", "--bsrange=512-64k", "--size=4m",
			"--iodepth=16", "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0", "--randrepeat=0")
		cmd.Env = append(os.Environ(), "HOME="+home)
		if w.tls {
			if err := errors.Join(os.Chmod(home, 0o755), os.CopyFS(filepath.Join(home, ".pki", "libnbd"), os.DirFS(certificates))); err != nil {
				t.Fatal(err)
			}
			if os.Getuid() == 0 {
				const nobody = 65534
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: []uintptr{unix.CAP_DAC_OVERRIDE}}
			}
		}
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), "engine nbd not loadable") && os.Getenv("CI") != "true" {
			t.Skip("this fio has no nbd engine")
		}
		if err != nil || !strings.Contains(string(out), "err= 0") {
			t.Errorf("fio: %v\n%s", err, out)
		}
		// Half of the 4 MiB is written at random, and read again to be verified.
		if m.count(plugins.OpWrite) < 32 || m.count(plugins.OpRead) < 32 {
			t.Errorf("the disk saw %d writes and %d reads", m.count(plugins.OpWrite), m.count(plugins.OpRead))
		}
		w.checkOpened(t, m, "disk")
	})
}
