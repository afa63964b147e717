package recordings

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A FilterError says what is wrong with the text of a filter, and where.
type FilterError struct {
	Text   string // of the filter
	Column int    // of the first character that is to blame, from 1
	Length int    // how many characters are to blame, at least 1
	Msg    string // what is wrong
	Hint   string // what to write instead; may be empty
}

// newFilterError blames the bytes of text from at to end.
func newFilterError(text string, at, end int, msg, hint string) *FilterError {
	return &FilterError{
		Text:   text,
		Column: utf8.RuneCountInString(text[:at]) + 1,
		Length: max(utf8.RuneCountInString(text[at:end]), 1),
		Msg:    printableEach(msg), // parts of the text may stand in it
		Hint:   printableEach(hint),
	}
}

// Error returns one line: where, what, and the hint.
func (e *FilterError) Error() string {
	text := fmt.Sprintf("column %d: %s", e.Column, e.Msg)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// The most characters that an excerpt has of a text, and of those before the
// ones to blame.
const (
	excerptWidth = 100
	excerptLead  = 60
)

// Excerpt returns the text of the filter, and below it carets under what is
// wrong; of a long text the part around that.
func (e *FilterError) Excerpt() string {
	text, carets := []rune(printableEach(e.Text)), e.Length
	at := e.Column - 1
	if cut := at - excerptLead; cut > 0 && len(text) > excerptWidth {
		text, at = text[cut:], excerptLead
		text[0] = '…'
	}
	if len(text) > excerptWidth {
		text = text[:excerptWidth]
		text[excerptWidth-1] = '…'
		carets = min(carets, excerptWidth-at)
	}
	return fmt.Sprintf("  %s\n  %s%s", string(text), strings.Repeat(" ", at), strings.Repeat("^", carets))
}

// didYouMean returns the hint that names word, or otherwise where word is "".
func didYouMean(word, otherwise string) string {
	if word == "" {
		return otherwise
	}
	return "did you mean " + word + "?"
}

// nearest returns the one of the candidates that looks most like word, "" if
// none does. Case does not matter.
func nearest(word string, candidates []string) string {
	best, bestDistance := "", min(len(word)/2, 2)+1
	word = strings.ToLower(word)
	for _, c := range candidates {
		d := distance(word, strings.ToLower(c))
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if best != "" {
		return best
	}
	for _, c := range candidates { // who typed the beginning of a long word
		if len(word) >= 2 && strings.HasPrefix(strings.ToLower(c), word) {
			return c
		}
	}
	return ""
}

// maxWord is how long a word may be to be compared with others, in bytes.
const maxWord = 32

// distance returns how many bytes must be added, taken away, replaced or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	var before, last, row [maxWord + 1]int // of the table, for one and two bytes less of a
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		before, last = last, row
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
