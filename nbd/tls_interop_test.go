package nbd

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTLSClients has the clients of libnbd and of QEMU use an encrypted server.
func TestTLSClients(t *testing.T) {
	dir, _ := certificates(t)
	const size = 8 << 20
	want := randomBytes(size)
	from := filepath.Join(t.TempDir(), "from")
	if err := os.WriteFile(from, want, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verify := range []bool{false, true} {
		m := newMemory(size)
		unix, tcp := serve(t, &Server{Backend: m, TLS: loadServer(t, dir, verify), RequireTLS: true}, "")
		for name, uri := range map[string]string{"unix": unix, "tcp": tcp} {
			t.Run(fmt.Sprintf("nbdinfo and nbdcopy, %s, verify %t", name, verify), func(t *testing.T) {
				need(t, "nbdinfo", "nbdcopy")
				if out, err := output(t, "nbdinfo", uri); err == nil || !strings.Contains(out, "TLS") {
					t.Errorf("nbdinfo in the clear: %v\n%s", err, out)
				}
				uri := withTLS(uri, dir)
				if out := mustRun(t, "nbdinfo", uri); !strings.Contains(out, "with TLS") && !strings.Contains(out, "using structured packets") {
					t.Errorf("nbdinfo:\n%s", out)
				}
				m.mu.Lock()
				clear(m.data)
				m.mu.Unlock()
				mustRun(t, "nbdcopy", "--flush", from, uri)
				m.mu.Lock()
				same := bytes.Equal(m.data, want)
				m.mu.Unlock()
				if !same {
					t.Error("the disk does not hold what was copied")
				}
				to := filepath.Join(t.TempDir(), "to")
				mustRun(t, "nbdcopy", uri, to)
				if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, want) {
					t.Errorf("the copy of the disk differs: %v", err)
				}
			})
		}
		t.Run(fmt.Sprintf("qemu-img, verify %t", verify), func(t *testing.T) {
			need(t, "qemu-img")
			m.mu.Lock()
			copy(m.data, want)
			m.mu.Unlock()
			u, err := ParseURI(tcp)
			if err != nil {
				t.Fatal(err)
			}
			_, port, _ := strings.Cut(u.Address, ":")
			credentials := "tls-creds-x509,id=tls0,endpoint=client,dir=" + dir
			if out, err := output(t, "qemu-img", "info", "--object", credentials, "--image-opts",
				"driver=nbd,host=localhost,port="+port); err == nil || !strings.Contains(out, "TLS") {
				t.Errorf("qemu-img in the clear: %v\n%s", err, out)
			}
			image := "driver=nbd,host=localhost,port=" + port + ",tls-creds=tls0"
			mustRun(t, "qemu-img", "info", "--object", credentials, "--image-opts", image)
			mustRun(t, "qemu-img", "compare", "--object", credentials, "--image-opts", image, "driver=raw,file.driver=file,file.filename="+from)
		})
	}
}

// TestTLSServers has our client use the encrypted servers of others.
func TestTLSServers(t *testing.T) {
	dir, _ := certificates(t)
	const size = 1 << 20
	use := func(t *testing.T, uri string) {
		t.Helper()
		c, err := Dial(inTime(t), uri)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if c.Info().Size != size {
			t.Errorf("%+v", c.Info())
		}
		data, got := randomBytes(300000), make([]byte, 300000)
		if err := c.Write(inTime(t), data, 1000, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.Read(inTime(t), got, 1000, 0); err != nil || !bytes.Equal(got, data) {
			t.Errorf("read: %v", err)
		}
	}
	t.Run("nbdkit", func(t *testing.T) {
		need(t, "nbdkit")
		for _, args := range [][]string{{"--tls=require"}, {"--tls=on"}, {"--tls=require", "--tls-verify-peer"}} {
			socket := filepath.Join(shortDir(t), "s")
			background(t, func() error { return answers(socket) }, "nbdkit", append(args, "-f", "-U", socket, "--tls-certificates="+dir, "memory", "1M")...)
			use(t, "nbds+unix://?socket="+socket+"&tls-certificates="+dir)
			_, err := Dial(inTime(t), "nbd+unix://?socket="+socket)
			if required := args[0] == "--tls=require"; required && (err == nil || !strings.Contains(err.Error(), "ERR_TLS_REQD")) || !required && err != nil {
				t.Errorf("%s: Dial in the clear: %v", args, err)
			}
		}
	})
	t.Run("qemu-nbd", func(t *testing.T) {
		need(t, "qemu-nbd")
		image := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(image, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		socket := filepath.Join(shortDir(t), "s")
		background(t, func() error { return answers(socket) }, "qemu-nbd", "-t", "-f", "raw", "-k", socket,
			"--object", "tls-creds-x509,id=tls0,endpoint=server,verify-peer=on,dir="+dir, "--tls-creds", "tls0", image)
		use(t, "nbds+unix://?socket="+socket+"&tls-certificates="+dir)
	})
}

// answers returns why nobody takes connections at a socket, which is there
// before anybody does.
func answers(socket string) error {
	nc, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	return nc.Close()
}

// shortDir is a folder with a path short enough for a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "nbd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
