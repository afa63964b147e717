package tui

import (
	"maps"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"workbench/recordings"
)

// Rows that are sorted or picked may stand all over a recording, and each costs
// the decoding of a block. They are read beside the model, those that are seen
// first, and drawn when they are there.

// farRows are rows of a list that were read so.
type farRows struct {
	rows  map[uint64]farRow // by their numbers in the log
	asked bool              // more of them are on their way
}

// A farRow is a request with why it failed. Its event has Kind 0 if it could not
// be read.
type farRow struct {
	event recordings.Event
	text  string
}

// arrivedRows is the message that brings rows.
type arrivedRows struct{ rows map[uint64]farRow }

const (
	nearSpan = 4096 // rows within so many events are in a block or two, and read when they are drawn
	keptRows = 8192 // far rows that are kept
)

// isFar reports whether the rows from ≤ row < to stand far from each other in a file.
func (p *requests) isFar(sc *scene, from, to int) bool {
	if !sc.filed || from >= to {
		return false
	}
	least, most := p.seq(sc, from), p.seq(sc, from)
	for row := from; row < to; row++ {
		seq := p.seq(sc, row)
		least, most = min(least, seq), max(most, seq)
	}
	return most-least >= nearSpan
}

// read returns the request with a number in the log, if it can be had at once.
// late says that it will come.
func (p *requests) read(sc *scene, seq uint64, far bool) (e recordings.Event, late bool) {
	if r, ok := p.far.rows[seq]; ok {
		return r.event, false
	}
	if far {
		return e, true
	}
	e, _ = readRequest(sc, seq)
	return e, false
}

// text returns why a request of the list failed.
func (p *requests) text(sc *scene, e *recordings.Event) string {
	if r, ok := p.far.rows[e.Seq]; ok {
		return r.text
	}
	text, _ := sc.events.Text(e)
	return text
}

// missing returns the numbers of the rows that are seen and not read, or else
// those of the page before and the one behind.
func (p *requests) missing(sc *scene) []uint64 {
	first, next := p.bounds(sc)
	top, end := p.list.visible()
	if top < first || end > next || !p.isFar(sc, top, end) {
		return nil
	}
	page := end - top
	for _, window := range [...][2]int{{top, end}, {max(top-page, first), min(end+page, next)}} {
		var seqs []uint64
		for row := window[0]; row < window[1]; row++ {
			if seq := p.seq(sc, row); !p.far.has(seq) {
				seqs = append(seqs, seq)
			}
		}
		if len(seqs) > 0 {
			return seqs
		}
	}
	return nil
}

func (f *farRows) has(seq uint64) bool {
	_, ok := f.rows[seq]
	return ok
}

// fetch reads the rows that are missing, unless some are on their way.
func (a *app) fetch() tea.Cmd {
	if a.requests.far.asked {
		return nil
	}
	seqs := a.requests.missing(&a.scene)
	if len(seqs) == 0 {
		return nil
	}
	a.requests.far.asked = true
	events := a.scene.events
	return a.beside.command(func(stop <-chan struct{}) tea.Msg { return arrivedRows{readRows(stop, events, seqs)} })
}

// readRows reads the rows with some numbers, block after block. It gives up when
// stop is closed.
func readRows(stop <-chan struct{}, events Events, seqs []uint64) map[uint64]farRow {
	slices.Sort(seqs)
	rows := make(map[uint64]farRow, len(seqs))
	for _, seq := range seqs {
		if stopped(stop) {
			break
		}
		var one [1]recordings.Event
		var r farRow
		if events.Read(one[:], seq) == 1 && one[0].Seq == seq {
			r.event = one[0]
			if r.event.Failed() {
				r.text, _ = events.Text(&r.event)
			}
		}
		rows[seq] = r
	}
	return rows
}

// takeRows keeps rows that were read. When there are too many, only those that are
// seen stay.
func (p *requests) takeRows(sc *scene, msg arrivedRows) {
	p.far.asked = false
	if len(p.far.rows)+len(msg.rows) <= keptRows && p.far.rows != nil {
		maps.Copy(p.far.rows, msg.rows)
		return
	}
	was := p.far.rows
	p.far.rows = msg.rows
	first, next := p.bounds(sc)
	top, end := p.list.visible()
	for row := max(top, first); row < min(end, next); row++ {
		if r, ok := was[p.seq(sc, row)]; ok {
			p.far.rows[p.seq(sc, row)] = r
		}
	}
}
