package fusemount

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// The nodes. In a folder the file is the second one.
const (
	rootNode = fuse.FUSE_ROOT_ID
	fileNode = rootNode + 1
)

// blockSize is what stat and statfs say, in bytes. It has no other meaning.
const blockSize = 4096

// attrTimeout is how long the kernel may remember names and attributes. They
// do not change while the disk is open, but for the times, of which the kernel
// knows when to ask again.
const attrTimeout = time.Hour

// A disk is the file system that the kernel talks to: one file, and the folder
// that it may be in. go-fuse calls its methods on many goroutines at once.
type disk struct {
	fuse.RawFileSystem // what is not implemented here

	handle plugins.Handle
	info   plugins.Info
	conn   uint32
	cache  bool
	name   string // of the file in the folder; "" if the file itself is mounted

	owner    fuse.Owner
	mounted  time.Time
	modified atomic.Int64 // a plugins.Stamp: when the disk was written last

	base   context.Context // what the contexts of all requests come from
	cancel context.CancelCauseFunc

	mu       sync.Mutex
	free     []*request    // guarded by mu; for reuse
	inFlight int           // guarded by mu
	draining chan struct{} // guarded by mu; set by drain, closed when inFlight is 0
}

var _ fuse.RawFileSystem = (*disk)(nil)

func newDisk(ctx context.Context, handle plugins.Handle, o *Options) *disk {
	d := &disk{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		handle:        handle,
		info:          handle.Info(),
		conn:          o.Conn,
		cache:         o.Cache,
		owner:         fuse.Owner{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())},
		mounted:       time.Now(),
	}
	d.base, d.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	return d
}

// String names the file system in go-fuse's messages.
func (d *disk) String() string { return fsName }

// isFolder reports whether node is the folder.
func (d *disk) isFolder(node uint64) bool { return d.name != "" && node == rootNode }

// fill sets the attributes of a node.
func (d *disk) fill(node uint64, a *fuse.Attr) {
	modified := d.mounted
	if t := plugins.Stamp(d.modified.Load()); t != 0 {
		modified = t.Time()
	}
	a.Ino = node
	a.Owner = d.owner
	a.Blksize = blockSize
	if d.isFolder(node) {
		a.Mode = syscall.S_IFDIR | 0o500
		a.Nlink = 2
		a.SetTimes(&d.mounted, &d.mounted, &d.mounted)
		return
	}
	a.Mode = syscall.S_IFREG | 0o600
	if d.info.ReadOnly {
		a.Mode = syscall.S_IFREG | 0o400
	}
	a.Nlink = 1
	a.Size = d.info.Size
	a.Blocks = d.info.Size/512 + min(d.info.Size%512, 1) // of 512 bytes, whatever Blksize says
	a.SetTimes(&d.mounted, &modified, &modified)
}

func (d *disk) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	d.fill(in.NodeId, &out.Attr)
	out.SetTimeout(attrTimeout)
	return fuse.OK
}

// SetAttr refuses another size. Owner, mode and times cannot be changed either,
// but programs that copy files try, and a disk is none the worse for it.
func (d *disk) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	if size, ok := in.GetSize(); ok && size != d.info.Size {
		return fuse.EPERM
	}
	d.fill(in.NodeId, &out.Attr)
	out.SetTimeout(attrTimeout)
	return fuse.OK
}

// Open lets in whoever the kernel let through. O_TRUNC is ignored, as a block
// device ignores it.
func (d *disk) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if d.info.ReadOnly && in.Flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return fuse.EROFS
	}
	out.OpenFlags = fuse.FOPEN_DIRECT_IO | fuse.FOPEN_PARALLEL_DIRECT_WRITES
	if d.cache {
		out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	}
	return fuse.OK
}

// Flush is called for each close(2), which is no reason to flush a disk. The
// kernel remembers this answer and does not call again.
func (d *disk) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

func (d *disk) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	*out = fuse.StatfsOut{
		Bsize:   blockSize,
		Frsize:  blockSize,
		Blocks:  d.info.Size/blockSize + min(d.info.Size%blockSize, 1),
		Files:   1,
		NameLen: 255,
	}
	return fuse.OK
}
