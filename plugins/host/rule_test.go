package host

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// rule adds a rule, which must be one.
func (r *rig) rule(text string) uint16 {
	r.t.Helper()
	n, err := r.AddRule(text)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// read reads n bytes through d as a front end does.
func (r *rig) read(d plugins.Handle, n uint64) (plugins.Request, error) {
	q := plugins.Request{Op: plugins.OpRead, Length: n, Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1, Cookie: 5}}
	err := d.Do(r.t.Context(), &q)
	plugins.Finish(d, &q, err)
	return q, err
}

// lastRequest returns the event of the request that was answered last.
func (r *rig) lastRequest() (recordings.Event, string) {
	events, texts := r.events(recordings.Request)
	return events[len(events)-1], texts[len(texts)-1]
}

// TestRules has each action at its stage.
func TestRules(t *testing.T) {
	const fill = "aaaaaaaa"
	for _, tc := range []struct {
		rule   string
		errno  syscall.Errno
		calls  int    // of the script
		data   string // of the read, "" = not the script's
		differ int    // bytes that may be other than the script's
	}{
		{"op:read => fail ENOSPC", syscall.ENOSPC, 0, "", 0},
		{"op:read => fail 5 after", syscall.EIO, 1, "", 0},
		{"op:write => fail EIO", 0, 1, fill, 0},
		{" => fail EPERM", syscall.EPERM, 0, "", 0},
		{"op:read => delay 1ms", 0, 1, fill, 0},
		{"op:read => delay 1ms after", 0, 1, fill, 0},
		{"op:read => corrupt 1", 0, 1, "", 1},
		{"op:read => corrupt 100", 0, 1, "", 8},
		{"op:read => truncate 3", 0, 1, "aaa\x00\x00\x00\x00\x00", 0},
		{"op:read => truncate 0", 0, 1, "\x00\x00\x00\x00\x00\x00\x00\x00", 0},
		{"op:read => drop", syscall.ECONNRESET, 0, "", 0},
		{"op:read => fail EIO p=0", 0, 1, fill, 0},
		{"err => fail ENOMEM after", 0, 1, fill, 0},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			r := newRig(t, "fill a", Options{})
			d := r.open()
			n := r.rule(tc.rule)
			q, err := r.read(d, 8)
			if got := plugins.ErrnoOf(err); got != tc.errno {
				t.Errorf("errno %s, %v", plugins.ErrnoName(got), err)
			}
			if err == nil {
				differing := 0
				for _, b := range q.Data {
					if b != 'a' {
						differing++
					}
				}
				if tc.data != "" && string(q.Data) != tc.data || tc.data == "" && differing != tc.differ || len(q.Data) != 8 {
					t.Errorf("read %q", q.Data)
				}
			}
			e, text := r.lastRequest()
			if called := e.Started != 0; called != (tc.calls == 1) {
				t.Errorf("the script was asked: %t", called)
			}
			touched := tc.errno != 0 || tc.data != fill || strings.Contains(tc.rule, "delay")
			if touched != (e.Fate&plugins.Ruled != 0) || touched != (e.Rule == n) {
				t.Errorf("fate %s, rule %d", e.Fate, e.Rule)
			}
			if tc.errno != 0 && !strings.Contains(tc.rule, "drop") && !strings.Contains(text, "rule 1: ") {
				t.Errorf("the event says %q", text)
			}
			hits := uint64(0)
			if touched {
				hits = 1
			}
			if s := r.Rules(); len(s) != 1 || s[0].Hits != hits || s[0].Text != strings.TrimSpace(tc.rule) || !s[0].On {
				t.Errorf("rules %+v", s)
			}
		})
	}
}

// TestRuleOnWrite has what the script gets differ from what the client wrote.
func TestRuleOnWrite(t *testing.T) {
	for rule, want := range map[string]string{
		"op:write => truncate 2": "ab\x00\x00",
		"op:write => corrupt 4":  "",
	} {
		r := newRig(t, "fill a", Options{})
		d := r.open()
		r.rule(rule)
		sent := []byte("abcd")
		q := plugins.Request{Op: plugins.OpWrite, Length: 4, Data: sent}
		err := d.Do(t.Context(), &q)
		plugins.Finish(d, &q, err)
		if plugins.ErrnoOf(err) != syscall.ENOSPC { // the fake's answer to each write
			t.Errorf("%s: %v", rule, err)
		}
		got := r.rt.written()
		if want != "" && string(got) != want || bytes.Equal(got, []byte("abcd")) || len(got) != 4 {
			t.Errorf("%s: the script got %q", rule, got)
		}
		if string(sent) != "abcd" || string(q.Data) != "abcd" {
			t.Errorf("%s: the client's bytes were changed to %q, %q", rule, sent, q.Data)
		}
	}
}

