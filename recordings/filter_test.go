package recordings

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// A sampleEvent is an event with a name and its contents.
type sampleEvent struct {
	name string
	Event
	text string
	data []byte
}

// samples are a session in which something of everything happens. Now is ten
// minutes after its begin, and 1 minute after the newest event.
func samples() (events []sampleEvent, now plugins.Stamp) {
	const begin = plugins.Stamp(time.Hour)
	us := func(n int) plugins.Stamp { return plugins.Stamp(time.Duration(n) * time.Microsecond) }
	request := func(name string, front plugins.Front, conn uint32, op plugins.Op, offset, length uint64, took int) sampleEvent {
		return sampleEvent{name: name, Event: Event{Kind: Request, Front: front, Conn: conn, Op: op, Offset: offset, Length: length, Generation: 1,
			Times: plugins.Times{Started: us(5), Done: us(took - 5), Replied: us(took), InCallback: time.Duration(us(took - 10))}}}
	}
	failed := func(s sampleEvent, errno syscall.Errno, cb plugins.Callback, text string) sampleEvent {
		s.Errno, s.Callback, s.text = uint16(errno), cb, text
		return s
	}
	boot := request("boot", plugins.FrontNBD, 1, plugins.OpRead, 0, 512, 50)
	boot.data = []byte{0xeb, 0x58, 0x90, 'M', 'S', 'D', 'O', 'S', 0x55, 0xaa}
	slow := request("slow", plugins.FrontNBD, 2, plugins.OpRead, 1<<30, 4096, 9000)
	slow.Generation = 2
	long := request("long", plugins.FrontNBD, 1, plugins.OpWrite, 1<<20-4096, 128<<10, 200)
	long.Cookie, long.data = 7, []byte("EFI PART")
	full := failed(request("full", plugins.FrontNBD, 1, plugins.OpWrite, 3<<20, 4096, 41), syscall.EFBIG, plugins.Pwrite, "disk.lua:31: Disk FULL")
	full.Errno = uint16(syscall.ENOSPC)
	forced := failed(request("forced", plugins.FrontFUSE, 1, plugins.OpWrite, 8192, 512, 60), syscall.EIO, plugins.Flush, "flush: disk.lua:77: cache miss")
	forced.Flags, forced.PID, forced.Program = plugins.FlagFUA, 812, plugins.CommOf("mkfs.ext4")
	flush := request("flush", plugins.FrontNBD, 2, plugins.OpFlush, 0, 0, 300)
	zero := request("zero", plugins.FrontNBD, 2, plugins.OpZero, 4<<20, 1<<20, 80)
	refused := failed(request("refused", plugins.FrontNBD, 2, plugins.OpZero, 6<<20, 65536, 20), syscall.EACCES, plugins.NoCallback, "not now")
	refused.Flags, refused.Times.Started, refused.InCallback = plugins.FlagMayTrim|plugins.FlagFastZero, 0, 0
	held := request("held", plugins.FrontNBD, 2, plugins.OpRead, 5<<20, 4096, 700000)
	held.Fate, held.Rule, held.Generation = plugins.Held|plugins.Ruled, 3, 2
	again := request("again", plugins.FrontFUSE, 1, plugins.OpExtents, 0, 1<<30, 90)
	again.Fate, again.PID, again.Program = plugins.Replayed, 813, plugins.CommOf("my very long name")
	events = []sampleEvent{
		{name: "load", Event: Event{Kind: Reload, Generation: 1}, text: "generation 1"},
		{name: "connect", Event: Event{Kind: Connect, Front: plugins.FrontNBD, Conn: 1}, text: "unix"},
		{name: "opened", Event: Event{Kind: Opened, Front: plugins.FrontNBD, Conn: 1, Length: 1 << 31}},
		boot, slow, long, full, forced, flush, zero, refused, held, again,
		{name: "open", Event: Event{Kind: Callback, Callback: plugins.Open, Front: plugins.FrontNBD, Conn: 2, Generation: 1,
			Times: plugins.Times{Started: us(1), Done: us(6001), InCallback: 6 * time.Millisecond}}},
		{name: "said", Event: Event{Kind: Output, Callback: plugins.Pread, Front: plugins.FrontNBD, Conn: 2, Cookie: 9}, text: "cache miss at 8192"},
		{name: "broken", Event: Event{Kind: Reload, Generation: 2, Errno: uint16(syscall.EINVAL)}, text: "disk.lua:12: syntax error"},
		{name: "gone", Event: Event{Kind: Disconnect, Front: plugins.FrontNBD, Conn: 1}, text: "in peace"},
	}
	for i := range events {
		e := &events[i].Event
		e.Seq = uint64(i)
		e.Received = begin + plugins.Stamp(9*time.Minute)*plugins.Stamp(i)/plugins.Stamp(len(events)-1)
		for _, at := range []*plugins.Stamp{&e.Started, &e.Done, &e.Replied} {
			if *at != 0 {
				*at += e.Received
			}
		}
	}
	return events, begin + plugins.Stamp(10*time.Minute)
}

// Text and Data let a sample be its own contents.
func (s *sampleEvent) Text(*Event) (string, bool) { return s.text, true }
func (s *sampleEvent) Data(*Event) ([]byte, bool) { return s.data, true }

// picked returns the names of the samples that match.
func picked(t *testing.T, text string) string {
	t.Helper()
	f, err := ParseFilter(text)
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return ""
	}
	events, now := samples()
	f = f.At(now)
	var names []string
	for i := range events {
		if f.Match(&events[i].Event, &events[i]) {
			names = append(names, events[i].name)
		}
	}
	return strings.Join(names, " ")
}

func TestFilterMatch(t *testing.T) {
	const requests = "boot slow long full forced flush zero refused held again"
	for _, tc := range []struct{ filter, want string }{
		{"", "load connect opened " + requests + " open said broken gone"},
		{"request", requests},
		{"op:read", "boot slow held"},
		{"OP:Read,FLUSH", "boot slow flush held"},
		{"read|flush", "boot slow flush held"},
		{"op!=read", "long full forced flush zero refused again"},
		{"!op:read request", "long full forced flush zero refused again"},

		// places and sizes
		{"off:0", "boot again"},
		{"off:511", "boot again"},
		{"off:512", "again"},
		{"off:1M..2M", "long again"},
		{"off:1044480..1044481", "long again"},
		{"off:..1044480", "boot forced again"},
		{"off:1G..", "slow"}, // again ends there
		{"off:3M,5M", "full held again"},
		{"off=0", "boot again"},
		{"off=3M", "full"},
		{"off<16s", "boot again"},
		{"off<=8k", "boot forced again"},
		{"off!=0", "slow long full forced zero refused held"},
		{"off>=4M off<6M", "zero held"},
		{"off=3M..4M", "full"}, // its end does not belong to it
		{"len:4k", "slow full held"},
		{"len = 4_096", "slow full held"},
		{"len:0x200", "boot forced"},
		{"len:512..4KiB", "boot slow full forced held"},
		{"len>=1m", "opened zero again"},
		{"len<512", ""}, // a flush has no length
		{"len!=4k write", "long forced"},
		{"len>0 !len>1", ""},

		// flags, fates, origins
		{"fua", "forced"},
		{"may_trim", "refused"},
		{"flag:fua,fast_zero", "forced refused"},
		{"flag!=fua write", "long full"},
		{"zero !may_trim", "zero"},
		{"held", "held"},
		{"fate:held,replayed", "held again"},
		{"ruled rule:3", "held"},
		{"rule>0", "held"},
		{"replayed", "again"},
		{"src:replay", "again"},
		{"fuse", "forced again"},
		{"src!=nbd", "forced again"},
		{"conn:1 request", "boot long full forced again"},
		{"conn:nbd#1 request", "boot long full"},
		{"pid:812", "forced"},
		{"pid!=812", "again"},
		{"prog:MKFS.ext4", "forced"},
		{"prog!=mkfs.ext4", "again"},
		{"prog:mkfs", ""},
		{`prog:dd,"my very long name"`, "again"}, // of which the kernel keeps 15 bytes
		{"conn:fuse#1,NBD#2", "slow forced flush zero refused held again open said"},
		{"conn!=nbd#1,2", "forced again"},
		{"conn>1 read", "slow held"},
		{"cookie:7", "long"},
		{"cookie:9", "said"},

		// what became of it
		{"err", "full forced refused broken"},
		{"err:enospc", "full"},
		{"err:28", "full"},
		{"err:ENOSPC,EIO", "full forced"},
		{"err!=ENOSPC", "forced refused broken"},
		{"err !err:ENOSPC request", "forced refused"},
		{"wire:NBD_EINVAL", "refused"},
		{"wire:ENOSPC", "full"},
		{"wire!=EINVAL", "full"},
		{"line:31", "full"},
		{"line:10..80", "full forced broken"},
		{`"disk full"`, "full"},
		{"text:miss", "forced said"},
		{`text:"miss","peace"`, "forced said gone"},
		{"data:55aa", "boot"},
		{"data:0x58_90", "boot"},
		{"data=eb", "boot"},
		{"data=55aa", ""},
		{`data:"PART"`, "long"},
		{`data:ff,"EFI"`, "long"},

		// times
		{"dur>5ms", "slow held open"},
		{"dur:9ms", "slow"},
		{"dur:80us..200µs request", "long zero again"},
		{"dur<=0.05ms", "boot full refused"},
		{"script>1ms", "slow held open"},
		{"wait:5us request", "boot slow long full forced flush zero held again"},
		{"since:2m", "broken gone"},
		{"until:9m", "load connect"},
		{"since:2m until:90s", "broken"},
		{"since:0", ""},

		// script, log
		{"cb:pread", "boot slow held said"},
		{"cb:flush", "forced flush"},
		{"cb:open", "open"},
		{"cb!=pread !request", "open"},
		{"gen:2", "slow held broken"},
		{"gen>=2 request", "slow held"},
		{"kind:reload", "load broken"},
		{"req:3..5", "boot slow long"},
		{"req<=0x1", "load connect"},

		// structure
		{"read (gen:2 | off:0)", "boot slow held"},
		{"read gen:2 | flush", "slow flush held"},
		{"read !(gen:2 | off:1)", ""},
		{"!!fua", "forced"},
		{"! fua write", "long full"},
		{"request !(read|write|flush)", "zero refused again"},
		{" \tread\n(( gen : 2 ))", "slow held"},
		{"op:read , flush", "boot slow flush held"},
	} {
		if got := picked(t, tc.filter); got != tc.want {
			t.Errorf("%-28s got  %s\n%33swant %s", tc.filter, got, "", tc.want)
		}
	}
}

