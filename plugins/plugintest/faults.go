package plugintest

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
)

// scriptErrors checks errno, place and message of what a script raises.
func scriptErrors(t *testing.T, l Language) {
	r := l.rig(t, "errors").mustStart()
	d := r.open(plugins.OpenParams{})
	for i, c := range []struct {
		mark  string
		errno syscall.Errno
		text  string
	}{
		{"@plain", syscall.EIO, "boom"},
		{"@named", syscall.ENOSPC, "disk full"},
		{"@number", syscall.EFBIG, ""},
		{"@name", syscall.EROFS, ""},
		{"@library", syscall.EINVAL, "past the end"},
		{"@helper", syscall.EIO, "from the helper"},
		{"@runtime", syscall.EIO, ""},
	} {
		t.Run(c.mark, func(t *testing.T) {
			_, err := d.do(plugins.Request{Op: plugins.OpRead, Length: 512, Offset: uint64(i) * 512})
			wantErrno(t, "read", err, c.errno)
			r.wantPlace(err, plugins.Pread, r.line(c.mark), c.text)
			// An error must leave nothing behind, least of all its errno.
			if got := d.read(3, 8192); got != "xxx" {
				t.Errorf("the next read returned %q", got)
			}
		})
	}
	t.Run("stack", func(t *testing.T) {
		_, err := d.do(plugins.Request{Op: plugins.OpRead, Length: 512, Offset: 2560})
		var e *plugins.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		helper := strings.Index(e.Stack, fmt.Sprintf(":%d", r.line("@helper")))
		pread := strings.Index(e.Stack, "pread")
		if helper < 0 || pread < helper {
			t.Errorf("the stack has not the helper above pread:\n%s", e.Stack)
		}
	})
}

// wrongResults checks that a script hears what it returned that it must not.
func wrongResults(t *testing.T, l Language) {
	for _, c := range []struct {
		bad      string
		callback plugins.Callback
		text     string
		do       func(*rig, *disk) error
	}{
		{"can_write", plugins.CanWrite, "wanted a", nil},
		{"get_size", plugins.GetSize, "wanted", nil},
		{"get_size_nan", plugins.GetSize, "", nil},
		{"can_fua", plugins.CanFUA, "7", nil},
		{"pread", plugins.Pread, "wanted", read512},
		{"pread_short", plugins.Pread, "511", read512},
		{"extents", plugins.Extents, "wanted", extents512},
		{"extents_entry", plugins.Extents, "", extents512},
		{"list_exports", plugins.ListExports, "wanted", func(r *rig, _ *disk) error {
			_, err := r.instance.Exports(r.ctx, plugins.OpenParams{})
			return err
		}},
	} {
		t.Run(c.bad, func(t *testing.T) {
			r := l.rig(t, "badtypes").mustStart(plugins.Param{Key: "bad", Value: c.bad})
			var err error
			if c.do == nil {
				_, err = r.instance.Open(r.ctx, plugins.OpenParams{})
			} else {
				err = c.do(r, r.open(plugins.OpenParams{}))
			}
			wantErrno(t, c.bad, err, syscall.EIO)
			var e *plugins.Error
			if !errors.As(err, &e) || e.Callback != c.callback || e.File != r.source().Path || !strings.Contains(e.Msg, c.text) {
				t.Errorf("error %v, want one from %s with %q", err, c.callback, c.text)
			}
		})
	}
	t.Run("nothing", func(t *testing.T) {
		r := l.rig(t, "badtypes").mustStart()
		d := r.open(plugins.OpenParams{})
		if err := errors.Join(read512(r, d), extents512(r, d)); err != nil {
			t.Error(err)
		}
	})
}

func read512(_ *rig, d *disk) error {
	_, err := d.do(plugins.Request{Op: plugins.OpRead, Length: 512})
	return err
}

func extents512(_ *rig, d *disk) error {
	_, err := d.do(plugins.Request{Op: plugins.OpExtents, Length: 512})
	return err
}