// TestRuleOrder has rules act one after another, until one answers.
func TestRuleOrder(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	delay := r.rule("op:read => delay 1ms")
	limited := r.rule("op:read => fail ENOSPC limit=2")
	last := r.rule("op:read => fail EIO")
	hits := func() (out []uint64) {
		for _, s := range r.Rules() {
			out = append(out, s.Hits)
		}
		return out
	}
	for i, want := range []syscall.Errno{syscall.ENOSPC, syscall.ENOSPC, syscall.EIO} {
		if _, err := r.read(d, 2); plugins.ErrnoOf(err) != want {
			t.Errorf("read %d: %v, want %s", i, err, plugins.ErrnoName(want))
		}
	}
	if got := hits(); got[0] != 3 || got[1] != 2 || got[2] != 1 {
		t.Errorf("hits %v", got)
	}
	if s := r.Rules()[1]; s.Matched != 3 || s.Limit != 2 {
		t.Errorf("the limited rule: %+v", s)
	}
	if err := errors.Join(r.SwitchRule(last, false), r.RemoveRule(limited)); err != nil {
		t.Fatal(err)
	}
	r.wantRead(d, "a")
	if err := r.SwitchRule(last, true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.read(d, 2); plugins.ErrnoOf(err) != syscall.EIO {
		t.Errorf("a rule that was switched on again: %v", err)
	}
	if err := errors.Join(r.RemoveRule(last), r.RemoveRule(delay)); err != nil {
		t.Fatal(err)
	}
	r.wantRead(d, "a")
	for _, err := range []error{r.RemoveRule(last), r.SwitchRule(99, true)} {
		if err == nil || !strings.Contains(err.Error(), "there is no rule") {
			t.Errorf("a rule that is not there: %v", err)
		}
	}
	_, texts := r.events(recordings.Rule)
	if len(texts) != 8 || texts[0] != "#1 added: op:read => delay 1ms" || texts[3] != "#3 off: op:read => fail EIO" || texts[4] != "#2 removed: op:read => fail ENOSPC limit=2" {
		t.Errorf("events %q", texts)
	}
}

// TestDelayEnds has a client that hangs up end its delay.
func TestDelayEnds(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	r.rule("op:read => delay 1h")
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(time.Millisecond, func() { cancel(gone) })
	if err := d.Do(ctx, &plugins.Request{Op: plugins.OpRead, Length: 1}); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	done := make(chan error)
	go func() { done <- r.Reload(t.Context()) }()
	waiting, stop := context.WithCancel(t.Context())
	other := make(chan error)
	go func() { other <- d.Do(waiting, &plugins.Request{Op: plugins.OpRead, Length: 1}) }()
	if err := <-done; err != nil { // a delay holds up no reload
		t.Error(err)
	}
	stop()
	<-other
}

// TestDelayIsSeen: who asks what is in flight finds what a rule delays, and until when.
func TestDelayIsSeen(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	number := r.rule("op:read => delay 1h")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Do(ctx, &plugins.Request{Op: plugins.OpRead, Offset: 3, Length: 1}) }()
	var list []InFlight
	for len(list) == 0 && t.Context().Err() == nil {
		list = r.Status().InFlight
		runtime.Gosched()
	}
	q := list[0]
	if left := q.Until.Sub(plugins.Now()); q.Rule != number || q.Op != plugins.OpRead || q.Offset != 3 || left <= 0 || left > time.Hour {
		t.Errorf("%+v, %s left", q, left)
	}
	cancel()
	<-done
	if list := r.Status().InFlight; len(list) > 0 {
		t.Errorf("%+v", list)
	}
}

