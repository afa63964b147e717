package tui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"workbench/plugins"
	"workbench/plugins/host"
)

// An ink is a colour, or rather the escape sequences around what is drawn in
// it. The zero ink is the terminal's own. Inks are made once, since running a
// lipgloss style for each cell of each frame costs more than all the rest.
type ink struct{ on, off string }

func newInk(s lipgloss.Style) ink {
	on, off, _ := strings.Cut(s.Render("x"), "x")
	return ink{on, off}
}

// A theme has the inks by what they mean. Whatever a colour says, a sign or a
// word beside it says too.
type theme struct {
	dim, border, accent, title, key ink
	good, bad, warn                 ink
	reads, writes, other            ink // operations
	selected, unfocused             ink // the selected row in the panel that has the keys, and in others
	code                            [numClasses]ink
}

// newTheme makes the inks for the terminal that r writes to: its colours, its
// background, NO_COLOR.
func newTheme(r *lipgloss.Renderer) *theme {
	colour := func(light, dark string) lipgloss.Style {
		return r.NewStyle().Foreground(shade(light, dark))
	}
	on := func(light, dark string) lipgloss.Style {
		return r.NewStyle().Background(ground(light, dark))
	}
	selected := on("#cfd9f2", "#3b4668")
	if r.ColorProfile() == termenv.ANSI {
		selected = r.NewStyle().Reverse(true) // no two of 16 colours are sure to differ enough
	}
	accent := colour("#1e66f5", "#89b4fa")
	return &theme{
		dim:       newInk(colour("#6c6f85", "#8087a2")),
		border:    newInk(colour("#9ca0b0", "#5b6078")),
		accent:    newInk(accent),
		title:     newInk(accent.Bold(true)),
		key:       newInk(r.NewStyle().Bold(true)),
		good:      newInk(colour("#2f7d22", "#a6da95")),
		bad:       newInk(colour("#d20f39", "#ed8796").Bold(true)),
		warn:      newInk(colour("#a66300", "#eed49f")),
		reads:     newInk(colour("#0b7285", "#8bd5ca")),
		writes:    newInk(colour("#b4540a", "#f5a97f")),
		other:     newInk(colour("#6f2dbd", "#c6a0f6")),
		selected:  newInk(selected.Bold(true)),
		unfocused: newInk(on("#e3e5ee", "#2c3043")),
		code: [numClasses]ink{
			keyword:      newInk(colour("#7a3fc4", "#c6a0f6")),
			stringWord:   newInk(colour("#2f7d22", "#a6da95")),
			numberWord:   newInk(colour("#b4540a", "#f5a97f")),
			commentWord:  newInk(colour("#6c6f85", "#8087a2").Italic(true)),
			callbackWord: newInk(accent.Bold(true)),
		},
	}
}

// op returns the ink of an operation.
func (t *theme) op(o plugins.Op) ink {
	switch {
	case o == plugins.OpRead:
		return t.reads
	case o.Writes():
		return t.writes
	}
	return t.other
}

// sign returns the sign and the ink of a state of the host.
func (t *theme) sign(s host.State) (string, ink) {
	switch s {
	case host.Serving:
		return "●", t.good
	case host.Stopped:
		return "○", t.bad
	}
	return "◐", t.warn // on the way from one generation to the next
}

// levels are the heights of a sparkline's columns.
var levels = [...]string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// sparkline draws counts as columns, the tallest of which is full. Anything but
// zero can be seen.
func sparkline(counts []uint32) string {
	var top uint32
	for _, n := range counts {
		top = max(top, n)
	}
	var b strings.Builder
	for _, n := range counts {
		level := 0
		if n > 0 {
			level = 1 + int(uint64(n)*uint64(len(levels)-2)/uint64(top))
		}
		b.WriteString(levels[level])
	}
	return b.String()
}
