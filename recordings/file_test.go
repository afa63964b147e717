package recordings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workbench/plugins"
)

// A fact is an event as it is given to a log.
type fact struct {
	event Event
	text  string
	data  []byte
}

// record records facts into a file and returns its path.
func record(t testing.TB, dir string, h Header, facts []fact) string {
	t.Helper()
	path := filepath.Join(dir, "disk.wbrec")
	log := NewLog(1 << 20)
	r, err := Create(path, h, RecorderOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		log.Append(f.event, f.text, f.data)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a recording for the time of the test.
func open(t testing.TB, path string) *File {
	t.Helper()
	f, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// readAll returns all events of s, by several reads.
func readAll(s Source) (all []Event) {
	buf := make([]Event, 100)
	_, next := s.Bounds()
	for from := uint64(0); from < next; from = all[len(all)-1].Seq + 1 {
		n := s.Read(buf, from)
		if n == 0 {
			break
		}
		all = append(all, buf[:n]...)
	}
	return all
}

// someFacts returns n requests, one in ten with a payload of its own.
func someFacts(n int) []fact {
	facts := make([]fact, n)
	for i := range facts {
		e := request(uint64(i) * 512)
		e.Received += plugins.Stamp(i * 1000)
		facts[i] = fact{event: e, data: fmt.Appendf(nil, "block %d", i/10)}
	}
	return facts
}

func someHeader(p Policy) Header {
	return Header{
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Version: "1.2", Script: "disk.lua", Language: "lua",
		Params: []plugins.Param{{Key: "file", Value: "a\xffb"}, {Value: "bare"}}, ReadOnly: true, Policy: p,
		Generations: []Generation{{Number: 1, Text: "-- \xff", Files: map[string]string{"disk.lua": "-- \xff"}}},
		Exports:     []Export{{Name: "x", Info: plugins.Info{Size: 1 << 20, CanFlush: true}}},
	}
}

func TestFileHoldsHeader(t *testing.T) {
	want := someHeader(PayloadHash)
	f := open(t, record(t, t.TempDir(), want, nil))
	if got := f.Header(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("header\n%v, want\n%v", got, want)
	}
	if m := f.Missing(); m != "" {
		t.Errorf("missing %q", m)
	}
}

// anyFact draws an event with any fields that a log may get.
func anyFact(t *rapid.T) fact {
	stamp := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(1, 1<<50))
	e := Event{
		Kind:       Kind(rapid.IntRange(1, int(Mark)).Draw(t, "kind")),
		Front:      plugins.Front(rapid.IntRange(0, 2).Draw(t, "front")),
		Op:         plugins.Op(rapid.IntRange(0, 7).Draw(t, "op")),
		Callback:   plugins.Callback(rapid.IntRange(0, int(plugins.NumCallbacks)-1).Draw(t, "callback")),
		Flags:      plugins.Flags(rapid.Uint16().Draw(t, "flags")),
		Fate:       plugins.Fate(rapid.Byte().Draw(t, "fate")),
		Errno:      rapid.Uint16().Draw(t, "errno"),
		Rule:       rapid.Uint16().Draw(t, "rule"),
		Generation: rapid.Uint32().Draw(t, "generation"),
		Conn:       rapid.Uint32().Draw(t, "conn"),
		Cookie:     rapid.Uint64().Draw(t, "cookie"),
		Offset:     rapid.Uint64().Draw(t, "offset"),
		Length:     rapid.Uint64().Draw(t, "length"),
		Times: plugins.Times{
			Received: plugins.Stamp(stamp.Draw(t, "received")), Started: plugins.Stamp(stamp.Draw(t, "started")),
			Done: plugins.Stamp(stamp.Draw(t, "done")), Replied: plugins.Stamp(stamp.Draw(t, "replied")),
			InCallback: time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "in")),
		},
	}
	if pid := rapid.Uint32Range(0, 3).Draw(t, "pid"); pid != 0 {
		e.PID, e.Program = pid, plugins.CommOf(rapid.SampledFrom([]string{"", "dd", "a name of 15 ch", "\xff"}).Draw(t, "program"))
	}
	f := fact{event: e, text: rapid.StringN(0, 40, 200).Draw(t, "text")}
	if e.Kind == Request {
		f.data = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data")
	}
	return f
}

func TestFileGivesBackWhatWasRecorded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "wb")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		policy := Policy(rapid.IntRange(0, 2).Draw(rt, "policy"))
		facts := rapid.SliceOfN(rapid.Custom(anyFact), 0, 60).Draw(rt, "facts")
		f, err := OpenFile(record(t, dir, Header{Policy: policy}, facts))
		if err != nil {
			rt.Fatal(err)
		}
		defer f.Close()
		if m := f.Missing(); m != "" {
			rt.Errorf("missing %q", m)
		}
		got := readAll(f)
		if len(got) != len(facts) {
			rt.Fatalf("%d events, want %d", len(got), len(facts))
		}
		for i := range got {
			checkFact(rt, f, policy, &got[i], facts[i], uint64(i))
		}
	})
}

