package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	"github.com/charmbracelet/x/cellbuf"
)

// The sizes of a cell, of the characters in it, and of the edge around the
// screen, in pixels.
const (
	cellWidth  = 8.4
	cellHeight = 18.0
	fontSize   = 14
	baseline   = 13.5
	edge       = 12.0
)

// The colours of the terminal that the picture is of.
const (
	paper = "#1e2030"
	paint = "#cad3f5"
)

// An svg is a picture that is being drawn.
type svg struct {
	strings.Builder
	w, h int // cells
}

func newSVG(w, h int) *svg { return &svg{w: w, h: h} }

// screen draws all cells, and returns the picture.
func (s *svg) screen(cells *cellbuf.Buffer) string {
	width, height := float64(s.w)*cellWidth+2*edge, float64(s.h)*cellHeight+2*edge
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="%d">`+"\n", width, height, fontSize)
	fmt.Fprintf(s, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", paper)
	for y := range s.h {
		for x := 0; x < s.w; {
			x += s.run(cells, x, y)
		}
	}
	s.WriteString("</svg>\n")
	return s.String()
}

// run draws the cells from x on that look alike, and returns how many they are.
func (s *svg) run(cells *cellbuf.Buffer, x, y int) int {
	first := cells.Cell(x, y)
	if first == nil {
		return 1
	}
	var text strings.Builder
	n := 0
	for x+n < s.w {
		c := cells.Cell(x+n, y)
		if c == nil || n > 0 && (c.Style != first.Style || shaped(c) || shaped(first)) {
			break
		}
		text.WriteString(c.String())
		n += max(c.Width, 1)
		if shaped(first) {
			break
		}
	}
	fill, ground := inks(&first.Style)
	left, top := edge+float64(x)*cellWidth, edge+float64(y)*cellHeight
	width := float64(n) * cellWidth
	if ground != "" {
		fmt.Fprintf(s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left, top, width+0.3, cellHeight+0.3, ground)
	}
	switch shape := shapes[first.Rune]; {
	case shape != nil && first.Width == 1:
		shape(s, left, top, fill)
	case strings.TrimSpace(text.String()) != "":
		s.text(left, top+baseline, width, text.String(), fill, &first.Style)
	}
	return n
}

// text draws characters, stretched to a width. Blanks at the ends need no ink.
func (s *svg) text(x, y, width float64, text, fill string, style *cellbuf.Style) {
	weight := ""
	if style.Attrs.Contains(cellbuf.BoldAttr) {
		weight = ` font-weight="bold"`
	}
	trimmed := strings.TrimLeft(text, " ")
	x += float64(len(text)-len(trimmed)) * cellWidth
	width -= float64(len(text)-len(trimmed)) * cellWidth
	text = strings.TrimRight(trimmed, " ")
	width -= float64(len(trimmed)-len(text)) * cellWidth
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"%s xml:space="preserve">%s</text>`+"\n",
		x, y, width, fill, weight, html.EscapeString(text))
}

// inks returns the colours of a style: of the characters, and of the ground, ""
// if that is the terminal's own.
func inks(style *cellbuf.Style) (fill, ground string) {
	fill = hex(style.Fg, paint)
	ground = hex(style.Bg, "")
	if style.Attrs.Contains(cellbuf.ReverseAttr) {
		if ground == "" {
			ground = paper
		}
		fill, ground = ground, fill
	}
	return fill, ground
}

func hex(c color.Color, otherwise string) string {
	if c == nil {
		return otherwise
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
