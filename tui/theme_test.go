package tui

import (
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

// themeFor returns the theme for a terminal.
func themeFor(p termenv.Profile, dark bool) *theme {
	r := lipgloss.NewRenderer(io.Discard)
	r.SetColorProfile(p)
	r.SetHasDarkBackground(dark)
	return newTheme(r)
}

// inks returns the inks of a theme by their names.
func (t *theme) inks() map[string]ink {
	out := map[string]ink{}
	v := reflect.ValueOf(t).Elem()
	for i := range v.NumField() {
		if v.Field(i).Type() == reflect.TypeFor[ink]() {
			f := v.Field(i)
			out[v.Type().Field(i).Name] = ink{f.Field(0).String(), f.Field(1).String()}
		}
	}
	return out
}

// vga are the 16 colours of a palette that is among the darker ones.
var vga = [16]rgb{
	{0, 0, 0}, {170, 0, 0}, {0, 170, 0}, {170, 85, 0}, {0, 0, 170}, {170, 0, 170}, {0, 170, 170}, {170, 170, 170},
	{85, 85, 85}, {255, 85, 85}, {85, 255, 85}, {255, 255, 85}, {85, 85, 255}, {255, 85, 255}, {85, 255, 255}, {255, 255, 255},
}

// colours returns what an ink makes of text and of what is behind it.
func (i ink) colours(text, behind rgb) (rgb, rgb) {
	words := strings.FieldsFunc(i.on, func(r rune) bool { return r < '0' || r > '9' })
	number := func(s string) (n int) { fmt.Sscan(s, &n); return n }
	for len(words) > 0 {
		n, used := number(words[0]), 1
		switch {
		case n == 7:
			text, behind = behind, text
		case n >= 30 && n < 38:
			text = vga[n-30]
		case n >= 90 && n < 98:
			text = vga[n-90+8]
		case n >= 40 && n < 48:
			behind = vga[n-40]
		case n >= 100 && n < 108:
			behind = vga[n-100+8]
		case n == 38 || n == 48:
			c := rgb{}
			if words[1] == "5" {
				c, used = number256(number(words[2])), 3
			} else {
				c, used = rgb{number(words[2]), number(words[3]), number(words[4])}, 5
			}
			if n == 38 {
				text = c
			} else {
				behind = c
			}
		}
		words = words[used:]
	}
	return text, behind
}

// contrast is that of two colours as WCAG has it: 1 to 21.
func contrast(a, b rgb) float64 {
	light := func(c rgb) float64 {
		var l float64
		for i, weight := range [...]float64{0.2126, 0.7152, 0.0722} {
			part := float64(c[i]) / 255
			if part <= 0.03928 {
				part /= 12.92
			} else {
				part = math.Pow((part+0.055)/1.055, 2.4)
			}
			l += weight * part
		}
		return l
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestThemeContrast: on light and dark, with any number of colours, what is
// drawn can be read, and the selected row is told from others.
func TestThemeContrast(t *testing.T) {
	for _, ground := range []struct {
		dark         bool
		text, behind rgb
	}{
		{true, rgb{208, 208, 208}, rgb{0, 0, 0}},
		{true, rgb{205, 214, 244}, rgb{30, 30, 46}},
		{false, rgb{0, 0, 0}, rgb{255, 255, 255}},
		{false, rgb{76, 79, 105}, rgb{239, 241, 245}},
	} {
		for _, p := range []termenv.Profile{termenv.TrueColor, termenv.ANSI256, termenv.ANSI} {
			for name, i := range themeFor(p, ground.dark).inks() {
				text, behind := i.colours(ground.text, ground.behind)
				least := 4.0
				switch {
				case name == "border":
					least = 1.8 // it carries no text
				case p == termenv.ANSI:
					least = 2.5 // the user's own palette decides
				}
				if c := contrast(text, behind); c < least-0.05 {
					t.Errorf("%s on %v with profile %d: %v on %v has a contrast of %.1f, want %.1f", name, ground.behind, p, text, behind, c, least)
				}
				if marks := name == "selected" || name == "unfocused"; marks && contrast(behind, ground.behind) < 1.1 {
					t.Errorf("%s on %v with profile %d: %v looks like the rows beside it", name, ground.behind, p, behind)
				}
			}
		}
	}
}

// TestNoColour: without colours there are none, and the selected row has a sign,
// wherever rows are.
func TestNoColour(t *testing.T) {
	for name, i := range themeFor(termenv.Ascii, true).inks() {
		if i != (ink{}) {
			t.Errorf("%s is %q", name, i)
		}
	}
	for _, keys := range []string{"", "k", "4", "5", "6", "7 k", "?", "y", ": f"} {
		log, bench := fixture()
		bench.hold()
		s := newScreen(t, 80, 24, log, bench, fixtureOptions())
		s.press(keys)
		if view := s.app.View(); !strings.Contains(view, "▸") || view != ansi.Strip(view) {
			t.Errorf("%q: no row has a sign:\n%s", keys, view)
		}
	}
}
