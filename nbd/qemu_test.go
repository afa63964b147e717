package nbd

import (
	"encoding/json"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workbench/plugins"
)

// qemuName is QEMU's name for an export: it knows no URIs with TLS.
func qemuName(u URI) string {
	if !u.TLS {
		return u.String()
	}
	server := map[string]string{"type": "unix", "path": u.Address}
	if host, port, err := net.SplitHostPort(u.Address); u.Network == "tcp" && err == nil {
		server = map[string]string{"type": "inet", "host": host, "port": port}
	}
	file := map[string]any{"driver": "nbd", "server": server, "export": u.Export, "tls-creds": "tls0", "tls-hostname": "localhost"}
	b, err := json.Marshal(map[string]any{"driver": "raw", "file": file})
	if err != nil {
		panic(err) // strings can be written
	}
	return "json:" + string(b)
}

// qemu is output for one of QEMU's programs, which gets what it needs to encrypt.
func qemu(t *testing.T, u URI, program string, args ...string) (string, error) {
	t.Helper()
	if u.TLS {
		args = append(args, "--object", "tls-creds-x509,id=tls0,endpoint=client,dir="+u.Certificates)
	}
	return output(t, program, args...)
}

func TestQemuImg(t *testing.T) {
	need(t, "qemu-img")
	overEach(t, func(t *testing.T, w way) {
		m := holedDisk()
		m.sizes.Minimum = 1
		content := slices.Clone(m.data)
		u := w.serve(t, &Server{Backend: m}, "disk 1")
		run := func(args ...string) string {
			t.Helper()
			out, err := qemu(t, u, "qemu-img", args...)
			if err != nil {
				t.Fatalf("qemu-img %q: %v\n%s", args, err, out)
			}
			return out
		}

		var info struct {
			Size   int `json:"virtual-size"`
			Format string
		}
		if err := json.Unmarshal([]byte(run("info", "-f", "raw", "--output=json", qemuName(u))), &info); err != nil || info.Size != 1<<20 || info.Format != "raw" {
			t.Errorf("qemu-img info: %+v, %v", info, err)
		}

		type extent struct {
			Start, Length int
			Data, Zero    bool
		}
		var extents []extent
		err := json.Unmarshal([]byte(run("map", "-f", "raw", "--output=json", qemuName(u))), &extents)
		if want := []extent{{0, 65536, true, false}, {65536, 65536, false, true}, {131072, 917504, true, false}}; err != nil || !slices.Equal(extents, want) {
			t.Errorf("qemu-img map: %+v, %v: want %+v", extents, err, want)
		}

		copied := filepath.Join(t.TempDir(), "copied")
		run("convert", "-f", "raw", "-O", "raw", qemuName(u), copied)
		wantFile(t, copied, content)
		for _, r := range m.requests() {
			if r.Op == plugins.OpRead && r.Offset < 131072 && r.Offset+r.Length > 65536 {
				t.Errorf("qemu-img read %d bytes at %d, where there is a hole", r.Length, r.Offset)
			}
		}

		m.extents = nil
		content = randomBytes(1 << 20)
		clear(content[1<<19 : 1<<19+1<<18])
		image := writeFile(t, content)
		run("convert", "-n", "-f", "raw", "-O", "raw", image, qemuName(u))
		if !m.holds(content) || m.count(plugins.OpZero) == 0 {
			t.Errorf("the disk holds what was converted: %t; it saw %q", m.holds(content), m.changes())
		}

		wantAll(t, run("compare", "-f", "raw", "-F", "raw", image, qemuName(u)), "Images are identical")
		m.mu.Lock()
		m.data[700000] ^= 1
		m.mu.Unlock()
		out, err := qemu(t, u, "qemu-img", "compare", "-f", "raw", "-F", "raw", image, qemuName(u))
		if exit(t, err) != 1 {
			t.Errorf("qemu-img compare of different images: %v", err)
		}
		wantAll(t, out, "Content mismatch at offset 699904") // of the sector
		w.checkOpened(t, m, "disk 1")
	})
}

