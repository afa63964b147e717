package tui

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// bigFile returns a recording of n requests, whose times have no order, so that
// rows sorted by them stand all over the file.
func bigFile(tb testing.TB, n int) *recordings.File {
	tb.Helper()
	log := recordings.NewLog(16 << 20)
	path := filepath.Join(tb.TempDir(), "big"+recordingExt)
	r, err := recordings.Create(path, recordings.Header{Script: "disk.lua"}, recordings.RecorderOptions{Log: log})
	if err != nil {
		tb.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		e := request(i, plugins.Stamp(i)*10_000+1)
		e.Replied = e.Done + plugins.Stamp(random.IntN(1<<30))
		text := ""
		if i%100 == 99 {
			e.Errno, text = uint16(syscall.EIO), fmt.Sprintf("pread: disk.lua:7: request %d", i)
		}
		log.Append(e, text, []byte("the first bytes"))
	}
	if err := r.Close(); err != nil {
		tb.Fatal(err)
	}
	f, err := recordings.OpenFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	})
	return f
}

// openBig opens a screen on f that has read all of it.
func openBig(tb testing.TB, w, h int, f *recordings.File) *screen {
	tb.Helper()
	s := newScreen(tb, w, h, nil, nil, Options{Events: f})
	for _, next := f.Bounds(); s.feed.next < next; {
		s.pulse()
	}
	return s
}

// TestFarRows: rows that stand far from each other in a file are drawn when they
// are there, and are those of the order.
func TestFarRows(t *testing.T) {
	s := openBig(t, 120, 40, bigFile(t, 30_000))
	s.press("o " + typed("took") + " enter g")
	s.mustNotShow("(reading)")
	seqs := s.rowSeqs()
	p, sc := s.app.requests, &s.app.scene
	for _, row := range []int{0, 1, 20} {
		e, ok := readRequest(sc, seqs[row])
		if !ok {
			t.Fatalf("event %d is gone", seqs[row])
		}
		s.mustShow(sc.clock(e.Received))
	}

	p.far.rows = nil
	_, cmd := s.app.Update(keyMsg("j")) // and what comes of it has not come yet
	s.mustShow("(reading)", "2 of 30000")
	if cmd == nil || !p.far.asked {
		t.Fatal("the rows are not asked for")
	}
	if again := s.app.fetch(); again != nil {
		t.Error("they are asked for twice")
	}
	p.far.asked = false
	s.send(s.app.fetch()())
	s.mustNotShow("(reading)", "(dropped)")
	if top, end := p.list.visible(); !p.far.has(seqs[end]) || top > 0 {
		t.Error("the page behind is not read before it is asked for")
	}
	for range 200 { // more than are kept
		s.press("pgdown pgdown")
	}
	s.mustNotShow("(reading)")
	if n := len(p.far.rows); n > keptRows+200 {
		t.Errorf("%d rows are kept", n)
	}

	s.press("o " + typed("result") + " enter g")
	s.press("z")
	s.press("g " + strings.Repeat("pgdown ", 4))
	s.mustShow("✗ EIO disk.lua:7: request ")
}

// TestFarSearch: what is looked for is found in the order of the rows, whatever
// that is in the file.
func TestFarSearch(t *testing.T) {
	s := openBig(t, 120, 40, bigFile(t, 30_000))
	p := s.app.requests
	s.press("o " + typed("took") + " enter g")
	var want []int // rows
	for row, seq := range s.rowSeqs() {
		if seq%100 == 99 && row > 0 {
			want = append(want, row)
		}
	}
	s.press("ctrl+f " + typed("err:EIO") + " enter")
	for i := range 5 {
		if p.list.selected != want[i] {
			t.Fatalf("match %d is in row %d, want %d", i, p.list.selected, want[i])
		}
		s.press("n")
	}
	s.press("N N")
	if p.list.selected != want[3] {
		t.Errorf("row %d, want %d", p.list.selected, want[3])
	}
	s.press("m g ctrl+f " + typed("marked") + " enter")
	if p.list.selected != want[3] {
		t.Errorf("the marked request is in row %d, want %d", p.list.selected, want[3])
	}
	s.press("m g n")
	s.mustShow("no request matches marked")
}

// BenchmarkRecordingSorted goes through a recording of two million requests that
// are sorted by what they took, so that no two rows stand close together in the
// file: what a key costs, and the longest that one message took with its frame.
func BenchmarkRecordingSorted(b *testing.B) {
	s := openBig(b, 200, 60, bigFile(b, 2_000_000))
	s.press("o " + typed("took") + " enter")
	s.press("ctrl+f " + typed("err:ENOSPC") + " enter") // which none has: all is searched
	for _, keys := range []string{"j", "pgdown", "enter j esc", "G g", "n"} {
		b.Run(strings.ReplaceAll(keys, " ", "+"), func(b *testing.B) {
			s.press("g")
			s.slowest = 0
			for b.Loop() {
				s.press(keys)
			}
			b.ReportMetric(float64(s.slowest.Microseconds())/1000, "worst-ms")
		})
	}
}
