package tui

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"workbench/plugins"
	"workbench/recordings"
)

// done returns a request that went well.
func done(op plugins.Op, offset, length uint64) recordings.Event {
	return recordings.Event{
		Kind: recordings.Request, Front: plugins.FrontNBD, Conn: 1, Op: op, Offset: offset, Length: length,
		Times: plugins.Times{Received: fixtureNow, Replied: fixtureNow},
	}
}

// opened returns the fact that an export was opened.
func opened(conn uint32, size uint64) recordings.Event {
	return recordings.Event{Kind: recordings.Opened, Front: plugins.FrontNBD, Conn: conn, Length: size, Times: plugins.Times{Received: 1}}
}

// TestHeat: random requests on disks of every size, told or found out by
// growing. In every cell of each level the counts, the last writer and the
// contents are those of a model that looks at all requests.
func TestHeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, 1<<rapid.IntRange(0, 63).Draw(t, "bits")).Draw(t, "size")
		size = min(max(size, 512), 1<<63-1)
		d := disk{heat: newHeat(0, 0)}
		if rapid.Bool().Draw(t, "told") {
			d.resize(size)
		}
		var all []recordings.Event
		for i := range rapid.IntRange(1, 40).Draw(t, "requests") {
			op := rapid.SampledFrom([]plugins.Op{plugins.OpRead, plugins.OpWrite, plugins.OpTrim, plugins.OpZero, plugins.OpFlush, plugins.OpCache}).Draw(t, "op")
			offset := rapid.Uint64Range(0, size-1).Draw(t, "offset")
			e := done(op, offset, rapid.Uint64Range(1, size-offset).Draw(t, "length"))
			e.Seq = uint64(i)
			if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
				e.Errno = uint16(syscall.EIO)
			}
			d.add(&e, "")
			all = append(all, e)
		}
		level := rapid.IntRange(0, heatDepth).Draw(t, "level")
		shift := d.heat.shift + heatDepth - uint(level)
		for range 20 {
			at := rapid.Uint64Range(0, size-1).Draw(t, "at")
			i := at >> shift
			if i >= 1<<level {
				continue // only what failed was there
			}
			var want spot
			for j := range all {
				e := &all[j]
				if e.Op != plugins.OpFlush && e.Offset>>shift <= i && min(e.Offset+e.Length-1, size-1)>>shift >= i {
					want.add(e, e.Offset+e.Length > (i+1)<<shift)
				}
			}
			got := d.heat.cells(shift)[i]
			if d.size == 0 { // what failed beyond what the disk was found to have is not on it
				got.errors, want.errors = tally{}, tally{}
				got.touched, want.touched = 0, 0
			}
			if got != want {
				t.Fatalf("cell %d of %d bytes: %+v, want %+v", i, uint64(1)<<shift, got, want)
			}
		}
	})
}

// TestHeatContents: what is known of the contents is right for every byte of a
// cell: a hole is filled wholly, data may be a part of it.
func TestHeatContents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 4096*4 - 100 // 4 bytes a cell
		d := disk{heat: newHeat(0, 0)}
		d.resize(size)
		model := make([]allocation, size)
		set := func(offset, length uint64, a allocation) {
			for i := offset; i < offset+length; i++ {
				model[i] = a
			}
		}
		for range rapid.IntRange(1, 10).Draw(t, "requests") {
			offset := rapid.Uint64Range(0, size-1).Draw(t, "offset")
			e := done(plugins.OpWrite, offset, rapid.Uint64Range(1, size-offset).Draw(t, "length"))
			answer := ""
			switch a := rapid.SampledFrom([]allocation{written, trimmed, zeroed, hole}).Draw(t, "what"); a {
			case trimmed:
				e.Op = plugins.OpTrim
				set(offset, e.Length, a)
			case zeroed:
				e.Op = plugins.OpZero
				set(offset, e.Length, a)
			case hole:
				e.Op = plugins.OpExtents
				answer = recordings.FormatExtents([]plugins.Extent{{Offset: 0, Length: offset + e.Length, Type: plugins.ExtentHole | plugins.ExtentZero}}, offset)
				set(offset, e.Length, a)
			default:
				set(offset, e.Length, a)
			}
			d.add(&e, answer)
		}
		shift := d.heat.shift + uint(rapid.IntRange(0, heatDepth).Draw(t, "level"))
		for i := range (uint64(size-1) >> shift) + 1 {
			part := model[i<<shift : min((i+1)<<shift, size)]
			a := d.heat.holding(shift, int(i))
			for _, b := range part {
				switch {
				case a.isHole() && !b.isHole(), (a == zeroed || a == zeroes) && !b.isHole() && b != zeroed && b != zeroes:
					t.Fatalf("cell %d of %d: %s, but a byte is %s", i, 1<<shift, allocationWords[a], allocationWords[b])
				}
			}
		}
	})
}

