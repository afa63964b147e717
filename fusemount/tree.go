package fusemount

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// A tree is the file system that the kernel talks to: one disk as the file that
// is mounted, or the disks in the folder that is. Its methods are called by way
// of go-fuse, but for reads and writes, which go from the reader to the disk.
type tree struct {
	fuse.RawFileSystem // what is not implemented here

	backend  plugins.Backend
	readOnly bool
	cache    bool
	others   bool // other users may come in
	trace    Trace
	log      func(text string)
	place    *place
	conns    atomic.Uint32 // the number of the last session

	disks  []*disk // never empty once the tree is mounted, and never changed
	folder bool
	first  uint64 // the node of disks[0]
	asked  callers
	stale  *staleness

	owner   fuse.Owner
	mounted time.Time

	base   context.Context // ends when the tree is unmounted
	cancel context.CancelCauseFunc
	ending atomic.Bool   // no more requests are to begin
	cut    chan struct{} // holds a token when a session was cut off
}

var _ fuse.RawFileSystem = (*tree)(nil)

func newTree(ctx context.Context, place *place, o *Options) *tree {
	t := &tree{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		backend:       o.Backend,
		readOnly:      o.ReadOnly,
		cache:         o.Cache,
		others:        o.AllowOther,
		trace:         o.Trace,
		log:           o.Log,
		place:         place,
		folder:        place.folder,
		first:         fuse.FUSE_ROOT_ID,
		stale:         newStaleness(),
		owner:         fuse.Owner{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid())},
		mounted:       time.Now(),
		cut:           make(chan struct{}, 1),
	}
	if t.folder {
		t.first++
	}
	t.conns.Store(o.Conn - 1)
	t.base, t.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	return t
}

// add opens an export and gives it the next node.
func (t *tree) add(ctx context.Context, e plugins.Export, name string) error {
	d := &disk{
		tree: t, node: t.first + uint64(len(t.disks)), name: name,
		export: e.Name, description: e.Description, turn: make(chan struct{}, 1),
	}
	s, err := t.open(ctx, d)
	if err != nil {
		return err
	}
	s.number = 1
	d.current.Store(s)
	t.disks = append(t.disks, d)
	return nil
}

// params say who opens an export.
func (t *tree) params(export string, conn uint32, path string) plugins.OpenParams {
	return plugins.OpenParams{
		Export:   export,
		ReadOnly: t.readOnly,
		Client:   &plugins.Client{Name: path, PID: -1, UID: -1, GID: -1},
		Front:    plugins.FrontFUSE,
		Conn:     conn,
	}
}

// open opens d, and says so.
func (t *tree) open(ctx context.Context, d *disk) (*session, error) {
	path := t.place.path
	if t.folder {
		path = filepath.Join(path, d.name)
	}
	p := t.params(d.export, t.conns.Add(1), path)
	t.trace.connect(p.Conn, path)
	s, err := openSession(ctx, t.base, t.backend, p, &t.asked, t.tellCut)
	if err != nil {
		t.trace.disconnect(p.Conn, err)
		return nil, err
	}
	t.trace.opened(p.Conn, d.export, s.info)
	return s, nil
}

// leave closes a session, and says so.
func (t *tree) leave(s *session) error {
	first, err := s.close(errUnmounted)
	if first {
		t.trace.disconnect(s.conn, err)
	}
	return err
}

// tellCut wakes keep.
func (t *tree) tellCut() {
	select {
	case t.cut <- struct{}{}:
	default:
	}
}

// keep opens the disks anew that the backend has cut off, until the tree is
// unmounted. What fails is tried again when a program opens the file.
func (t *tree) keep() {
	for {
		select {
		case <-t.base.Done():
			return
		case <-t.cut:
		}
		for _, d := range t.disks {
			if d.current.Load().ended() == nil {
				continue
			}
			if _, err := d.renew(t.base); err != nil && t.base.Err() == nil {
				t.log("the disk was taken away, and cannot be opened again: " + err.Error())
			}
		}
	}
}

