package tui

import (
	"fmt"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// pulseOf makes the pulse of what is in log.
func pulseOf(log *recordings.Log, f *feed) *pulse {
	if f.events == nil {
		f.events, f.now = log, func() plugins.Stamp { return fixtureNow }
	}
	return f.read()
}

func TestFoldConnections(t *testing.T) {
	log, _ := fixture()
	s, f := &state{}, &feed{}
	s.fold(pulseOf(log, f))
	if len(s.connections) != 2 || s.open() != 1 {
		t.Fatalf("%d connections, %d open, want 2 and 1", len(s.connections), s.open())
	}
	one, two := s.connections[0], s.connections[1]
	if one.number != 1 || one.closed || one.errors != 1 || one.requests != 300 || one.size != 16<<20 {
		t.Errorf("%+v", one)
	}
	if len(one.options) != 3 || one.peer != "unix:/tmp/wb/nbd.sock pid 4711" {
		t.Errorf("peer %q, negotiated %q", one.peer, one.options)
	}
	if !two.closed || two.end != "in peace" || two.export != "data" {
		t.Errorf("%+v", two)
	}
	var read, written uint64
	for i := range 400 {
		e := request(i, 0)
		if i == 399 {
			break // it fails
		}
		switch e.Op {
		case plugins.OpRead:
			read += e.Length
		case plugins.OpWrite:
			written += e.Length
		}
	}
	if one.sent+two.sent != read || one.received+two.received != written {
		t.Errorf("read %d, written %d, want %d and %d", one.sent+two.sent, one.received+two.received, read, written)
	}
}

// TestFoldInPieces: it makes no difference in how many pulses events come.
func TestFoldInPieces(t *testing.T) {
	log, _ := fixture()
	whole, f := &state{}, &feed{}
	whole.fold(pulseOf(log, f))

	pieces, g := &state{}, &feed{}
	all := pulseOf(log, g)
	for i := range all.events {
		one := *all
		one.events, one.texts = all.events[i:i+1], all.texts[i:i+1]
		pieces.fold(&one)
	}
	if !reflect.DeepEqual(whole, pieces) {
		whole.disks, pieces.disks = nil, nil // they are long
		t.Errorf("at once:\n%+v\nin pieces:\n%+v", *whole, *pieces)
	}
}

// TestFoldFailures: what fails besides requests is said where it belongs.
func TestFoldFailures(t *testing.T) {
	log := emptyLog()
	errno := uint16(syscall.EACCES)
	event := recordings.Event{
		Kind: recordings.Callback, Callback: plugins.Open, Errno: errno, Front: plugins.FrontNBD, Conn: 1,
		Times: plugins.Times{Received: 5 * ms, Started: 5 * ms, Done: 6 * ms, InCallback: 1},
	}
	log.Append(event, "open: disk.lua:3: not today\nstack", nil)
	emulated := event
	emulated.Callback, emulated.Op = plugins.Flush, plugins.OpWrite
	log.Append(emulated, "flush: disk.lua:9: no", nil)
	event.Kind = recordings.Opened
	log.Append(event, "open: disk.lua:3: not today", nil)
	s, f := &state{}, &feed{}
	s.fold(pulseOf(log, f))
	if len(s.output) != 2 || s.output[0].text != "open: disk.lua:3: not today" || s.output[0].more || !s.output[1].more {
		t.Errorf("%+v", s.output)
	}
	if c := s.connections[0]; c.refused != "open: disk.lua:3: not today" || c.export != "" || c.errors != 1 {
		t.Errorf("%+v", c)
	}

	screen := newScreen(t, 80, 24, log, nil, Options{})
	screen.press("7")
	screen.mustShow("✗ open: disk.lua:3: not today", "   stack")
	screen.mustNotShow("flush: disk")
	screen.press("4")
	screen.mustShow("✗ nbd#1", "refused              open: disk.lua:3: not today")
}

func TestFoldIsBounded(t *testing.T) {
	log := recordings.NewLog(1 << 18)
	s, f := &state{}, &feed{}
	for conn := range uint32(2000) {
		event := recordings.Event{
			Kind: recordings.Connect, Front: plugins.FrontNBD, Conn: conn, Generation: conn,
			Times: plugins.Times{Received: 1, Started: 1, Done: 2, InCallback: 1},
		}
		log.Append(event, "peer", nil)
		for range 2 {
			event.Kind = recordings.Negotiate
			log.Append(event, "option", nil)
		}
		event.Kind = recordings.Output
		log.Append(event, strings.Repeat("x", 5000)+"\n"+strings.Repeat("line\n", 3), nil)
		event.Kind, event.Callback = recordings.Callback, plugins.Open
		log.Append(event, "", nil)
		if conn > 0 {
			event.Kind = recordings.Disconnect
			log.Append(event, "", nil)
		}
		s.fold(pulseOf(log, f))
	}
	if len(s.connections) > keptConnections+1 || s.connections[0].number != 0 {
		t.Errorf("%d connections, the first %d; want at most %d, and the open one", len(s.connections), s.connections[0].number, keptConnections)
	}
	if len(s.output) != keptOutput || s.outputGone != 4*2000-keptOutput {
		t.Errorf("%d lines of output, %d gone", len(s.output), s.outputGone)
	}
	for _, l := range s.output {
		if len(l.text) > keptLine {
			t.Fatalf("a line of %d bytes", len(l.text))
		}
	}
	if len(s.trends) != keptTrends || s.trends[0].generation != 2000-keptTrends {
		t.Errorf("%d trends, the first of generation %d", len(s.trends), s.trends[0].generation)
	}
	if s.missed != 0 {
		t.Errorf("%d events missed", s.missed)
	}
}

// TestIndexFollowsRing: requests that the log dropped leave the list, and the
// rest keep their ordinals.
func TestIndexFollowsRing(t *testing.T) {
	log := recordings.NewLog(1) // 16 events
	s, f := &state{}, &feed{}
	for i := range 100 {
		log.Append(recordings.Event{Kind: recordings.Callback}, "", nil)
		log.Append(request(i, ms), "", nil)
		s.fold(pulseOf(log, f))
	}
	first, next := s.requests.bounds()
	if next != 100 || first != 92 {
		t.Fatalf("requests %d-%d, want 92-100", first, next)
	}
	for n := first; n < next; n++ {
		if got := s.requests.seq(n); got != uint64(2*n+1) {
			t.Errorf("request %d is event %d", n, got)
		}
	}
}

func TestFreeze(t *testing.T) {
	log, _ := fixture()
	s, f := &state{}, &feed{}
	s.fold(pulseOf(log, f))
	frozen := s.freeze()
	before := fmt.Sprintf("%+v", *frozen)
	for i := range 500 {
		e := request(i, fixtureNow)
		e.Conn = uint32(i % 3)
		log.Append(e, "", nil)
		log.Append(recordings.Event{Kind: recordings.Negotiate, Front: plugins.FrontNBD, Conn: 1}, "late", nil)
		log.Append(recordings.Event{Kind: recordings.Output, Front: plugins.FrontNBD, Conn: 1}, "late", nil)
	}
	s.fold(pulseOf(log, f))
	if after := fmt.Sprintf("%+v", *frozen); after != before {
		t.Errorf("a frozen state changed from\n%s\nto\n%s", before, after)
	}
}

func TestPrinted(t *testing.T) {
	log, _ := fixture()
	s, f := &state{}, &feed{}
	s.fold(pulseOf(log, f))
	_, next := s.requests.bounds()
	var e [1]recordings.Event
	log.Read(e[:], s.requests.seq(next-1))
	got := s.printed(&e[0])
	if len(got) != 1 || got[0].text != "write beyond the end: 0x100000" {
		t.Errorf("%+v", got)
	}
	log.Read(e[:], s.requests.seq(next-2))
	if got := s.printed(&e[0]); len(got) != 0 {
		t.Errorf("another request printed %+v", got)
	}
}
