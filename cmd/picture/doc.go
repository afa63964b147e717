// Picture draws what a terminal shows as SVG, for the documents.
//
//	tmux capture-pane -e -p | go run ./cmd/picture -o requests.svg
//
// Standard input is the rows of the screen with their escape sequences for
// colours. Frames, bars and shades are drawn as lines and boxes, and each run of
// other characters is stretched to its cells, so that the picture looks alike in
// every font.
package main