// TestFilterWithoutContents has nobody who knows texts and data.
func TestFilterWithoutContents(t *testing.T) {
	events, _ := samples()
	for _, text := range []string{`"full"`, "data:55aa", "data=eb", "line:31"} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range events {
			if f.Match(&events[i].Event, nil) {
				t.Errorf("%s matches %s", text, events[i].name)
			}
		}
	}
}

// TestFilterOverLog asks a real log, some texts of which are gone.
func TestFilterOverLog(t *testing.T) {
	l := NewLog(1 << 12)
	f, err := ParseFilter(`err "disk full" data:aa55`)
	if err != nil {
		t.Fatal(err)
	}
	e := request(0)
	e.Errno = uint16(syscall.ENOSPC)
	var got [2]Event
	l.Append(e, "x.lua:1: disk full", []byte{1, 0xaa, 0x55})
	l.Append(e, "x.lua:1: disk full", []byte{1, 0xaa})
	l.Read(got[:], 0)
	if !f.Match(&got[0], l) || f.Match(&got[1], l) {
		t.Errorf("matches %v and %v, want only the first", f.Match(&got[0], l), f.Match(&got[1], l))
	}
	l.Append(e, strings.Repeat("x", 1000), nil)
	for range 10 {
		l.Append(e, strings.Repeat("x", 1000), nil)
	}
	if f.Match(&got[0], l) {
		t.Error("matches a text that is gone")
	}
}

