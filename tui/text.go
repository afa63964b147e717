package tui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// clean makes s safe to draw: what a script or a client wrote must not move the
// cursor, change colours or take more cells than it seems to. Control
// characters become their pictures (␛), tabs four spaces, what is not UTF-8 or
// has no shape �. Marks that combine with the letter before them are dropped,
// and letters that melt with it become �, because terminals do not agree on
// how wide such clusters are; nor do they on some letters by themselves.
func clean(s string) string { return cleanAfter(' ', s) }

// cleanAfter is clean for what stands after a rune.
func cleanAfter(before rune, s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s { // yields U+FFFD for each byte that is not UTF-8
		switch {
		case r == '\t':
			b.WriteString("   ")
			r = ' '
		case r < ' ':
			r += '\u2400'
		case r == 0x7f:
			r = '\u2421'
		case unicode.Is(unicode.Zs, r):
			r = ' '
		case unicode.Is(unicode.M, r):
			continue
		case !unicode.IsPrint(r), r >= 0x1160 && unicode.Is(disputed, r), melts(before, r), melts(r, ' '):
			r = utf8.RuneError
		case ansi.StringWidth(string(r)) == 0:
			continue
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// disputed are characters to which terminals give another width than the tables
// of this program: parts of Hangul syllables, trigrams and counting rods, numbers
// in squares, the letters of flags, and what came with Unicode 15.
var disputed = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1160, 0x11ff, 1}, {0x2630, 0x2637, 1}, {0x268a, 0x268f, 1}, {0x3248, 0x324f, 1}, {0xd7b0, 0xd7fb, 1},
	},
	R32: []unicode.Range32{
		{0x1b132, 0x1b132, 1}, {0x1b155, 0x1b155, 1}, {0x1d300, 0x1d376, 1}, {0x1f1e6, 0x1f1ff, 1}, {0x1f6dc, 0x1f6dc, 1},
		{0x1fa75, 0x1fa77, 1}, {0x1fa87, 0x1fa88, 1}, {0x1faad, 0x1faaf, 1}, {0x1fabb, 0x1fabf, 1}, {0x1face, 0x1facf, 1},
		{0x1fada, 0x1fadb, 1}, {0x1fae8, 0x1fae8, 1}, {0x1faf7, 0x1faf8, 1}, {0x2b739, 0x2b739, 1}, {0x31350, 0x323af, 1},
	},
}

// melts reports whether a and b together have another width than one after the
// other, as flags, skin tones and the letters of some scripts have.
func melts(a, b rune) bool {
	if stands(a) && stands(b) {
		return false
	}
	return ansi.StringWidth(string([]rune{a, b})) != ansi.StringWidth(string(a))+ansi.StringWidth(string(b))
}

// stands reports whether r is known never to melt with such runes: Latin, signs
// and frames, Han. This spares the most frequent ones the measuring.
func stands(r rune) bool {
	return r < 0x300 || r >= 0x2190 && r < 0x2600 || r >= 0x4e00 && r < 0xa000
}

// isPlain reports whether s consists of printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// width returns how many cells s takes, which must be clean.
func width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// cut shortens s, which must be clean, to w cells; "…" tells that it did.
func cut(s string, w int) string {
	if width(s) <= w {
		return s
	}
	if w <= 0 {
		return ""
	}
	return ansi.Truncate(s, w, "…")
}

// spaces returns n blanks.
func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// longText is how many bytes of a text are shown at most.
const longText = 8 << 10

// clip returns the first n bytes of s.
func clip(s string, n int) string { return s[:min(len(s), n)] }

// wrap breaks s into lines of at most w cells, at spaces where it can. The lines are clean.
func wrap(s string, w int) []string {
	var out []string
	for line := range strings.Lines(clip(s, longText)) {
		line = clean(strings.TrimRight(line, "\r\n"))
		out = append(out, strings.Split(ansi.Wrap(line, max(w, 1), ""), "\n")...)
	}
	return out
}

// A line is one row of the screen while it is made, from left to right. It never
// gets wider than it may, and whatever is put on it is cleaned: nothing else
// brings text to the screen.
type line struct {
	b    strings.Builder
	room int  // cells that are left
	last rune // that was put, 0 at first
}

func newLine(w int) *line { return &line{room: w} }

// put adds s, cut to the room that is left.
func (l *line) put(i ink, s string) *line {
	s = clip(s, 8*l.room+8) // a cell seldom takes more, and texts may be huge
	s = cut(cleanAfter(l.last, s), l.room)
	if s == "" {
		return l
	}
	l.room -= width(s)
	l.last, _ = utf8.DecodeLastRuneInString(s)
	l.b.WriteString(i.on)
	l.b.WriteString(s)
	l.b.WriteString(i.off)
	return l
}

// putIn adds s in exactly w cells (fewer if there is less room).
func (l *line) putIn(i ink, s string, w int, right bool) *line {
	w = min(w, l.room)
	s = cut(clean(clip(s, 8*w+8)), w)
	if blank := spaces(w - width(s)); right {
		s = blank + s
	} else {
		s += blank
	}
	return l.put(i, s)
}

// fill adds s as often as it fits, leaving keep cells.
func (l *line) fill(i ink, s string, keep int) *line {
	return l.put(i, strings.Repeat(s, max(l.room-keep, 0)))
}

// end fills the rest with blanks and returns the row.
func (l *line) end() string { return l.endIn(ink{}) }

func (l *line) endIn(i ink) string {
	l.fill(i, " ", 0)
	return l.b.String()
}

// block makes lines exactly h rows of w cells: it cuts at the end, or adds blank rows.
func block(lines []string, w, h int) []string {
	if len(lines) > h {
		lines = lines[:max(h, 0)]
	}
	for len(lines) < h {
		lines = append(lines, spaces(w))
	}
	return lines
}
