package recordings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workbench/plugins"
)

func request(offset uint64) Event {
	return Event{Kind: Request, Op: plugins.OpRead, Offset: offset, Length: 512, Generation: 1,
		Times: plugins.Times{Received: 1, Started: 2, Done: 12, Replied: 20, InCallback: 10}}
}

func TestLogDropsOldest(t *testing.T) {
	l := NewLog(64 * eventSize * 4 / 3)
	size := uint64(len(l.events))
	const extra = 10
	for i := range size + extra {
		if seq := l.Append(request(i*512), "", nil); seq != i {
			t.Fatalf("event %d got number %d", i, seq)
		}
	}
	first, next := l.Bounds()
	if first != extra || next != size+extra {
		t.Fatalf("bounds [%d,%d), want [%d,%d)", first, next, extra, size+extra)
	}
	buf := make([]Event, size*2)
	n := l.Read(buf, 0) // from before the oldest: begins at the oldest
	if uint64(n) != size || buf[0].Seq != extra {
		t.Fatalf("read %d events from %d, want %d from %d", n, buf[0].Seq, size, extra)
	}
	for i, e := range buf[:n] {
		if e.Seq != uint64(i)+extra || e.Offset != e.Seq*512 {
			t.Fatalf("event %d: seq %d offset %d", i, e.Seq, e.Offset)
		}
	}
	if n := l.Read(buf, next); n != 0 {
		t.Errorf("read %d events past the end", n)
	}
}

func TestLogTextAndData(t *testing.T) {
	l := NewLog(1 << 16) // the side ring has 16 KiB
	e := request(0)
	l.Append(e, "disk full", bytes.Repeat([]byte{0xaa}, 4096))
	l.Append(e, "", nil)
	var got [2]Event
	l.Read(got[:], 0)
	if text, ok := l.Text(&got[0]); text != "disk full" || !ok {
		t.Errorf("text %q %v", text, ok)
	}
	if data, ok := l.Data(&got[0]); !bytes.Equal(data, bytes.Repeat([]byte{0xaa}, PreviewSize)) || !ok {
		t.Errorf("data %x %v: want the first %d bytes", data, ok, PreviewSize)
	}
	if text, ok := l.Text(&got[1]); text != "" || !ok {
		t.Errorf("empty text %q %v", text, ok)
	}
	for range 200 { // push it out, and let texts cross the end of the ring
		seq := l.Append(e, strings.Repeat("x", 100)+"end", []byte("data"))
		var last [1]Event
		l.Read(last[:], seq)
		if text, ok := l.Text(&last[0]); !strings.HasSuffix(text, "xend") || len(text) != 103 || !ok {
			t.Fatalf("event %d: text %q %v", seq, text, ok)
		}
		if data, ok := l.Data(&last[0]); string(data) != "data" || !ok {
			t.Fatalf("event %d: data %q %v", seq, data, ok)
		}
	}
	if text, ok := l.Text(&got[0]); ok {
		t.Errorf("text %q should be gone", text)
	}
}

func TestLogStats(t *testing.T) {
	l := NewLog(1 << 12)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for i := 1; i <= 1000; i++ {
		e := request(0)
		e.InCallback = ms(i)
		if i%10 == 0 {
			e.Errno, e.Callback = uint16(syscall.EIO), plugins.Pread
		} else if i%10 == 1 {
			e.Errno, e.Callback = uint16(syscall.EIO), plugins.Flush // pread itself went well
		}
		l.Append(e, "", nil)
	}
	emulated := request(0)
	emulated.Op, emulated.InCallback = plugins.OpZero, 0 // done by pwrite: zero was not called
	l.Append(emulated, "", nil)
	l.Append(Event{Kind: Callback, Callback: plugins.Pwrite, Generation: 2, Length: 4096,
		Times: plugins.Times{InCallback: ms(2 * 60 * 1000)}}, "", nil)
	stats := l.Stats()
	if len(stats) != 2 {
		t.Fatalf("%d rows, want 2: %+v", len(stats), stats)
	}
	read, write := stats[0], stats[1]
	if read.Callback != plugins.Pread || read.Generation != 1 || read.Count != 1000 || read.Errors != 100 || read.Bytes != 512000 {
		t.Errorf("pread: %+v", read)
	}
	for _, q := range []struct {
		name      string
		got, want time.Duration
	}{{"p50", read.P50, ms(500)}, {"p95", read.P95, ms(950)}, {"p99", read.P99, ms(990)}} {
		if ratio := float64(q.got) / float64(q.want); ratio < 0.98 || ratio > 1.02 {
			t.Errorf("%s = %v, want about %v", q.name, q.got, q.want)
		}
	}
	if read.Max != ms(1000) {
		t.Errorf("max = %v, want exactly 1s", read.Max)
	}
	if write.Callback != plugins.Pwrite || write.Generation != 2 || write.Max != 2*time.Minute {
		t.Errorf("pwrite: %+v", write)
	}
}

