package tui

import (
	"fmt"
	"slices"

	"workbench/recordings"
)

// diskMap is the panel of one disk as cells: what was done to which part of it.
// The cells stand in rows, which are the rows of its list. The disk is that of
// the connection that is selected in its panel, unless another was chosen.
type diskMap struct {
	list    list
	clients *connections
	export  string // that was chosen by hand
	chosen  bool
	by      heatKind
	zoom    int    // how often it was zoomed in
	at      uint64 // the place of the cursor on the disk
	row     int    // the row of the cursor, as it was fed last
	grid    grid
	lens    lens
}

// A grid says how a disk is cut into cells.
type grid struct {
	export string
	size   uint64 // of the disk; 0 = there is none
	shift  uint   // a cell has 1<<shift bytes
	per    int    // cells in a row
	col    int    // of the cursor
	wide   int    // columns that a cell takes
	label  int    // columns before the first cell
	side   int    // columns for the facts beside the cells; 0 = they stand below
	facts  int    // rows for the facts below
	deeper bool   // there are smaller cells
}

// What the panel takes besides cells, and how many cells there may be: as many
// as a heat always has on both sides of any place.
const (
	mapHead    = 2
	mapSide    = 38
	mostPerRow = 64
	mostRows   = 1 << (heatDepth - 1) / mostPerRow
	zoomStep   = 2 // a cell becomes four
)

func (p *diskMap) rows() *list     { return &p.list }
func (p *diskMap) rowAt(y int) int { return p.list.rowAt(y - mapHead) }

// disk returns the disk that is shown, nil if there is none yet.
func (p *diskMap) disk(sc *scene) *disk {
	if p.chosen {
		return sc.findDisk(p.export)
	}
	if c := p.clients.selected(sc); c != nil {
		if d := sc.findDisk(c.export); d != nil && c.refused == "" {
			return d
		}
	}
	if len(sc.disks) == 0 {
		return nil
	}
	return &sc.disks[0]
}

func (p *diskMap) feed(sc *scene, w, h int) {
	d := p.disk(sc)
	if d == nil || w < 1 || h < 1 {
		p.grid, p.list = grid{}, list{}
		return
	}
	p.follow()
	if d.export != p.grid.export {
		p.at, p.zoom = 0, 0
	}
	p.at = min(p.at, d.extent()-1)
	rows := p.measure(d, w, h)
	g := &p.grid
	cell := int(p.at >> g.shift)
	p.list.selected, g.col = cell/g.per, cell%g.per
	p.list.feed(0, int((g.size-1)>>g.shift)/g.per+1, rows)
	p.row = p.list.selected
	p.lens.aim(sc, d, g.shift, uint64(p.list.top*g.per)<<g.shift)
}

// follow moves the cursor to the row that was selected since.
func (p *diskMap) follow() {
	if p.grid.size > 0 && p.list.selected != p.row {
		p.move((p.list.selected - p.row) * p.grid.per)
	}
}

// move moves the cursor by so many cells.
func (p *diskMap) move(by int) {
	cell := min(max(int(p.at>>p.grid.shift)+by, 0), int((p.grid.size-1)>>p.grid.shift))
	p.at = uint64(cell) << p.grid.shift
	p.row = cell / p.grid.per
	p.list.selected = p.row
}

// measure cuts d into cells for a room of w by h and returns how many rows of
// them are seen.
func (p *diskMap) measure(d *disk, w, h int) (rows int) {
	g := grid{export: d.export, size: d.extent(), wide: 1}
	g.label = len(hex(g.size)) + 2
	room := max(w-g.label, 1)
	g.per = min(max(room/16*16, min(room, 8)), mostPerRow) // round, so that the places of rows are
	if room >= 2*g.per+mapSide {
		g.wide = 2
	}
	if rest := room - g.wide*g.per; rest >= mapSide {
		g.side = rest
	} else {
		g.facts = min(max(h/3, min(h-mapHead-1, 2)), 6)
	}
	rows = min(max(h-mapHead-g.facts, 1), mostRows)
	for (g.size-1)>>g.shift >= uint64(rows*g.per) {
		g.shift++
	}
	p.zoom = min(p.zoom, (int(g.shift)+zoomStep-1)/zoomStep)
	g.shift -= min(g.shift, uint(p.zoom*zoomStep))
	g.deeper = g.shift > 0
	p.grid = g
	return rows
}

// heat returns what has the cells that are shown: what the state adds up, or the
// lens if they are smaller.
func (p *diskMap) heat(sc *scene) *heat {
	if p.lens.heat != nil {
		return p.lens.heat
	}
	return p.disk(sc).heat
}

// click puts the cursor on the cell that is drawn x columns from the left edge.
func (p *diskMap) click(x int) {
	if g := &p.grid; g.size > 0 && x >= g.label && x < g.label+g.per*g.wide {
		p.follow()
		p.move((x-g.label)/g.wide - int(p.at>>g.shift)%g.per)
	}
}

// place returns the part of the disk that the cursor is on.
func (p *diskMap) place() (from, to uint64) {
	from = p.at >> p.grid.shift << p.grid.shift
	return from, min(from+1<<p.grid.shift, p.grid.size)
}

// spot returns what was done there.
func (p *diskMap) spot(sc *scene) spot {
	if p.grid.size == 0 || p.disk(sc) == nil {
		return spot{}
	}
	h := p.heat(sc)
	i := int((p.at - min(h.base, p.at)) >> p.grid.shift)
	if cells := h.cells(p.grid.shift); i < len(cells) {
		return cells[i]
	}
	return spot{}
}

// writer returns the request that wrote last under the cursor. ok is false if
// none did, or if the log has dropped it.
func (p *diskMap) writer(sc *scene) (e recordings.Event, ok bool) {
	s := p.spot(sc)
	if s.wrote == 0 {
		return e, false
	}
	return readRequest(sc, s.wrote-1)
}

// filter returns the filter that picks the requests under the cursor.
func (p *diskMap) filter(sc *scene) string {
	from, to := p.place()
	text := fmt.Sprintf("off:%s..%s", hex(from), hex(to))
	if len(sc.disks) < 2 {
		return text
	}
	names := ""
	for i := range sc.connections { // what a filter knows is connections, not exports
		if c := &sc.connections[i]; c.export == p.grid.export && c.refused == "" {
			if names != "" {
				names += ","
			}
			names += c.name()
		}
	}
	if names == "" {
		return text
	}
	return text + " conn:" + names
}

// next shows the next disk.
func (p *diskMap) next(sc *scene) {
	i := slices.IndexFunc(sc.disks, func(d disk) bool { return d.export == p.grid.export })
	p.choose(sc.disks[(i+1)%len(sc.disks)].export)
}

// choose shows the disk of an export.
func (p *diskMap) choose(export string) { p.export, p.chosen = export, true }
