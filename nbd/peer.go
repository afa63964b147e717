package nbd

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"workbench/plugins"
)

// peerOf says who the client is. A unix socket has no address to show, but
// knows the process.
func peerOf(nc net.Conn) *plugins.Client {
	c := &plugins.Client{Name: "unknown", PID: -1, UID: -1, GID: -1}
	if uc, ok := nc.(*net.UnixConn); ok {
		c.Name = "unix socket"
		if cred, err := peerCred(uc); err == nil {
			c.Name = fmt.Sprintf("pid %d, uid %d", cred.Pid, cred.Uid)
			c.PID, c.UID, c.GID = int(cred.Pid), int(cred.Uid), int(cred.Gid)
		}
	} else if addr := nc.RemoteAddr(); addr != nil {
		c.Name = addr.String()
	}
	return c
}

// programOf returns the name of the client's program, "" if it cannot be found
// out. Another process may have its number meanwhile, or it may live elsewhere,
// so that scripts are not told.
func programOf(c *plugins.Client) string {
	if c.PID <= 0 {
		return ""
	}
	program, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", c.PID))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(program))
}

// peerWords says who the client is for people.
func peerWords(c *plugins.Client) string {
	program := programOf(c)
	if program == "" {
		return c.Name
	}
	return fmt.Sprintf("%s, %s", c.Name, program)
}

// originOf returns what the requests of a connection have in common. Of a client
// on a unix socket it has the process that connected.
func originOf(conn uint32, c *plugins.Client) plugins.Origin {
	o := plugins.Origin{Front: plugins.FrontNBD, Conn: conn}
	if c != nil && c.PID > 0 {
		o.PID, o.Program = uint32(c.PID), plugins.CommOf(programOf(c))
	}
	return o
}

func peerCred(uc *net.UnixConn) (cred *syscall.Ucred, err error) {
	raw, err := uc.SyscallConn()
	if err != nil {
		return nil, err
	}
	cerr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	return cred, errors.Join(err, cerr)
}

// hangUpState says how far a client has hung up.
type hangUpState uint8

const (
	connected    hangUpState = iota // or it cannot be found out
	hungUpHalf                      // it will send nothing more; perhaps it still reads
	hungUpWholly                    // it is gone
)

// hangUp reports whether the client has hung up, though there may be something
// left to read.
func hangUp(nc net.Conn) hangUpState {
	if tc, ok := nc.(*tls.Conn); ok {
		nc = tc.NetConn()
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return connected
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return connected
	}
	state := connected
	err = raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		switch {
		case err != nil || n == 0:
		case fds[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0:
			state = hungUpWholly
		default:
			state = hungUpHalf
		}
	})
	if err != nil {
		return connected
	}
	return state
}
