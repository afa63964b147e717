package stdlib

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"workbench/plugins"
)

// disks returns one disk of each kind, of size bytes, all zero.
func disks(t *testing.T, size uint64) map[string]Disk {
	t.Helper()
	memory, err := NewMemory(size, nil)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Disk{"memory": memory, "file": newFile(t, size)}
}

// newFile returns a file of size zeroes, opened with "r+".
func newFile(t *testing.T, size uint64) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk.img")
	made := open(t, path, "w+")
	if size > 0 {
		if err := made.WriteAt([]byte{0}, size-1); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, path, "r+")
}

func open(t *testing.T, path, mode string) *File {
	t.Helper()
	f, err := OpenFile(&plugins.Env{}, path, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// wantErrno fails unless err has that errno.
func wantErrno(t *testing.T, what string, err error, want syscall.Errno) {
	t.Helper()
	if got := plugins.ErrnoOf(err); got != want {
		t.Errorf("%s: errno %s (%v), want %s", what, plugins.ErrnoName(got), err, plugins.ErrnoName(want))
	}
}

// A disk of each kind must behave as an array of bytes does.
func TestDiskAgainstModel(t *testing.T) {
	const size = 5*pageSize + 1000
	for name, d := range disks(t, size) {
		t.Run(name, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(1, 2))
			model := make([]byte, size)
			for range 500 {
				off := rnd.Uint64N(size)
				n := rnd.Uint64N(size - off + 1)
				if rnd.IntN(2) == 0 {
					n = min(n, 700)
				}
				var err error
				switch op := rnd.IntN(5); op {
				case 0, 1:
					data := bytes.Repeat([]byte{byte(rnd.IntN(256))}, int(n))
					copy(model[off:], data)
					err = d.WriteAt(data, off)
				case 2:
					clear(model[off : off+n])
					err = d.Trim(n, off)
				default:
					clear(model[off : off+n])
					err = d.Zero(n, off, op == 3)
				}
				if err != nil {
					t.Fatal(err)
				}
				off = rnd.Uint64N(size)
				got := make([]byte, rnd.Uint64N(size-off+1))
				if err := d.ReadAt(got, off); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, model[off:off+uint64(len(got))]) {
					t.Fatalf("read of %d bytes at %d differs", len(got), off)
				}
			}
			checkExtents(t, d, model)
		})
	}
}

// checkExtents holds the extents of d against what it contains.
func checkExtents(t *testing.T, d Disk, model []byte) {
	t.Helper()
	list, err := d.Extents(d.Size(), 0)
	if err != nil {
		t.Fatal(err)
	}
	next := uint64(0)
	for _, e := range list {
		if e.Offset != next || e.Length == 0 {
			t.Fatalf("extents %v have a gap at %d", list, next)
		}
		next = e.End()
		if e.Type != 0 && len(bytes.Trim(model[e.Offset:e.End()], "\x00")) > 0 {
			t.Errorf("extent %v is a hole and has data", e)
		}
	}
	if next != d.Size() {
		t.Errorf("extents %v end at %d, want %d", list, next, d.Size())
	}
}

func TestDiskRanges(t *testing.T) {
	const size = 4096
	for name, d := range disks(t, size) {
		t.Run(name, func(t *testing.T) {
			if d.Size() != size {
				t.Errorf("Size() = %d", d.Size())
			}
			for _, r := range []struct{ n, off uint64 }{{1, size}, {size + 1, 0}, {2, size - 1}, {0, size + 1}, {16, 1<<64 - 8}, {1, 1 << 63}} {
				p := make([]byte, r.n)
				wantErrno(t, "read", d.ReadAt(p, r.off), syscall.EINVAL)
				wantErrno(t, "write", d.WriteAt(p, r.off), syscall.ENOSPC)
				wantErrno(t, "trim", d.Trim(r.n, r.off), syscall.EINVAL)
				wantErrno(t, "zero", d.Zero(r.n, r.off, true), syscall.ENOSPC)
				_, err := d.Extents(r.n, r.off)
				wantErrno(t, "extents", err, syscall.EINVAL)
			}
			wantErrno(t, "empty read at the end", d.ReadAt(nil, size), 0)
			wantErrno(t, "empty write at the end", d.WriteAt(nil, size), 0)
			wantErrno(t, "empty trim", d.Trim(0, 7), 0)
			wantErrno(t, "empty zero", d.Zero(0, size, false), 0)
			wantErrno(t, "flush", d.Flush(), 0)
		})
	}
}

// Writers of their own regions, readers and trimmers everywhere.
func TestDiskConcurrently(t *testing.T) {
	const workers, region = 8, pageSize + 4096
	for name, d := range disks(t, workers*region) {
		t.Run(name, func(t *testing.T) {
			var wg sync.WaitGroup
			for w := range uint64(workers) {
				wg.Go(func() {
					data := bytes.Repeat([]byte{byte(w + 1)}, region)
					got := make([]byte, region)
					for range 20 {
						if err := d.WriteAt(data, w*region); err != nil {
							t.Error(err)
						}
						if err := d.ReadAt(got, w*region); err != nil || !bytes.Equal(got, data) {
							t.Errorf("region %d does not read as it was written (%v)", w, err)
						}
						if _, err := d.Extents(d.Size(), 0); err != nil {
							t.Error(err)
						}
						if err := d.Trim(region, w*region); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}
