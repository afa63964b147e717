package fusemount

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// What a disk that is mounted in a folder needs in addition: the folder, which
// has the one file and takes no other.

func (d *disk) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if !d.isFolder(in.NodeId) || name != d.name {
		return fuse.ENOENT
	}
	out.NodeId = fileNode
	d.fill(fileNode, &out.Attr)
	out.SetEntryTimeout(attrTimeout)
	out.SetAttrTimeout(attrTimeout)
	return fuse.OK
}

func (d *disk) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

func (d *disk) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	entries := [...]fuse.DirEntry{
		{Name: ".", Ino: rootNode, Mode: syscall.S_IFDIR},
		{Name: "..", Mode: syscall.S_IFDIR},
		{Name: d.name, Ino: fileNode, Mode: syscall.S_IFREG},
	}
	for i := in.Offset; i < uint64(len(entries)); i++ {
		if !out.AddDirEntry(entries[i]) {
			break
		}
	}
	return fuse.OK
}

// The folder cannot be changed. Without these methods the answer would be
// "function not implemented".

func (d *disk) Create(<-chan struct{}, *fuse.CreateIn, string, *fuse.CreateOut) fuse.Status {
	return fuse.EPERM
}

func (d *disk) Mknod(<-chan struct{}, *fuse.MknodIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (d *disk) Mkdir(<-chan struct{}, *fuse.MkdirIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (d *disk) Symlink(<-chan struct{}, *fuse.InHeader, string, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (d *disk) Link(<-chan struct{}, *fuse.LinkIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (d *disk) Rename(<-chan struct{}, *fuse.RenameIn, string, string) fuse.Status {
	return fuse.EPERM
}

func (d *disk) Unlink(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }

func (d *disk) Rmdir(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }
