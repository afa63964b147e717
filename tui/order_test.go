package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"workbench/plugins"
	"workbench/recordings"
	"workbench/recordings/replay"
)

// sortedSeqs returns the numbers of the requests of the list, in the order of rows.
func (s *screen) rowSeqs() []uint64 {
	p, sc := s.app.requests, &s.app.scene
	first, next := p.bounds(sc)
	var out []uint64
	for row := first; row < next; row++ {
		out = append(out, p.seq(sc, row))
	}
	return out
}

// TestSort: the rows are in the order of the column, equal ones in that of time,
// and so they are with a filter, and when the direction is turned.
func TestSort(t *testing.T) {
	for _, filter := range []string{"", "op:write"} {
		log, bench := fixture()
		s := newScreen(t, 120, 40, log, bench, fixtureOptions())
		if filter != "" {
			s.press("/ " + typed(filter) + " enter")
		}
		byTime := s.rowSeqs()
		for _, by := range sortColumns() {
			if by == colTime {
				continue
			}
			s.press("o " + typed(columnNames[by]) + " enter")
			for range 2 {
				o := s.app.requests.order
				if o == nil || o.by != by || o.seqs == nil {
					t.Fatalf("%s: not sorted", columnNames[by])
				}
				s.mustShow("⇅ sorted by " + columnNames[by])
				want := slices.Clone(byTime)
				key := func(seq uint64) uint64 {
					e, ok := readRequest(&s.app.scene, seq)
					if !ok {
						t.Fatalf("event %d is gone", seq)
					}
					return sortKey(by, &e)
				}
				slices.SortStableFunc(want, func(a, b uint64) int {
					if o.falling {
						a, b = b, a
					}
					return cmp.Compare(key(a), key(b))
				})
				if got := s.rowSeqs(); !slices.Equal(got, want) {
					t.Errorf("%s, falling %t: %v\nwant %v", columnNames[by], o.falling, got, want)
				}
				s.press("v")
			}
		}
		s.press("o enter")
		if got := s.rowSeqs(); !slices.Equal(got, byTime) || s.app.requests.order != nil {
			t.Error("an empty order is not that of time")
		}
	}
}

// TestSortIsASnapshot: what comes later is counted and not shown, and sorting
// again takes it in; a filter that is set is applied to what is sorted.
func TestSortIsASnapshot(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	s.press("o " + typed("took") + " enter")
	s.mustShow("⇅ sorted by took, the largest first, as of 12:00:12", "by took · 1 of 400", "took↓")
	s.mustNotShow("newer", "following")
	s.more(30)
	s.mustShow("as of 12:00:12, 30 newer", "1 of 400")
	s.press("f") // there is nothing to follow
	if s.app.requests.list.follow {
		t.Error("sorted rows are followed")
	}
	s.press("o " + typed("took") + " enter")
	s.mustShow("1 of 430")
	s.press("/ " + typed("op:read") + " enter")
	for _, seq := range s.rowSeqs() {
		if e, _ := readRequest(&s.app.scene, seq); e.Op != plugins.OpRead {
			t.Fatalf("event %d, a %s, does not match", seq, e.Op)
		}
	}
	s.mustShow("⇅ sorted by took")
	s.press("j j")
	before, _ := s.app.requests.selectedSeq(&s.app.scene)
	s.press("o enter") // by time again: the request stays selected
	if after, _ := s.app.requests.selectedSeq(&s.app.scene); after != before {
		t.Errorf("event %d is selected, want %d", after, before)
	}
	s.press("> >")
	s.mustShow("sorted by op")
	s.press("<")
	s.mustShow("sorted by from")
	s.press("o x")
	s.mustShow("✗ there is no column x")
}

// TestSortDropsStaleResults: rows that come when another order was asked for are
// not taken.
func TestSortDropsStaleResults(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 120, 40, log, bench, fixtureOptions())
	slow := s.app.sortBy(colTook, true)
	quick := s.app.sortBy(colOffset, false)
	s.send(quick())
	want := s.rowSeqs()
	s.send(slow())
	if got := s.rowSeqs(); !slices.Equal(got, want) || s.app.requests.order.by != colOffset {
		t.Error("a result that came too late was taken")
	}
	s.press("o enter G")
	late := s.app.sortBy(colTook, true)
	s.press("o enter")
	if !s.app.requests.list.follow {
		t.Error("the list follows no more, though it was not sorted")
	}
	s.send(late())
	if s.app.requests.order != nil {
		t.Error("sorted, though time was asked for meanwhile")
	}
}

