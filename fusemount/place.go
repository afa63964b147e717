package fusemount

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A place is where a disk is mounted.
type place struct {
	given  string // as the user wrote it, made absolute
	path   string // without symbolic links: what the kernel knows it by
	folder bool   // a folder, else a regular file

	missing bool        // there was nothing
	created fs.FileInfo // the file that create made, nil if it made none
}

// file returns the path of a disk, which is called name in a folder.
func (p *place) file(name string) string {
	if p.folder {
		return filepath.Join(p.given, name)
	}
	return p.given
}

// findPlace finds out what is at a mount point. What a killed workbench left
// mounted there is detached; but for that, nothing changes.
func findPlace(mountpoint string, way way, log func(string)) (*place, error) {
	if mountpoint == "" {
		return nil, errors.New("no mount point was given")
	}
	given, err := filepath.Abs(mountpoint)
	if err != nil {
		return nil, err
	}
	path, err := resolve(given)
	if err != nil {
		return nil, err
	}
	if err := clearPlace(path, way, log); err != nil {
		return nil, err
	}
	p := &place{given: given, path: path}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.missing = true
	case err != nil:
		return nil, err
	case info.IsDir():
		p.folder = true
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("there is neither a regular file nor a folder (%s): choose another place", info.Mode().Type())
	}
	return p, nil
}

// Outside returns a function that refuses paths which lead to mountpoint, or into
// it. It asks nothing of what is mounted there, so that it may be called at any
// time, and from the process that serves the mount. A program asks it before it
// opens files that it learns of while it serves; for those that it knows before
// there is Options.Outside.
func Outside(mountpoint string) (check func(path string) error, err error) {
	given, err := filepath.Abs(mountpoint)
	if err != nil {
		return nil, err
	}
	path, err := resolve(given)
	if err != nil {
		return nil, err
	}
	return (&place{path: path}).refuse, nil
}

// refuse returns an error if a path leads to the place, or into it.
func (p *place) refuse(path string) error {
	if p.covers(path) {
		return fmt.Errorf("%s lies below the mount point, and this program would wait for itself there: choose another place", path)
	}
	return nil
}

// covers reports whether a path leads to the place, or into it. The last names
// need not exist. It looks at one name after the other, and at none in the place.
func (p *place) covers(path string) bool {
	if !filepath.IsAbs(path) {
		here, err := os.Getwd()
		if err != nil {
			return false
		}
		path = here + "/" + path
	}
	names, at := strings.Split(path, "/"), "/"
	for links := 0; len(names) > 0 && links <= mostLinks; {
		next := filepath.Join(at, names[0]) // also of "", "." and ".."
		names = names[1:]
		if next == p.path {
			return true
		}
		target, err := os.Readlink(next)
		if err != nil { // no link, or nothing
			at = next
			continue
		}
		links++
		if filepath.IsAbs(target) {
			at = "/"
		}
		names = append(strings.Split(target, "/"), names...)
	}
	return false
}

// mostLinks is how many symbolic links a path may lead through, as the kernel has it.
const mostLinks = 40

// resolve follows the symbolic links of path, the last name of which need not
// exist. It asks nothing of a file system that is mounted at path itself: not
// even readlink(2) does.
func resolve(path string) (string, error) {
	for range mostLinks {
		folder, err := filepath.EvalSymlinks(filepath.Dir(path))
		if err != nil {
			return "", folderError(filepath.Dir(path), err)
		}
		path = filepath.Join(folder, filepath.Base(path))
		target, err := os.Readlink(path)
		switch {
		case errors.Is(err, syscall.ENOTDIR):
			return "", folderError(folder, err)
		case err != nil: // no link
			return path, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(folder, target)
		}
		path = target
	}
	return "", &fs.PathError{Op: "resolve", Path: path, Err: syscall.ELOOP}
}

// folderError says why the folder of a mount point is none.
func folderError(folder string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist: create it first", folder)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s is not a folder", folder)
	case errors.Is(err, syscall.ENOTCONN):
		return fmt.Errorf("the folder %s is a mount whose program is gone: unmount it first (umount -l, or fusermount3 -uz)", folder)
	}
	return err
}

// clearPlace detaches the stale mounts at path and refuses any other.
func clearPlace(path string, way way, log func(string)) error {
	for {
		e, err := mountAt(path)
		switch {
		case err != nil:
			return err
		case e == nil:
			return nil
		case !e.stale():
			return fmt.Errorf("something is mounted there already (%s, type %s): unmount that first, or choose another place", e.source, e.fsType)
		}
		if err := way.detach(path); err != nil {
			return fmt.Errorf("detaching the mount that a killed workbench left: %w", err)
		}
		log(fmt.Sprintf("detached a stale mount at %s: the workbench that served it (%s) is gone", path, e.source))
	}
}

// create makes an empty file to mount on if there was nothing.
func (p *place) create() error {
	if !p.missing {
		return nil
	}
	file, err := os.OpenFile(p.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.created, err = file.Stat()
	return errors.Join(err, file.Close())
}

// remove removes the file that create made, unless somebody put it to use: the
// disk is no longer mounted, and anybody may have been quicker.
func (p *place) remove() error {
	if p.created == nil {
		return nil
	}
	if e, err := mountAt(p.path); err != nil || e != nil {
		return err
	}
	info, err := os.Lstat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !os.SameFile(info, p.created) || info.Size() > 0:
		return nil
	}
	return os.Remove(p.path)
}
