package tui

import (
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

// spoken returns an id as it is read: its points as blanks.
func spoken(id string) string { return strings.ReplaceAll(id, ".", " ") }

// match returns the commands that text may mean, the best first: those whose
// ids begin with it, those whose ids or titles have its letters in this order,
// and those whose help has its words.
func match(text string, table []*command) []*command {
	text = strings.ToLower(spoken(strings.TrimSpace(text)))
	if text == "" {
		return table
	}
	var out []*command
	add := func(c *command) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	names := make([]string, len(table))
	for i, c := range table {
		names[i] = spoken(c.id) + " " + c.title
		if spoken(c.id) == text {
			add(c)
		}
	}
	for i, c := range table {
		if strings.HasPrefix(names[i], text) {
			add(c)
		}
	}
	for _, m := range fuzzy.Find(strings.ReplaceAll(text, " ", ""), names) {
		add(table[m.Index])
	}
	for _, c := range table {
		if hasWords(strings.ToLower(c.help+" "+c.group), text) {
			add(c)
		}
	}
	return out
}

// hasWords reports whether s has each of the words of text.
func hasWords(s, text string) bool {
	for word := range strings.FieldsSeq(text) {
		if !strings.Contains(s, word) {
			return false
		}
	}
	return true
}

// cutID returns what follows the id of a command in text, and whether text
// begins with that id. Blanks do for the points of an id.
func cutID(text, id string) (rest string, ok bool) {
	rest = strings.TrimLeft(text, " ")
	for i, word := range strings.Split(id, ".") {
		if i > 0 {
			between := strings.TrimLeft(rest, " ")
			if between == rest && !strings.HasPrefix(rest, ".") {
				return "", false
			}
			rest = strings.TrimPrefix(between, ".")
		}
		if rest, ok = strings.CutPrefix(rest, word); !ok {
			return "", false
		}
	}
	return rest, rest == "" || rest[0] == ' '
}
