package host

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// TestNewConnectionsOnly has a client stay with the generation that it knows,
// through several reloads, until a disk comes that it knows.
func TestNewConnectionsOnly(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	old := r.open()
	r.save("size 8192\nfill b")
	if err := r.Reload(t.Context()); !errors.Is(err, ErrOtherDisk) || !strings.Contains(err.Error(), "size: 4096 > 8192") {
		t.Fatalf("without a policy: %v", err)
	}
	if s := r.Status(); !errors.Is(s.Problem, ErrOtherDisk) || plugins.ErrnoOf(s.Problem) != syscall.EBUSY {
		t.Errorf("the problem is %v, errno %v", s.Problem, plugins.ErrnoOf(s.Problem))
	}
	if err := r.ReloadAs(t.Context(), ForNew); err != nil {
		t.Fatal(err)
	}
	r.wantRead(old, "a")
	fresh := r.open()
	r.wantRead(fresh, "b")
	s := r.Status()
	if s.Behind != 1 || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "stays with generation 1: nbd#1") {
		t.Errorf("status: %d behind, notes %q", s.Behind, s.Notes)
	}
	if _, scripts := r.rt.counts(); scripts != 2 {
		t.Errorf("%d scripts run, want both generations", scripts)
	}
	r.save("size 8192\nfill c")
	if err := r.Reload(t.Context()); err != nil { // who stayed behind holds up nothing
		t.Fatal(err)
	}
	r.wantRead(old, "a")
	r.wantRead(fresh, "c")
	if err := fresh.Close(); err != nil {
		t.Fatal(err)
	}
	r.save("fill d") // the size that the first one knows
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantRead(old, "d")
	if _, scripts := r.rt.counts(); scripts != 1 {
		t.Errorf("%d scripts run: generations that nobody needs must end", scripts)
	}
}

// TestOldGenerationEnds has a generation end with the last client that stayed with it.
func TestOldGenerationEnds(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	first, second := r.open(), r.open()
	r.save("size 8192")
	if err := r.ReloadAs(t.Context(), ForNew); err != nil {
		t.Fatal(err)
	}
	for i, d := range []plugins.Handle{first, second} {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if _, scripts := r.rt.counts(); scripts != 2-i {
			t.Errorf("%d scripts run after %d of 2 clients left", scripts, i+1)
		}
	}
}

// TestLastOfAGenerationLeavesEarly has the only client that stayed with the old
// generation leave before the swap has closed what the others had open there.
func TestLastOfAGenerationLeavesEarly(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	clients := map[string]plugins.Handle{}
	for conn, export := range []string{"stays", "goes"} {
		d, err := r.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: uint32(conn + 1), Export: export})
		if err != nil {
			t.Fatal(err)
		}
		clients[export] = d
	}
	r.save("size@stays 8192\nfill b")
	src, err := plugins.ReadSource(r.path)
	if err != nil {
		t.Fatal(err)
	}
	next, err := r.build(t.Context(), src, 2)
	if err != nil {
		t.Fatal(err)
	}
	s := swap{host: r.Host, policy: ForNew, old: r.current, next: next, opened: map[*handle]plugins.Handle{}}
	if err := errors.Join(s.openAll(t.Context()), r.gate.close(t.Context()), s.exchange(t.Context())); err != nil {
		t.Fatal(err)
	}
	r.gate.open()
	if err := clients["stays"].Close(); err != nil {
		t.Error(err)
	}
	s.closeOld(t.Context())
	if opened, scripts := r.rt.counts(); opened != 1 || scripts != 1 {
		t.Errorf("%d handles, %d scripts are left: want one each", opened, scripts)
	}
	if err := clients["goes"].Close(); err != nil {
		t.Error(err)
	}
}

func TestDropClients(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	var dropped []bool
	d, err := r.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 1, Client: &plugins.Client{
		Disconnect: func(force bool) { dropped = append(dropped, force) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.save("fill b")
	if err := r.ReloadAs(t.Context(), DropClients); err != nil {
		t.Fatal(err)
	}
	if dropped != nil {
		t.Error("a client was dropped that knows the disk")
	}
	r.save("size 8192\nfill c")
	if err := r.ReloadAs(t.Context(), DropClients); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(dropped, []bool{true}) {
		t.Errorf("dropped %v, want once, by force", dropped)
	}
	if s := r.Status(); len(s.Notes) != 1 || !strings.HasPrefix(s.Notes[0], "cut off: nbd#1") {
		t.Errorf("notes %q", s.Notes)
	}
	if err := d.Close(); err != nil { // as the front end does when the connection is cut
		t.Fatal(err)
	}
	if _, scripts := r.rt.counts(); scripts != 1 {
		t.Errorf("%d scripts run", scripts)
	}
}

// TestClientLeavesWhileChecked has a client leave when the new generation has a
// handle for it already, which then is closed, and the old one not once more.
func TestClientLeavesWhileChecked(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	clients := map[uint32]plugins.Handle{}
	for conn := range uint32(2) {
		d, err := r.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: conn})
		if err != nil {
			t.Fatal(err)
		}
		clients[conn] = d
	}
	var checked []uint32
	r.rt.opening = func(c *plugins.Call) {
		if checked = append(checked, c.Open.Conn); len(checked) == 2 {
			if err := clients[checked[0]].Close(); err != nil {
				t.Error(err)
			}
		}
	}
	r.save("fill b")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if opened, scripts := r.rt.counts(); opened != 1 || scripts != 1 {
		t.Errorf("%d handles, %d scripts are left: want one each", opened, scripts)
	}
	if _, texts := r.events(recordings.Output); texts != nil {
		t.Errorf("complaints: %q", texts)
	}
	stays := clients[checked[1]]
	r.wantRead(stays, "b")
	if err := stays.Close(); err != nil {
		t.Error(err)
	}
}

