package replay

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"workbench/plugins"
	"workbench/recordings"
)

// reads records one client that reads these blocks of an empty disk.
func reads(policy recordings.Policy, blocks ...uint64) *memory {
	rec := newMemory(policy)
	h := &modelHandle{m: newModel(modelSize, false)}
	for _, n := range blocks {
		recordOne(rec, h, &plugins.Request{Op: plugins.OpRead, Offset: n % (modelSize / 16) * 16, Length: 16, Origin: plugins.Origin{Front: plugins.FrontNBD, Conn: 1}})
	}
	return rec
}

// differences compares a with b and returns what differs.
func differences(t *testing.T, a, b recordings.Recording) *Report {
	t.Helper()
	report, err := Diff(t.Context(), a, b, Options{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if report.Differ != uint64(len(report.First)) {
		t.Errorf("%d differ, and %d are told", report.Differ, len(report.First))
	}
	return report
}

// TestDiffSame compares recordings of the same requests.
func TestDiffSame(t *testing.T) {
	a := record(t, newModel(modelSize, true), recordings.PayloadHash, 1, 8, 200, 1)
	report := differences(t, a, a)
	if report.Differ != 0 || report.Requests != 1600 || report.Compared != 1600 || report.Connections != 8 {
		t.Errorf("%+v", report)
	}
}

// TestDiffFinds compares recordings in which one byte, one errno and one size differ.
func TestDiffFinds(t *testing.T) {
	at := plugins.Now()
	make := func(fill byte, errno syscall.Errno, size uint64) *memory {
		rec := newMemory(recordings.PayloadFull)
		e := recordings.Event{Front: plugins.FrontNBD, Conn: 1, Times: plugins.Times{Received: at, Started: at, Done: at, Replied: at}}
		e.Kind, e.Length = recordings.Opened, size
		rec.add(e, "disk", nil)
		e.Kind, e.Op, e.Length = recordings.Request, plugins.OpRead, 512
		data := bytes.Repeat([]byte{1}, 512)
		data[300] = fill
		rec.add(e, "", data)
		e.Op, e.Errno = plugins.OpWrite, uint16(errno)
		rec.add(e, "pwrite: disk.lua:9: why", data[:300])
		return rec
	}
	a := make(1, 0, 1024)
	if report := differences(t, a, make(1, 0, 1024)); report.Differ != 0 {
		t.Error(describe(report))
	}
	report := differences(t, a, make(2, syscall.EIO, 2048))
	if report.Differ != 3 {
		t.Fatal(describe(report))
	}
	for i, want := range []string{
		"event 0, nbd#1 opened: the disk had 1024 bytes > 2048 bytes",
		"request 1, nbd#1 READ 0x0 512: byte 300 (0x12c on the disk): 01010101010101010101010101010101 > 02010101010101010101010101010101",
		"request 2, nbd#1 WRITE 0x0 512: ok > EIO pwrite: disk.lua:9: why",
	} {
		if got := report.First[i].Text(); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

// TestDiffAligns compares recordings of which one has requests that the other lacks.
func TestDiffAligns(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var base []uint64
	for range 10000 {
		base = append(base, rnd.Uint64N(modelSize/16))
	}
	for _, c := range []struct {
		name           string
		change         func([]uint64) []uint64
		missing, added int
	}{
		{"the same", func(b []uint64) []uint64 { return b }, 0, 0},
		{"one less", func(b []uint64) []uint64 { return slices.Delete(b, 5000, 5001) }, 1, 0},
		{"the first is missing", func(b []uint64) []uint64 { return b[1:] }, 1, 0},
		{"the last are missing", func(b []uint64) []uint64 { return b[:9990] }, 10, 0},
		{"thirty more", func(b []uint64) []uint64 { return slices.Insert(b, 100, reversed(b[2000:2030])...) }, 0, 30},
		{"three hundred less", func(b []uint64) []uint64 { return slices.Delete(b, 700, 1000) }, 300, 0},
		{"nothing is left", func([]uint64) []uint64 { return nil }, 10000, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := differences(t, reads(recordings.PayloadHash, base...), reads(recordings.PayloadHash, c.change(slices.Clone(base))...))
			missing, added := 0, 0
			for _, d := range report.First {
				switch d.Kind {
				case Missing:
					missing++
				case Added:
					added++
				default:
					t.Error(d.Text())
				}
			}
			if missing != c.missing || added != c.added {
				t.Errorf("%d missing, %d added; want %d and %d", missing, added, c.missing, c.added)
			}
		})
	}
}

func reversed(list []uint64) []uint64 {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// TestSpans holds spans against a set of bytes.
func TestSpans(t *testing.T) {
	const size = 64
	rnd := rand.New(rand.NewPCG(3, 4))
	var s spans
	var set [size]bool
	for range 5000 {
		a := span{rnd.Uint64N(size), rnd.Uint64N(size + 1)}
		adds := rnd.IntN(2) == 0
		if adds {
			s.add(a)
		} else {
			s.remove(a)
		}
		for i := a.at; i < a.end; i++ {
			set[i] = adds
		}
		b := span{rnd.Uint64N(size), rnd.Uint64N(size + 1)}
		inside := s.within(b)
		for i := range uint64(size) {
			one := span{i, i + 1}
			if got := len(s.within(one).list) > 0; got != set[i] {
				t.Fatalf("after %v: byte %d is %t in %v", a, i, got, s.list)
			}
			if got, want := len(inside.within(one).list) > 0, set[i] && b.at <= i && i < b.end; got != want {
				t.Fatalf("within %v: byte %d is %t in %v", b, i, got, inside.list)
			}
		}
		for i := 1; i < len(s.list); i++ {
			if s.list[i-1].end >= s.list[i].at {
				t.Fatalf("parts touch: %v", s.list)
			}
		}
	}
}

// TestSpansAreBounded adds more parts than are kept: none may be lost.
func TestSpansAreBounded(t *testing.T) {
	var s spans
	for i := range uint64(3 * maxSpans) {
		s.add(span{i * 1000000, i*1000000 + 1})
		if len(s.list) > maxSpans {
			t.Fatalf("%d parts", len(s.list))
		}
	}
	for i := range uint64(3 * maxSpans) {
		if len(s.within(span{i * 1000000, i*1000000 + 1}).list) == 0 {
			t.Fatal(fmt.Sprint("part ", i, " is lost"))
		}
	}
}
