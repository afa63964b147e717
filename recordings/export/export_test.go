package export

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

var update = flag.Bool("update", false, "write the golden files")

// A fake is a recording in memory.
type fake struct {
	*recordings.Log
	payloads map[uint64][]byte
	header   recordings.Header
}

func newFake() *fake {
	return &fake{Log: recordings.NewLog(1 << 20), payloads: make(map[uint64][]byte)}
}

func (f *fake) Header() recordings.Header { return f.header }

func (f *fake) Payload(e *recordings.Event) ([]byte, bool, error) {
	data, ok := f.payloads[e.Seq]
	return data, ok, nil
}

// at returns a time of the session that the tests tell: n microseconds after its
// beginning. It is long ago, as that of any recording.
func at(n int) plugins.Stamp {
	begin := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return plugins.Stamp(begin.Sub(plugins.Stamp(0).Time())) + plugins.Stamp(n*1000)
}

// request appends a request that lasted from one time to another, and that the
// script had for all but a microsecond at either end.
func (f *fake) request(conn uint32, cookie uint64, op plugins.Op, offset, length uint64, from, to int, change ...func(*recordings.Event)) uint64 {
	e := recordings.Event{
		Kind: recordings.Request, Front: plugins.FrontNBD, Conn: conn, Cookie: cookie, Op: op, Offset: offset, Length: length, Generation: 1,
		Times: plugins.Times{Received: at(from), Started: at(from + 1), Done: at(to - 1), Replied: at(to), InCallback: time.Duration(to-from-2) * time.Microsecond},
	}
	for _, c := range change {
		c(&e)
	}
	text := ""
	if e.Failed() {
		text = "disk.lua:31: disk full"
	}
	var data []byte
	if op == plugins.OpWrite || op == plugins.OpRead && !e.Failed() {
		data = bytes.Repeat([]byte{byte(cookie)}, int(min(length, recordings.PreviewSize)))
	}
	return f.Append(e, text, data)
}

func (f *fake) fact(kind recordings.Kind, conn uint32, when int, text string, change ...func(*recordings.Event)) {
	e := recordings.Event{Kind: kind, Front: plugins.FrontNBD, Conn: conn, Times: plugins.Times{Received: at(when)}}
	for _, c := range change {
		c(&e)
	}
	f.Append(e, text, nil)
}

// session returns a short recording with something of everything.
func session() *fake {
	f := newFake()
	host := func(e *recordings.Event) { e.Front, e.Conn = plugins.NoFront, 0 }
	f.header.Exports = []recordings.Export{{Name: `a "disk"`, Info: plugins.Info{Size: 1 << 20}}}
	f.fact(recordings.Reload, 0, 0, "loaded", host, func(e *recordings.Event) { e.Generation = 1 })
	f.fact(recordings.Connect, 1, 10, "127.0.0.1:5000")
	f.fact(recordings.Callback, 1, 11, "", func(e *recordings.Event) {
		e.Callback, e.Generation, e.Started, e.Done, e.InCallback = plugins.Open, 1, at(11), at(14), 3*time.Microsecond
	})
	f.fact(recordings.Opened, 1, 15, `a "disk"`, func(e *recordings.Event) { e.Length = 1 << 20 })
	f.fact(recordings.Opened, 2, 16, "", func(e *recordings.Event) { e.Length = 1 << 20 })
	// Two reads of one connection that overlap: the second ends first.
	f.fact(recordings.Output, 1, 27, "reading,\n\"here\"", func(e *recordings.Event) {
		e.Callback, e.Op, e.Cookie, e.Offset, e.Length = plugins.Pread, plugins.OpRead, 2, 4096, 512
	})
	f.request(1, 2, plugins.OpRead, 4096, 512, 25, 30)
	f.request(1, 1, plugins.OpRead, 0, 4096, 20, 50)
	f.request(2, 1, plugins.OpWrite, 8192, 512, 55, 60, func(e *recordings.Event) { e.Flags = plugins.FlagFUA })
	f.request(2, 2, plugins.OpWrite, 1<<20-512, 512, 61, 69, func(e *recordings.Event) {
		e.Errno, e.Callback = uint16(syscall.ENOSPC), plugins.Pwrite
	})
	f.fact(recordings.Callback, 2, 72, "", func(e *recordings.Event) {
		e.Callback, e.Op, e.Cookie, e.Offset, e.Length, e.Generation = plugins.Pwrite, plugins.OpZero, 3, 0, 4096, 1
		e.Started, e.Done, e.InCallback = at(72), at(75), 3*time.Microsecond
	})
	f.request(2, 3, plugins.OpZero, 0, 4096, 70, 80, func(e *recordings.Event) { e.Flags, e.InCallback = plugins.FlagMayTrim, 0 })
	f.request(2, 4, plugins.OpTrim, 4096, 4096, 81, 85)
	f.request(2, 5, plugins.OpExtents, 0, 1<<20, 86, 90, func(e *recordings.Event) { e.Flags = plugins.FlagReqOne })
	f.request(2, 6, plugins.OpCache, 0, 8192, 91, 95)
	f.request(2, 7, plugins.OpFlush, 0, 0, 96, 99)
	f.request(1, 3, plugins.OpRead, 0, 4096, 97, 99, func(e *recordings.Event) {
		e.Started, e.Done, e.InCallback, e.Replied, e.Fate, e.Errno = 0, 0, 0, 0, plugins.Dropped, uint16(syscall.EIO)
	})
	f.fact(recordings.Disconnect, 1, 99, "cut by a rule", func(e *recordings.Event) { e.Errno = uint16(syscall.EIO) })
	f.fact(recordings.Mark, 0, 100, "done", host)
	f.fact(recordings.Disconnect, 2, 101, "in peace")
	return f
}

