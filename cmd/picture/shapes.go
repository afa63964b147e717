package main

import (
	"fmt"

	"github.com/charmbracelet/x/cellbuf"
)

// A shape draws a cell that is no letter, with its upper left corner at x and y.
type shape func(s *svg, x, y float64, fill string)

// shaped reports whether a cell is drawn by itself.
func shaped(c *cellbuf.Cell) bool { return shapes[c.Rune] != nil }

// The arms of a frame's characters, from the middle of the cell.
const (
	up = 1 << iota
	down
	left
	right
)

// shapes has the characters that are drawn as lines and boxes.
var shapes = map[rune]shape{
	'─': lines(left|right, 1), '│': lines(up|down, 1),
	'╭': lines(down|right, 1), '╮': lines(down|left, 1), '╰': lines(up|right, 1), '╯': lines(up|left, 1),
	'├': lines(up|down|right, 1), '┤': lines(up|down|left, 1), '┬': lines(down|left|right, 1), '┴': lines(up|left|right, 1),
	'┼': lines(up|down|left|right, 1),
	'━': lines(left|right, 2.2), '┃': lines(up|down, 2.2),
	'┏': lines(down|right, 2.2), '┓': lines(down|left, 2.2), '┗': lines(up|right, 2.2), '┛': lines(up|left, 2.2),
	'▁': bar(1), '▂': bar(2), '▃': bar(3), '▄': bar(4), '▅': bar(5), '▆': bar(6), '▇': bar(7), '█': bar(8),
	'░': shade(0.25), '▒': shade(0.5), '▓': shade(0.75),
}

// lines draws arms from the middle of the cell, in a thickness.
func lines(arms int, thick float64) shape {
	return func(s *svg, x, y float64, fill string) {
		x1, x2, y1, y2 := x+cellWidth/2, x+cellWidth/2, y+cellHeight/2, y+cellHeight/2
		path := ""
		arm := func(which int, toX, toY float64) {
			if arms&which != 0 {
				path += fmt.Sprintf("M%.1f %.1fL%.1f %.1f", x1, y1, toX, toY)
			}
		}
		arm(up, x1, y)
		arm(down, x2, y+cellHeight)
		arm(left, x, y1)
		arm(right, x+cellWidth, y2)
		fmt.Fprintf(s, `<path d="%s" stroke="%s" stroke-width="%.1f" stroke-linecap="square"/>`+"\n", path, fill, thick)
	}
}

// bar fills eighths of the cell from below.
func bar(eighths int) shape {
	return func(s *svg, x, y float64, fill string) {
		h := cellHeight * float64(eighths) / 8
		fmt.Fprintf(s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y+cellHeight-h, cellWidth, h, fill)
	}
}

// shade fills the cell thinly.
func shade(opacity float64) shape {
	return func(s *svg, x, y float64, fill string) {
		fmt.Fprintf(s, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s" opacity="%.2f"/>`+"\n", x, y, cellWidth+0.2, cellHeight, fill, opacity)
	}
}
