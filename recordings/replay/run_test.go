package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

const modelSize = 16 << 10

// TestUnchanged replays random recordings against the disk that they were made
// of: nothing differs, whatever overlapped.
func TestUnchanged(t *testing.T) {
	for _, policy := range []recordings.Policy{recordings.PayloadNone, recordings.PayloadHash, recordings.PayloadFull} {
		for _, serial := range []bool{true, false} {
			for seed := range uint64(5) {
				t.Run(fmt.Sprintf("%s serial=%t %d", policy, serial, seed), func(t *testing.T) {
					rec := record(t, newModel(modelSize, serial), policy, seed, 8, 200, 4)
					if seed == 1 {
						rec.age(time.Hour)
					}
					if policy != recordings.PayloadFull && serial {
						return // its every seventh write fails, and none is sent
					}
					report := replayed(t, rec, newModel(modelSize, serial), Options{})
					left := wantSame(t, report)
					if report.Requests != 1600 || report.Connections != 8 || report.Recorded <= 0 || report.Recorded > time.Minute {
						t.Errorf("%d requests on %d connections in %s", report.Requests, report.Connections, report.Recorded)
					}
					if policy == recordings.PayloadFull && serial && (left != 0 || report.Compared != 1600) {
						t.Errorf("%d compared, %v left", report.Compared, report.Left)
					}
					t.Logf("%d compared, left %v", report.Compared, report.Left)
				})
			}
		}
	}
}

// TestUnchangedTwenty is 20 replays of one recording.
func TestUnchangedTwenty(t *testing.T) {
	for _, serial := range []bool{true, false} {
		rec := record(t, newModel(modelSize, serial), recordings.PayloadFull, 99, 8, 300, 8)
		for range 20 {
			wantSame(t, replayed(t, rec, newModel(modelSize, serial), Options{}))
		}
	}
}

// TestOneByte plants one wrong byte in one block.
func TestOneByte(t *testing.T) {
	const bad = 5000 // on the disk
	for _, policy := range []recordings.Policy{recordings.PayloadHash, recordings.PayloadFull} {
		rec := newMemory(policy)
		h := &modelHandle{m: newModel(modelSize, true)}
		for at := uint64(0); at < modelSize; at += 1024 {
			recordOne(rec, h, &plugins.Request{Op: plugins.OpRead, Offset: at, Length: 1024, Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1}})
		}
		m := newModel(modelSize, true)
		m.wrong = func(r *plugins.Request) error {
			if r.Op == plugins.OpRead && r.Offset <= bad && bad < r.Offset+r.Length {
				r.Data[bad-r.Offset] ^= 1
			}
			return nil
		}
		report := replayed(t, rec, m, Options{})
		if report.Differ != 1 {
			t.Fatalf("%s: %d differ: %s", policy, report.Differ, describe(report))
		}
		d := report.First[0]
		if d.Kind != Data || d.Event.Offset != 4096 || d.Event.Seq != 4 {
			t.Errorf("%s: %+v", policy, d)
		}
		if full := policy == recordings.PayloadFull; d.Exact != full || full && d.At != bad-4096 || !full && d.At != recordings.PreviewSize {
			t.Errorf("%s: at %d, exact %t", policy, d.At, d.Exact)
		} else if full && !bytes.Equal(d.Is.Data[:2], []byte{1, 0}) {
			t.Errorf("%x > %x", d.Was.Data, d.Is.Data)
		}
	}
}

