package nbd

import (
	"net"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestURI(t *testing.T) {
	tests := []struct {
		uri  string
		want URI
		text string // "" = as uri
	}{
		{"nbd://localhost:10810", URI{Network: "tcp", Address: "localhost:10810"}, ""},
		{"nbd://localhost:10810/a/b%20c", URI{Network: "tcp", Address: "localhost:10810", Export: "a/b c"}, ""},
		{"nbd://localhost:10810//a", URI{Network: "tcp", Address: "localhost:10810", Export: "/a"}, ""},
		{"nbd://localhost", URI{Network: "tcp", Address: "localhost:10809"}, "nbd://localhost:10809"},
		{"nbd:///a", URI{Network: "tcp", Address: "localhost:10809", Export: "a"}, "nbd://localhost:10809/a"},
		{"nbd://[::1]:99/", URI{Network: "tcp", Address: "[::1]:99"}, "nbd://[::1]:99"},
		{"nbds://host:1/x", URI{TLS: true, Network: "tcp", Address: "host:1", Export: "x"}, ""},
		{"nbd+unix://?socket=/tmp/s", URI{Network: "unix", Address: "/tmp/s"}, ""},
		{"nbd+unix:///?socket=/tmp/s", URI{Network: "unix", Address: "/tmp/s"}, "nbd+unix://?socket=/tmp/s"},
		{"nbd+unix:///a%20b?socket=/tmp/s", URI{Network: "unix", Address: "/tmp/s", Export: "a b"}, ""},
		{"nbd+unix:///%C3%BC%2B%26%3F%23%25%3A%40%3D?socket=/d%20x%2B", URI{Network: "unix", Address: "/d x+", Export: "ü+&?#%:@="}, ""},
		{"nbd+unix://?socket=/a+b", URI{Network: "unix", Address: "/a+b"}, "nbd+unix://?socket=/a%2Bb"},
		{"nbds+unix://?socket=/s", URI{TLS: true, Network: "unix", Address: "/s"}, ""},
		{"nbds+unix://?socket=/s&tls-certificates=/c+d&tls-hostname=h&tls-verify-peer=false",
			URI{TLS: true, Network: "unix", Address: "/s", Certificates: "/c+d", Hostname: "h", NoVerifyPeer: true},
			"nbds+unix://?socket=/s&tls-certificates=/c%2Bd&tls-hostname=h&tls-verify-peer=false"},
		{"nbds://alice@h/x?tls-certificates=certs&tls-verify-peer=1&other=1",
			URI{TLS: true, Network: "tcp", Address: "h:10809", Export: "x", Certificates: "certs"}, "nbds://h:10809/x?tls-certificates=certs"},
		{"nbd://h:1?tls-certificates=certs&tls-verify-peer=maybe", URI{Network: "tcp", Address: "h:1"}, "nbd://h:1"},
	}
	for _, tt := range tests {
		got, err := ParseURI(tt.uri)
		if err != nil || got != tt.want {
			t.Errorf("ParseURI(%q) is %+v, %v: want %+v", tt.uri, got, err, tt.want)
		}
		if tt.text == "" {
			tt.text = tt.uri
		}
		if got.String() != tt.text {
			t.Errorf("%+v is written %q: want %q", got, got, tt.text)
		}
	}
	for _, bad := range []string{"", "http://x", "disk.lua", "nbd+unix://", "nbd+unix:///x?path=/s", "nbd+vsock://1", "nbd+unix://?socket=%zz", "nbd://%zz",
		"nbds://h?tls-verify-peer=maybe", "nbds://h?tls-psk-file=/k"} {
		if u, err := ParseURI(bad); err == nil {
			t.Errorf("ParseURI(%q) is %+v", bad, u)
		}
	}
}

func TestAddrURI(t *testing.T) {
	for _, tt := range []struct {
		addr net.Addr
		name string
		want string
	}{
		{&net.UnixAddr{Name: "/tmp/a b"}, "", "nbd+unix://?socket=/tmp/a%20b"},
		{&net.UnixAddr{Name: "/tmp/s"}, "x/y", "nbd+unix:///x/y?socket=/tmp/s"},
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 10809}, "", "nbd://localhost:10809"},
		{&net.TCPAddr{IP: net.IPv4zero, Port: 1}, "a b", "nbd://localhost:1/a%20b"},
		{&net.TCPAddr{IP: net.IPv6unspecified, Port: 1}, "", "nbd://localhost:1"},
		{&net.TCPAddr{IP: net.IPv6loopback, Port: 1}, "", "nbd://[::1]:1"},
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}, "", "nbd://192.0.2.1:1"},
	} {
		if got := AddrURI(tt.addr, tt.name).String(); got != tt.want {
			t.Errorf("AddrURI(%v, %q) is %q: want %q", tt.addr, tt.name, got, tt.want)
		}
	}
}

// TestURINbdkit compares with what nbdkit gives its captive command.
func TestURINbdkit(t *testing.T) {
	need(t, "nbdkit")
	socket := filepath.Join(t.TempDir(), "a b+é@:,;~'!")
	for _, name := range []string{"", "a b", "a/b", "/lead", "ü+&?#%:@=", "x~._-!*'()\"\\"} {
		out := mustRun(t, "nbdkit", "-U", socket, "-e", name, "memory", "1M", "--run", `printf %s "$uri"`)
		u := URI{Network: "unix", Address: socket, Export: name}
		if u.String() != out {
			t.Errorf("the export %q is %s: nbdkit says %s", name, u, out)
		}
		if back, err := ParseURI(out); err != nil || back != u {
			t.Errorf("%s is read as %+v, %v", out, back, err)
		}
		exec.Command("rm", "-f", socket).Run()
	}
}
