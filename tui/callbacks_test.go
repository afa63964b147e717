package tui

import (
	"strings"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/plugins/host"
	"workbench/recordings"
)

func TestCallbacksLeadToRequests(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("2 j enter")
	s.mustShow("▽ filter: cb:pwrite gen:2 · 32 of 403", "following")
	s.press("2 G enter") // the last is no callback of requests
	s.mustShow("▽ filter: cb:pwrite gen:2")
}

func TestCallbacksSorted(t *testing.T) {
	log, bench := withPast()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	first := func() string {
		c, _ := s.app.calls.selected()
		return c.Callback.String()
	}
	for _, tt := range []struct{ keys, note, want string }{
		{"2 z", "", "pread"},
		{">", "▼ count", "pread"},
		{"v", "▲ count", "load"},
		{"v >", "▼ err", "pwrite"},
		{"> > >", "▼ p99", "pread"},
		{"> >", "▼ time", "pread"},
		{"> >", "", "pread"}, // round, to the order of generations
		{"<", "▼ bytes", "pwrite"},
	} {
		s.press(tt.keys)
		s.press("g")
		if got := first(); got != tt.want {
			t.Errorf("after %s %s is the first, want %s", tt.keys, got, tt.want)
		}
		s.mustShow(tt.note)
	}
}

func TestCallbacksSideBySide(t *testing.T) {
	log, bench := fixture()
	for _, c := range []struct {
		generation uint32
		took       time.Duration
	}{{7, time.Millisecond}, {8, 2 * time.Millisecond}} {
		for range 10 {
			e := request(0, s0)
			e.Generation, e.InCallback = c.generation, c.took
			log.Append(e, "", nil)
		}
	}
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.press("2 z u")
	s.mustShow("p50 g7     g8  change", "▲ +10") // to two digits
	s.mustNotShow("pwrite")
	s.press("> u") // the order is the table's
	s.mustShow("gen callback")
	if strings.Contains(s.text(), "▼ count") {
		t.Error("the rows were sorted though there was no table")
	}
}

const s0 = 11_000 * ms

func TestChangeOf(t *testing.T) {
	sc := &scene{theme: &theme{}}
	for _, tt := range []struct {
		was, is time.Duration
		want    string
	}{{100, 100, "="}, {100, 103, "="}, {100, 140, "▲ +40%"}, {100, 60, "▼ −40%"}, {100, 1e6, "▲ ×10k"}, {0, 5, ""}} {
		if got := changeOf(sc, tt.was, tt.is).text; got != tt.want {
			t.Errorf("from %v to %v: %q, want %q", tt.was, tt.is, got, tt.want)
		}
	}
}

// TestSpreadPicture: every call is in the picture, at any width.
func TestSpreadPicture(t *testing.T) {
	var c recordings.CallbackStats
	c.Callback, c.Generation = plugins.Pread, 1
	for n := range c.Spread {
		c.Spread[n] = uint32(n)
	}
	sc := &scene{theme: &theme{}}
	for w := chartMinimum; w < 300; w += 7 {
		rows := drawSpread(sc, &c, w, chartRows)
		if len(rows) != chartRows {
			t.Fatalf("%d rows", len(rows))
		}
		for _, row := range rows {
			if width(row) != w {
				t.Errorf("a row of %d cells, want %d: %q", width(row), w, row)
			}
		}
	}
	var none recordings.CallbackStats
	if rows := drawSpread(sc, &none, 60, chartRows); !strings.Contains(rows[1], "not known") {
		t.Errorf("of no calls: %q", rows)
	}
}

// TestCallbacksOfManyGenerations scrolls, and keeps a selection.
func TestCallbacksOfManyGenerations(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 60, 16, log, bench, fixtureOptions())
	for g := range uint32(8) {
		e := request(0, s0)
		e.Generation = 3 + g
		log.Append(e, "", nil)
		bench.set(func(st *host.Status) { st.Generation = 3 + g })
		s.now += 500 * ms
		s.pulse()
	}
	s.press("2 G")
	s.mustShow("▸g3  pread")
}
