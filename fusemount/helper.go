package fusemount

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// helperName is the program that mounts for people who are not root. go-fuse
// could run it as well, but would let it write to the terminal.
const helperName = "fusermount3"

// helperMount mounts at path and returns the open /dev/fuse, which the helper
// sends through the socket that _FUSE_COMMFD names (libfuse, util/fusermount.c).
func helperMount(path string, readOnly, others bool) (fd int, err error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socketpair", err)
	}
	defer syscall.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "fusermount3's end")
	options := fmt.Sprintf("fsname=%s,subtype=%s,%s", source(os.Getpid()), fsName, mountOptions(others))
	if readOnly {
		options += ",ro"
	}
	cmd := exec.Command(helperName, "-o", options, "--", path)
	cmd.Env = append(os.Environ(), "_FUSE_COMMFD=3")
	cmd.ExtraFiles = []*os.File{theirs} // becomes descriptor 3
	if err := errors.Join(runHelper(cmd), theirs.Close()); err != nil {
		return 0, err
	}
	return receiveFile(pair[0])
}

// receiveFile takes one file descriptor from a socket.
func receiveFile(socket int) (int, error) {
	control := make([]byte, syscall.CmsgSpace(4)) // a descriptor is a C int
	_, n, _, _, err := syscall.Recvmsg(socket, make([]byte, 1), control, syscall.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, os.NewSyscallError("recvmsg", err)
	}
	messages, err := syscall.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("%s sent no file: %w", helperName, errors.Join(err, syscall.EPROTO))
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, fmt.Errorf("%s sent no file: %w", helperName, errors.Join(err, syscall.EPROTO))
	}
	return fds[0], nil
}

// helperUnmount unmounts path.
func helperUnmount(path string, flags ...string) error {
	return runHelper(exec.Command(helperName, append(flags, "-u", "--", path)...))
}

// runHelper runs cmd and returns what it complained about.
func runHelper(cmd *exec.Cmd) error {
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is not for it
	err := cmd.Run()
	if text := strings.TrimSpace(complaint.String()); err != nil && text != "" {
		return errors.New(text) // it names itself
	}
	return err
}
