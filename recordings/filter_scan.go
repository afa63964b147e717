package recordings

import (
	"strings"
	"unicode"
)

// A scanner cuts the text of a filter into pieces. It knows no fields.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) rest() string { return s.text[s.pos:] }

func (s *scanner) space() {
	s.pos = len(s.text) - len(strings.TrimLeftFunc(s.rest(), unicode.IsSpace))
}

// skip reads what, if it stands here.
func (s *scanner) skip(what string) bool {
	found := strings.HasPrefix(s.rest(), what)
	if found {
		s.pos += len(what)
	}
	return found
}

// take reads all up to a space or one of the characters in stops.
func (s *scanner) take(stops string) string {
	rest := s.rest()
	n := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(stops, r) })
	if n < 0 {
		n = len(rest)
	}
	s.pos += n
	return rest[:n]
}

// name reads the name of a field, or a word alone.
func (s *scanner) name() string { return s.take(`|()!"&,` + operatorChars) }

const operatorChars = ":=<>~"

// operator reads what looks like an operator, and the space before it; "" if
// something else follows.
func (s *scanner) operator() string {
	rest := strings.TrimLeftFunc(s.rest(), unicode.IsSpace)
	end := len(rest) - len(strings.TrimLeft(rest, operatorChars+"!"))
	op := rest[:end]
	if op == "" || op[0] == '!' && !strings.HasPrefix(op, "!=") {
		return "" // a "!" begins the next term
	}
	s.pos = len(s.text) - len(rest) + end
	return op
}

// operand reads a value. closed is false if a quote is missing at its end.
func (s *scanner) operand() (text string, quoted, closed bool) {
	if !strings.HasPrefix(s.rest(), `"`) {
		return s.take(`|()",`), false, true
	}
	text, n := unquote(s.rest())
	if n == 0 {
		s.pos = len(s.text)
		return text, true, false
	}
	s.pos += n
	return text, true, true
}
