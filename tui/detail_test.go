package tui

import (
	"fmt"
	"strings"
	"testing"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

// selectedNode returns the name of what is selected in the tree.
func (s *screen) selectedNode() string {
	d := s.app.detail
	if i := d.selected(); i >= 0 {
		return d.nodes[i].name
	}
	return ""
}

// TestTreeMarksBytes: what is selected in the tree stands in brackets in the
// dump, and what is selected in the dump is selected in the tree.
func TestTreeMarksBytes(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 60, log, bench, fixtureOptions())
	s.press("enter")
	for _, want := range []struct{ name, bytes string }{
		{"request", "[25 60 95 13 00 01 00 01"},
		{"magic", "[25 60 95 13]"},
		{"command flags", "[00 01]"},
		{"bit 0", "[00 01]"},
		{"command", "[00 01]"},
		{"cookie", "[00 00 00 00 00 00 05 77]"},
		{"offset", "[00 00 00 00 00 10 00 00]"},
		{"length", "[00 00 10 00]"},
		{"data", "[eb 3c 90"},
	} {
		if got := s.selectedNode(); got != want.name {
			t.Fatalf("%q is selected, want %q", got, want.name)
		}
		s.mustShow(want.bytes)
		s.press("j")
	}
	s.press("g j tab") // at the magic number
	for _, want := range []struct{ key, name string }{
		{"l", "magic"}, {"l", "magic"}, {"l", "magic"}, {"l", "command flags"}, {"l", "command flags"}, {"l", "command"}, {"j", "cookie"},
		{"j", "offset"}, {"j", "length"}, {"h", "length"}, {"h", "length"}, {"h", "length"}, {"h", "offset"}, {"j", "length"}, {"j", "data"}, {"j", "data"}, {"k", "data"}, {"k", "length"},
	} {
		s.press(want.key)
		if got := s.selectedNode(); got != want.name {
			t.Errorf("after %s %q is selected, want %q:\n%s", want.key, got, want.name, s.text())
		}
	}
	s.press("tab")
	if s.app.detail.inBytes {
		t.Error("tab did not go back to the tree")
	}
}

// TestTreeFolds: what is shut stays so from request to request.
func TestTreeFolds(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("enter h")
	s.mustShow("+ request")
	s.mustNotShow("0x25609513")
	s.press("[")
	s.mustShow("READ 4 KiB at 0xe000", "+ request")
	s.press("l")
	s.mustShow("- request", "0x25609513")
	s.press("l j h") // into it, down, and to its head again
	if got := s.selectedNode(); got != "request" {
		t.Errorf("%q is selected, want the head of the part", got)
	}
	s.press("enter")
	s.mustShow("+ request")
}