// TestDropRule has a rule cut the connection.
func TestDropRule(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	forced := false
	d, err := r.Open(t.Context(), plugins.OpenParams{Client: &plugins.Client{Disconnect: func(force bool) { forced = force }}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r.rule("=> drop")
	q, err := r.read(d, 1)
	if err == nil || !forced || q.Fate != plugins.Ruled|plugins.Dropped {
		t.Errorf("%v, dropped %t, fate %s", err, forced, q.Fate)
	}
}

func TestBadRules(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	for text, want := range map[string]string{
		"op:read":                            `rule "op:read": there is no =>: write WHEN => ACTION, as in op:write => fail ENOSPC`,
		"op:read =>":                         `rule "op:read =>": there is no action after =>: want fail ERRNO, delay TIME, drop, corrupt BYTES, truncate BYTES, hold`,
		"op:read => explode":                 `rule "op:read => explode": there is no action "explode": want fail ERRNO, delay TIME, drop, corrupt BYTES, truncate BYTES, hold`,
		"op:read => fail":                    `rule "op:read => fail": fail : want an error, as in fail EIO or fail 28`,
		"op:read => fail EFOO":               `rule "op:read => fail EFOO": fail EFOO: want an error, as in fail EIO or fail 28`,
		"op:read => fail 0":                  `rule "op:read => fail 0": fail 0: want an error, as in fail EIO or fail 28`,
		"op:read => delay 20":                `rule "op:read => delay 20": delay 20: want a time, as in delay 20ms`,
		"op:read => delay -1s":               `rule "op:read => delay -1s": delay -1s: want a time, as in delay 20ms`,
		"op:read => corrupt":                 `rule "op:read => corrupt": corrupt : want a number of bytes, as in corrupt 1`,
		"op:read => corrupt 0":               `rule "op:read => corrupt 0": corrupt 0: want a number of bytes, as in corrupt 1`,
		"op:read => corrupt 1 after":         `rule "op:read => corrupt 1 after": corrupt acts on the data, before the script on what is written and after it on what was read: leave out after`,
		"op:read => hold limit=0":            `rule "op:read => hold limit=0": limit=0: want how often it may act, as in limit=3`,
		"op:read => hold p=2":                `rule "op:read => hold p=2": p=2: want a probability from 0 to 1, as in p=0.1`,
		"op:read => hold now":                `rule "op:read => hold now": "now" is none of before, after, limit=N and p=0.1`,
		"err => hold":                        "the rule would be => hold after",
		"this is no filter => fail EIO":      "rule ",
		"op:read => fail EIO before limit=x": `limit=x: want how often`,
	} {
		if _, err := r.AddRule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, want)
		}
	}
	if got := r.Rules(); got != nil {
		t.Errorf("rules %+v", got)
	}
}

// TestChangeRules replaces and moves rules, which keep their numbers.
func TestChangeRules(t *testing.T) {
	r := newRig(t, "fill a", Options{})
	d := r.open()
	for _, text := range []string{"op:read => fail EIO", "op:read => fail ENOMEM", "op:read => fail EPERM"} {
		r.rule(text)
	}
	wantErrno := func(want syscall.Errno) {
		t.Helper()
		if _, err := r.read(d, 1); plugins.ErrnoOf(err) != want {
			t.Errorf("read: %v, want %s", err, plugins.ErrnoName(want))
		}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	order := func() (numbers []uint16) {
		for _, s := range r.Rules() {
			numbers = append(numbers, s.Number)
		}
		return numbers
	}
	wantErrno(syscall.EIO)
	check(r.ReplaceRule(1, "op:read => fail ENOSPC"))
	wantErrno(syscall.ENOSPC)
	if s := r.Rules()[0]; s.Hits != 1 || s.Number != 1 || !s.On {
		t.Errorf("the replaced rule: %+v", s)
	}
	check(r.MoveRule(2, -1))
	wantErrno(syscall.ENOMEM)
	check(r.MoveRule(2, 100))
	if got := order(); !slices.Equal(got, []uint16{1, 3, 2}) {
		t.Errorf("order %v", got)
	}
	check(r.MoveRule(1, -1)) // it is the first
	check(r.SwitchRule(1, false))
	check(r.ReplaceRule(1, "op:read => drop"))
	wantErrno(syscall.EPERM)
	if s := r.Rules()[0]; s.On || s.Action != Drop {
		t.Errorf("a rule that was off was replaced by %+v", s)
	}
	for _, err := range []error{r.ReplaceRule(9, "=> hold"), r.MoveRule(9, 1)} {
		if err == nil || !strings.Contains(err.Error(), "there is no rule 9") {
			t.Errorf("error %v", err)
		}
	}
	if err := r.ReplaceRule(3, "op:read => sing"); err == nil || r.Rules()[1].Action != Fail {
		t.Errorf("error %v, rules %+v", err, r.Rules())
	}
	_, texts := r.events(recordings.Rule)
	if got, want := texts[3:6], []string{"#1 changed: op:read => fail ENOSPC", "#2 moved to place 1: op:read => fail ENOMEM", "#2 moved to place 3: op:read => fail ENOMEM"}; !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// TestSerial has the front end learn whether requests wait for nothing but each other.
func TestSerial(t *testing.T) {
	r := newRig(t, "size 4096", Options{})
	d := r.open()
	want := func(serial bool, when string) {
		t.Helper()
		if plugins.Serial(d) != serial {
			t.Errorf("%s: Serial is %t", when, !serial)
		}
	}
	want(true, "one request at a time")
	n, err := r.AddRule("op:read => hold")
	if err != nil {
		t.Fatal(err)
	}
	want(false, "with a rule")
	if err := r.RemoveRule(n); err != nil {
		t.Fatal(err)
	}
	want(true, "without it")
}
