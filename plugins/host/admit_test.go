package host

import (
	"context"
	"errors"
	"strings"
	"testing"

	"workbench/plugins"
)

// admit lets a client in, which must work.
func (r *rig) admit(conn uint32) (leave func()) {
	r.t.Helper()
	leave, err := r.Admit(r.t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: conn})
	if err != nil {
		r.t.Fatal(err)
	}
	return leave
}

// TestOneClientAtATime has a client wait for the one before, and a reload that
// it does not hold up, which lets it in.
func TestOneClientAtATime(t *testing.T) {
	r := newRig(t, "model 0\nfill a", Options{})
	leave := r.admit(1)
	second := make(chan error)
	come := func() {
		leave, err := r.Admit(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 2})
		if err == nil {
			leave()
		}
		second <- err
	}
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("gone"))
	if _, err := r.Admit(gone, plugins.OpenParams{}); err == nil {
		t.Error("a second client was let in")
	}
	go come()
	r.save("model 0\nfill b")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-second:
		t.Errorf("a second client was let in by a reload: %v", err)
	default:
	}
	leave()
	if err := <-second; err != nil {
		t.Error(err)
	}

	defer r.admit(3)()
	go come()
	r.save("model 1")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil { // the new model has room for it
		t.Error(err)
	}
}

func TestReloadAdmits(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	defer r.admit(1)()
	leave := r.admit(2)
	for _, tc := range []struct{ script, want string }{
		{"deny not you", "admitting nbd#"},
		{"model 0", "2 are connected"},
	} {
		r.save(tc.script)
		if err := r.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.script, err, tc.want)
		}
	}
	leave()
	leave() // has no effect
	if err := r.Reload(t.Context()); err != nil {
		t.Errorf("with one client: %v", err)
	}
}

func TestAdmitRefused(t *testing.T) {
	r := newRig(t, "model 0\ndeny not you", Options{})
	for range 2 { // who was refused takes no place
		if _, err := r.Admit(t.Context(), plugins.OpenParams{}); err == nil || !strings.Contains(err.Error(), "not you") {
			t.Errorf("let in: %v", err)
		}
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Admit(t.Context(), plugins.OpenParams{}); err == nil {
		t.Error("let in by a host that was stopped")
	}
}
