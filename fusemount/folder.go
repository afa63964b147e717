package fusemount

import (
	"fmt"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"workbench/plugins"
)

// What disks that are mounted in a folder need in addition: the folder, which
// has a file for each and takes no other.

func (t *tree) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	if !t.folder || in.NodeId != fuse.FUSE_ROOT_ID {
		return fuse.ENOENT
	}
	for _, d := range t.disks {
		if d.name == name {
			out.NodeId = d.node
			d.fill(&out.Attr)
			out.SetEntryTimeout(attrTimeout)
			out.SetAttrTimeout(attrTimeout)
			return fuse.OK
		}
	}
	return fuse.ENOENT
}

func (t *tree) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

func (t *tree) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	entries := []fuse.DirEntry{{Name: ".", Ino: fuse.FUSE_ROOT_ID, Mode: syscall.S_IFDIR}, {Name: "..", Mode: syscall.S_IFDIR}}
	for _, d := range t.disks {
		entries = append(entries, fuse.DirEntry{Name: d.name, Ino: d.node, Mode: syscall.S_IFREG})
	}
	for i := in.Offset; i < uint64(len(entries)); i++ {
		if !out.AddDirEntry(entries[i]) {
			break
		}
	}
	return fuse.OK
}

// fileName returns what an export is called in a folder: as it calls itself, if
// that can be a file's name.
func fileName(export string) string {
	const longest = 255 // bytes, NAME_MAX
	if export == "" || export == "." || export == ".." || len(export) > longest || strings.ContainsAny(export, "/\x00") {
		return "disk"
	}
	return export
}

// fileNames returns a name for each export; none occurs twice.
func fileNames(exports []plugins.Export) []string {
	names := make([]string, len(exports))
	taken := map[string]bool{}
	for i, e := range exports {
		if fileName(e.Name) == e.Name && !taken[e.Name] {
			names[i] = e.Name
			taken[e.Name] = true
		}
	}
	for i := range names {
		if names[i] != "" {
			continue
		}
		name := fileName("")
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", fileName(""), n)
		}
		names[i], taken[name] = name, true
	}
	return names
}

// descriptionAttribute is the extended attribute in which a file of a folder
// says what its export is: "getfattr -d mnt/*" lists them.
const descriptionAttribute = "user.description"

func (t *tree) GetXAttr(_ <-chan struct{}, in *fuse.InHeader, name string, to []byte) (uint32, fuse.Status) {
	d := t.disk(in.NodeId)
	if d == nil || d.description == "" || name != descriptionAttribute {
		return 0, fuse.ENOATTR
	}
	return answer(to, d.description)
}

func (t *tree) ListXAttr(_ <-chan struct{}, in *fuse.InHeader, to []byte) (uint32, fuse.Status) {
	d := t.disk(in.NodeId)
	if d == nil || d.description == "" {
		return 0, fuse.OK
	}
	return answer(to, descriptionAttribute+"\x00")
}

// answer copies text, or says how much room that takes.
func answer(to []byte, text string) (uint32, fuse.Status) {
	if len(to) < len(text) {
		return uint32(len(text)), fuse.ERANGE
	}
	return uint32(copy(to, text)), fuse.OK
}

// described reports whether a disk has something to say of itself.
func (t *tree) described() bool {
	for _, d := range t.disks {
		if d.description != "" {
			return true
		}
	}
	return false
}

// The folder cannot be changed. Without these methods the answer would be
// "function not implemented".

func (t *tree) SetXAttr(<-chan struct{}, *fuse.SetXAttrIn, string, []byte) fuse.Status {
	return fuse.EPERM
}

func (t *tree) RemoveXAttr(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }

func (t *tree) Create(<-chan struct{}, *fuse.CreateIn, string, *fuse.CreateOut) fuse.Status {
	return fuse.EPERM
}

func (t *tree) Mknod(<-chan struct{}, *fuse.MknodIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (t *tree) Mkdir(<-chan struct{}, *fuse.MkdirIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (t *tree) Symlink(<-chan struct{}, *fuse.InHeader, string, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (t *tree) Link(<-chan struct{}, *fuse.LinkIn, string, *fuse.EntryOut) fuse.Status {
	return fuse.EPERM
}

func (t *tree) Rename(<-chan struct{}, *fuse.RenameIn, string, string) fuse.Status {
	return fuse.EPERM
}

func (t *tree) Unlink(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }

func (t *tree) Rmdir(<-chan struct{}, *fuse.InHeader, string) fuse.Status { return fuse.EPERM }