// end lets no more requests begin.
func (t *tree) end() {
	t.ending.Store(true)
	for _, d := range t.disks {
		d.current.Load().end(errUnmounted)
	}
}

// drain waits for those in flight.
func (t *tree) drain() {
	for _, d := range t.disks {
		d.current.Load().drain(errUnmounted)
	}
}

// close closes all disks, which nobody can ask any more.
func (t *tree) close() error {
	t.cancel(errUnmounted)
	var errs []error
	for _, d := range t.disks {
		errs = append(errs, t.leave(d.current.Load()))
	}
	return errors.Join(errs...)
}

// permit returns the permissions that others get too, if they may come in.
func (t *tree) permit(mode uint32) uint32 {
	if t.others {
		mode |= mode>>3 | mode>>6
	}
	return mode
}

// allReadOnly reports whether no disk can be written.
func (t *tree) allReadOnly() bool {
	for _, d := range t.disks {
		if !d.current.Load().info.ReadOnly {
			return false
		}
	}
	return true
}

// String names the file system in go-fuse's messages.
func (t *tree) String() string { return fsName }

// disk returns the disk of a node, nil if that is the folder. The kernel asks
// only for nodes that it was told of.
func (t *tree) disk(node uint64) *disk {
	if node < t.first {
		return nil
	}
	return t.disks[node-t.first]
}

// serial reports whether requests to a node may be done one at a time: each would
// wait for the one before, or be quick.
func (t *tree) serial(node uint64) bool {
	d := t.disk(node)
	return d == nil || plugins.Serial(d.current.Load().handle)
}

func (t *tree) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	t.fill(in.NodeId, &out.Attr)
	out.SetTimeout(attrTimeout)
	return fuse.OK
}

// SetAttr refuses another size. Owner, mode and times cannot be changed either,
// but programs that copy files try, and a disk is none the worse for it. The same
// goes for O_TRUNC, after which the kernel asks for the size 0 without naming an
// open file; truncate(2) to 0, which looks alike, does as little.
func (t *tree) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	t.fill(in.NodeId, &out.Attr)
	_, opened := in.GetFh()
	if size, ok := in.GetSize(); ok && size != out.Size && (opened || size > 0) {
		return fuse.EPERM
	}
	out.SetTimeout(attrTimeout)
	return fuse.OK
}

// fill sets the attributes of a node.
func (t *tree) fill(node uint64, a *fuse.Attr) {
	if d := t.disk(node); d != nil {
		d.fill(a)
		return
	}
	a.Ino = node
	a.Owner = t.owner
	a.Blksize = blockSize
	a.Mode = syscall.S_IFDIR | t.permit(0o500)
	a.Nlink = 2
	a.SetTimes(&t.mounted, &t.mounted, &t.mounted)
}

func (t *tree) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	*out = fuse.StatfsOut{Bsize: blockSize, Frsize: blockSize, Files: uint64(len(t.disks)), NameLen: 255}
	for _, d := range t.disks {
		size := d.current.Load().info.Size
		out.Blocks += size/blockSize + min(size%blockSize, 1)
	}
	return fuse.OK
}

func (t *tree) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	return t.disk(in.NodeId).Open(in, out)
}

// Flush is called for each close(2), which is no reason to flush a disk. The
// kernel remembers this answer and does not call again.
func (t *tree) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

func (t *tree) Fsync(interrupt <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return t.disk(in.NodeId).Fsync(interrupt, in)
}

func (t *tree) Fallocate(interrupt <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	return t.disk(in.NodeId).Fallocate(interrupt, in)
}

func (t *tree) Lseek(interrupt <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	return t.disk(in.NodeId).Lseek(interrupt, in, out)
}

func (t *tree) CopyFileRange(interrupt <-chan struct{}, in *fuse.CopyFileRangeIn) (uint32, fuse.Status) {
	return copyRange(interrupt, t.disk(in.NodeId), t.disk(in.NodeIdOut), in)
}
