package nbd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestListenUnix(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "s")
	l, err := ListenUnix(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket's mode is %v, %v", info.Mode(), err)
	}
	_, err = ListenUnix(path)
	wantListenError(t, err, path+": a live server listens there", syscall.EADDRINUSE)

	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close() // as a server that was killed
	l, err = ListenUnix(path)
	if err != nil {
		t.Fatalf("a dead server's socket: %v", err)
	}
	l.Close()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: %v", err)
	}

	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = ListenUnix(file)
	wantListenError(t, err, file+": is there already and is no socket", syscall.EEXIST)
	_, err = ListenUnix(filepath.Join(dir, "no/such"))
	wantListenError(t, err, dir+"/no/such: cannot listen there: no such file or directory", syscall.ENOENT)
	_, err = ListenUnix(filepath.Join(file, "s"))
	wantListenError(t, err, file+"/s: cannot look there: not a directory", syscall.ENOTDIR)
	_, err = ListenUnix("/" + strings.Repeat("x", 107))
	wantListenError(t, err, "a socket's path may have 107 bytes, this has 108", syscall.ENAMETOOLONG)
}

func wantListenError(t *testing.T, err error, text string, errno syscall.Errno) {
	t.Helper()
	var e *ListenError
	if !errors.As(err, &e) || !errors.Is(err, errno) || !strings.HasSuffix(err.Error(), text) {
		t.Errorf("got %v: want %q", err, text)
	}
}