func TestUndo(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	if err := r.Undo(t.Context()); err != ErrNoPast {
		t.Errorf("undo of the first generation: %v", err)
	}
	for _, fill := range []string{"b", "c"} {
		r.save("fill " + fill)
		if err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.save("start broken")
	if err := r.Reload(t.Context()); err == nil || r.Status().Refused != "start broken" && r.Status().Excerpt != "" {
		t.Fatalf("a broken script: %v, refused %q", err, r.Status().Refused)
	}
	texts := func() (all []string) {
		for _, g := range r.Generations() {
			all = append(all, fmt.Sprint(g.Number, " ", g.Text))
		}
		return all
	}
	if got, want := texts(), []string{"1 fill a", "2 fill b", "3 fill c"}; !slices.Equal(got, want) {
		t.Errorf("generations %q, want %q", got, want)
	}
	for i, want := range []string{"b", "a"} {
		if err := r.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.wantRead(d, want)
		s := r.Status()
		if s.Generation != uint32(4+i) || s.Problem != nil || s.Source != "fill "+want {
			t.Errorf("status after undo: %+v", s)
		}
		if all := texts(); all[len(all)-1] != fmt.Sprint(s.Generation, " fill ", want) || len(all) != 2-i {
			t.Errorf("generations after undo: %q", all)
		}
		if yes, _ := changed(r.loaded()); yes {
			t.Error("the undone file counts as saved")
		}
	}
	events, told := r.events(recordings.Reload)
	if text := told[len(events)-2]; !strings.HasPrefix(text, "generation 4 serves, which is generation 2 once more; the gate was closed for ") {
		t.Errorf("event %q", text)
	}
	if err := r.Undo(t.Context()); err != ErrNoPast {
		t.Errorf("undo beyond the first generation: %v", err)
	}
	r.save("fill z")
	if yes, _ := changed(r.loaded()); !yes {
		t.Error("a file that was saved after an undo does not count")
	}
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.wantRead(d, "z")
}

// TestShadowCheck announces what an edit does to the reads that clients made.
func TestShadowCheck(t *testing.T) {
	for _, tc := range []struct{ name, before, after, want string }{
		{"the same", "fill a", "fill a\n", ""},
		{"other data", "fill a", "fill b", "READ 0x0 2 of nbd#1 now differs from byte 0 on: 0x62 was 0x61; 1 of the last 1 reads differ from generation 1"},
		{"state", "fill a\nstate x", "fill b\nstate x", ""},
		{"switched off", "fill a", "fill b\nshadow_check false", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, tc.before, Options{})
			d := r.open()
			r.wantRead(d, "a")
			r.wantRead(d, "a")
			r.save(tc.after)
			if err := r.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.Status().Notes, "; "); got != tc.want {
				t.Errorf("notes %q, want %q", got, tc.want)
			}
			_, texts := r.events(recordings.Reload)
			if tc.want != "" && !strings.Contains(texts[len(texts)-1], "now differs from byte 0") {
				t.Errorf("event %q", texts[len(texts)-1])
			}
			if n, _ := r.events(recordings.Request); len(n) != 2 {
				t.Errorf("%d requests in the log: those of the check are not clients'", len(n))
			}
		})
	}
}

// TestClientLeavesDuringShadowCheck has a client close what is being read once more:
// the script is asked for nothing that it has closed.
func TestClientLeavesDuringShadowCheck(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d, err := r.Open(t.Context(), plugins.OpenParams{Front: plugins.FrontNBD, Conn: 1})
	if err != nil {
		t.Fatal(err)
	}
	for offset := range uint64(2) {
		q := plugins.Request{Op: plugins.OpRead, Offset: offset, Length: 2, Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1}}
		err := d.Do(t.Context(), &q)
		plugins.Finish(d, &q, err)
	}
	closed := make(chan error, 1)
	var leaves sync.Once
	r.rt.reading = func() {
		leaves.Do(func() {
			go func() { closed <- d.Close() }()
			for inside := 0; inside == 0; runtime.Gosched() {
				r.gate.mu.Lock()
				inside = r.gate.inside
				r.gate.mu.Unlock()
			}
		})
	}
	r.save("fill a\n")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if s := r.Status(); s.Notes != nil {
		t.Errorf("notes %q", s.Notes)
	}
}
