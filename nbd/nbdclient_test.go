package nbd

import (
	"net"
	"path/filepath"
	"testing"
)

// nbdClientArgs are nbd-client's words for a server.
func nbdClientArgs(u URI) []string {
	args := []string{"-unix", u.Address}
	if host, port, err := net.SplitHostPort(u.Address); u.Network == "tcp" && err == nil {
		args = []string{host, port}
	}
	if u.TLS {
		file := func(name string) string { return filepath.Join(u.Certificates, name) }
		args = append(args, "-enable-tls", "-tlshostname", "localhost", "-cacertfile", file("ca-cert.pem"), "-certfile", file("client-cert.pem"), "-keyfile", file("client-key.pem"))
	}
	return args
}

// TestNbdClient has the kernel's client negotiate. The transmission is the
// kernel's: here the device is a plain file, so that it ends when the size and
// the flags are known and are to be handed over.
func TestNbdClient(t *testing.T) {
	need(t, "nbd-client")
	overEach(t, func(t *testing.T, w way) {
		m := holedDisk()
		u := w.serve(t, &Server{Backend: m}, "")
		wantAll(t, mustRun(t, "nbd-client", append([]string{"-l"}, nbdClientArgs(u)...)...), "Negotiation: ..\n", "\none: first\n", "\ntwo words\n")

		out, err := output(t, "nbd-client", append(nbdClientArgs(u), writeFile(t, nil), "-name", "two words", "-nofork", "-nonetlink")...)
		if exit(t, err) != 1 {
			t.Errorf("nbd-client made a device of a file")
		}
		wantAll(t, out, "Negotiation: ..size = 1MB\n", "ioctl for device")
		w.checkOpened(t, m, "two words")
	})
}
