package tui

import (
	"fmt"
	"strings"
	"time"

	"workbench/plugins"
	"workbench/recordings"
)

// detail is the view of one request with all that is known of it. It keeps what
// it shows, so that it outlives the log.
type detail struct {
	ordinal int // the request that it shows; -1 = none yet
	event   recordings.Event
	text    string
	data    []byte
	gone    bool // the log had dropped it before it could be read

	top   int // the first row that is seen
	lines []string
	h     int
}

// feed takes the request that is selected in the list.
func (d *detail) feed(sc *scene, from *requests) {
	index := from.index(sc)
	first, next := index.bounds()
	switch selected := from.list.selected; {
	case selected == d.ordinal, selected < first, selected >= next:
		return
	case selected == first && d.ordinal >= 0 && d.ordinal < first:
		return // the user did not move: the log dropped the row under the selection
	}
	d.ordinal, d.top = from.list.selected, 0
	e, ok := readRequest(sc, index.seq(d.ordinal))
	d.event, d.gone = e, !ok
	if ok {
		text, _ := sc.events.Text(&d.event)
		d.text = clip(text, longText)
		d.data, _ = sc.events.Data(&d.event)
	}
}

// arrange writes the rows for a room of w by h cells.
func (d *detail) arrange(sc *scene, w, h int) {
	d.lines, d.h = d.write(sc, w), h
	d.scroll(0)
}

// scroll moves by rows down.
func (d *detail) scroll(by int) {
	d.top = max(min(d.top+by, len(d.lines)-d.h), 0)
}

func (d *detail) note() string {
	if rest := len(d.lines) - d.top - d.h; rest > 0 {
		return fmt.Sprintf("%d more rows: ctrl-d", rest)
	}
	return ""
}

func (d *detail) draw(_ *scene, w, h int) []string {
	return block(append([]string(nil), d.lines[min(d.top, len(d.lines)):]...), w, h)
}

func (d *detail) write(sc *scene, w int) []string {
	p := &page{w: w, sc: sc}
	if d.gone {
		p.text(sc.dim, "This request is gone: the log keeps the newest events only.")
		return p.lines
	}
	e := &d.event
	p.exact(sc.op(e.Op), describe(e.Op, e.Offset, e.Length))
	d.writeResult(p, e)
	p.gap()
	p.fact("from", ink{}, fmt.Sprintf("%s, cookie 0x%x, flags %s", from(e.Front, e.Conn), e.Cookie, e.Flags))
	p.fact("script", ink{}, fmt.Sprintf("generation %d, %s; event %d", e.Generation, e.Op.Callback(), e.Seq))
	d.writeTimes(p, e)
	if lines := sc.printed(e); len(lines) > 0 {
		p.head("printed")
		for _, l := range lines {
			p.exact(ink{}, l.text)
		}
	}
	d.writeData(p, e)
	return p.lines
}

// describe says what the request asked for: "WRITE 4 KiB at 0x1000".
func describe(op plugins.Op, offset, length uint64) string {
	if op == plugins.OpFlush {
		return op.String()
	}
	return fmt.Sprintf("%s %s at %s (%d bytes at %d)", op, shortSize(length), hex(offset), length, offset)
}

func (d *detail) writeResult(p *page, e *recordings.Event) {
	if !e.Failed() {
		p.fact("result", p.sc.good, "✓ ok")
		return
	}
	result := fmt.Sprintf("✗ %s", plugins.ErrnoName(e.Err()))
	if wire := plugins.WireErrno(e.Err(), e.Flags); e.Front == plugins.FrontNBD && wire != e.Err() {
		result += ", which goes over the wire as " + plugins.ErrnoName(wire)
	}
	p.fact("result", p.sc.bad, result)
	if d.text != "" {
		p.fact("reason", p.sc.bad, d.text)
	}
	for l := range strings.Lines(excerptFor(p.sc, e, d.text)) {
		p.exact(p.sc.warn, strings.TrimRight(l, "\n"))
	}
}

// timesBar is the width of the picture of where the time went.
const timesBar = 40

func (d *detail) writeTimes(p *page, e *recordings.Event) {
	sc := p.sc
	total := e.Duration()
	p.fact("received", ink{}, sc.wall(e.Received).Format("2006-01-02 15:04:05.000000"))
	if e.Started == 0 {
		p.fact("took", ink{}, shortDuration(total)+"; no callback was called")
		return
	}
	waited, inside, replied := e.Started.Sub(e.Received), e.Done.Sub(e.Started), e.Replied.Sub(e.Done)
	p.fact("took", ink{}, shortDuration(total))
	took := shortDuration(inside)
	if e.InCallback > 0 && e.InCallback != inside {
		took += fmt.Sprintf(" (%s itself %s)", e.Op.Callback(), shortDuration(e.InCallback))
	}
	p.fact("░ waited", ink{}, shortDuration(waited))
	p.fact("█ in script", ink{}, took)
	p.fact("▒ replied", ink{}, shortDuration(replied))
	if total <= 0 {
		return
	}
	cells := min(timesBar, p.w-factName-1)
	part := func(d time.Duration) int { // a log from elsewhere may have any stamps
		return max(min(int(float64(d)/float64(total)*float64(cells)), cells), 0)
	}
	a := part(waited)
	b := max(part(waited+inside), a)
	l := newLine(p.w).put(ink{}, spaces(factName))
	l.put(sc.dim, strings.Repeat("░", a)).put(sc.op(e.Op), strings.Repeat("█", b-a))
	p.lines = append(p.lines, l.put(sc.dim, strings.Repeat("▒", cells-b)).end())
}

// writeData dumps the first bytes that the request moved.
func (d *detail) writeData(p *page, e *recordings.Event) {
	if len(d.data) == 0 {
		return
	}
	title := fmt.Sprintf("data, the first %d of %d bytes", len(d.data), e.Length)
	if uint64(len(d.data)) >= e.Length {
		title = fmt.Sprintf("data, %d bytes", e.Length)
	}
	p.head(title)
	p.dump(e.Offset, d.data)
}

// dump adds bytes as hexadecimal numbers and characters, as many in a row as there is room for.
func (p *page) dump(offset uint64, data []byte) {
	per := 16
	for per > 4 && width(hexLine(offset, nil, per))+per > p.w-1 {
		per /= 2
	}
	for at := 0; at < len(data); at += per {
		p.exact(ink{}, hexLine(offset+uint64(at), data[at:min(at+per, len(data))], per))
	}
}

// hexLine formats bytes as hexdump -C does, in groups of eight.
func hexLine(offset uint64, data []byte, per int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%08x", offset)
	for i := range per {
		if i%8 == 0 {
			b.WriteByte(' ')
		}
		if i < len(data) {
			fmt.Fprintf(&b, " %02x", data[i])
		} else {
			b.WriteString("   ")
		}
	}
	b.WriteString(" │")
	for _, c := range data {
		if c < ' ' || c > '~' {
			c = '.'
		}
		b.WriteByte(c)
	}
	return b.String()
}
