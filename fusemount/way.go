package fusemount

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// A way is how this process may mount and unmount.
type way uint8

const (
	bySyscall way = iota // mount(2), for root
	byHelper             // fusermount3, which is set-user-ID root, for everybody else
)

// findWay chooses, or says what is missing to mount at all.
func findWay(helper bool) (way, error) {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return 0, errors.New("there is no /dev/fuse: load the kernel module (modprobe fuse), or give the container that device")
	}
	if os.Geteuid() == 0 && !helper {
		return bySyscall, nil
	}
	if _, err := exec.LookPath(helperName); err != nil {
		return 0, fmt.Errorf("%s is not installed: it comes with the package fuse3, and root does without", helperName)
	}
	return byHelper, nil
}

// mount mounts at path and returns the open /dev/fuse: not yet served, and
// closed in children, since a mount whose device some child kept open would
// hang instead of dying with this process. (go-fuse, which could mount by
// itself, leaves it open in them.)
func (w way) mount(place *place, readOnly, others bool) (fd int, err error) {
	if w == byHelper {
		return helperMount(place.path, readOnly, others)
	}
	fd, err = syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("open /dev/fuse", err)
	}
	mode := syscall.S_IFREG
	if place.folder {
		mode = syscall.S_IFDIR
	}
	data := fmt.Sprintf("fd=%d,rootmode=%o,user_id=%d,group_id=%d,%s", fd, mode, os.Geteuid(), os.Getegid(), mountOptions(others))
	flags := uintptr(syscall.MS_NOSUID | syscall.MS_NODEV)
	if readOnly {
		flags |= syscall.MS_RDONLY
	}
	err = syscall.Mount(source(os.Getpid()), place.path, "fuse."+fsName, flags, data)
	if err == nil {
		return fd, nil
	}
	syscall.Close(fd)
	switch err {
	case syscall.EPERM:
		return 0, fmt.Errorf("mount: %w: root may not mount here; a container needs the capability CAP_SYS_ADMIN", err)
	case syscall.ENODEV:
		return 0, fmt.Errorf("mount: %w: the kernel has no FUSE", err)
	}
	return 0, os.NewSyscallError("mount", err)
}

// mountOptions returns what the kernel is told in either way. By
// default_permissions it checks permissions itself, and so asks for attributes
// when a file is opened: else it would take a file that was mounted over for
// empty, and a program that maps it at once would get SIGBUS.
func mountOptions(others bool) string {
	options := fmt.Sprintf("default_permissions,max_read=%d", maxTransfer)
	if others {
		options += ",allow_other"
	}
	return options
}

// readAhead is how much the kernel reads ahead for programs that read a cached
// disk from its beginning to its end: the request that they take from the cache,
// and the next one, which is answered meanwhile.
const readAhead = 2 * maxTransfer

// setReadAhead tells the kernel so. Only root may, and not in every container:
// elsewhere it stays at what the kernel has for all disks, mostly 128 KiB.
func (w way) setReadAhead(path string) error {
	mine, err := ownMount(path)
	if err != nil || mine == nil || w != bySyscall {
		return err
	}
	err = os.WriteFile(readAheadSetting(mine), strconv.AppendInt(nil, readAhead>>10, 10), 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil
	}
	return err
}

// readAheadSetting is where the kernel is told how much it reads ahead, in KiB.
func readAheadSetting(e *mountEntry) string {
	return "/sys/class/bdi/" + e.device + "/read_ahead_kb"
}

// unmount takes away what is mounted at path; it fails if that is in use.
func (w way) unmount(path string) error {
	if w == bySyscall {
		return os.NewSyscallError("umount", syscall.Unmount(path, umountNoFollow))
	}
	return helperUnmount(path)
}

// detach takes away what is mounted at path from everybody who does not have
// it open yet.
func (w way) detach(path string) error {
	if w == bySyscall {
		return os.NewSyscallError("umount", syscall.Unmount(path, umountNoFollow|syscall.MNT_DETACH))
	}
	return helperUnmount(path, "-z")
}

// force takes away a mount and ends its connection, so that programs that have
// the file open get ENOTCONN from now on.
func (w way) force(e *mountEntry) error {
	if w == bySyscall {
		return os.NewSyscallError("umount", syscall.Unmount(e.path, umountNoFollow|syscall.MNT_FORCE|syscall.MNT_DETACH))
	}
	// Only root may force. The owner of a connection may abort it, where the
	// file system for that is mounted.
	if err := w.detach(e.path); err != nil {
		return err
	}
	_, minor, _ := strings.Cut(e.device, ":")
	if err := os.WriteFile("/sys/fs/fuse/connections/"+minor+"/abort", []byte("1"), 0); err != nil {
		return errors.New("programs still have the file open, until they close it or this program ends")
	}
	return nil
}

// detachOwn takes away a mount of this process that is not served any more.
func (w way) detachOwn(path string) error {
	mine, err := ownMount(path)
	if err != nil || mine == nil {
		return err
	}
	return w.detach(path)
}

// umountNoFollow is UMOUNT_NOFOLLOW, which package syscall lacks: do not follow
// a symbolic link that was put in the place of the mount point.
const umountNoFollow = 8
