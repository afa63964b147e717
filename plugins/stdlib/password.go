package stdlib

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxPassword bounds the line that a password is read from, in bytes.
const maxPassword = 64 << 10

// ReadPassword returns the password that the value of a parameter stands for, by
// the rules of nbdkit_read_password: "+FILE" is the first line of a file, "-N"
// that of file descriptor N, which is closed afterwards, anything else is the
// password itself. "-", which asks the user, is refused: standard input is not
// the script's.
func ReadPassword(value string) (string, error) {
	switch {
	case value == "-":
		return "", errors.New("a password cannot be asked for: the terminal belongs to the workbench; give +FILE, or -N for a file descriptor")
	case strings.HasPrefix(value, "-"):
		return passwordOfDescriptor(value[1:])
	case strings.HasPrefix(value, "+"):
		f, err := os.Open(value[1:])
		if err != nil {
			return "", fmt.Errorf("the file of the password: %w", err)
		}
		return firstLine(f)
	}
	return value, nil
}

// passwordOfDescriptor reads from a descriptor that the process was started
// with. Those are the ones that a program started by this one would inherit;
// any other is in use by the workbench itself.
func passwordOfDescriptor(number string) (string, error) {
	fd, err := strconv.ParseInt(number, 0, 32)
	if err != nil || fd < 0 || number[0] == '+' {
		return "", fmt.Errorf("-%s: after the minus must stand the number of a file descriptor, or the password in a file: +FILE", number)
	}
	if fd <= 2 {
		return "", fmt.Errorf("-%s: standard input, output and error are not for passwords: use a descriptor from 3 on, as in -3 with 3<file", number)
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC != 0 {
		return "", fmt.Errorf("file descriptor %d of the password: %w: the workbench was not started with it", fd, syscall.EBADF)
	}
	return firstLine(os.NewFile(uintptr(fd), fmt.Sprintf("file descriptor %d", fd)))
}

// firstLine returns the first line of f without its end, and closes f.
func firstLine(f *os.File) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(f, maxPassword+1)).ReadString('\n')
	if err == io.EOF {
		err = nil
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	if len(line) > maxPassword {
		return "", fmt.Errorf("%s: the password is longer than %d bytes", f.Name(), maxPassword)
	}
	return strings.TrimSuffix(line, "\n"), nil
}