// TestTreeFilters: a value is applied as a filter, added to the one that applies.
func TestTreeFilters(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 160, 60, log, bench, fixtureOptions())
	s.press("/ " + typed("gen:2") + " enter enter")
	for s.selectedNode() != "offset" {
		s.press("j")
	}
	s.mustShow(`\ filters by`)
	s.press("enter")
	s.mustShow("/ gen:2 op:write off:0x100000..0x101000▏", "✓ enter shows the requests that match")
	s.press("enter")
	s.mustShow("filter: gen:2 op:write off:0x100000..0x101000 · 1 of 400")
	if s.app.detail != nil || s.app.focus != requestsPanel {
		t.Error("the list is not shown")
	}
	s.press("enter g")
	s.mustNotShow(`\ filters by`)
	s.press(`\`)
	if s.app.prompt != nil {
		t.Error("a filter was asked for where there is none")
	}
}

// TestTreeFiltersAll: the filter of each value picks the request that it is of.
func TestTreeFiltersAll(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 60, log, bench, fixtureOptions())
	first, next := s.app.scene.requests.bounds()
	for row := first; row < next; row++ {
		sub, ok := readSubject(&s.app.scene, s.app.scene.requests.seq(row))
		if !ok {
			t.Fatal("a request is gone")
		}
		nodes, sections := sub.decode(&s.app.scene)
		for _, n := range nodes {
			if b := n.bytes; b.from < 0 || !b.empty() && b.to > len(sections[b.section].bytes) {
				t.Fatalf("%s of event %d: bytes %d to %d of %d", n.name, sub.event.Seq, b.from, b.to, len(sections[b.section].bytes))
			}
			if n.filter == "" {
				continue
			}
			f, err := recordings.ParseFilter(n.filter)
			if err != nil {
				t.Fatalf("%s of event %d: %v", n.name, sub.event.Seq, err)
			}
			if !f.Match(&sub.event, log) {
				t.Errorf("%s of event %d: %s does not pick it", n.name, sub.event.Seq, n.filter)
			}
		}
	}
}

// TestHeldInDetail: a held request is shown with its six fields, and when it was
// let go its reply is explained.
func TestHeldInDetail(t *testing.T) {
	log, bench := fixture()
	bench.hold()
	bench.held[0].Request.Received = bench.held[0].Since
	s := newScreen(t, 160, 60, log, bench, fixtureOptions())
	s.press("5 enter")
	s.mustShow("held request 3", "‖ held for 1m05s, before the script: a lets it go", "magic ", "command flags", "command ", "cookie ", "offset ", "length ",
		"READ (0)", "has not seen it yet", "none yet")
	if got := len(s.app.detail.sections[0].bytes); got != 28 {
		t.Errorf("the request has %d bytes", got)
	}
	s.press("m") // not what is held
	if len(s.app.live.marks.list) > 0 {
		t.Error("a held request was marked")
	}
	s.press("a")
	if len(bench.asked) != 1 || bench.asked[0] != "release 3" {
		t.Errorf("asked for %q", bench.asked)
	}
	held := bench.held[0].Request
	bench.set(func(*host.Status) { bench.held = bench.held[1:] })
	s.more(2) // others
	e := recordings.Event{
		Kind: recordings.Request, Front: held.Origin.Front, Conn: held.Origin.Conn, Cookie: held.Origin.Cookie, Op: held.Op, Offset: held.Offset, Length: held.Length,
		Fate: plugins.Held, Times: plugins.Times{Received: held.Received, Started: s.now - 30, Done: s.now - 20, Replied: s.now},
	}
	s.log.Append(e, "", []byte("what was read"))
	s.more(3)
	s.mustShow("structured reply OFFSET_DATA to READ", "77 68 61 74 20 77 61 73", "✓ ok in")
	if got := s.selectedNode(); got != "reply" {
		t.Errorf("%q is selected, want the reply", got)
	}
	if seq, _ := s.app.requests.selectedSeq(&s.app.scene); seq != s.app.detail.event.Seq {
		t.Errorf("event %d is selected in the list, %d is shown", seq, s.app.detail.event.Seq)
	}
}

// TestDecodeForms: what a connection negotiated says which messages there are.
func TestDecodeForms(t *testing.T) {
	for _, tt := range []struct {
		options []string
		want    []string
	}{
		{[]string{`GO "": 1048576 bytes`}, []string{"READ · 28 bytes", "simple reply to READ · 16 bytes"}},
		{[]string{"STRUCTURED_REPLY", `GO "": 1048576 bytes`}, []string{"READ · 28 bytes", "structured reply OFFSET_DATA to READ · 28 bytes"}},
		{[]string{"EXTENDED_HEADERS", `GO "": 1048576 bytes`}, []string{"extended request READ · 32 bytes", "extended reply OFFSET_DATA to READ · 40 bytes"}},
		{nil, []string{"READ · 28 bytes", "which lacks the handshake"}},
	} {
		log := recordings.NewLog(1 << 16)
		for _, o := range tt.options {
			log.Append(recordings.Event{Kind: recordings.Negotiate, Front: plugins.FrontNBD, Conn: 1, Times: plugins.Times{Received: 1}}, o, nil)
		}
		log.Append(request(0, 5*ms), "", []byte("data"))
		s := newScreen(t, 160, 60, log, nil, Options{})
		s.press("enter")
		s.mustShow(tt.want...)
	}
	// A request that came through a mount has no bytes of a protocol.
	log := recordings.NewLog(1 << 16)
	e := request(0, 5*ms)
	e.Front = plugins.FrontFUSE
	log.Append(e, "", []byte("data"))
	s := newScreen(t, 160, 60, log, nil, Options{Mount: "/mnt/disk"})
	s.press("enter")
	s.mustShow("the kernel's messages are not kept", "offset ", "64 61 74 61", "dd if=/mnt/disk")
	s.mustNotShow("magic")
	if n := len(s.app.detail.sections); n != 1 {
		t.Errorf("%d sections of bytes, want the data alone", n)
	}
}

// TestShellLinesOfRequests: each operation has a line for a shell, with its place and flags.
func TestShellLinesOfRequests(t *testing.T) {
	sc := &scene{state: &state{}, uri: "nbd://localhost/it's", mount: "/mnt/disk"}
	const uri = `'nbd://localhost/it'\''s'`
	for _, tt := range []struct {
		op    plugins.Op
		flags plugins.Flags
		front plugins.Front
		data  string
		want  string
	}{
		{plugins.OpRead, 0, plugins.FrontNBD, "", "qemu-io -r -f raw -c 'read -v 4096 4' " + uri},
		{plugins.OpWrite, plugins.FlagFUA, plugins.FrontNBD, "UUUU", "qemu-io -f raw -c 'write -f -P 0x55 4096 4' " + uri},
		{plugins.OpWrite, 0, plugins.FrontNBD, "UUUV", `printf '\125\125\125\126' >data.bin && qemu-io -f raw -c 'write -s data.bin 4096 4' ` + uri},
		{plugins.OpZero, plugins.FlagMayTrim, plugins.FrontNBD, "", "qemu-io -f raw -c 'write -z -u 4096 4' " + uri},
		{plugins.OpTrim, 0, plugins.FrontNBD, "", "qemu-io -f raw -c 'discard 4096 4' " + uri},
		{plugins.OpFlush, 0, plugins.FrontNBD, "", "qemu-io -f raw -c flush " + uri},
		{plugins.OpExtents, 0, plugins.FrontNBD, "", "qemu-img map -f raw --output=json --start-offset=4096 --max-length=4 " + uri},
		{plugins.OpCache, 0, plugins.FrontNBD, "", "nbdsh -u " + uri + " -c 'h.cache(4, 0x1000)'"},
		{plugins.OpFlush, 0, plugins.FrontFUSE, "", "sync /mnt/disk"},
		{plugins.OpTrim, 0, plugins.FrontFUSE, "", "fallocate --punch-hole -o 4096 -l 4 /mnt/disk"},
	} {
		s := subject{data: []byte(tt.data)}
		s.event = recordings.Event{Op: tt.op, Flags: tt.flags, Front: tt.front, Offset: 0x1000, Length: 4}
		if got, _ := s.shellLine(sc); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.op, got, tt.want)
		}
	}
}

