package host

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// A pending is a request that was begun and not answered yet.
type pending struct {
	r    *rig
	q    plugins.Request
	done chan error
}

// begin begins a request, as a front end does.
func (r *rig) begin(ctx context.Context, d plugins.Handle, q plugins.Request) *pending {
	p := &pending{r: r, q: q, done: make(chan error, 1)}
	go func() {
		err := d.Do(ctx, &p.q)
		plugins.Finish(d, &p.q, err)
		p.done <- err
	}()
	return p
}

// waitHeld waits until n requests are held, and returns the last one.
func (r *rig) waitHeld(n int) HeldRequest {
	r.t.Helper()
	for {
		_, next := r.log.Bounds()
		if list := r.Held(); len(list) == n {
			return list[n-1]
		}
		if err := r.log.Wait(r.t.Context(), next); err != nil {
			r.t.Fatalf("waiting for %d held requests: %v", n, err)
		}
	}
}

func pointer[T any](v T) *T { return &v }

// TestHolds has a read held before and after the script, and let go in each way.
func TestHolds(t *testing.T) {
	for _, tc := range []struct {
		name   string
		decide func(r *rig, number uint64) error
		errno  syscall.Errno
		data   string // of the read when it was held before the script, and after it
		after  string
		fate   plugins.Fate
		says   string // the event
	}{
		{"release", func(r *rig, n uint64) error { return r.Release(n) }, 0, "aaaa", "aaaa", 0, "released after "},
		{"release all", func(r *rig, _ uint64) error {
			if n := r.ReleaseAll(); n != 1 {
				r.t.Errorf("%d released", n)
			}
			return nil
		}, 0, "aaaa", "aaaa", 0, "released after "},
		{"fail", func(r *rig, n uint64) error { return r.FailHeld(n, syscall.ENOSPC) }, syscall.ENOSPC, "", "", 0, "failed with ENOSPC after "},
		{"answer", func(r *rig, n uint64) error { return r.AnswerHeld(n, []byte("xy")) }, 0, "xy\x00\x00", "xy\x00\x00", plugins.Answered, "answered after "},
		{"answer with too much", func(r *rig, n uint64) error { return r.AnswerHeld(n, []byte("uvwxyz")) }, 0, "uvwx", "uvwx", plugins.Answered, "answered after "},
		{"drop", func(r *rig, n uint64) error { return r.DropHeld(n) }, syscall.ECONNRESET, "", "", plugins.Dropped, "dropped after "},
	} {
		for _, stage := range []string{"before", "after"} {
			t.Run(tc.name+" "+stage, func(t *testing.T) {
				r := newRig(t, "fill a", Options{})
				d := r.open()
				r.rule("op:read => hold limit=1 " + stage)
				p := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 4, Offset: 512, Data: []byte("used")})
				q := r.waitHeld(1)
				if q.After != (stage == "after") || q.Request.Offset != 512 || q.Age() <= 0 || q.Edited || !strings.Contains(q.Why, "rule 1: ") {
					t.Errorf("held %+v", q)
				}
				if want := map[bool]string{true: "aaaa"}[q.After]; string(q.Request.Data) != want {
					t.Errorf("the data of what is held: %q, want %q", q.Request.Data, want)
				}
				r.wantRead(d, "a") // others are not stuck
				if err := tc.decide(r, q.Number); err != nil {
					t.Fatal(err)
				}
				err := <-p.done
				want := tc.data
				if stage == "after" {
					want = tc.after
				}
				if plugins.ErrnoOf(err) != tc.errno || err == nil && string(p.q.Data) != want {
					t.Errorf("%q, %v", p.q.Data, err)
				}
				if want := plugins.Ruled | plugins.Held | tc.fate; p.q.Fate != want {
					t.Errorf("fate %s, want %s", p.q.Fate, want)
				}
				if asked := p.q.Started != 0; asked != (stage == "after" || tc.name == "release" || tc.name == "release all") {
					t.Errorf("the script was asked: %t", asked)
				}
				if left := r.Held(); len(left) != 0 {
					t.Errorf("still held: %+v", left)
				}
				_, texts := r.events(recordings.Hold)
				if len(texts) != 2 || !strings.HasPrefix(texts[0], "held: rule 1: ") || !strings.HasPrefix(texts[1], tc.says) {
					t.Errorf("events %q", texts)
				}
			})
		}
	}
}

