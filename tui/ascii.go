package tui

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// asciiSigns are what stands in ASCII for the signs and frames of the screen,
// each as wide as the other.
var asciiSigns = map[rune]byte{
	'─': '-', '━': '=', '│': '|', '┃': '|', '╭': '.', '╮': '.', '╰': '\'', '╯': '\'', '┏': '#', '┓': '#', '┗': '#', '┛': '#',
	'●': '*', '○': 'o', '◐': '%', '◌': '.', '✓': '+', '✗': 'x', '‖': '"', '▸': '>', '▹': '-', '▏': '_', '▌': '|', '…': '~', '·': '-',
	'↑': '^', '↓': 'v', '←': '<', '→': '>', '▽': 'Y', '▾': 'v', '↻': '@', '×': 'x', 'µ': 'u', '±': '+', '≥': '>', '≤': '<', '≠': '!',
	'›': '>', '•': '*', '◀': '<', '▶': '>', '═': '=', 'Δ': 'd', '▲': '^', '■': '#', '⇅': '%', '▼': 'v', '◆': '*', '−': '-', '»': '>', '◂': '<', '┄': '-',
	'▎': '.', '▍': ':', '▋': '-', '▊': '=', '▉': '+', '⌕': '?',
	'▁': '.', '▂': '.', '▃': ':', '▄': '-', '▅': '=', '▆': '+', '▇': '*', '█': '#', '░': '.', '▒': ':', '▓': '%',
	utf8.RuneError: '?',
}

// toASCII writes what is drawn in ASCII, in the same cells. What has no sign of
// its own, such as letters of other scripts, becomes question marks.
func toASCII(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else if sign, ok := asciiSigns[r]; ok {
			b.WriteByte(sign)
		} else {
			b.WriteString(strings.Repeat("?", ansi.StringWidth(string(r))))
		}
	}
	return b.String()
}

// UTF8 reports whether the environment says that the terminal takes UTF-8. One
// that says nothing is taken for one of today, which does.
func UTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set counts
		if locale := strings.ToLower(getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}
