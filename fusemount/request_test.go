package fusemount

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// A nullDisk does nothing, at once.
type nullDisk struct{}

func (nullDisk) Info() plugins.Info {
	return plugins.Info{Size: 1 << 40, CanFlush: true, CanZero: true}
}
func (nullDisk) Do(context.Context, *plugins.Request) error { return nil }
func (nullDisk) Close() error                               { return nil }

func (d nullDisk) Exports(context.Context, plugins.OpenParams) ([]plugins.Export, error) {
	return []plugins.Export{{}}, nil
}
func (d nullDisk) Open(context.Context, plugins.OpenParams) (plugins.Handle, error) { return d, nil }

// nullTree is a nullDisk as it would be mounted over a file.
func nullTree(t testing.TB) *tree {
	tree := newTree(context.Background(), &place{}, &Options{Backend: nullDisk{}, Conn: testConn})
	if err := tree.add(context.Background(), plugins.Export{}, ""); err != nil {
		t.Fatal(err)
	}
	return tree
}

// header is that of a request to a nullTree.
func header() fuse.InHeader {
	return fuse.InHeader{NodeId: fuse.FUSE_ROOT_ID, Caller: fuse.Caller{Pid: uint32(os.Getpid())}}
}

func TestNoAllocations(t *testing.T) {
	d := nullTree(t)
	interrupt := make(chan struct{})
	buf := make([]byte, 4096)
	read := fuse.ReadIn{InHeader: header(), Fh: 1, Offset: 4096, Size: 4096}
	write := fuse.WriteIn{InHeader: header(), Fh: 1, Offset: 4096, Size: 4096}
	fsync := fuse.FsyncIn{InHeader: header(), Fh: 1}
	tests := map[string]func(){
		"read": func() {
			answer, code := d.disks[0].Read(interrupt, &read, buf)
			if code != fuse.OK || len(answer.Data) != len(buf) {
				t.Errorf("Read: %v", code)
			}
			answer.end(nil)
		},
		"write": func() {
			if _, code := d.disks[0].Write(interrupt, &write, buf, false); code != fuse.OK {
				t.Errorf("Write: %v", code)
			}
		},
		"flush": func() { d.Fsync(interrupt, &fsync) },
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, f); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	d := nullTree(b)
	interrupt := make(chan struct{})
	buf := make([]byte, 4096)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			answer, _ := d.disks[0].Read(interrupt, &fuse.ReadIn{InHeader: header(), Fh: 1, Size: 4096}, buf)
			answer.end(nil)
		}
	})
}

func TestDrain(t *testing.T) {
	d := nullTree(t)
	interrupt := make(chan struct{})
	answer, code := d.disks[0].Read(interrupt, &fuse.ReadIn{InHeader: header(), Fh: 1}, make([]byte, 512))
	if code != fuse.OK {
		t.Fatal(code)
	}
	drained := make(chan struct{})
	go func() {
		d.end()
		d.drain()
		close(drained)
	}()
	for code = fuse.OK; code == fuse.OK; { // until drain has begun
		code = d.Fsync(interrupt, &fuse.FsyncIn{InHeader: header(), Fh: 1})
	}
	if code != fuse.Status(syscall.ESHUTDOWN) {
		t.Errorf("a request while draining: %v", code)
	}
	select {
	case <-drained:
		t.Error("drained with a request in flight")
	default:
	}
	answer.end(nil)
	<-drained
}

func TestStatus(t *testing.T) {
	tests := []struct {
		err  error
		want syscall.Errno
	}{
		{nil, 0},
		{errors.New("no errno"), syscall.EIO},
		{plugins.Errorf(syscall.EFBIG, "x"), syscall.EFBIG},
		{errStopped, syscall.EINTR},
		{plugins.Errorf(syscall.ENOSYS, "x"), syscall.EOPNOTSUPP},
		{plugins.Errorf(511, "x"), 511},
		{plugins.Errorf(512, "x"), syscall.EIO},
	}
	for _, test := range tests {
		if got := status(test.err); got != fuse.Status(test.want) {
			t.Errorf("status(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}

func TestStopped(t *testing.T) {
	if stopped(0) || stopped(uint32(os.Getpid())) || stopped(1) {
		t.Error("a process that lives counts as stopped")
	}
	if !stopped(1 << 30) {
		t.Error("a process that is not there does not count as stopped")
	}
}

func TestScan(t *testing.T) {
	const zero, hole = plugins.ExtentZero, plugins.ExtentHole
	list := []plugins.Extent{{Offset: 0, Length: 10, Type: 0}, {Offset: 10, Length: 10, Type: hole}, {Offset: 20, Length: 10, Type: zero}, {Offset: 30, Length: 10, Type: zero | hole}}
	tests := map[string]struct {
		list   []plugins.Extent
		offset uint64
		hole   bool
		next   uint64
		found  bool
	}{
		"data here":                      {list, 5, false, 5, true},
		"a hole that may hold anything":  {list, 10, false, 10, true},
		"zeroes that are allocated":      {list, 5, true, 20, true},
		"a hole here":                    {list, 35, true, 35, true},
		"no more data":                   {list, 20, false, 40, false},
		"no extents":                     {nil, 5, true, 5, false},
		"extents that end before offset": {list[:1], 20, true, 20, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if next, found := scan(test.list, test.offset, test.hole); next != test.next || found != test.found {
				t.Errorf("got %d, %v, want %d, %v", next, found, test.next, test.found)
			}
		})
	}
}

func TestHelperComplaint(t *testing.T) {
	needProgram(t, helperName)
	path := t.TempDir() + "/missing"
	_, err := helperMount(path, false, false)
	if err == nil {
		t.Fatal("mounted at a place that does not exist")
	}
	if got := err.Error(); got[:len(helperName)] != helperName {
		t.Errorf("got %q, want what %s says", got, helperName)
	}
}