// TestFilterClock has times of day around midnight.
func TestFilterClock(t *testing.T) {
	at := plugins.Now()
	for !sameDay(at, -6*time.Hour) || !sameDay(at, 6*time.Hour) { // not at a change of the clock's hour by law
		at += plugins.Stamp(3 * time.Hour)
	}
	day := at.Time()
	midnight := at + plugins.Stamp(time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location()).Sub(day))
	event := func(d time.Duration) *Event {
		return &Event{Kind: Request, Times: plugins.Times{Received: midnight + plugins.Stamp(d)}}
	}
	for _, tc := range []struct {
		now    time.Duration // after midnight
		filter string
		want   time.Duration // the first moment that since takes
	}{
		{12 * time.Hour, "12:00:01", 12*time.Hour + time.Second},
		{12 * time.Hour, "11:59", 11*time.Hour + 59*time.Minute},
		{12 * time.Hour, "12:00:00.25", 12*time.Hour + time.Second/4},
		{5 * time.Minute, "23:59:50", -10 * time.Second},
		{-5 * time.Minute, "0:01", time.Minute},
		{5 * time.Minute, "10m", -5 * time.Minute},
		{5 * time.Minute, day.Format("2006-01-02"), 0},
		{5 * time.Minute, day.Format("2006-01-02") + "T23:59", 24*time.Hour - time.Minute},
	} {
		since, err := ParseFilter("since:" + tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		until, err := ParseFilter("until:" + tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		now := midnight + plugins.Stamp(tc.now)
		since, until = since.At(now), until.At(now)
		// The wall clock has its own idea of the same moment, to some microseconds.
		before, after := event(tc.want-time.Millisecond), event(tc.want+time.Millisecond)
		if since.Match(before, nil) || !since.Match(after, nil) || !until.Match(before, nil) || until.Match(after, nil) {
			t.Errorf("%s at %v does not part at %v", tc.filter, tc.now, tc.want)
		}
		if !since.Needs().Time {
			t.Error("it does not need the time")
		}
	}
}

// sameDay reports whether the clock goes evenly from s to d later.
func sameDay(s plugins.Stamp, d time.Duration) bool {
	_, here := s.Time().Zone()
	_, there := (s + plugins.Stamp(d)).Time().Zone()
	return here == there
}

// TestFilterRequests asks the same of requests on their way as of their events.
func TestFilterRequests(t *testing.T) {
	boom := plugins.Errorf(syscall.EFBIG, "disk is full")
	write := &plugins.Request{Op: plugins.OpWrite, Flags: plugins.FlagFUA, Offset: 4096, Length: 4, Data: []byte("EFI!"), Generation: 2,
		Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 2, Cookie: 7}, Fate: plugins.Held, Rule: 1,
		Times: plugins.Times{Received: 10, Started: 30, Done: 90, InCallback: 60}}
	read := &plugins.Request{Op: plugins.OpRead, Length: 2, Data: []byte{0xde, 0xad}, Times: plugins.Times{Received: 10}}
	for _, tc := range []struct {
		filter          string
		r               *plugins.Request
		err             error
		arrival, answer bool
	}{
		{"", write, nil, true, true},
		{"write fua off:4k len:4 conn:nbd#2 cookie:7 held rule:1", write, nil, true, true},
		{`data="EFI"`, write, nil, true, true},
		{"data:dead", read, nil, false, true}, // there is nothing to read yet
		{"data:dead", read, boom, false, false},
		{"err", write, boom, false, true},
		{"err:EFBIG wire:ENOSPC \"IS full\"", write, boom, false, true},
		{"err", write, nil, false, false},
		{"script:60ns wait:20ns", write, nil, true, true},
		{"dur>0", write, nil, false, false},
		{"kind:request", write, nil, true, true},
	} {
		f, err := ParseFilter(tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.MatchRequest(tc.r); got != tc.arrival {
			t.Errorf("%s on arrival: %v", tc.filter, got)
		}
		if got := f.MatchAnswer(tc.r, tc.err); got != tc.answer {
			t.Errorf("%s on answer: %v", tc.filter, got)
		}
	}
}

func TestFilterCheck(t *testing.T) {
	for _, tc := range []struct {
		filter   string
		at       Stage
		want     string // "" = it may be asked
		columnOf string
	}{
		{"op:write len>=64k fua held conn:2 data:55", OnArrival, "", ""},
		{"op:write err", OnArrival, "err is not known before the script has run", "err"},
		{"op:write err", OnAnswer, "", ""},
		{"op:write !(fua | dur>5ms)", OnAnswer, "dur is known only of events in the log", "dur"},
		{"write since:5m", OnArrival, "since is known only of events in the log", "since"},
		{"write since:5m", InLog, "", ""},
		{"", OnArrival, "", ""},
	} {
		f, err := ParseFilter(tc.filter)
		if err != nil {
			t.Fatal(err)
		}
		err = f.Check(tc.at)
		if tc.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tc.filter, err)
			}
			continue
		}
		bad, ok := errors.AsType[*FilterError](err)
		if !ok || bad.Msg != tc.want || bad.Hint == "" || bad.Column != strings.Index(tc.filter, tc.columnOf)+1 {
			t.Errorf("%s: %v, want %s", tc.filter, err, tc.want)
		}
	}
}

