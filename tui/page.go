package tui

// A page is text made of named facts, for panels that are no table.
type page struct {
	w     int
	sc    *scene
	lines []string
}

// factName is the cells that the name of a fact takes, with a blank on each side.
const factName = 13

// fact adds a fact; long values go on in the next rows.
func (p *page) fact(name string, i ink, value string) {
	for n, text := range wrap(value, p.w-factName-1) {
		l := newLine(p.w).put(ink{}, " ")
		if n > 0 {
			name = ""
		}
		l.putIn(p.sc.dim, name, factName-2, false).put(ink{}, " ")
		p.lines = append(p.lines, l.put(i, text).end())
	}
}

// text adds text that goes on in the next rows.
func (p *page) text(i ink, text string) {
	for _, t := range wrap(text, p.w-2) {
		p.lines = append(p.lines, newLine(p.w).put(ink{}, " ").put(i, t).end())
	}
}

// exact adds text as it is, cut at the edge: source, bytes.
func (p *page) exact(i ink, text string) {
	p.lines = append(p.lines, newLine(p.w).put(ink{}, " ").put(i, text).end())
}

// head adds a row that begins a part.
func (p *page) head(text string) {
	l := newLine(p.w).put(p.sc.border, "──").put(p.sc.dim, " "+text+" ")
	p.lines = append(p.lines, l.fill(p.sc.border, "─", 0).end())
}

// gap adds an empty row.
func (p *page) gap() { p.lines = append(p.lines, spaces(p.w)) }