// TestUsual: the median and the 95th of a hundred are right to a quarter of a
// doubling, and few requests have neither.
func TestUsual(t *testing.T) {
	var u usual
	for i := range 100 {
		if n := u.of(plugins.OpRead); n.known != (i >= enoughToCompare) {
			t.Fatalf("known %t of %d requests", n.known, i)
		}
		u.add(plugins.OpRead, time.Duration(i+1)*time.Millisecond)
	}
	n := u.of(plugins.OpRead)
	if n.median < 50*time.Millisecond || n.median > 63*time.Millisecond || n.p95 < 95*time.Millisecond || n.p95 > 119*time.Millisecond {
		t.Errorf("median %v, p95 %v", n.median, n.p95)
	}
	for _, tt := range []struct {
		d     time.Duration
		level int
		slow  bool
	}{
		{0, 1, false}, {time.Microsecond, 1, false}, {n.median, 4, false}, {3 * n.median, 6, true}, {n.median / 2, 3, false}, {time.Hour, 8, true}, {n.p95, 5, false},
	} {
		if level, slow := n.level(tt.d); level != tt.level || slow != tt.slow {
			t.Errorf("%v: level %d, slow %t", tt.d, level, slow)
		}
	}
	for _, d := range []time.Duration{1, 2, 3, 4, 5, 7, 8, 1000, 1 << 40, 1 << 61} {
		if n := step(d); stepTime(n) > d || stepTime(n+1) <= d && n >= 8 {
			t.Errorf("%d is counted from %d on", d, stepTime(n))
		}
	}
}

// TestClock: times are those of the day, since the first request, or since the
// one above.
func TestClock(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 80, 24, log, bench, fixtureOptions())
	s.mustShow("12:00:11.975")
	s.press("t")
	s.mustShow("since first", "+9.975000")
	s.press("t")
	s.mustShow("   25ms nbd#1")
	s.press("g")
	s.mustShow("▸      - nbd#1")
	s.press("t")
	s.mustShow("12:00:02.000")
}

// BenchmarkSort sorts a million requests, and draws while they are.
func BenchmarkSort(b *testing.B) {
	log := bigLog(1_000_000)
	s := newScreen(b, 120, 40, log, nil, Options{})
	for s.feed.next < 1_000_000 {
		s.pulse()
	}
	b.Run("rows", func(b *testing.B) {
		x := &s.app.live.requests
		for b.Loop() {
			if rows := sortRows(nil, log, x.seqs, colTook, true); len(rows) < 900_000 {
				b.Fatalf("%d rows", len(rows))
			}
		}
	})
	s.press("o " + typed("took") + " enter")
	b.Run("key", func(b *testing.B) {
		for b.Loop() {
			s.press("j")
			s.app.View()
		}
	})
}

// bigLog returns a log with n requests.
func bigLog(n int) *recordings.Log {
	log := recordings.NewLog(n * 512)
	for i := range n {
		log.Append(request(i, plugins.Stamp(i)*10_000), "", nil)
	}
	return log
}

// TestSortedRequestsAreMeant: what is done to the selected request is done to the
// one in the selected row, also where rows are sorted or picked.
func TestSortedRequestsAreMeant(t *testing.T) {
	for _, keys := range []string{"o l e n g t h enter g", "o t o o k enter g j j", "/ " + typed("op:zero") + " enter g", "v g j"} {
		log, bench := fixture()
		o := fixtureOptions()
		o.Replay = func(context.Context, recordings.Recording, ReplayOptions) (*replay.Report, error) {
			return nil, errFake
		}
		s := newScreen(t, 120, 40, log, bench, o)
		s.press(keys)
		seq, ok := s.app.requests.selectedSeq(&s.app.scene)
		if !ok {
			t.Fatalf("%q selects nothing", keys)
		}
		e, _ := readRequest(&s.app.scene, seq)
		what := describe(e.Op, e.Offset, e.Length)
		s.press("I")
		if got, want := s.app.prompt.text, likeText(&e)+" =>"; strings.TrimSpace(got) != want {
			t.Errorf("%q: the rule is %q, want %q", keys, got, want)
		}
		s.press("esc r")
		if does := s.app.prompt.empty; !strings.Contains(does, what) && !strings.HasPrefix(does, e.Op.String()+" writes") {
			t.Errorf("%q: %q, want %s", keys, does, what)
		}
		s.press("esc enter")
		s.mustShow(what)
	}
}

// TestSortedFailureIsShown: the line that the selected request failed at is
// marked, wherever its row stands.
func TestSortedFailureIsShown(t *testing.T) {
	log, bench := fixture()
	s := newScreen(t, 200, 60, log, bench, fixtureOptions())
	s.press("g")
	if s.app.script.blamed >= 0 {
		t.Error("a line is blamed for a request that went well")
	}
	s.press("o " + typed("result") + " enter g")
	if s.app.script.blamed != 6 {
		t.Errorf("line %d is blamed, want 6:\n%s", s.app.script.blamed, s.text())
	}
}