// TestOneErrno plants one wrong errno in a write, which has the reads of that
// place after it differ too: it is told once.
func TestOneErrno(t *testing.T) {
	rec := newMemory(recordings.PayloadFull)
	h := &modelHandle{m: newModel(modelSize, false)}
	origin := plugins.Origin{Front: plugins.FrontNBD, Conn: 1}
	for at := uint64(0); at < modelSize; at += 1024 {
		recordOne(rec, h, &plugins.Request{Op: plugins.OpWrite, Offset: at, Length: 1024, Data: bytes.Repeat([]byte{7}, 1024), Origin: origin})
		recordOne(rec, h, &plugins.Request{Op: plugins.OpRead, Offset: at, Length: 1024, Origin: origin})
	}
	m := newModel(modelSize, false)
	m.wrong = func(r *plugins.Request) error {
		if r.Op == plugins.OpWrite && r.Offset == 2048 {
			clear(m.data[2048:3072])
			return &plugins.Error{Errno: syscall.EIO, Callback: plugins.Pwrite, File: "disk.lua", Line: 3, Msg: "oops"}
		}
		return nil
	}
	report := replayed(t, rec, m, Options{})
	if report.Differ != 1 {
		t.Fatalf("%d differ: %s", report.Differ, describe(report))
	}
	d := report.First[0]
	if d.Kind != Errno || d.Event.Seq != 4 || d.Was.Errno != 0 || d.Is.Errno != syscall.EIO || d.Is.Text != "pwrite: disk.lua:3: oops" {
		t.Errorf("%+v", d)
	}
	if want := []Left{{Unknown, 1}}; !slices.Equal(report.Left, want) {
		t.Errorf("left %v, want %v", report.Left, want)
	}
}

// TestWithoutData replays writes whose bytes were not kept: what they changed is
// not compared until it is zeroed.
func TestWithoutData(t *testing.T) {
	rec := newMemory(recordings.PayloadHash)
	h := &modelHandle{m: newModel(modelSize, false)}
	origin := plugins.Origin{Front: plugins.FrontNBD, Conn: 1}
	for _, r := range []plugins.Request{
		{Op: plugins.OpRead, Offset: 0, Length: 4096},
		{Op: plugins.OpWrite, Offset: 1024, Length: 1024, Data: bytes.Repeat([]byte{7}, 1024)},
		{Op: plugins.OpRead, Offset: 0, Length: 4096},    // unknown
		{Op: plugins.OpRead, Offset: 2048, Length: 1024}, // beside it
		{Op: plugins.OpZero, Offset: 1024, Length: 1024},
		{Op: plugins.OpRead, Offset: 0, Length: 4096},
	} {
		r.Origin = origin
		recordOne(rec, h, &r)
	}
	report := replayed(t, rec, newModel(modelSize, false), Options{})
	wantSame(t, report)
	if want := []Left{{NoData, 1}, {Unknown, 1}}; !slices.Equal(report.Left, want) || report.Compared != 4 {
		t.Errorf("%d compared, left %v, want %v", report.Compared, report.Left, want)
	}
}

// TestMeddled replays requests that a rule had a hand in.
func TestMeddled(t *testing.T) {
	rec := newMemory(recordings.PayloadFull)
	now := plugins.Now()
	at := func(i plugins.Stamp) plugins.Times {
		i = now + i*10
		return plugins.Times{Received: i, Started: i + 1, Done: i + 2, Replied: i + 3}
	}
	base := recordings.Event{Kind: recordings.Request, Front: plugins.FrontNBD, Conn: 1, Length: 64}
	add := func(e recordings.Event, data []byte) { rec.add(e, "", data) }
	e := base
	e.Op, e.Times, e.Fate, e.Errno = plugins.OpWrite, plugins.Times{Received: now + 1, Replied: now + 2}, plugins.Ruled, uint16(syscall.EIO)
	add(e, bytes.Repeat([]byte{1}, 64)) // a rule failed it: the script never saw it
	e = base
	e.Op, e.Times = plugins.OpRead, at(2)
	add(e, make([]byte, 64))
	e = base
	e.Op, e.Times, e.Fate = plugins.OpRead, at(3), plugins.Ruled
	add(e, bytes.Repeat([]byte{9}, 64)) // a rule spoilt it
	e = base
	e.Op, e.Times, e.Fate = plugins.OpRead, at(4), plugins.Held
	add(e, make([]byte, 64))
	report := replayed(t, rec, newModel(modelSize, false), Options{})
	wantSame(t, report)
	if want := []Left{{NotSent, 1}, {Meddled, 1}}; !slices.Equal(report.Left, want) || report.Compared != 2 {
		t.Errorf("%d compared, left %v", report.Compared, report.Left)
	}
}