// TestSpread has every time counted where it belongs.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "time"))
		var s Spread
		s.add(d)
		n := slices.Index(s[:], 1)
		if from := s.From(n); max(d, 1) < from {
			t.Fatalf("%v is counted from %v on", d, from)
		}
		if n < len(s)-1 && d >= s.From(n+1) && s.From(n+1) > s.From(n) {
			t.Fatalf("%v is counted below %v", d, s.From(n+1))
		}
	})
}

func TestStatsKeepTheLastGenerations(t *testing.T) {
	l := NewLog(1 << 12)
	for g := uint32(1); g <= keptGenerations+3; g++ {
		e := request(0)
		e.Generation = g
		l.Append(e, "", nil)
	}
	stats := l.Stats()
	if len(stats) != keptGenerations || stats[0].Generation != 4 {
		t.Errorf("%d generations from %d, want %d from 4", len(stats), stats[0].Generation, keptGenerations)
	}
}

func TestLogWait(t *testing.T) {
	l := NewLog(1 << 12)
	ctx, cancel := context.WithCancelCause(t.Context())
	got := make(chan error)
	go func() { got <- l.Wait(ctx, 0) }()
	l.Append(request(0), "", nil)
	if err := <-got; err != nil {
		t.Errorf("wait for an event that came: %v", err)
	}
	go func() { got <- l.Wait(ctx, 1) }()
	stop := errors.New("enough")
	cancel(stop)
	if err := <-got; !errors.Is(err, stop) {
		t.Errorf("wait until ctx ended: %v", err)
	}
}

// TestLogConcurrent has writers and readers at once, for the race detector, and
// checks that no reader ever sees an event that is out of place or torn.
func TestLogConcurrent(t *testing.T) {
	l := NewLog(1 << 14)
	const writers, each = 4, 5000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d/%d", w, i)
				e := request(uint64(i))
				e.Conn = uint32(w)
				l.Append(e, text, nil)
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			buf := make([]Event, 64)
			for next := uint64(0); next < writers*each; {
				n := l.Read(buf, next)
				for i := range buf[:n] {
					e := &buf[i]
					if e.Seq < next {
						t.Errorf("event %d again", e.Seq)
						return
					}
					next = e.Seq + 1
					if text, ok := l.Text(e); ok && text != fmt.Sprintf("%d/%d", e.Conn, e.Offset) {
						t.Errorf("event %d has text %q", e.Seq, text)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestAppendAllocatesNothing(t *testing.T) {
	l := NewLog(1 << 16)
	e, data := request(0), make([]byte, 4096)
	l.Append(e, "", nil) // makes the histogram
	if n := testing.AllocsPerRun(1000, func() { l.Append(e, "disk full", data) }); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := NewLog(0)
	e, data := request(0), make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		l.Append(e, "", data)
	}
}

func BenchmarkAppendParallel(b *testing.B) {
	l := NewLog(0)
	e, data := request(0), make([]byte, 4096)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.Append(e, "", data)
		}
	})
}

// BenchmarkStats measures what the statistics cost where they are kept now, at
// the append, and what a reader would pay to fold them from copied events.
func BenchmarkStats(b *testing.B) {
	e := request(0)
	b.Run("append", func(b *testing.B) {
		var s statistics
		for b.Loop() {
			s.add(&e)
		}
	})
	b.Run("reader", func(b *testing.B) {
		l := NewLog(0)
		for range 256 {
			l.Append(e, "", nil)
		}
		var s statistics
		buf := make([]Event, 256)
		for i := 0; b.Loop(); i++ {
			if i%len(buf) == 0 {
				l.Read(buf, 0)
			}
			s.add(&buf[i%len(buf)])
		}
	})
}
