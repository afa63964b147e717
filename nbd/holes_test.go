package nbd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"workbench/plugins"
)

func TestFindHoles(t *testing.T) {
	const K = 1 << 10
	data, hole := func(n int) piece { return piece{n, false} }, func(n int) piece { return piece{n, true} }
	for _, tt := range []struct {
		name   string
		offset uint64
		in     []piece // what is read
		whole  bool    // may not be split
		want   []piece // nil = all data
	}{
		{"data", 0, []piece{data(64 * K)}, false, nil},
		{"one zero", 5, []piece{hole(1)}, false, []piece{hole(1)}},
		{"zeroes, not aligned", 4095, []piece{hole(100*K + 2)}, false, []piece{hole(100*K + 2)}},
		{"zeroes, whole", 0, []piece{hole(64 * K)}, true, []piece{hole(64 * K)}},
		{"a hole, whole", 0, []piece{hole(64 * K), data(1)}, true, nil},
		{"a hole too short", 0, []piece{data(K), hole(minHole + K), data(K)}, false, nil},
		{"a hole", 0, []piece{data(4 * K), hole(minHole), data(4 * K)}, false, []piece{data(4 * K), hole(minHole), data(4 * K)}},
		{"a hole that is not aligned", 0, []piece{data(K), hole(3*K + minHole + K), data(3 * K)}, false, []piece{data(4 * K), hole(minHole), data(4 * K)}},
		{"the disk's blocks count", K, []piece{data(3 * K), hole(minHole), data(K)}, false, []piece{data(3 * K), hole(minHole), data(K)}},
		{"at the beginning", 0, []piece{hole(64 * K), data(1)}, false, []piece{hole(64 * K), data(1)}},
		{"at the end", 0, []piece{data(1), hole(64*K - 1)}, false, []piece{data(4 * K), hole(60 * K)}},
		{"two, with a short one between", 0, []piece{hole(64 * K), data(4 * K), hole(8 * K), data(4 * K), hole(64 * K)}, false,
			[]piece{hole(64 * K), data(16 * K), hole(64 * K)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p []byte
			for _, in := range tt.in {
				b := byte(1)
				if in.zero {
					b = 0
				}
				p = append(p, bytes.Repeat([]byte{b}, in.length)...)
			}
			if got := findHoles(nil, p, tt.offset, !tt.whole); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	t.Run("many", func(t *testing.T) {
		for n := range 100 {
			p := bytes.Repeat(append(make([]byte, minHole), bytes.Repeat([]byte{1}, 4096)...), n)
			got := findHoles(nil, p, 0, true)
			sum := 0
			for _, piece := range got {
				if piece.zero && !bytes.Equal(p[sum:sum+piece.length], make([]byte, piece.length)) || piece.length == 0 {
					t.Fatalf("%v is no hole", piece)
				}
				sum += piece.length
			}
			if len(got) > maxPieces || sum != len(p) {
				t.Errorf("%d pieces of %d bytes, %d in all", len(got), sum, len(p))
			}
		}
	})
}

// sparse returns a disk of 8 MiB with holes of many sizes, none of them where it would be easy.
func sparse() *memory {
	const size = 8 << 20
	m := newMemory(size)
	copy(m.data, randomBytes(size))
	for at, n := 100, 1; at+n < size; at, n = at+n+n/3+77, n*2+511 {
		clear(m.data[at : at+n])
	}
	return m
}

// TestHolesRaw reads a sparse disk in every form: the bytes are the same, and DF
// has one chunk always.
func TestHolesRaw(t *testing.T) {
	m := sparse()
	for _, extended := range []bool{false, true} {
		p, _ := connect(t, &Server{Backend: m})
		if extended {
			p.openExtended()
		} else {
			p.open(true)
		}
		split := false
		for _, at := range []struct{ offset, length int }{{0, 8 << 20}, {1, 1 << 20}, {4095, 300000}, {3 << 20, 1 << 20}, {100, 1}, {99, 2}} {
			for _, flags := range []commandFlags{0, cmdFlagDF} {
				p.request(requestHeader{flags: flags, command: cmdRead, offset: uint64(at.offset), length: uint32(at.length)}, nil)
				a := p.answer(0)
				if !bytes.Equal(a.data, m.data[at.offset:at.offset+at.length]) {
					t.Errorf("%+v, flags %s: other bytes, in chunks %v", at, flags, a.chunks)
				}
				if flags == cmdFlagDF && len(a.chunks) != 1 {
					t.Errorf("%+v: %d chunks with DF", at, len(a.chunks))
				}
				split = split || len(a.chunks) > 1
			}
		}
		if !split {
			t.Error("no answer had more than one chunk")
		}
	}
}

// TestHolesClients has real clients read a sparse disk.
func TestHolesClients(t *testing.T) {
	need(t, "nbdcopy", "qemu-img", "qemu-io")
	m := sparse()
	uri, _ := serve(t, &Server{Backend: m}, "")
	to := filepath.Join(t.TempDir(), "to")
	check := func(t *testing.T) {
		t.Helper()
		if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, m.data) {
			t.Errorf("the copy differs: %v", err)
		}
	}
	for _, args := range [][]string{{"--connections=1"}, {"--connections=4", "--requests=16"}, {"--request-size=33554432"}, {"--synchronous"}} {
		t.Run("nbdcopy "+strings.Join(args, " "), func(t *testing.T) {
			mustRun(t, "nbdcopy", append(args, uri, to)...)
			check(t)
		})
	}
	t.Run("qemu-img", func(t *testing.T) {
		mustRun(t, "qemu-img", "convert", "-f", "raw", "-O", "raw", uri, to)
		check(t)
		mustRun(t, "qemu-img", "compare", "-f", "raw", "-F", "raw", uri, to)
	})
	t.Run("qemu-io", func(t *testing.T) {
		empty := newMemory(1 << 20)
		copy(empty.data[512<<10:], bytes.Repeat([]byte{0xab}, 64<<10))
		uri, _ := serve(t, &Server{Backend: empty}, "")
		out := mustRun(t, "qemu-io", "-r", "-f", "raw", "-c", "read -P 0 0 512k", "-c", "read -P 0xab 512k 64k", "-c", "read -P 0 -s 65536 -l 65536 512k 192k", "-c", "read -P 0 576k 448k", uri)
		if strings.Contains(out, "failed") {
			t.Error(out)
		}
	})
}

// TestErrorOffset has an error of which it is known where it struck, on the wire
// and at clients.
func TestErrorOffset(t *testing.T) {
	strike := func(at uint64) *memory {
		m := newMemory(1 << 20)
		m.before = func(_ context.Context, r *plugins.Request) error {
			return &plugins.OffsetError{Offset: at, Err: &plugins.Error{Errno: syscall.EIO, Callback: r.Op.Callback(), File: "disk.lua", Line: 9, Msg: "bad sector"}}
		}
		return m
	}
	for _, form := range []ClientOptions{{}, {NoExtendedHeaders: true}, {NoStructuredReplies: true}} {
		for _, tt := range []struct {
			at    uint64
			known bool
		}{{4096, true}, {8191, true}, {4095, false}, {8192, false}} {
			c := dialed(t, &Server{Backend: strike(tt.at)}, form)
			err := c.Read(inTime(t), make([]byte, 4096), 4096, 0)
			var e *plugins.Error
			if !errors.As(err, &e) || e.Errno != syscall.EIO {
				t.Errorf("READ: %v", err)
			}
			at, known := errors.AsType[*plugins.OffsetError](err)
			if known != (tt.known && !form.NoStructuredReplies) || known && at.Offset != tt.at {
				t.Errorf("%+v, %d: the client knows %t, %+v", form, tt.at, known, at)
			}
		}
	}
	t.Run("clients", func(t *testing.T) {
		need(t, "qemu-io", "nbdcopy")
		uri, _ := serve(t, &Server{Backend: strike(8192)}, "")
		for _, command := range []string{"read 4k 64k", "write 4k 64k", "write -z 4k 64k", "discard 4k 64k"} {
			out, _ := output(t, "qemu-io", "-t", "none", "-f", "raw", "-c", command, uri)
			if !strings.Contains(out, "Input/output error") || strings.Contains(out, "Protocol") {
				t.Errorf("qemu-io %s: %s", command, out)
			}
		}
		if out, err := output(t, "nbdcopy", uri, "null:"); err == nil || !strings.Contains(out, "Input/output error") {
			t.Errorf("nbdcopy: %v: %s", err, out)
		}
	})
}

// TestFlushCovers: when a FLUSH reaches the disk, every WRITE that was answered has
// returned from it, on this connection and, as MULTI_CONN promises, on others.
func TestFlushCovers(t *testing.T) {
	m := newMemory(1 << 20)
	var mu sync.Mutex
	done := map[uint64]bool{} // writes that have returned from the disk; guarded by mu
	var covered []int         // how many of them each flush saw; guarded by mu
	var c [2]*Client
	m.before = func(_ context.Context, r *plugins.Request) error {
		mu.Lock()
		defer mu.Unlock()
		switch r.Op {
		case plugins.OpWrite:
			done[r.Offset] = true
		case plugins.OpFlush:
			covered = append(covered, len(done))
		}
		return nil
	}
	s := &Server{Backend: m}
	for i := range c {
		c[i] = dialed(t, s, ClientOptions{})
	}
	if c[0].Flags()&CanMultiConn == 0 {
		t.Fatalf("flags %s", c[0].Flags())
	}
	for round := range 50 {
		var wg sync.WaitGroup
		for i := range c {
			for k := range 4 {
				wg.Go(func() {
					if err := c[i].Write(inTime(t), make([]byte, 512), uint64(round*8+i*4+k)*512, 0); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait() // all of them are answered
		if err := c[round%2].Flush(inTime(t)); err != nil {
			t.Fatal(err)
		}
		if got, want := covered[round], (round+1)*8; got != want {
			t.Fatalf("flush %d covers %d writes: want %d", round, got, want)
		}
	}
}

// TestInfoName: a client that asks for "" is told what that is called.
func TestInfoName(t *testing.T) {
	m := newMemory(512)
	m.name = "main"
	for asked, want := range map[string]string{"": "main", "other": "other"} {
		p, _ := connect(t, &Server{Backend: m})
		p.greet(bothFlags)
		for _, opt := range []option{optInfo, optGo} {
			replies := p.option(opt, infoData(asked, infoName))
			if got := replies[1].data; len(replies) != 3 || got != "\x00\x01"+want {
				t.Errorf("%s of %q names it %q: want %q", opt, asked, got, want)
			}
		}
	}
	if c := dialed(t, &Server{Backend: m}, ClientOptions{}); c.Name() != "main" {
		t.Errorf("the client calls it %q", c.Name())
	}
}