// TestQemuIO gives every command that qemu-io has for data.
func TestQemuIO(t *testing.T) {
	need(t, "qemu-io")
	commands := []struct {
		command string
		says    string // of its output
		sees    string // what the disk must see, but for READ and BLOCK_STATUS
	}{
		{"length", "1 MiB", ""},
		{"map", "1 MiB (0x100000) bytes     allocated at offset 0 bytes (0x0)", ""}, // to QEMU a hole is allocated, too: nothing is behind it
		{"alloc 0 128k", "131072/131072 bytes allocated at offset 0 bytes", ""},
		{"write -P 0xaa 0 64k", "wrote 65536/65536 bytes at offset 0", "WRITE 0+65536 -"},
		{"write -f -P 0xbb 64k 4k", "wrote 4096/4096 bytes at offset 65536", "WRITE 65536+4096 fua"},
		{"read -P 0xaa 0 64k", "read 65536/65536 bytes at offset 0", ""},
		{"read -v 65536 16", "bb bb bb bb", ""},
		{"readv -P 0xaa 0 4k 8k 512", "read 12800/12800 bytes at offset 0", ""},
		{"writev -P 0xcc 128k 4k 512", "wrote 4608/4608 bytes at offset 131072", "WRITE 131072+4608 -"},
		{"writev -f -P 0xcd 136k 512 512", "wrote 1024/1024 bytes at offset 139264", "WRITE 139264+1024 fua"},
		{"readv -P 0xcc 128k 4608", "read 4608/4608 bytes at offset 131072", ""},
		{"aio_write -P 0xdd 256k 64k", "", "WRITE 262144+65536 -"},
		{"aio_flush", "wrote 65536/65536 bytes at offset 262144", ""},
		{"aio_write -f -P 0xde 320k 4k 4k", "", "WRITE 327680+8192 fua"},
		{"aio_flush", "wrote 8192/8192 bytes at offset 327680", ""},
		{"aio_read -P 0xdd 256k 64k", "", ""},
		{"aio_flush", "read 65536/65536 bytes at offset 262144", ""},
		{"aio_write -z 256k 4k", "", "ZERO 262144+4096 -"},
		{"aio_flush", "wrote 4096/4096 bytes at offset 262144", ""},
		{"aio_write -z -u -f 260k 4k", "", "ZERO 266240+4096 may_trim,fua"},
		{"aio_flush", "wrote 4096/4096 bytes at offset 266240", ""},
		{"read -P 0 256k 8k", "read 8192/8192 bytes at offset 262144", ""},
		{"write -z 0 4k", "wrote 4096/4096 bytes at offset 0", "ZERO 0+4096 -"},
		{"write -z -u 4k 4k", "wrote 4096/4096 bytes at offset 4096", "ZERO 4096+4096 may_trim"},
		{"write -z -f 8k 4k", "wrote 4096/4096 bytes at offset 8192", "ZERO 8192+4096 fua"},
		{"write -z -n 12k 4k", "wrote 4096/4096 bytes at offset 12288", "ZERO 12288+4096 fast_zero"},
		{"write -z -u -n -f 16k 4k", "wrote 4096/4096 bytes at offset 16384", "ZERO 16384+4096 may_trim,fua,fast_zero"},
		{"read -P 0 0 20k", "read 20480/20480 bytes at offset 0", ""},
		{"read -P 0xaa 20k 44k", "read 45056/45056 bytes at offset 20480", ""},
		{"discard 20k 4k", "discard 4096/4096 bytes at offset 20480", "TRIM 20480+4096 -"},
		{"read -P 0 20k 4k", "read 4096/4096 bytes at offset 20480", ""},
		{"flush", "", "FLUSH 0+0 -"},
		{"close", "", "FLUSH 0+0 -"},
	}
	args := []string{"-f", "raw", "-t", "none", "-d", "unmap"}
	var says, sees []string
	for _, c := range commands {
		args = append(args, "-c", c.command)
		if c.says != "" {
			says = append(says, c.says)
		}
		if c.sees != "" {
			sees = append(sees, c.sees)
		}
	}
	overEach(t, func(t *testing.T, w way) {
		m := holedDisk()
		m.sizes = plugins.BlockSizes{}
		u := w.serve(t, &Server{Backend: m}, "")
		out, err := qemu(t, u, "qemu-io", append(args, qemuName(u))...)
		if err != nil || strings.Contains(out, "failed") || strings.Contains(out, "rror") {
			t.Errorf("qemu-io: %v\n%s", err, out)
		}
		wantAll(t, out, says...)
		if got := m.changes(); !slices.Equal(got, sees) {
			t.Errorf("the disk saw\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(sees, "\n"))
		}
		if m.count(plugins.OpExtents) == 0 {
			t.Error("the disk was not asked for what is allocated")
		}

		// QEMU has nothing to say of NBD here, and qemu-io takes that for a failure.
		out, err = qemu(t, u, "qemu-io", "-f", "raw", "-c", "info", qemuName(u))
		if exit(t, err) != 1 {
			t.Errorf("qemu-io info: %v", err)
		}
		wantAll(t, out, "format name: raw")
		w.checkOpened(t, m, "")
	})
}

func TestQemuNbdList(t *testing.T) {
	need(t, "qemu-nbd")
	overEach(t, func(t *testing.T, w way) {
		u := w.serve(t, &Server{Backend: holedDisk()}, "")
		args := []string{"--list", "-k", u.Address}
		if host, port, err := net.SplitHostPort(u.Address); w.network == "tcp" && err == nil {
			args = []string{"--list", "-b", host, "-p", port}
		}
		if w.tls {
			args = append(args, "--tls-creds", "tls0", "--tls-hostname", "localhost")
		}
		out, err := qemu(t, u, "qemu-nbd", args...)
		if err != nil {
			t.Errorf("qemu-nbd: %v", err)
		}
		wantAll(t, out, "exports available: 2", "export: 'one'\n  description: first\n  size:  1048576\n  flags: 0xded ( flush fua trim zeroes df multi cache fast-zero )",
			"min block: 512\n  opt block: 4096\n  max block: 1048576", "available meta contexts: 1\n   base:allocation", "export: 'two words'")
	})
}
