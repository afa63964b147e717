package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// A progressBar shows in a terminal how far something is; elsewhere it shows nothing.
type progressBar struct {
	to    *os.File // nil: no terminal
	last  time.Time
	shown bool
}

const (
	// progressCells is how wide the bar is.
	progressCells = 30

	// progressPause is between two looks of it: what is over sooner needs none.
	progressPause = 200 * time.Millisecond
)

func newProgressBar(to *os.File) *progressBar {
	b := &progressBar{last: time.Now()}
	if isTerminal(to) {
		b.to = to
	}
	return b
}

// show draws the bar, if it was not drawn just now.
func (b *progressBar) show(done, total uint64) {
	if b.to == nil || total == 0 || time.Since(b.last) < progressPause {
		return
	}
	b.last, b.shown = time.Now(), true
	full := int(done * progressCells / total)
	fmt.Fprintf(b.to, "\r[%s%s] %3d%%  %d of %d", strings.Repeat("#", full), strings.Repeat(".", progressCells-full), done*100/total, done, total)
}

// clear removes the bar.
func (b *progressBar) clear() {
	if b.shown {
		fmt.Fprint(b.to, "\r\x1b[K")
	}
}