func TestFilterNeeds(t *testing.T) {
	for text, want := range map[string]Needs{
		"":                      {},
		"op:read dur>5ms":       {},
		`read "x"`:              {Text: true, Kinds: true},
		"!(data:00 | since:5s)": {Data: true, Time: true},
		"reload":                {Kinds: true},
		"cb:open":               {Kinds: true},
		"line:3":                {Text: true, Kinds: true},
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Needs(); got != want {
			t.Errorf("%s needs %+v, want %+v", text, got, want)
		}
	}
}

func TestFilterString(t *testing.T) {
	for text, want := range map[string]string{
		"  ":                              "",
		"WRITE":                           "op:write",
		"flag:FUA":                        "fua",
		"op = read , write":               "op:read,write",
		"len>=65536 off=0x1000":           "len>=64k off=4k",
		"off:0x100000..2M len:1536,8s":    "off:1M..2M len:1536,4k",
		"dur>1m30s | dur<1.5ms":           "dur>90s | dur<1500us",
		"(read | write) (fua) ((held))":   "(op:read | op:write) fua held",
		"(read write) | (fua | df)":       "op:read op:write | fua | df",
		"!(read) !!fua !(fua df)":         "!op:read fua !(fua df)",
		`text:foo text:a,"b c" "q\"\\\n"`: `"foo" text:"a","b c" "q\"\\\\n"`,
		`data:"EFI" data=0x55_AA`:         "data:454649 data=55aa",
		"err:28,71 err!=eio":              "err:ENOSPC,71 err!=EIO",
		"conn:NBD#0x2,1..3":               "conn:nbd#2,1..3",
		"since:12:00 until:60s":           "since:12:00:00 until:1m",
		`prog:dd,"a b"`:                   `prog:dd,"a b"`,
		`prog="x@y"`:                      `prog:"x@y"`,
		"req:..5 req:7.. off:..4k":        "req:0..5 req:7.. off:0..4k",
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := f.String(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// TestFilterWords holds the words of the table against the types that they
// stand for.
func TestFilterWords(t *testing.T) {
	check := func(field string, want map[string]uint64) {
		t.Helper()
		got := map[string]uint64{}
		for _, w := range findField(field).words() {
			if w.help == "" {
				t.Errorf("%s:%s has no help", field, w.name)
			}
			got[w.name] = w.bit
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", field, got, want)
		}
	}
	want := map[string]uint64{}
	for op := plugins.OpRead; op.Callback() != plugins.NoCallback; op++ {
		want[strings.ToLower(op.String())] = 1 << op
	}
	check("op", want)
	want = map[string]uint64{}
	for f := plugins.Flags(1); f.String() != "" && f != 0; f <<= 1 {
		want[f.String()] = uint64(f)
	}
	check("flag", want)
	want = map[string]uint64{}
	for f := plugins.Fate(1); f.String() != "-"; f <<= 1 {
		want[f.String()] = uint64(f)
	}
	check("fate", want)
	want = map[string]uint64{}
	for k := Kind(1); k.String() != "?"; k++ {
		want[k.String()] = 1 << k
	}
	check("kind", want)

	alone := map[string]string{}
	for _, f := range Fields() {
		for _, v := range f.Values {
			if other, taken := alone[v.Text]; f.Alone && taken {
				t.Errorf("%s belongs to %s and to %s", v.Text, other, f.Name)
			} else if f.Alone {
				alone[v.Text] = f.Name
			}
		}
	}
}

// TestFilterExamples has an event for each example of the help and of the table.
func TestFilterExamples(t *testing.T) {
	want := map[string]string{
		"op:write off:1M..2M len>=64k": "long",
		"write fua | flush":            "forced flush",
		"zero !may_trim":               "zero",
		"!(read | write) conn:nbd#2":   "flush zero refused open said",
		"len:512,4k..64k":              "boot slow full forced refused held",
		"err":                          "full forced refused broken",
		"err:ENOSPC line:31":           "full",
		"wire:EINVAL err!=EINVAL":      "refused",
		"dur>5ms !held":                "slow open",
		"cb:pread script>1ms gen>=2":   "slow held",
		"data=eb58 off:0":              "boot",
		`"disk full"`:                  "full",
		`output "cache miss"`:          "said",
		"kind:reload,output":           "load said broken",
		"req:3..5":                     "boot slow long",
		"since:30s err":                "",
	}
	for _, e := range filterExamples {
		names, there := want[e.Text]
		if got := picked(t, e.Text); !there || got != names {
			t.Errorf("%s picks %q, want %q", e.Text, got, names)
		}
		delete(want, e.Text)
	}
	for text := range want {
		t.Errorf("%s is not in the help any more", text)
	}
	for _, f := range Fields() {
		got, err := ParseFilter(f.Example)
		if err != nil {
			t.Errorf("the example of %s: %v", f.Name, err)
			continue
		}
		about := false
		got.root.walk(func(term *term) { about = about || term.field.name == f.Name })
		if !about {
			t.Errorf("the example of %s, %s, is about something else", f.Name, f.Example)
		}
		if !slices.Contains(f.Operators, ":") {
			t.Errorf("%s does not have the operator :", f.Name)
		}
	}
	if PreviewSize != 128 {
		t.Error("the help says that 128 bytes of a payload are kept")
	}
}

// TestFilterHelp holds FILTERS.md against the table.
func TestFilterHelp(t *testing.T) {
	golden(t, "FILTERS.md", FilterMarkdown())
	help := FilterHelp()
	for line := range strings.Lines(help) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > helpWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, f := range fields {
		if !strings.Contains(help, "  "+f.name+" ") || f.help == "" || strings.ContainsAny(f.help, "\n") {
			t.Errorf("%s has no help, or it is not in the help", f.name)
		}
	}
}

// markedLog is a log of which some requests are marked.
type markedLog struct {
	*Log
	signs map[uint64]string
}

func (m markedLog) Mark(e *Event) (string, bool) {
	sign, ok := m.signs[e.Seq]
	return sign, ok
}

// TestFilterMarked: who knows of marks is asked for them; nobody else has any.
func TestFilterMarked(t *testing.T) {
	l := NewLog(1 << 16)
	for range 3 {
		l.Append(request(0), "", nil)
	}
	l.Append(Event{Kind: Output}, "a", nil)
	m := markedLog{l, map[uint64]string{0: "a", 2: "b", 3: "a"}}
	for text, want := range map[string][4]bool{
		"marked":     {true, false, true, false},
		"!marked":    {false, true, false, true},
		"marked:b":   {false, false, true, false},
		"marked:a,b": {true, false, true, false},
	} {
		f, err := ParseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		var events [4]Event
		l.Read(events[:], 0)
		for i := range events {
			if got := f.Match(&events[i], m); got != want[i] {
				t.Errorf("%s picks event %d: %v", text, i, got)
			}
		}
		if f.Match(&events[0], l) != (text == "!marked") {
			t.Errorf("%s of a log without marks", text)
		}
	}
}
