package recordings

import (
	"encoding/json"
	"math"
	"strings"
	"syscall"
	"testing"
	"time"

	"workbench/plugins"
)

// failedWrite is the example of the command line's reference.
func failedWrite() Event {
	received := plugins.Now()
	return Event{
		Kind: Request, Front: plugins.FrontNBD, Conn: 1, Cookie: 7, Generation: 3,
		Op: plugins.OpWrite, Callback: plugins.Pwrite, Offset: 0x1000, Length: 4096, Flags: plugins.FlagFUA,
		Errno: uint16(syscall.ENOSPC),
		Times: plugins.Times{Received: received, Replied: received + plugins.Stamp(41*time.Microsecond)},
	}
}

func TestAppendLine(t *testing.T) {
	write := failedWrite()
	read := Event{Kind: Request, Front: plugins.FrontFUSE, Conn: 2, Op: plugins.OpRead, Length: 512,
		Times: plugins.Times{Received: 1, Replied: 1 + 850}}
	open := Event{Kind: Callback, Front: plugins.FrontNBD, Conn: 1, Callback: plugins.Open,
		Times: plugins.Times{Received: 1, Started: 1, Done: 1001}}
	ruled, held := write, read
	ruled.Fate, ruled.Rule = plugins.Ruled|plugins.Dropped, 2
	held.Fate = plugins.Held
	hold := read
	hold.Kind, hold.Rule = Hold, 1
	for _, tc := range []struct {
		name, text, want string
		e                Event
	}{
		{"rule", "injected", "nbd#1 WRITE 0x1000 4096 fua,ruled,dropped,rule#2 41µs ENOSPC injected", ruled},
		{"held", "", "fuse#2 READ 0x0 512 held 850ns ok", held},
		{"hold", "before the script", "fuse#2 hold READ 0x0 512 rule#1 before the script", hold},
		{"failed write", "disk.lua:31: disk full", "nbd#1 WRITE 0x1000 4096 fua 41µs ENOSPC disk.lua:31: disk full", write},
		{"read", "", "fuse#2 READ 0x0 512 - 850ns ok", read},
		{"callback", "", "nbd#1 open 1µs ok", open},
		{"output", "hello", "- output hello", Event{Kind: Output, Callback: plugins.Open}},
		{"no line ends, no escapes", "a\nb\x1b[2Jc\x00", "nbd#1 WRITE 0x1000 4096 fua 41µs ENOSPC a b\uFFFD[2Jc\uFFFD", write},
	} {
		t.Run(tc.name, func(t *testing.T) {
			line := string(AppendLine(nil, &tc.e, tc.text))
			stamp, got, _ := strings.Cut(line, " ")
			if _, err := time.Parse("15:04:05.000000", stamp); err != nil {
				t.Errorf("time %q: %v", stamp, err)
			}
			if got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                          "0ns",
		999:                        "999ns",
		time.Microsecond:           "1µs",
		1250 * time.Microsecond:    "1.25ms",
		12345 * time.Microsecond:   "12.3ms",
		99960 * time.Microsecond:   "100ms",
		12300 * time.Millisecond:   "12.3s",
		125 * time.Second:          "125s",
		999*time.Microsecond + 900: "1000µs",
		100*time.Millisecond + 1:   "100ms",
		1050 * time.Nanosecond:     "1.05µs",
		1200 * time.Nanosecond:     "1.2µs",
		9994 * time.Nanosecond:     "9.99µs",
		9995 * time.Nanosecond:     "10µs",
		99949 * time.Microsecond:   "99.9ms",
		59999 * time.Millisecond:   "60s",
		math.MaxInt64:              "9223372037s",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestAppendClock(t *testing.T) {
	zone := time.FixedZone("", -(3*3600 + 1800))
	for _, of := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(86399, 999_999_999), time.Unix(1_700_000_000, 1_000), time.Unix(1_700_003_661, 123_456_789),
	} {
		at := of.In(zone)
		if got, want := string(appendClock(nil, at)), at.Format("15:04:05.000000"); got != want {
			t.Errorf("%v: got %s, want %s", at, got, want)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	e := failedWrite()
	e.Seq = 9
	line, err := AppendJSON(nil, &e, "disk full\x1b\xff")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	for key, want := range map[string]any{
		"seq": 9.0, "kind": "request", "from": "nbd", "conn": 1.0, "cookie": 7.0, "op": "WRITE",
		"offset": 4096.0, "length": 4096.0, "duration_ns": 41000.0, "generation": 3.0,
		"result": "ENOSPC", "text": "disk full\x1b\uFFFD",
	} {
		if got[key] != want {
			t.Errorf("%s = %v, want %v", key, got[key], want)
		}
	}
	if got["fate"] != nil || got["rule"] != nil {
		t.Errorf("fate %v, rule %v of a request that nothing was done to", got["fate"], got["rule"])
	}
	if strings.ContainsAny(string(line), "\n\x1b") {
		t.Errorf("%q is not one clean line", line)
	}
}

func TestAppendJSONFate(t *testing.T) {
	e := failedWrite()
	e.Fate, e.Rule = plugins.Ruled|plugins.Held, 2
	e.PID, e.Program = 812, plugins.CommOf("dd\xff")
	line, err := AppendJSON(nil, &e, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := `"pid":812,"program":"dd�",`; !strings.Contains(string(line), want) {
		t.Errorf("%s does not have %s", line, want)
	}
	if want := `"flags":["fua"],"fate":["ruled","held"],"rule":2,`; !strings.Contains(string(line), want) {
		t.Errorf("%s does not have %s", line, want)
	}
}
