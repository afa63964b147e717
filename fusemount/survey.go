package fusemount

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// A Fact is something about this machine that matters for mounting.
type Fact struct {
	What   string // what was looked at: "/dev/fuse"
	State  State
	Text   string // what is so
	Advice string // what to do about it; "" = nothing
}

// A State says how good a fact is.
type State uint8

// The states.
const (
	Good    State = iota
	Limited       // there is something that will not work
	Bad           // nothing can be mounted, or something is broken
)

// Survey finds out whether this process could mount, and which mounts of this
// program nobody serves any more. It changes nothing. When ctx
// ends it no longer looks for who uses those.
func Survey(ctx context.Context) ([]Fact, error) {
	facts := []Fact{surveyDevice()}
	facts = append(facts, helper()...)
	facts = append(facts, othersAllowed())
	mounts, err := surveyMounts(ctx)
	return append(facts, mounts...), err
}

// surveyDevice looks at /dev/fuse as who mounts does.
func surveyDevice() Fact {
	f := Fact{What: "/dev/fuse"}
	fd, err := syscall.Open(f.What, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	switch err {
	case nil:
		syscall.Close(fd)
		f.Text = "there, and may be opened"
	case syscall.ENOENT, syscall.ENXIO, syscall.ENODEV:
		f.State, f.Text, f.Advice = Bad, "missing: nothing can be mounted", "load the kernel module (modprobe fuse), or give the container that device (--device /dev/fuse)"
	case syscall.EACCES, syscall.EPERM:
		f.State, f.Text, f.Advice = Bad, "this user may not open it", "have root allow it: chmod 666 /dev/fuse"
	default:
		f.State, f.Text = Bad, err.Error()
	}
	return f
}

// helper looks at the ways to mount: mount(2) for root, fusermount3 for others.
func helper() []Fact {
	root := Fact{What: "root", Text: "mounts without a helper"}
	if os.Geteuid() != 0 {
		root.Text = "this is not root: mounting needs " + helperName
	} else if can, err := hasCapability(capSysAdmin); err == nil && !can {
		root.State, root.Text, root.Advice = Bad, "this root may not mount", "give the container the capability CAP_SYS_ADMIN"
	}
	f := Fact{What: helperName}
	missing := Bad
	if os.Geteuid() == 0 {
		missing = Limited // for other users
	}
	path, err := exec.LookPath(helperName)
	if err != nil {
		f.State, f.Text, f.Advice = missing, "not installed: users who are not root cannot mount", "install the package fuse3"
		return []Fact{root, f}
	}
	info, err := os.Stat(path)
	stat, ok := (*syscall.Stat_t)(nil), false
	if err == nil {
		stat, ok = info.Sys().(*syscall.Stat_t)
	}
	switch {
	case err != nil:
		f.State, f.Text = missing, err.Error()
	case info.Mode()&os.ModeSetuid == 0 || ok && stat.Uid != 0:
		f.State, f.Text = missing, path+" is not set-user-ID root: it cannot mount for others"
		f.Advice = fmt.Sprintf("chown root %s; chmod 4755 %s", path, path)
	default:
		f.Text = path + ", set-user-ID root"
	}
	return []Fact{root, f}
}

// capSysAdmin is the number of the capability that mount(2) asks for.
const capSysAdmin = 21

// hasCapability reports whether this process has a capability in effect.
func hasCapability(number uint) (bool, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, err
	}
	var mask uint64
	if _, err := fmt.Sscanf(statusLine(string(text), "CapEff"), "%x", &mask); err != nil {
		return false, fmt.Errorf("reading the capabilities: %w", err)
	}
	return mask&(1<<number) != 0, nil
}

// confFile is what fusermount3 reads.
const confFile = "/etc/fuse.conf"

// othersAllowed looks whether users may mount for others.
func othersAllowed() Fact {
	f := Fact{What: "user_allow_other"}
	file, err := os.Open(confFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		f.State, f.Text = Limited, err.Error()
		return f
	default:
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			if strings.TrimSpace(lines.Text()) == f.What {
				f.Text = "set in " + confFile + ": every user may give --allow-other"
				return f
			}
		}
	}
	f.Text = "not set in " + confFile + ": only root may give --allow-other"
	if os.Geteuid() != 0 {
		f.State, f.Advice = Limited, "if others are to use your mounts, have root add a line "+f.What+" to "+confFile
	}
	return f
}

// surveyMounts looks at the mounts of this program.
func surveyMounts(ctx context.Context) ([]Fact, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("reading the mount table: %w", err)
	}
	var facts []Fact
	for line := range strings.Lines(string(table)) {
		e, ok := parseMount(line)
		if !ok {
			continue
		}
		pid, ours := e.pid()
		if !ours {
			continue
		}
		f := Fact{What: "mount " + e.path, Text: fmt.Sprintf("served by process %d", pid)}
		if e.stale() {
			f.State = Bad
			f.Text = fmt.Sprintf("stale: process %d, which served it, is gone", pid)
			f.Advice = "workbench mount at the same place detaches it; or: " + unmountCommand(e.path)
			if names := holders(ctx, &e); len(names) > 0 {
				f.Text += "; in use by " + listed(names)
			}
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// unmountCommand is what a person types to detach a mount.
func unmountCommand(path string) string {
	quoted := "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	if strings.Trim(path, "/-_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" {
		quoted = path
	}
	if os.Geteuid() == 0 {
		return "umount -l " + quoted
	}
	return helperName + " -uz " + quoted
}