// write returns what Write writes.
func write(t *testing.T, r recordings.Recording, f Format, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Write(t.Context(), &b, r, f, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// localTime is a time as those formats have it that tell it where the reader is.
var localTime = regexp.MustCompile(`2026-11-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`)

func TestGolden(t *testing.T) {
	for _, f := range []Format{JSONL, CSV, Fio, Log, Chrome} {
		t.Run(f.String(), func(t *testing.T) {
			got := localTime.ReplaceAllStringFunc(write(t, session(), f, Options{}), func(text string) string {
				when, err := time.Parse(time.RFC3339Nano, text)
				if err != nil {
					t.Error(err)
				}
				return when.UTC().Format(time.RFC3339Nano)
			})
			path := filepath.Join("testdata", "session."+f.String())
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// random returns a recording of n requests of several connections that overlap.
func random(n int) *fake {
	f := newFake()
	f.Log = recordings.NewLog(n * 400)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		from := 10*i - r.IntN(1000)
		f.request(uint32(1+r.IntN(5)), uint64(i), plugins.Op(1+r.IntN(int(plugins.OpExtents))), r.Uint64N(1<<20), 512, from, 10*i+3, func(e *recordings.Event) {
			if r.IntN(10) == 0 {
				e.Errno = uint16(syscall.EIO)
			}
		})
	}
	return f
}

// TestCounts holds every format to it that what is exported is what matches.
func TestCounts(t *testing.T) {
	const n = 5000
	r := random(n)
	for _, text := range []string{"", "op:write", "err", "op:read,write conn:2", "off:0..64k", "since:10ms", "op:flush !op:flush"} {
		filter, err := recordings.ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		want, forFio, events := 0, 0, make([]recordings.Event, n)
		if got := r.Read(events, 0); got != n {
			t.Fatal("the log is too small:", got)
		}
		timed := filter.At(newest(r))
		for i := range events {
			if timed.Match(&events[i], r) {
				want++
				if events[i].Op != plugins.OpCache && events[i].Op != plugins.OpExtents {
					forFio++
				}
			}
		}
		for f := JSONL; f <= Chrome; f++ {
			got, wanted := 0, want
			out := write(t, r, f, Options{Filter: filter})
			switch f {
			case JSONL:
				got = strings.Count(out, "\n")
			case CSV:
				got = strings.Count(out, "\n") - 1
			case Pcapng:
				got = len(readCapture(t, out).requests)
			case Fio:
				got, wanted = strings.Count(out, "\n")-4, forFio
			case Log:
				got = strings.Count(out, " ...\n")
				if left := strings.Count(out, " ...") - got; left != got {
					t.Errorf("%s of %q: %d requests came, %d went", f, text, got, left)
				}
			case Chrome:
				got = strings.Count(out, `"cat":"request"`)
			}
			if got != wanted {
				t.Errorf("%s of %q: %d requests, want %d", f, text, got, wanted)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	// More than a window, so that it is written in several goes.
	r := rand.New(rand.NewPCG(3, 4))
	var last plugins.Stamp
	out := 0
	s := sorter{size: 100, next: func(m *moment) error {
		if m.at < last {
			t.Fatalf("%d comes after %d", m.at, last)
		}
		last = m.at
		out++
		return nil
	}}
	const n = 5000
	for i := range n {
		m := moment{at: plugins.Stamp(10*i + r.IntN(400))} // up to 40 places from where it belongs
		if err := s.add(&m); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flush(); err != nil {
		t.Fatal(err)
	}
	if out != n {
		t.Errorf("%d of %d came out", out, n)
	}
}

// TestLate writes a request that took longer than the sorter waits: it is told
// late, but it is told, and the files are still sound.
func TestLate(t *testing.T) {
	const n, window = 500, 100
	f := newFake()
	for i := range n {
		f.request(1, uint64(i), plugins.OpRead, 0, 512, 1000+10*i, 1005+10*i)
	}
	f.request(2, 1, plugins.OpWrite, 0, 512, 0, 2000+10*n)
	late := func(format Format) string {
		var b strings.Builder
		if err := writeWindow(t.Context(), &b, f, format, Options{}, window); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	iolog := strings.Split(late(Fio), "\n")
	last := 0
	for _, line := range iolog[1 : len(iolog)-1] {
		var now int
		if _, err := fmt.Sscanf(line, "%d", &now); err != nil || now < last {
			t.Fatalf("%s after %d: %v", line, last, err)
		}
		last = now
	}
	if got := len(readCapture(t, late(Pcapng)).requests); got != n+1 {
		t.Errorf("%d requests, want %d", got, n+1)
	}
	if got := strings.Count(late(Log), "Write id=1"); got != 2 {
		t.Errorf("%d lines of the late write, want 2", got)
	}
}

func TestEmpty(t *testing.T) {
	for f := JSONL; f <= Chrome; f++ {
		out := write(t, newFake(), f, Options{})
		switch f {
		case JSONL, Log:
			if out != "" {
				t.Errorf("%s: %q", f, out)
			}
		default:
			if out == "" {
				t.Errorf("%s: nothing, not even the frame of the file", f)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	for f := JSONL; f <= Chrome; f++ {
		if got, ok := ParseFormat(f.String()); !ok || got != f {
			t.Errorf("%s: %v %v", f, got, ok)
		}
	}
	for path, want := range map[string]Format{
		"a.jsonl": JSONL, "a.CSV": CSV, "x/y.pcapng": Pcapng, "a.iolog": Fio, "a.fio": Fio, "a.log": Log, "a.json": Chrome, "a.trace": Chrome,
	} {
		if got, ok := FormatOf(path); !ok || got != want {
			t.Errorf("%s: %v %v, want %v", path, got, ok, want)
		}
	}
	for _, path := range []string{"", "a", "a.pcap", "json"} {
		if got, ok := FormatOf(path); ok {
			t.Errorf("%q is taken for %v", path, got)
		}
	}
	if _, ok := ParseFormat("xml"); ok {
		t.Error("xml is a format")
	}
	if err := Write(t.Context(), io.Discard, newFake(), 0, Options{}); err == nil {
		t.Error("no format, and no error")
	}
}

// errFull is what a full disk says.
var errFull = errors.New("full")

// A limited takes so many bytes.
type limited int

func (l *limited) Write(b []byte) (int, error) {
	if *l -= limited(len(b)); *l < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestErrors(t *testing.T) {
	r := random(5000)
	for f := JSONL; f <= Chrome; f++ {
		for _, size := range []limited{0, 70_000} {
			if err := Write(t.Context(), &size, r, f, Options{}); !errors.Is(err, errFull) {
				t.Errorf("%s: %v, want %v", f, err, errFull)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errFull)
		if err := Write(ctx, io.Discard, r, f, Options{}); !errors.Is(err, errFull) {
			t.Errorf("%s, given up: %v, want %v", f, err, errFull)
		}
	}
}