// TestGoldenRequests has the views of one request and of two, and the ladder, at each size.
func TestGoldenRequests(t *testing.T) {
	for _, size := range [][2]int{{60, 16}, {80, 24}, {120, 40}, {200, 60}} {
		for _, tt := range []struct{ name, keys string }{
			{"detail", "enter"},
			{"detail-bytes", "enter tab j l l"},
			{"compare", "m k k m d"},
			{"ladder", "ladder z"},
		} {
			name := fmt.Sprintf("%s-%dx%d", tt.name, size[0], size[1])
			t.Run(name, func(t *testing.T) {
				log, bench := fixture()
				s := newScreen(t, size[0], size[1], log, bench, fixtureOptions())
				s.press(strings.ReplaceAll(tt.keys, "ladder", panelKey(ladderPanel)))
				s.golden(t, name)
			})
		}
	}
	t.Run("requests-300x80", func(t *testing.T) {
		log, bench := fixture()
		s := newScreen(t, 300, 80, log, bench, fixtureOptions())
		s.press("k")
		s.golden(t, "requests-300x80")
	})
}

// TestExtentsReply: the reply to a BLOCK_STATUS has its bytes; where the log has
// not all that they need, its extents, and why.
func TestExtentsReply(t *testing.T) {
	many := make([]plugins.Extent, 100)
	for i := range many {
		many[i] = plugins.Extent{Offset: 4096 + uint64(i)*512, Length: 512, Type: plugins.ExtentType(i % 2)}
	}
	for _, tt := range []struct {
		name    string
		front   plugins.Front
		options []string
		answer  string
		shows   []string
	}{
		{"structured", plugins.FrontNBD, []string{"STRUCTURED_REPLY"}, "65536 data, 983040 hole,zero",
			[]string{"extent length", "65536", "00 0f 00 00 00 00 00 03"}},
		{"extended", plugins.FrontNBD, []string{"EXTENDED_HEADERS"}, "65536 data, 983040 hole,zero",
			[]string{"descriptor count", "00 00 00 00 00 0f 00 00", "00 00 00 00 00 00 00 03"}},
		{"many", plugins.FrontNBD, []string{"STRUCTURED_REPLY"}, recordings.FormatExtents(many, 4096),
			[]string{"✓ 64 extents", "no bytes: the log has the first 64 only", "512 bytes  hole"}},
		{"mount", plugins.FrontFUSE, nil, "65536 data", []string{"✓ 1 extent", "the kernel's messages are not kept", "0x1000"}},
		{"old", plugins.FrontNBD, nil, "65536 data", []string{"✓ 1 extent", "lacks the handshake"}},
		{"lost", plugins.FrontNBD, []string{"STRUCTURED_REPLY"}, "", []string{"✓ 0 extents", "the log has lost them"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log := recordings.NewLog(1 << 20)
			for _, o := range tt.options {
				log.Append(recordings.Event{Kind: recordings.Negotiate, Front: plugins.FrontNBD, Conn: 1, Times: plugins.Times{Received: 1}}, o, nil)
			}
			e := done(plugins.OpExtents, 4096, 1<<20)
			e.Front = tt.front
			log.Append(e, tt.answer, nil)
			s := newScreen(t, 200, 60, log, nil, Options{})
			s.press("enter")
			s.mustShow(tt.shows...)
		})
	}
}