// TestEdit has the script asked something else than the client did.
func TestEdit(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.rule("=> hold before")
	read := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 4, Offset: 512})
	q := r.waitHeld(1)
	for _, e := range []Edit{{Offset: pointer(uint64(0))}, {Length: pointer(uint64(2))}} {
		if err := r.EditHeld(q.Number, e); err != nil {
			t.Fatal(err)
		}
	}
	if q := r.waitHeld(1); !q.Edited || q.Request.Offset != 0 || q.Request.Length != 2 {
		t.Errorf("after the edits: %+v", q)
	}
	if err := r.Release(q.Number); err != nil {
		t.Fatal(err)
	}
	if err := <-read.done; err != nil || string(read.q.Data) != "aa\x00\x00" {
		t.Errorf("read %q, %v", read.q.Data, err)
	}
	if read.q.Fate != plugins.Ruled|plugins.Held|plugins.Edited || read.q.Offset != 512 || read.q.Length != 4 {
		t.Errorf("the request became %+v", read.q)
	}

	write := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpWrite, Length: 3, Data: []byte("abc")})
	q = r.waitHeld(1)
	if err := r.EditHeld(q.Number, Edit{Data: []byte("wxyz")}); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(q.Number); err != nil {
		t.Fatal(err)
	}
	<-write.done
	if got := r.rt.written(); string(got) != "wxyz" || string(write.q.Data) != "abc" {
		t.Errorf("the script got %q; the client's bytes are %q", got, write.q.Data)
	}

	undone := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 4, Offset: 512})
	q = r.waitHeld(1)
	for _, e := range []Edit{{Offset: pointer(uint64(1 << 40))}, {}} {
		if err := r.EditHeld(q.Number, e); err != nil {
			t.Fatal(err)
		}
	}
	r.ReleaseAll()
	if err := <-undone.done; err != nil || undone.q.Fate&plugins.Edited != 0 {
		t.Errorf("an edit that was taken back: %v, %s", err, undone.q.Fate)
	}
	_, texts := r.events(recordings.Hold)
	if want := "edited: offset 0x0"; texts[1] != want || texts[2] != "edited: offset 0x0, length 2" {
		t.Errorf("events %q, want %q", texts, want)
	}
}

// TestBadDecisions has what cannot be done to a held request.
func TestBadDecisions(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.rule("op:read => hold after")
	r.rule("op:write => hold before")
	read := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 4})
	answered := r.waitHeld(1).Number
	write := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpWrite, Length: 1, Data: []byte("a")})
	asked := r.waitHeld(2).Number
	for _, tc := range []struct {
		err  error
		want string
	}{
		{r.Release(99), "no request is held under the number 99: it was let go, or its client went away"},
		{r.EditHeld(99, Edit{}), "no request is held under the number 99"},
		{r.FailHeld(asked, 0), "name one, as ENOSPC"},
		{r.EditHeld(answered, Edit{Offset: pointer(uint64(1))}), "the script has answered already: what can be edited is the data of a read"},
		{r.EditHeld(answered, Edit{Data: []byte("x")}), "1 bytes: the client waits for 4"},
		{r.EditHeld(asked, Edit{Length: pointer(uint64(1))}), "the length of a WRITE is that of its data: edit those"},
	} {
		if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("got %v, want %s", tc.err, tc.want)
		}
	}
	r.LetGo()
	<-read.done
	<-write.done
	if err := d.Do(t.Context(), &plugins.Request{Op: plugins.OpRead, Length: 1}); err != nil { // nothing is held any more
		t.Error(err)
	}
}

// TestHeldClientLeaves has a client hang up while its request is held.
func TestHeldClientLeaves(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.rule("=> hold")
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	p := r.begin(ctx, d, plugins.Request{Op: plugins.OpRead, Length: 4})
	q := r.waitHeld(1)
	cancel(gone)
	if err := <-p.done; !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	if err := r.Release(q.Number); err == nil {
		t.Error("a request was released that is no more")
	}
	_, texts := r.events(recordings.Hold)
	if len(texts) != 2 || !strings.HasPrefix(texts[1], "the client went away after ") {
		t.Errorf("events %q", texts)
	}
}

// TestReloadWhileHeld has requests held on both sides of the script during a reload.
func TestReloadWhileHeld(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.rule("op:read => hold before limit=1")
	before := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 2})
	r.waitHeld(1)
	r.rule("op:read => hold after limit=1")
	after := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpRead, Length: 2})
	r.waitHeld(2)
	r.save("fill b")
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.ReleaseAll()
	if err := <-before.done; err != nil || string(before.q.Data) != "bb" || before.q.Generation != 2 {
		t.Errorf("held before the script: %q of generation %d, %v", before.q.Data, before.q.Generation, err)
	}
	if err := <-after.done; err != nil || string(after.q.Data) != "aa" || after.q.Generation != 1 {
		t.Errorf("held after the script: %q of generation %d, %v", after.q.Data, after.q.Generation, err)
	}
}

// TestEditFlags has the flags of a held request changed: the script gets those,
// the log has what the client asked for.
func TestEditFlags(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.rule("=> hold")
	write := r.begin(t.Context(), d, plugins.Request{Op: plugins.OpWrite, Length: 1, Data: []byte("a"), Flags: plugins.FlagFUA})
	q := r.waitHeld(1)
	if err := r.EditHeld(q.Number, Edit{Flags: pointer(plugins.FlagDF)}); err == nil || !strings.Contains(err.Error(), "WRITE does not take the flag df: want fua") {
		t.Errorf("error %v", err)
	}
	if err := r.EditHeld(q.Number, Edit{Flags: pointer(plugins.Flags(0))}); err != nil {
		t.Fatal(err)
	}
	if q := r.waitHeld(1); q.Request.Flags != 0 || !q.Edited {
		t.Errorf("held is %+v", q)
	}
	r.ReleaseAll()
	<-write.done
	e, _ := r.lastRequest()
	_, texts := r.events(recordings.Hold)
	if e.Flags != plugins.FlagFUA || e.Fate&plugins.Edited == 0 || texts[1] != "edited: flags -" {
		t.Errorf("flags %s, fate %s, %q", e.Flags, e.Fate, texts)
	}
}
