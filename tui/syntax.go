package tui

import (
	"strings"
	"unicode/utf8"

	"workbench/plugins"
)

// A class is what a word of a script is, as far as its ink tells.
type class uint8

const (
	plainWord class = iota
	keyword
	stringWord
	numberWord
	commentWord
	callbackWord // the name of a callback, where it is defined
	numClasses
)

// A piece is a part of a line whose words are of one class.
type piece struct {
	class class
	text  string
}

// A code is a script, taken apart into lines and words.
type code struct {
	lines   [][]piece
	defined map[plugins.Callback]int // the lines of callbacks, from 0
}

// A grammar is what tells the words of a language apart. That little is scanned
// here, at once and in one pass: a library for many languages costs more at each
// start of the program than all scripts together.
type grammar struct {
	comment  string // begins one that ends with the line
	keywords map[string]bool
	define   string                         // the keyword before the name of a function
	long     func(rest string) (end string) // of a string of several lines, "" if rest begins with none
	blocks   bool                           // what follows the sign of a comment may be such a string, and is the comment
}

// words makes a set of words.
func words(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}

var grammars = map[string]*grammar{
	"lua": {
		comment:  "--",
		keywords: words("and break do else elseif end false for function goto if in local nil not or repeat return then true until while"),
		define:   "function",
		long:     longBracket,
		blocks:   true,
	},
	"starlark": {
		comment:  "#",
		keywords: words("and break continue def elif else for if in lambda load not or pass return while True False None"),
		define:   "def",
		long: func(rest string) string {
			if strings.HasPrefix(rest, `"""`) || strings.HasPrefix(rest, "'''") {
				return rest[:3]
			}
			return ""
		},
	},
}

// longBracket returns what ends a string or comment of several lines in Lua, if
// rest begins with "[[", "[=[" and so on, else "".
func longBracket(rest string) string {
	inner, ok := strings.CutPrefix(rest, "[")
	after := strings.TrimLeft(inner, "=")
	if !ok || !strings.HasPrefix(after, "[") {
		return ""
	}
	return "]" + inner[:len(inner)-len(after)] + "]"
}

// A scanner takes a script apart.
type scanner struct {
	*grammar
	text string
	at   int
	out  code
}

// scan takes text apart, which may be of an unknown language, and wrong.
func scan(language, text string) code {
	g := grammars[language]
	if g == nil {
		g = &grammar{comment: "\x00", long: func(string) string { return "" }}
	}
	s := scanner{grammar: g, text: text, out: code{lines: [][]piece{nil}, defined: map[plugins.Callback]int{}}}
	before := "" // the word that came last
	for s.at < len(text) {
		before = s.word(before)
	}
	s.endLine()
	if n := len(s.out.lines) - 1; n > 0 && s.out.lines[n] == nil {
		s.out.lines = s.out.lines[:n] // the end of the last line begins none
	}
	return s.out
}

// word takes the next word and returns it, if it is one of letters, or else before.
func (s *scanner) word(before string) string {
	rest := s.text[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, s.comment):
		if end := s.long(rest[len(s.comment):]); s.blocks && end != "" {
			s.take(commentWord, through(rest, len(s.comment)+len(end), end))
		} else {
			s.take(commentWord, lineEnd(rest))
		}
	case s.long(rest) != "":
		end := s.long(rest)
		s.take(stringWord, through(rest, len(end), end))
	case c == '"' || c == '\'':
		s.take(stringWord, quotedLength(rest))
	case isDigit(c):
		n := 1
		for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n]) || rest[n] == '.' && n+1 < len(rest) && isDigit(rest[n+1])) {
			n++
		}
		s.take(numberWord, n)
	case isLetter(c):
		return s.name(before)
	case c == ' ' || c == '\t':
		s.take(plainWord, len(rest)-len(strings.TrimLeft(rest, " \t")))
	default:
		_, n := utf8.DecodeRuneInString(rest)
		s.take(plainWord, n)
		return ""
	}
	return before
}

// name takes a keyword or a name. One that is defined there, as a function or at
// the left of the line, may be a callback.
func (s *scanner) name(before string) string {
	rest, n := s.text[s.at:], 1
	for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n])) {
		n++
	}
	word, after := rest[:n], strings.TrimLeft(rest[n:], " \t")
	first := s.at == 0 || s.text[s.at-1] == '\n'
	assigned := first && strings.HasPrefix(after, "=") && !strings.HasPrefix(after, "==")
	is := plainWord
	if s.keywords[word] {
		is = keyword
	} else if cb, ok := plugins.ParseCallback(word); ok && (assigned || s.define != "" && before == s.define) {
		is = callbackWord
		s.out.defined[cb] = len(s.out.lines) - 1
	}
	s.take(is, n)
	return word
}

// take puts the next n bytes, which may have ends of lines, into the lines.
func (s *scanner) take(is class, n int) {
	text := s.text[s.at : s.at+n]
	for {
		part, rest, more := strings.Cut(text, "\n")
		s.put(is, len(part))
		if !more {
			return
		}
		s.at++
		s.endLine()
		s.out.lines = append(s.out.lines, nil)
		text = rest
	}
}

// put puts the next n bytes, all of one line, at its end.
func (s *scanner) put(is class, n int) {
	line := &s.out.lines[len(s.out.lines)-1]
	end := s.at + n
	if last := len(*line) - 1; last >= 0 && (*line)[last].class == is {
		(*line)[last].text = s.text[s.at-len((*line)[last].text) : end]
	} else if n > 0 {
		*line = append(*line, piece{is, s.text[s.at:end]})
	}
	s.at = end
}

// endLine takes the carriage return off the end of the last line.
func (s *scanner) endLine() {
	line := s.out.lines[len(s.out.lines)-1]
	if last := len(line) - 1; last >= 0 {
		line[last].text = strings.TrimSuffix(line[last].text, "\r")
	}
}

// lineEnd returns how much of rest is left of the line, without its end.
func lineEnd(rest string) int {
	if n := strings.IndexByte(rest, '\n'); n >= 0 {
		return n
	}
	return len(rest)
}

// through returns how much of rest it is up to and with end, which is looked for
// from a place on, or all.
func through(rest string, from int, end string) int {
	if n := strings.Index(rest[from:], end); n >= 0 {
		return from + n + len(end)
	}
	return len(rest)
}

// quotedLength returns how much of rest is in the quotes that it begins with; they end
// with the line.
func quotedLength(rest string) int {
	for n := 1; n < len(rest); n++ {
		switch rest[n] {
		case '\\':
			n++
		case '\n':
			return n
		case rest[0]:
			return n + 1
		}
	}
	return len(rest)
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
