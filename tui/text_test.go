package tui

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "plain text", "plain text"},
		{"colour", "\x1b[31mred\x1b[0m", "␛[31mred␛[0m"},
		{"title", "\x1b]0;owned\x07", "␛]0;owned␇"},
		{"line ends", "a\r\nb", "a␍␊b"},
		{"tab", "a\tb", "a    b"},
		{"delete", "a\x7f", "a␡"},
		{"not UTF-8", "a\xff\xfeb", "a��b"},
		{"C1 control", "a\u009b31m", "a�31m"},
		{"C1 byte", "a\x9b31m", "a�31m"},
		{"bidi override", "a\u202eb", "a�b"},
		{"zero width joiner", "a\u200db", "a�b"},
		{"byte order mark", "\ufeffa", "�a"},
		{"combining", "e\u0301", "e"},
		{"variation selector", "☺\ufe0f", "☺"},
		{"flag", "🇩🇪", "��"},
		{"skin tone", "👍🏽", "👍�"},
		{"Thai vowel", "กำ", "ก�"},
		{"spacing mark", "กᤦ", "ก"},
		{"wide", "日本", "日本"},
		{"no-break space", "a\u00a0b", "a b"},
		{"line separator", "a\u2028b", "a�b"},
		{"ours", "✓ ✗ ▸ █ ┏━┓", "✓ ✗ ▸ █ ┏━┓"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := clean(tt.in); got != tt.want {
				t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// FuzzLine: whatever is put on a line, it has the width that it should have.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"", "plain", "\x1b[31mred", "日本語", "🇩🇪👍🏽👨‍👩‍👧", "e\u0301\u0301", "\xff\x9b", "a\tb\r\n", "각", "\u0600a", "각",
	} {
		f.Add(seed, 7)
	}
	f.Fuzz(func(t *testing.T, s string, w int) {
		w = ((w % 50) + 50) % 50
		for name, row := range map[string]string{
			"put":   newLine(w).put(ink{}, s).end(),
			"putIn": newLine(w).putIn(ink{}, s, w/2, true).put(ink{}, s).end(),
			"twice": newLine(w).put(ink{}, s).put(ink{}, s).end(),
		} {
			if got := ansi.StringWidth(row); got != w {
				t.Errorf("%s(%q): %q has %d cells, want %d", name, s, row, got, w)
			}
			sum := 0
			for _, r := range row {
				if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
					t.Errorf("%s(%q): %q has the control character %U", name, s, row, r)
				}
				sum += ansi.StringWidth(string(r))
			}
			if sum != w { // a terminal that knows no clusters counts so
				t.Errorf("%s(%q): the runes of %q have %d cells, want %d", name, s, row, sum, w)
			}
			if !utf8.ValidString(row) {
				t.Errorf("%s(%q): %q is not UTF-8", name, s, row)
			}
		}
	})
}

func TestWrap(t *testing.T) {
	got := wrap("one two three\nfour\x1b five verylongwordhere", 8)
	want := "one two|three|four␛|five|verylong|wordhere"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
}