func TestListenTCP(t *testing.T) {
	for _, tt := range []struct {
		ip    string
		yes   []string // what may connect
		no    []string
		first string
	}{
		{"127.0.0.1", []string{"127.0.0.1"}, []string{"::1"}, "127.0.0.1"},
		{"::1", []string{"::1"}, []string{"127.0.0.1"}, "::1"},
		{"0.0.0.0", []string{"127.0.0.1"}, []string{"::1"}, "0.0.0.0"},
		{"", []string{"127.0.0.1", "::1"}, nil, "::"},
	} {
		t.Run(tt.ip, func(t *testing.T) {
			if strings.Contains(tt.ip+strings.Join(tt.yes, ""), "::") && !hasIPv6() && os.Getenv("CI") != "true" {
				t.Skip("this machine has no IPv6")
			}
			l, err := ListenTCP(tt.ip, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			addr := l.Addr().(*net.TCPAddr)
			if addr.IP.String() != tt.first {
				t.Errorf("it listens on %s", addr)
			}
			for _, ip := range tt.yes {
				nc, err := net.Dial("tcp", net.JoinHostPort(ip, fmt.Sprint(addr.Port)))
				if err != nil {
					t.Error(err)
					continue
				}
				accepted, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				for name, want := range map[string][3]int{
					"TCP_NODELAY":   {unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
					"SO_KEEPALIVE":  {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
					"TCP_KEEPIDLE":  {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60},
					"TCP_KEEPINTVL": {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
					"TCP_KEEPCNT":   {unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
				} {
					if got := socketOption(t, accepted, want[0], want[1]); got != want[2] {
						t.Errorf("%s is %d: want %d", name, got, want[2])
					}
				}
				accepted.Close()
				nc.Close()
			}
			for _, ip := range tt.no {
				if nc, err := net.Dial("tcp", net.JoinHostPort(ip, fmt.Sprint(addr.Port))); err == nil {
					nc.Close()
					t.Errorf("%s could connect", ip)
				}
			}
			_, err = ListenTCP(tt.ip, addr.Port)
			wantListenError(t, err, ": the port is in use", syscall.EADDRINUSE)
		})
	}
	_, err := ListenTCP("192.0.2.1", 0)
	wantListenError(t, err, "192.0.2.1:0: cannot listen there: cannot assign requested address", syscall.EADDRNOTAVAIL)
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func socketOption(t *testing.T, nc net.Conn, level, option int) int {
	t.Helper()
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if cerr := raw.Control(func(fd uintptr) { n, err = unix.GetsockoptInt(int(fd), level, option) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return n
}

// TestInherit hands over sockets, a listening one and others.
func TestInherit(t *testing.T) {
	path := filepath.Join(shortDir(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// Two descriptors that follow each other, as 3 and 4 would.
	f, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	first, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD, 500)
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := inherit("1", first)
	if err != nil || len(listeners) != 1 {
		t.Fatalf("%v, %v", listeners, err)
	}
	s := &Server{Backend: newMemory(4096)}
	served := make(chan error)
	go func() { served <- s.Serve(context.Background(), listeners[0]) }()
	c, err := Dial(inTime(t), "nbd+unix://?socket="+path)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.Close()
	<-served
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the socket is its maker's, but: %v", err)
	}

	for _, count := range []string{"0", "17", "-1", "x", ""} {
		if _, err := inherit(count, first); err == nil || !strings.Contains(err.Error(), "want a number of sockets from 1 to 16") {
			t.Errorf("LISTEN_FDS=%s: %v", count, err)
		}
	}
	if _, err := inherit("1", 900); !errors.Is(err, syscall.EBADF) {
		t.Errorf("a descriptor that is not open: %v", err)
	}
	a, b := socketPair(t)
	defer a.Close()
	defer b.Close()
	af, err := a.(*net.UnixConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer af.Close()
	if _, err := inherit("1", int(af.Fd())); err == nil || !strings.Contains(err.Error(), "does not listen") {
		t.Errorf("a socket that does not listen: %v", err)
	}
}

// TestInheritedOthers has variables that are not for this process.
func TestInheritedOthers(t *testing.T) {
	t.Setenv("LISTEN_FDS", "1")
	t.Setenv("LISTEN_PID", "1")
	if l, err := Inherited(); l != nil || err != nil || IsActivated() {
		t.Errorf("%v, %v", l, err)
	}
	t.Setenv("LISTEN_PID", fmt.Sprint(os.Getpid()))
	t.Setenv("LISTEN_FDS", "many")
	if _, err := Inherited(); err == nil {
		t.Error("many sockets were taken")
	}
	if _, set := os.LookupEnv("LISTEN_PID"); set {
		t.Error("LISTEN_PID is left to child processes")
	}
}

// pipes returns the two ends of a connection over pipes.
func pipes(t *testing.T) (client, server net.Conn) {
	t.Helper()
	var files [4]*os.File
	for i := 0; i < 4; i += 2 {
		var err error
		if files[i], files[i+1], err = os.Pipe(); err != nil {
			t.Fatal(err)
		}
	}
	ends := func(in, out *os.File) net.Conn {
		in.Fd() // blocks from here on, as what a process is started with
		out.Fd()
		c, err := FileConn(in, out)
		if err != nil {
			t.Fatal(err)
		}
		in.Close()
		out.Close()
		return c
	}
	return ends(files[0], files[3]), ends(files[2], files[1])
}

// TestFileConnPipes serves a client over two pipes.
func TestFileConnPipes(t *testing.T) {
	ours, theirs := pipes(t)
	s := &Server{Backend: newMemory(1 << 20)}
	end := make(chan error)
	go func() { end <- s.ServeConn(context.Background(), theirs) }()
	c, err := NewClient(inTime(t), ours, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	exercise(t, c)
	c.Close()
	if err := <-end; err != nil {
		t.Error(err)
	}
}

// TestFileConnDeadlines has a silent client on pipes, and one that is gone while
// its request is held.
func TestFileConnDeadlines(t *testing.T) {
	ours, theirs := pipes(t)
	defer ours.Close()
	if err := (&Server{Backend: newMemory(1), HandshakeTimeout: time.Millisecond}).ServeConn(context.Background(), theirs); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("ServeConn returned %v", err)
	}

	g := newGate()
	m := newMemory(4096)
	m.before = g.hold
	ours, theirs = pipes(t)
	end := make(chan error)
	go func() { end <- (&Server{Backend: m}).ServeConn(context.Background(), theirs) }()
	p := &rawPeer{t: t, nc: ours}
	p.open(true)
	p.request(requestHeader{command: cmdRead, length: 1}, nil)
	g.await(t, 1)
	ours.Close()
	if err := <-end; err != nil {
		t.Error(err)
	}
}

// TestFileConn tells the kinds of files apart, and leaves them as they were.
func TestFileConn(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	w.Fd() // blocks from here on
	for _, pair := range [][2]*os.File{{file, w}, {r, file}} {
		if c, err := FileConn(pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), "neither a socket nor a pipe") {
			t.Errorf("FileConn: %v, %v", c, err)
		}
	}
	blocks := func(f *os.File) bool {
		raw, err := f.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var flags int
		if cerr := raw.Control(func(fd uintptr) { flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0) }); cerr != nil || err != nil {
			t.Fatal(cerr, err)
		}
		return flags&unix.O_NONBLOCK == 0
	}
	c, err := FileConn(r, w)
	if err != nil {
		t.Fatal(err)
	}
	if blocks(w) {
		t.Error("it blocks while it is used")
	}
	if c.RemoteAddr().String() != "standard input and output" || c.LocalAddr().Network() != "stdio" {
		t.Errorf("%v, %v", c.RemoteAddr(), c.LocalAddr())
	}
	c.Close()
	if !blocks(w) || blocks(r) {
		t.Errorf("afterwards w blocks: %t, as it did; r: %t, as it did not", blocks(w), blocks(r))
	}

	a, b := socketPair(t)
	defer b.Close()
	f, err := a.(*net.UnixConn).File()
	a.Close()
	if err != nil {
		t.Fatal(err)
	}
	c, err = FileConn(f, f)
	f.Close()
	if _, ok := c.(*net.UnixConn); err != nil || !ok {
		t.Errorf("of one socket: %T, %v", c, err)
	}
	io.WriteString(b, "x")
	if n, err := c.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	c.Close()
	if _, err := FileConn(f, f); !errors.Is(err, os.ErrClosed) {
		t.Errorf("of a closed file: %v", err)
	}
}
