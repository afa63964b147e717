package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/cellbuf"
)

func main() {
	out := flag.String("o", "", "the `file` to write; standard output without it")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: tmux capture-pane -e -p | picture [-o FILE.svg]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if err := run(os.Stdin, *out); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

// run draws what in has to a file.
func run(in io.Reader, path string) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("reading the screen: %w", err)
	}
	picture, err := draw(string(text))
	if err != nil {
		return err
	}
	if path == "" {
		_, err = io.WriteString(os.Stdout, picture)
		return err
	}
	return os.WriteFile(path, []byte(picture), 0o644)
}

// draw returns the picture of a screen whose rows are text.
func draw(text string) (string, error) {
	rows := strings.Split(strings.TrimRight(text, "\n"), "\n")
	width := 0
	for _, row := range rows {
		width = max(width, ansi.StringWidth(row))
	}
	if width == 0 {
		return "", fmt.Errorf("the screen is empty")
	}
	cells := cellbuf.NewBuffer(width, len(rows))
	cellbuf.SetContent(cells, strings.Join(rows, "\r\n"))
	return newSVG(width, len(rows)).screen(cells), nil
}
