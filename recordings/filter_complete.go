package recordings

import (
	"slices"
	"strings"
	"unicode"
)

// A Candidate is something that may stand in a filter.
type Candidate struct {
	Text string
	Help string // one line; may be empty
}

// Complete returns what may stand in a filter where the cursor is, a number of
// bytes into text: each candidate replaces text[from:cursor]. Words that do not
// fit what is typed already are left out. Inside quotes there is nothing to offer.
func Complete(text string, cursor int) (from int, candidates []Candidate) {
	s := scanner{text: text[:min(max(cursor, 0), len(text))]}
	for {
		s.skipJoints()
		if strings.HasPrefix(s.rest(), `"`) {
			if _, _, closed := s.operand(); !closed {
				return len(s.text), nil
			}
			continue
		}
		from = s.pos
		name := s.name()
		if s.rest() == "" {
			return from, completeWord(name)
		}
		op := s.operator()
		f := findField(name)
		if op == "" {
			continue
		}
		if at, typed, before, here := s.completedValue(); here {
			if f == nil {
				return at, nil
			}
			return at, completeValue(f, typed, before)
		}
	}
}

// skipJoints skips what may stand between two terms, right or wrong.
func (s *scanner) skipJoints() {
	joint := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("|()!&,", r) }
	s.pos = len(s.text) - len(strings.TrimLeftFunc(s.rest(), joint))
}

// completedValue reads the values after an operator. here tells that the last of
// them is where the text ends: at is where that begins, typed what there is of
// it, before the ones in front of it.
func (s *scanner) completedValue() (at int, typed string, before []string, here bool) {
	for {
		s.space()
		at = s.pos
		text, quoted, closed := s.operand()
		if s.rest() == "" {
			if quoted {
				return len(s.text), "", nil, !closed
			}
			return at, text, before, true
		}
		before = append(before, text)
		end := s.pos
		s.space()
		if !s.skip(",") {
			s.pos = end
			return 0, "", nil, false
		}
	}
}

// completeWord returns the fields and the words that begin with typed. What is
// a field already is continued by its operators.
func completeWord(typed string) []Candidate {
	var out []Candidate
	if f := findField(typed); f != nil {
		if f.bare != "" {
			out = append(out, Candidate{f.name, f.bare})
		}
		for _, op := range f.operators() {
			out = append(out, Candidate{f.name + op.String(), f.operatorHelp(op)})
		}
	}
	for i := range fields {
		f := &fields[i]
		if hasPrefixFold(f.name, typed) && !strings.EqualFold(f.name, typed) {
			out = append(out, Candidate{f.name + f.operators()[0].String(), f.help})
		}
	}
	for i := range fields {
		if fields[i].alone {
			out = appendWords(out, fields[i].words(), typed, nil)
		}
	}
	if len(out) == 0 && len(typed) > 1 {
		for i := range fields {
			f := &fields[i]
			for other := range strings.FieldsSeq(f.others) {
				if hasPrefixFold(other, typed) {
					out = append(out, Candidate{f.name + f.operators()[0].String(), f.help})
					break
				}
			}
		}
	}
	return out
}

// completeValue returns the values of f that begin with typed, but those that
// stand in the list already.
func completeValue(f *field, typed string, before []string) []Candidate {
	if f.words != nil {
		return appendWords(nil, f.words(), typed, before)
	}
	var out []Candidate
	for _, c := range f.of.samples {
		if hasPrefixFold(c.Text, typed) && !strings.EqualFold(c.Text, typed) {
			out = append(out, c)
		}
	}
	number := typed[strings.LastIndex(typed, ".")+1:]
	if digits, rest := cutDigits(number); digits != "" && rest == "" {
		for _, u := range f.of.units {
			out = append(out, Candidate{typed + u.name, u.help})
		}
	}
	return out
}

func appendWords(out []Candidate, words []word, typed string, without []string) []Candidate {
	for _, w := range words {
		known := slices.ContainsFunc(without, func(s string) bool { return strings.EqualFold(s, w.name) })
		if !known && hasPrefixFold(w.name, typed) {
			out = append(out, Candidate{w.name, w.help})
		}
	}
	return out
}

// operatorHelp says what an operator asks of f.
func (f *field) operatorHelp(op operator) string {
	if op == equal {
		return f.equals
	}
	return [...]string{
		isValue: "is", notEqual: "is there, and is another", less: "is less than", lessEqual: "is at most",
		greater: "is more than", greaterEqual: "is at least",
	}[op]
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
