package tui

import (
	"fmt"
	"math"
	"strconv"

	"github.com/charmbracelet/lipgloss"
)

// shade is a colour for light and for dark backgrounds, "#rrggbb" each, with
// what comes nearest to them where a terminal has 256 colours or 16. The nearest
// of the library are at times black, and unreadable.
func shade(light, dark string) lipgloss.CompleteAdaptiveColor {
	return lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: light, ANSI256: of256(light), ANSI: of16(light, false)},
		Dark:  lipgloss.CompleteColor{TrueColor: dark, ANSI256: of256(dark), ANSI: of16(dark, true)},
	}
}

// ground is shade for what is behind text.
func ground(light, dark string) lipgloss.CompleteAdaptiveColor {
	c := shade(light, dark)
	c.Light.ANSI, c.Dark.ANSI = "7", "8"
	return c
}

// An rgb is a colour, each part from 0 to 255.
type rgb [3]int

// parseRGB reads "#rrggbb", as the theme has it.
func parseRGB(hex string) rgb {
	n, err := strconv.ParseUint(hex[1:], 16, 24)
	if err != nil {
		panic(fmt.Sprintf("the colour %s of the theme: %v", hex, err))
	}
	return rgb{int(n >> 16), int(n >> 8 & 0xff), int(n & 0xff)}
}

// number256 returns the colour with a number from 16 to 255: a cube of six
// steps each way, then greys.
func number256(n int) rgb {
	if n >= 232 {
		grey := 8 + 10*(n-232)
		return rgb{grey, grey, grey}
	}
	steps := [...]int{0, 95, 135, 175, 215, 255}
	n -= 16
	return rgb{steps[n/36], steps[n/6%6], steps[n%6]}
}

// of256 returns the number of the colour that is nearest.
func of256(hex string) string {
	want := parseRGB(hex)
	best, nearest := 0, math.MaxInt
	for n := 16; n < 256; n++ {
		distance := 0
		for i, part := range number256(n) {
			distance += (part - want[i]) * (part - want[i])
		}
		if distance < nearest {
			best, nearest = n, distance
		}
	}
	return strconv.Itoa(best)
}

// of16 returns the number of a colour of the same hue that can be read: the
// bright ones on dark, and on light those that are dark in all palettes.
func of16(hex string, dark bool) string {
	c := parseRGB(hex)
	top, low := max(c[0], c[1], c[2]), min(c[0], c[1], c[2])
	if top-low < 48 { // grey
		if dark && top > 125 {
			return "7"
		}
		return "8"
	}
	hue := 0
	switch span := top - low; top {
	case c[0]:
		hue = 60 * (c[1] - c[2]) / span
	case c[1]:
		hue = 120 + 60*(c[2]-c[0])/span
	default:
		hue = 240 + 60*(c[0]-c[1])/span
	}
	for _, h := range []struct {
		below       int
		light, dark string
	}{
		{-20, "5", "13"}, {15, "1", "9"}, {75, "5", "11"}, {165, "0", "10"}, {200, "4", "14"}, {255, "4", "12"}, {361, "5", "13"},
	} {
		if hue >= h.below {
			continue
		}
		if dark {
			return h.dark
		}
		return h.light
	}
	return "7"
}