// TestScriptedWritesLightCells: writes at known places are in the right cells at
// three levels of zoom, the last of which has to be read from the log.
func TestScriptedWritesLightCells(t *testing.T) {
	log := recordings.NewLog(1 << 20)
	log.Append(opened(1, 64<<20), "", nil)
	places := []uint64{0, 1 << 20, 5<<20 + 512, 64<<20 - 4096}
	for _, at := range places {
		log.Append(done(plugins.OpWrite, at, 512), "", nil)
	}
	s := newScreen(t, 120, 40, log, nil, Options{})
	s.press("8 z")
	p := s.app.disk
	sizes := map[uint]bool{}
	for zoom := range 5 {
		sizes[p.grid.shift] = true
		for _, at := range places {
			p.at = at
			s.pulse()
			s.settle()
			if got := p.spot(&s.app.scene); got.writes.n != 1 {
				t.Errorf("zoom %d, cells of %d: at %#x %+v", zoom, 1<<p.grid.shift, at, got)
			}
			from, to := p.place()
			if at < from || at >= to || !strings.Contains(s.text(), "▾"+hex(from)) && !strings.Contains(s.text(), hex(from)+"▾") {
				t.Errorf("zoom %d: the cursor is at %#x..%#x, want %#x:\n%s", zoom, from, to, at, s.text())
			}
		}
		lit := 0
		for _, row := range strings.Split(s.text(), "\n") {
			if cells := []rune(row); len(cells) > p.grid.label+p.grid.per && strings.HasPrefix(strings.TrimLeft(row, "┃ ▸"), "0x") {
				lit += strings.Count(string(cells[p.grid.label+1:][:p.grid.per]), "w")
			}
		}
		if zoom == 0 && lit != len(places) {
			t.Errorf("%d cells are lit, want %d:\n%s", lit, len(places), s.text())
		}
		s.press("+")
	}
	if len(sizes) < 3 || p.lens.heat == nil {
		t.Errorf("%d sizes of cells, lens %v", len(sizes), p.lens.heat != nil)
	}
}

// TestManyDisks: each disk of any number has a map, though not of each something
// is added up while it happens.
func TestManyDisks(t *testing.T) {
	log := recordings.NewLog(1 << 20)
	const disks = heatedDisks + 12
	sizes := func(n int) uint64 { return []uint64{1 << 20, 64 << 20, 1 << 63, 0}[n%4] }
	at := func(n int) uint64 { return uint64(n) << 12 }
	for n := range disks {
		conn := uint32(n + 1)
		if sizes(n) > 0 {
			log.Append(opened(conn, sizes(n)), fmt.Sprint("disk", n), nil)
		}
		e := done(plugins.OpWrite, at(n), 512)
		e.Conn = conn
		log.Append(e, "", nil)
		e.Op, e.Offset = plugins.OpTrim, at(n)+1<<12
		log.Append(e, "", nil)
	}
	s := newScreen(t, 120, 40, log, nil, Options{})
	s.press("8 z")
	for n := range disks {
		if sizes(n) == 0 {
			continue // its connection never said what it opened
		}
		s.press(": " + typed(fmt.Sprint("map disk disk", n)) + " enter")
		s.settle()
		s.mustShow(fmt.Sprintf("disk%d, %s", n, shortSize(sizes(n))))
		p := s.app.disk
		p.at = at(n)
		s.pulse()
		s.settle()
		if got := p.spot(&s.app.scene); got.writes.n == 0 {
			t.Errorf("disk %d: nothing was written at %#x:\n%s", n, p.at, s.text())
		}
		if added := s.app.scene.findDisk(fmt.Sprint("disk", n)).heat != nil; added == (p.lens.heat != nil) {
			t.Errorf("disk %d: added up %v, and read from the log %v", n, added, p.lens.heat != nil)
		}
	}
	last := s.app.disk.grid.export
	s.press("E")
	if s.settle(); s.app.disk.grid.export == last {
		t.Error("there is no next disk")
	}
	s.press(": " + typed("map disk nowhere") + " enter")
	s.mustShow("want the name of an export")
}

// settle brings the pulses that a search needs.
func (s *screen) settle() {
	for range 100 {
		if p := s.app.disk; p.lens.heat == nil || p.lens.next >= s.app.scene.next {
			return
		}
		s.pulse()
	}
	s.t.Fatal("the search does not end")
}

// BenchmarkHeat: what one request costs.
func BenchmarkHeat(b *testing.B) {
	for _, bb := range []struct {
		name   string
		length uint64
	}{{"4KiB", 4096}, {"1MiB", 1 << 20}, {"all", 1 << 30}} {
		b.Run(bb.name, func(b *testing.B) {
			d := disk{heat: newHeat(0, 0)}
			d.resize(1 << 30)
			for i := range b.N {
				e := done(plugins.OpWrite, uint64(i*4096)%(1<<30-bb.length+1), bb.length)
				d.add(&e, "")
			}
		})
	}
}
