package nbd

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// background runs a server program until the test ends. ready is tried until it works.
func background(t *testing.T, ready func() error, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	cmd := exec.CommandContext(ctx, program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait() // it was killed
	})
	for {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			cmd.Wait() // it was killed
			t.Fatalf("%s does not answer: %v\n%s", program, err, out.String())
		}
	}
}

// answers returns why nobody takes connections at u.
func answers(u URI) error {
	nc, err := net.Dial(u.Network, u.Address)
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

// listOf holds that a server has those exports.
func listOf(t *testing.T, u URI, want ...plugins.Export) {
	t.Helper()
	exports, err := List(inTime(t), u.String())
	if err != nil || !slices.Equal(exports, want) {
		t.Errorf("List: %q, %v: want %q", exports, err, want)
	}
}

// dialURI connects to a server that is there.
func dialURI(t *testing.T, u URI) *Client {
	t.Helper()
	c, err := Dial(inTime(t), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// overEachSocket is overEach for a server of somebody else: it gets where it is to
// listen, a socket path or a port that is free, and where its certificates are.
func overEachSocket(t *testing.T, test func(t *testing.T, u URI)) {
	overEach(t, func(t *testing.T, w way) {
		u := URI{TLS: w.tls, Network: w.network, Address: filepath.Join(shortDir(t), "s")}
		if w.network == "tcp" {
			u.Address = freeAddress(t)
		}
		if w.tls {
			u.Certificates, _ = certificates(t)
		}
		test(t, u)
	})
}

// freeAddress is an address that nobody listened at a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strings.Replace(l.Addr().String(), "127.0.0.1", "localhost", 1)
}

// port is the port of a TCP address, "" of another.
func (u URI) port() string {
	_, port, err := net.SplitHostPort(u.Address)
	if u.Network != "tcp" || err != nil {
		return ""
	}
	return port
}

// nbdkit runs nbdkit at u until the test ends.
func nbdkit(t *testing.T, u URI, args ...string) {
	t.Helper()
	where := []string{"-f", "-U", u.Address}
	if u.Network == "tcp" {
		where = []string{"-f", "-i", "127.0.0.1", "-p", u.port()}
	}
	if u.TLS {
		where = append(where, "--tls=require", "--tls-verify-peer", "--tls-certificates="+u.Certificates)
	}
	background(t, func() error { return answers(u) }, "nbdkit", append(where, args...)...)
}

func TestClientNbdkit(t *testing.T) {
	need(t, "nbdkit")
	for _, args := range [][]string{{"memory", "1M"}, {"--no-sr", "memory", "1M"}, {"--mask-handshake=0", "memory", "1M"}, {"--filter=nozero", "memory", "1M"},
		{"-r", "memory", "1M"}, {"--tls=off", "memory", "1M"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			u := URI{Network: "unix", Address: filepath.Join(shortDir(t), "s"), Export: "x"}
			nbdkit(t, u, args...)
			c := dialURI(t, u)
			if c.Info().ReadOnly {
				if err := c.Write(inTime(t), []byte("no"), 0, 0); plugins.ErrnoOf(err) != syscall.EROFS { // the server said so in the handshake
					t.Errorf("writing to a read-only disk: %v", err)
				}
				return
			}
			exercise(t, c)
		})
	}
	overEachSocket(t, func(t *testing.T, u URI) {
		nbdkit(t, u, "memory", "1M")
		exercise(t, dialURI(t, u))
		if u.TLS {
			u.TLS = false
			if _, err := Dial(inTime(t), u.String()); err == nil || !strings.Contains(err.Error(), "ERR_TLS_REQD") {
				t.Errorf("Dial in the clear: %v", err)
			}
		}
	})
	t.Run("TLS that is offered", func(t *testing.T) {
		dir, _ := certificates(t)
		u := URI{Network: "unix", Address: filepath.Join(shortDir(t), "s")}
		nbdkit(t, u, "--tls=on", "--tls-certificates="+dir, "memory", "1M")
		exercise(t, dialURI(t, u))
		u.TLS, u.Certificates = true, dir
		exercise(t, dialURI(t, u))
	})
	t.Run("list", func(t *testing.T) {
		u := URI{Network: "unix", Address: filepath.Join(shortDir(t), "s")}
		nbdkit(t, u, "--filter=exportname", "memory", "1M", "exportname=a", "exportname=b c", "exportname-list=explicit")
		listOf(t, u, plugins.Export{Name: "a"}, plugins.Export{Name: "b c"})
	})
	t.Run("extents", func(t *testing.T) {
		u := URI{Network: "unix", Address: filepath.Join(shortDir(t), "s")}
		nbdkit(t, u, "data", `@65536 "hello" @131072 "x"`, "size=1M")
		c := dialURI(t, u)
		const page, hole = 32768, plugins.ExtentHole | plugins.ExtentZero
		want := []plugins.Extent{{Length: 2 * page, Type: hole}, {Offset: 2 * page, Length: page}, {Offset: 3 * page, Length: page, Type: hole},
			{Offset: 4 * page, Length: page}, {Offset: 5 * page, Length: 1<<20 - 5*page, Type: hole}}
		if got, err := c.BlockStatus(inTime(t), 0, 1<<20, 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("block status: %v, %v: want %v", got, err, want)
		}
		if got, err := c.BlockStatus(inTime(t), 65538, 100, plugins.FlagReqOne); err != nil || !slices.Equal(got, []plugins.Extent{{Offset: 65538, Length: 100}}) {
			t.Errorf("block status of one: %v, %v", got, err)
		}
		got := make([]byte, 9)
		if err := c.Read(inTime(t), got, 65534, 0); err != nil || string(got) != "\x00\x00hello\x00\x00" {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestClientQemuNbd(t *testing.T) {
	need(t, "qemu-nbd", "qemu-img")
	overEachSocket(t, func(t *testing.T, u URI) {
		image := filepath.Join(t.TempDir(), "image")
		mustRun(t, "qemu-img", "create", "-f", "qcow2", image, "64M") // which knows its holes, on every file system
		args := []string{"-k", u.Address}
		if u.Network == "tcp" {
			args = []string{"-b", "127.0.0.1", "-p", u.port()}
		}
		if u.TLS {
			args = append(args, "--object", "tls-creds-x509,id=tls0,endpoint=server,verify-peer=on,dir="+u.Certificates, "--tls-creds", "tls0")
		}
		background(t, func() error { return answers(u) }, "qemu-nbd",
			append(args, "-x", "disk", "-D", "an image", "-e", "4", "-f", "qcow2", "--discard=unmap", "--persistent", image)...)
		u.Export = "disk"
		c := dialURI(t, u)
		if about, _ := c.Description(t.Context()); about != "an image" || c.Info().Size != 64<<20 || !c.Info().MultiConn {
			t.Errorf("Description %q, Info %+v", about, c.Info())
		}
		data := randomBytes(33 << 20) // more than qemu takes at once
		if err := c.Write(inTime(t), data, 1<<20, 0); err != nil {
			t.Error(err)
		}
		got := make([]byte, len(data))
		if err := c.Read(inTime(t), got, 1<<20, 0); err != nil || !bytes.Equal(got, data) {
			t.Errorf("it reads back the same: %t, %v", bytes.Equal(got, data), err)
		}
		const hole = plugins.ExtentHole | plugins.ExtentZero
		want := []plugins.Extent{{Length: 1 << 20, Type: hole}, {Offset: 1 << 20, Length: 33 << 20}, {Offset: 34 << 20, Length: 30 << 20, Type: hole}}
		if got, err := c.BlockStatus(inTime(t), 0, 64<<20, 0); err != nil || !slices.Equal(got, want) {
			t.Errorf("block status: %v, %v: want %v", got, err, want)
		}
		exercise(t, c)
		listOf(t, u, plugins.Export{Name: "disk", Description: "an image"})
	})
}

// nbdServer runs an nbd-server with two exports at u. It ends with its first
// client, which connect must be: it is tried until it works.
func nbdServer(t *testing.T, u URI, connect func() error) {
	t.Helper()
	image := writeFile(t, make([]byte, 1<<20))
	config := []string{"[generic]", "allowlist = true"}
	if u.Network == "unix" {
		os.Remove(u.Address) // an nbd-server that ended leaves it, and the next cannot use it
		config = append(config, "unixsock = "+u.Address)
	} else {
		config = append(config, "listenaddr = 127.0.0.1", "port = "+u.port())
	}
	if u.TLS {
		for _, file := range []string{"cacertfile = ca-cert.pem", "certfile = server-cert.pem", "keyfile = server-key.pem"} {
			config = append(config, strings.Replace(file, "= ", "= "+u.Certificates+"/", 1))
		}
		config = append(config, "force_tls = true")
	}
	for _, export := range []string{"[disk]", "[read-only]\nreadonly = true"} {
		config = append(config, export, "exportname = "+image, "filesize = 1048576", "flush = true", "fua = true", "trim = true")
	}
	configFile := writeFile(t, []byte(strings.Join(config, "\n")+"\n"))
	background(t, connect, "nbd-server", "-d", "-C", configFile)
}

func TestClientNbdServer(t *testing.T) {
	need(t, "nbd-server")
	overEachSocket(t, func(t *testing.T, u URI) {
		t.Run("disk", func(t *testing.T) {
			c := onlyClient(t, u, "disk")
			if i := c.Info(); i.Size != 1<<20 || i.ReadOnly || !i.CanFlush || !i.CanTrim || i.CanExtents || i.FUA != plugins.Native {
				t.Errorf("Info is %+v", i)
			}
			exercise(t, c)
		})
		t.Run("read-only", func(t *testing.T) {
			c := onlyClient(t, u, "read-only")
			got := []byte("????")
			if err := c.Read(inTime(t), got, 1<<20-4, 0); err != nil || string(got) != "\x00\x00\x00\x00" || !c.Info().ReadOnly {
				t.Errorf("read %q, %v", got, err)
			}
			if err := c.Write(inTime(t), got, 0, 0); plugins.ErrnoOf(err) != syscall.EROFS {
				t.Errorf("write: %v", err)
			}
		})
		t.Run("list", func(t *testing.T) {
			var exports []plugins.Export
			nbdServer(t, u, func() (err error) {
				exports, err = List(inTime(t), u.String())
				return err
			})
			if want := []plugins.Export{{Name: "disk"}, {Name: "read-only"}}; !slices.Equal(exports, want) {
				t.Errorf("the exports are %v: want %v", exports, want)
			}
		})
	})
}

// onlyClient is the one client of an nbd-server.
func onlyClient(t *testing.T, u URI, export string) (c *Client) {
	t.Helper()
	u.Export = export
	nbdServer(t, u, func() (err error) {
		c, err = Dial(inTime(t), u.String())
		return err
	})
	t.Cleanup(func() { c.Close() })
	return c
}

// TestListWithoutGoodbye lists a server that hangs up on ABORT, or says nothing
// more, as old ones do.
func TestListWithoutGoodbye(t *testing.T) {
	for _, silent := range []bool{false, true} {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "sock"))
		if err != nil {
			t.Fatal(err)
		}
		listed := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			nc, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			p := &rawPeer{t: t, nc: nc}
			p.send(appendMessage(nil, &greeting{flags: uint16(bothFlags)}))
			p.receive(clientFlagsSize + optionHeaderSize)
			p.send(replyBytes(optList, repServer, &exportEntry{plugins.Export{Name: "one"}}))
			p.send(replyBytes(optList, repAck))
			if silent {
				<-listed
			}
		}()
		exports, err := List(inTime(t), AddrURI(l.Addr(), "").String())
		if err != nil || !slices.Equal(exports, []plugins.Export{{Name: "one"}}) {
			t.Errorf("silent %t: List: %v, %v", silent, exports, err)
		}
		close(listed)
		<-done
		l.Close()
	}
}
