package check

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// sources are the files that a script is made of.
type sources struct {
	mu    sync.Mutex
	texts map[string]string // by path; guarded by mu
}

func (s *sources) add(path, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	s.texts[path] = text
}

// read is plugins.Env.Load.
func (s *sources) read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		s.add(path, string(text))
	}
	return text, err
}

func (s *sources) text(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.texts[path]
}

// all returns the texts in the order of their paths.
func (s *sources) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, path := range slices.Sorted(maps.Keys(s.texts)) {
		list = append(list, s.texts[path])
	}
	return list
}

var wordPattern = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// words returns how often each name stands in the files, comments aside. What
// stands in a string counts: it may be a key.
func (s *sources) words(language string) map[string]int {
	counts := map[string]int{}
	for _, text := range s.all() {
		for _, word := range wordPattern.FindAllString(withoutComments(text, language), -1) {
			counts[word]++
		}
	}
	return counts
}

var stringPattern = regexp.MustCompile(`"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'`)

// strings returns the strings in the files that could be the key of a parameter.
func (s *sources) strings(language string) []string {
	var list []string
	for _, text := range s.all() {
		for _, m := range stringPattern.FindAllStringSubmatch(withoutComments(text, language), -1) {
			list = append(list, m[1]+m[2])
		}
	}
	return list
}

// lineOf returns the first line of a file that pattern matches, comments aside; 0 if none does.
func (s *sources) lineOf(path, language string, pattern *regexp.Regexp) int {
	text := withoutComments(s.text(path), language)
	if at := pattern.FindStringIndex(text); at != nil {
		return 1 + strings.Count(text[:at[0]], "\n")
	}
	return 0
}

// assignment matches a line that assigns to a name.
func assignment(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*` + regexp.QuoteMeta(name) + `[ \t]*=`)
}

// withoutComments returns text with its comments blanked, every line in its place.
func withoutComments(text, language string) string {
	comment := "#"
	if language == "lua" {
		comment = "--"
	}
	out := []byte(text)
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, comment):
			n := commentLength(rest, language)
			for k := i; k < i+n; k++ {
				if out[k] != '\n' {
					out[k] = ' '
				}
			}
			i += n
		default:
			i += max(1, stringLength(rest, language))
		}
	}
	return string(out)
}

// longBracket matches the opening of a long string of Lua.
var longBracket = regexp.MustCompile(`^\[(=*)\[`)

// commentLength returns how long the comment is that text begins with.
func commentLength(text, language string) int {
	if language == "lua" {
		if n := longLength(text[2:]); n > 0 {
			return 2 + n
		}
	}
	if n := strings.IndexByte(text, '\n'); n >= 0 {
		return n
	}
	return len(text)
}

// longLength returns how long the long string of Lua is that text begins with, 0 if it is none.
func longLength(text string) int {
	m := longBracket.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	if end := strings.Index(text, "]"+m[1]+"]"); end >= 0 {
		return end + len(m[0])
	}
	return len(text)
}

// stringLength returns how long the string is that text begins with, 0 if it is none.
func stringLength(text, language string) int {
	if language == "lua" {
		if n := longLength(text); n > 0 {
			return n
		}
	}
	if text[0] != '"' && text[0] != '\'' {
		return 0
	}
	if triple := strings.Repeat(text[:1], 3); language != "lua" && strings.HasPrefix(text, triple) {
		if end := strings.Index(text[3:], triple); end >= 0 {
			return end + 6
		}
		return len(text)
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(text)
}
