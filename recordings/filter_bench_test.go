package recordings

import (
	"syscall"
	"testing"

	"workbench/plugins"
)

// benchFilters look at one field, at several, and at what is beside the event.
var benchFilters = []struct{ name, text string }{
	{"everything", ""},
	{"one", "op:write"},
	{"typical", "op:write len>=64k err"},
	{"place", "off:1M..2M | off:5M..6M"},
	{"time", "dur>5ms since:30s"},
	{"text", `"disk full"`},
}

// BenchmarkFilter gives the time for one event of a log of a million, of which
// one in four is a write, one in eight is long, and one in a hundred failed.
func BenchmarkFilter(b *testing.B) {
	l, events := benchLog()
	for _, bench := range benchFilters {
		b.Run(bench.name, func(b *testing.B) {
			f, err := ParseFilter(bench.text)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i = (i + 1) % len(events) {
				f.Match(&events[i], l)
			}
		})
	}
}

// BenchmarkFilterRequest is the price of a rule that does not apply.
func BenchmarkFilterRequest(b *testing.B) {
	f, err := ParseFilter("op:write len>=64k")
	if err != nil {
		b.Fatal(err)
	}
	r := &plugins.Request{Op: plugins.OpWrite, Length: 4096, Data: make([]byte, 4096)}
	b.ReportAllocs()
	for b.Loop() {
		f.MatchRequest(r)
	}
}

func benchLog() (*Log, []Event) {
	l := NewLog(1 << 20)
	events := make([]Event, 1_000_000)
	for i := range events {
		e := Event{Kind: Request, Front: plugins.FrontNBD, Conn: 1, Op: plugins.OpRead, Offset: uint64(i) % (1 << 12) << 12, Length: 4096,
			Times: plugins.Times{Received: 1, Started: 2, Done: 12, Replied: 20, InCallback: 10}}
		if i%4 == 0 {
			e.Op = plugins.OpWrite
		}
		if i%8 < 2 {
			e.Length = 128 << 10
		}
		if i%100 == 0 {
			e.Errno = uint16(syscall.ENOSPC)
		}
		events[i] = e
	}
	return l, events
}

func TestMatchAllocatesNothing(t *testing.T) {
	l, events := benchLog()
	r := &plugins.Request{Op: plugins.OpWrite, Length: 128 << 10, Data: make([]byte, 4096)}
	for _, text := range []string{"", "op:write len>=64k err", "off:1M..2M,5M..6M | conn:nbd#2", "dur>5ms since:30s !held"} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		if n := testing.AllocsPerRun(1000, func() { f.Match(&events[i], l); i++ }); n != 0 {
			t.Errorf("%s: %v allocations an event", text, n)
		}
		if n := testing.AllocsPerRun(1000, func() { f.MatchRequest(r) }); n != 0 {
			t.Errorf("%s: %v allocations a request", text, n)
		}
	}
}
