package nbd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// FileConn makes a connection of two files, of which one is read and the other
// written: the standard input and output of a server that a client has started.
// Both may be the same socket, or be two sockets or pipes; something else, of
// which one cannot wait with a time limit, is an error. The connection has
// descriptors of its own, and in and out stay open. While it is in use they do
// not block.
func FileConn(in, out *os.File) (net.Conn, error) {
	ins, err := in.Stat()
	if err != nil {
		return nil, err
	}
	outs, err := out.Stat()
	if err != nil {
		return nil, err
	}
	if ins.Mode()&os.ModeSocket != 0 && os.SameFile(ins, outs) {
		return net.FileConn(in)
	}
	var c fileConn
	if c.in, err = c.pollable(in, ins.Mode()); err != nil {
		return nil, err
	}
	if c.out, err = c.pollable(out, outs.Mode()); err != nil {
		c.out = c.in
		c.Close() // the error that matters is why
		return nil, err
	}
	return &c, nil
}

// pollable returns a file of its own for what stands behind f, with deadlines.
func (c *fileConn) pollable(f *os.File, mode os.FileMode) (*os.File, error) {
	if mode&(os.ModeSocket|os.ModeNamedPipe) == 0 {
		return nil, fmt.Errorf("%s is neither a socket nor a pipe: a client must have started this program", f.Name())
	}
	fd := -1
	raw, err := f.SyscallConn()
	if err == nil {
		var derr error
		err = raw.Control(func(old uintptr) {
			if fd, derr = unix.FcntlInt(old, syscall.F_DUPFD_CLOEXEC, 0); derr != nil {
				return
			}
			var flags int
			if flags, derr = unix.FcntlInt(old, syscall.F_GETFL, 0); derr != nil {
				return
			}
			if flags&syscall.O_NONBLOCK == 0 {
				c.blocking = append(c.blocking, f)
			}
			derr = syscall.SetNonblock(fd, true)
		})
		err = errors.Join(err, derr)
	}
	if err != nil {
		if fd >= 0 {
			syscall.Close(fd) // nothing was written to it
		}
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// A fileConn is a connection over two files.
type fileConn struct {
	in, out  *os.File
	blocking []*os.File // the ones that did block, and shall again
}

func (c *fileConn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *fileConn) Write(p []byte) (int, error) { return c.out.Write(p) }

// Close also has the files block again that did: others may share them.
func (c *fileConn) Close() error {
	err := errors.Join(c.in.Close(), c.out.Close())
	for _, f := range c.blocking {
		raw, rerr := f.SyscallConn()
		if rerr != nil {
			continue // it is closed
		}
		rerr = raw.Control(func(fd uintptr) { err = errors.Join(err, syscall.SetNonblock(int(fd), false)) })
		if rerr != nil && !errors.Is(rerr, os.ErrClosed) {
			err = errors.Join(err, rerr)
		}
	}
	return err
}

func (c *fileConn) LocalAddr() net.Addr  { return fileAddr{} }
func (c *fileConn) RemoteAddr() net.Addr { return fileAddr{} }

func (c *fileConn) SetReadDeadline(t time.Time) error  { return c.in.SetReadDeadline(t) }
func (c *fileConn) SetWriteDeadline(t time.Time) error { return c.out.SetWriteDeadline(t) }

func (c *fileConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SyscallConn is of the file that is written, which shows whether anybody reads it.
func (c *fileConn) SyscallConn() (syscall.RawConn, error) { return c.out.SyscallConn() }

// A fileAddr is the address of a fileConn.
type fileAddr struct{}

func (fileAddr) Network() string { return "stdio" }
func (fileAddr) String() string  { return "standard input and output" }