// checkFact complains if an event of f is not the one that was recorded.
func checkFact(t rapid.TB, f *File, policy Policy, got *Event, want fact, seq uint64) {
	e := want.event
	e.Seq = seq
	if policy >= PayloadHash && e.Kind == Request && len(want.data) > 0 {
		e.Sum = sum(want.data)
	}
	plain := *got
	plain.side, plain.textLen, plain.dataLen = 0, 0, 0
	// The same process wrote it and reads it, at two readings of the wall clock.
	if plain != e {
		t.Errorf("event %d:\n%+v, want\n%+v", seq, plain, e)
	}
	if text, ok := f.Text(got); !ok || text != want.text {
		t.Errorf("event %d: text %q %v, want %q", seq, text, ok, want.text)
	}
	preview := want.data[:min(len(want.data), PreviewSize)]
	if policy == PayloadNone {
		preview = nil
	}
	if data, ok := f.Data(got); !ok || !bytes.Equal(data, preview) {
		t.Errorf("event %d: data %x %v, want %x", seq, data, ok, preview)
	}
	whole, ok, err := f.Payload(got)
	if kept := policy == PayloadFull && len(want.data) > 0; err != nil || ok != kept || kept && !bytes.Equal(whole, want.data) {
		t.Errorf("event %d: payload %x %v %v, want %x", seq, whole, ok, err, want.data)
	}
}

// writeInBlocks records facts with a block for so many of them each, and returns
// where the blocks begin.
func writeInBlocks(t testing.TB, facts []fact, each int) (path string, blocks []indexEntry) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "blocks.wbrec")
	w, err := newEventWriter(path, someHeader(PayloadFull), 0)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(facts, each) {
		for _, f := range part {
			if err := w.add(&f.event, []byte(f.text), f.data, f.data); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(nil); err != nil {
			t.Fatal(err)
		}
	}
	blocks = slices.Clone(w.file.entries)
	if err := w.finish(Waits{}); err != nil {
		t.Fatal(err)
	}
	return path, blocks
}

func TestFileCutAtAnyByte(t *testing.T) {
	facts := someFacts(40)
	path, blocks := writeInBlocks(t, facts, 5)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if f := open(t, path); len(readAll(f)) != len(facts) || f.Missing() != "" {
		t.Fatalf("%d events of the whole file, missing %q", len(readAll(f)), f.Missing())
	}
	cut := filepath.Join(t.TempDir(), "cut.wbrec")
	for size := range len(whole) {
		if err := os.WriteFile(cut, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFile(cut)
		if size < prologueSize {
			if err == nil {
				t.Fatalf("%d bytes were opened", size)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		want := 0
		for _, b := range blocks {
			if b.head.kind == eventBlock && b.end() <= int64(size) {
				want += int(b.head.count)
			}
		}
		got := readAll(f)
		if len(got) != want {
			t.Errorf("%d bytes: %d events, want %d", size, len(got), want)
		}
		for i := range got {
			if data, ok, err := f.Payload(&got[i]); err != nil || !ok || !bytes.Equal(data, facts[i].data) {
				t.Errorf("%d bytes: payload of event %d: %q %v %v", size, i, data, ok, err)
			}
		}
		if f.Missing() == "" {
			t.Errorf("%d bytes of %d: nothing is missing", size, len(whole))
		}
		f.Close()
	}
}

func TestFileWithDamage(t *testing.T) {
	facts := someFacts(40)
	path, blocks := writeInBlocks(t, facts, 5)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var events []indexEntry
	for _, b := range blocks {
		if b.head.kind == eventBlock {
			events = append(events, b)
		}
	}
	for name, at := range map[string]int64{"head": events[3].at + 9, "body": events[3].at + blockHeadSize + 3} {
		for _, index := range []bool{true, false} {
			damaged := bytes.Clone(whole)
			damaged[at] ^= 0x10
			if !index {
				damaged = damaged[:len(damaged)-1]
			}
			file := filepath.Join(t.TempDir(), "damaged.wbrec")
			if err := os.WriteFile(file, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			f := open(t, file)
			got := readAll(f)
			want := 35
			if name == "head" && index {
				want = 40 // nobody needs the head
			}
			if len(got) != want {
				t.Errorf("%s, index %v: %d events, want %d", name, index, len(got), want)
			}
			for i := range got {
				if got[i].Offset != got[i].Seq*512 {
					t.Errorf("%s: event %d has the offset %d", name, got[i].Seq, got[i].Offset)
				}
			}
			if m := f.Missing(); want == 35 && !strings.Contains(m, "damaged") {
				t.Errorf("%s, index %v: missing %q", name, index, m)
			}
			if stats := f.Stats(); len(stats) != 1 || !index && stats[0].Count != uint64(want) {
				t.Errorf("%s, index %v: figures %v", name, index, stats)
			}
		}
	}
}

func TestFileSeeksByTime(t *testing.T) {
	facts := someFacts(1000)
	path, _ := writeInBlocks(t, facts, 10)
	f := open(t, path)
	first, last := f.Times()
	if last.Sub(first) != 999*time.Microsecond {
		t.Errorf("from %d to %d", first, last)
	}
	for _, i := range []uint64{0, 1, 9, 10, 555, 999} {
		at := first + plugins.Stamp(i*1000)
		if got := f.At(at); got != i {
			t.Errorf("event %d at its time, want %d", got, i)
		}
		if got := f.At(at + 1); got != i+1 {
			t.Errorf("event %d just after %d", got, i)
		}
	}
}

func TestFileIsNoRecording(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "not a recording",
		"#!/usr/bin/lua\n----": "not a recording",
		"wbrec\x009\n1234":     "version",
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := OpenFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("no file: %v", err)
	}
}