// TestOpenings replays disks that are not there any more, or have another size.
func TestOpenings(t *testing.T) {
	rec := newMemory(recordings.PayloadFull)
	for i, name := range []string{"secret", "disk"} {
		rec.add(recordings.Event{Kind: recordings.Opened, Front: plugins.FrontNBD, Conn: uint32(i + 1), Length: 512, Times: plugins.Times{Received: plugins.Now()}}, name, nil)
		now := plugins.Now()
		rec.add(recordings.Event{
			Kind: recordings.Request, Front: plugins.FrontNBD, Conn: uint32(i + 1), Op: plugins.OpRead, Length: 512,
			Times: plugins.Times{Received: now, Started: now, Done: now, Replied: now},
		}, "", make([]byte, 512))
	}
	report := replayed(t, rec, newModel(modelSize, false), Options{})
	if report.Differ != 2 || report.First[0].Kind != Refused || report.First[1].Kind != Size {
		t.Errorf("%d: %s", report.Differ, describe(report))
	}
	if want := []Left{{NotOpen, 1}}; !slices.Equal(report.Left, want) {
		t.Errorf("left %v", report.Left)
	}
}

// TestStops ends a replay by what it is not allowed, and by its context.
func TestStops(t *testing.T) {
	rec := record(t, newModel(modelSize, true), recordings.PayloadFull, 3, 2, 100, 2)
	no := errors.New("no")
	_, err := Run(t.Context(), rec, newModel(modelSize, true), Options{Allow: func(op plugins.Op) error {
		if op.Writes() {
			return no
		}
		return nil
	}})
	if !errors.Is(err, no) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	m := newModel(modelSize, true)
	m.wrong = func(*plugins.Request) error { cancel(no); return nil }
	if report, err := Run(ctx, rec, m, Options{}); !errors.Is(err, no) || report.Differ > 0 {
		t.Errorf("%v: %s", err, describe(report))
	}
	report := replayed(t, rec, newModel(modelSize, true), Options{ReadOnly: true})
	if report.Differ != 0 || !slices.ContainsFunc(report.Left, func(l Left) bool { return l.Why == ReadOnly }) {
		t.Errorf("%v: %s", report.Left, describe(report))
	}
}

// TestSpeed replays at ten times the recorded speed.
func TestSpeed(t *testing.T) {
	rec := newMemory(recordings.PayloadFull)
	now := plugins.Now()
	for i := range plugins.Stamp(3) {
		at := now + i*plugins.Stamp(time.Second)
		rec.add(recordings.Event{
			Kind: recordings.Request, Front: plugins.FrontNBD, Conn: 1, Op: plugins.OpRead, Length: 512,
			Times: plugins.Times{Received: at, Started: at, Done: at, Replied: at},
		}, "", make([]byte, 512))
	}
	var last uint64
	report := replayed(t, rec, newModel(modelSize, false), Options{Speed: 10, Progress: func(done, total uint64) { last = done }})
	wantSame(t, report)
	if report.Took < 200*time.Millisecond || report.Recorded != 2*time.Second || last != 3 {
		t.Errorf("took %s of %s, progress %d", report.Took, report.Recorded, last)
	}
}

// A jealous model lets one client in at a time.
type jealous struct {
	*model
	busy chan struct{}
}

func (j jealous) Admit(ctx context.Context, _ plugins.OpenParams) (leave func(), err error) {
	select {
	case j.busy <- struct{}{}:
		return func() { <-j.busy }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// TestOneClientAtATime replays clients that came together against a plugin that
// serves them one after the other: that cannot be done, and does not hang.
func TestOneClientAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := newMemory(recordings.PayloadFull)
		for conn := range uint32(2) {
			rec.add(recordings.Event{Kind: recordings.Opened, Front: plugins.FrontNBD, Conn: conn + 1, Length: modelSize, Times: plugins.Times{Received: plugins.Now()}}, "", nil)
		}
		_, err := Run(t.Context(), rec, jealous{newModel(modelSize, true), make(chan struct{}, 1)}, Options{})
		if !errors.Is(err, errNotAdmitted) || !strings.Contains(err.Error(), "nbd#2") {
			t.Errorf("%v", err)
		}
	})
}

func TestLeftInWords(t *testing.T) {
	for _, tt := range []struct {
		left Left
		want string
	}{
		{Left{NotOpen, 1}, "1 request was not sent: the connection could not be opened"},
		{Left{NotOpen, 2}, "2 requests were not sent: the connection could not be opened"},
		{Left{ReadOnly, 1}, "1 request that writes was not sent: the replay is read-only"},
	} {
		if got := tt.left.String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
