package recordings

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The grammar. A space, or nothing, between two of them means and:
//
//	filter = [ or ]
//	or     = and { "|" and }
//	and    = not { not }
//	not    = { "!" } ( "(" or ")" | term )
//	term   = word | quoted | field operator value { "," value }
//	value  = word | quoted
//
// Spaces may stand around operators and commas.

// maxDepth bounds how deep parentheses may be nested.
const maxDepth = 100

// A parser reads the text of a filter from left to right.
type parser struct {
	scanner
	depth int
}

func parseFilter(text string) (*node, error) {
	p := parser{scanner: scanner{text: text}}
	p.space()
	if p.rest() == "" {
		return nil, nil
	}
	n, err := p.or("")
	if err != nil {
		return nil, err
	}
	if p.rest() != "" { // nothing else ends an or
		return nil, p.fail(p.pos, p.pos+1, "this ) closes nothing", "")
	}
	return n, nil
}

func (p *parser) fail(at, end int, msg, hint string) error {
	return newFilterError(p.text, at, end, msg, hint)
}

// or reads up to a ")" that it has not opened, or the end. before is what stands
// in front of it, for errors.
func (p *parser) or(before string) (*node, error) {
	var kids []*node
	for {
		kid, err := p.and(before)
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
		if !p.skip("|") {
			return join(orNode, kids), nil
		}
		before = "|"
	}
}

func (p *parser) and(before string) (*node, error) {
	var kids []*node
	for {
		p.space()
		rest := p.rest()
		if rest != "" && rest[0] != '|' && rest[0] != ')' {
			kid, err := p.not()
			if err != nil {
				return nil, err
			}
			kids = append(kids, kid)
			continue
		}
		if kids == nil {
			return nil, p.missing(before)
		}
		return join(andNode, kids), nil
	}
}

// missing is the error that nothing stands here, after before.
func (p *parser) missing(before string) error {
	rest := p.rest()
	switch {
	case before == "!": // the character before that is to blame
	case rest != "" && rest[0] == '|':
		hint := ""
		if before == "|" {
			hint = "or is written with one |"
		}
		return p.fail(p.pos, p.pos+1, "there is nothing before this |", hint)
	case rest != "" && before == "":
		return p.fail(p.pos, p.pos+1, "this ) closes nothing", "")
	case rest != "" && before == "(":
		return p.fail(p.pos, p.pos+1, "there is nothing between ( and )", "")
	}
	at := strings.LastIndex(p.text[:p.pos], before)
	return p.fail(at, at+1, "there is nothing after this "+before, "")
}

func (p *parser) not() (*node, error) {
	negate := false
	for p.skip("!") {
		negate = !negate
		p.space()
		if rest := p.rest(); rest == "" || rest[0] == '|' || rest[0] == ')' {
			return nil, p.missing("!")
		}
	}
	n, err := p.primary()
	if err == nil && negate {
		n = n.negate()
	}
	return n, err
}

func (p *parser) primary() (*node, error) {
	at := p.pos
	if !p.skip("(") {
		t, err := p.term()
		return &node{kind: termNode, term: t}, err
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(at, at+1, "parentheses are nested too deep", "")
	}
	n, err := p.or("(")
	if err != nil {
		return nil, err
	}
	if !p.skip(")") {
		return nil, p.fail(at, at+1, "this ( is not closed", "")
	}
	p.depth--
	return n, nil
}

// term reads a field with what it is compared with, a word alone or a quoted text.
func (p *parser) term() (*term, error) {
	at := p.pos
	if strings.HasPrefix(p.rest(), `"`) {
		t := &term{field: findField("text"), op: isValue, at: at}
		err := p.value(t)
		t.end = p.pos
		return t, err
	}
	name := p.name()
	op := p.operator()
	if name == "" {
		return nil, p.noName(op)
	}
	if op == "" {
		return p.wordAlone(name, at)
	}
	f := findField(name)
	if f == nil {
		return nil, p.noField(name, at)
	}
	t := &term{field: f, at: at}
	if err := p.setOperator(t, op); err != nil {
		return nil, err
	}
	if err := p.values(t); err != nil {
		return nil, err
	}
	t.end = p.pos
	return t, nil
}

// noName is the error that no name stands here, but something else.
func (p *parser) noName(op string) error {
	if op != "" {
		return p.fail(p.pos-len(op), p.pos, "there is no field before "+op, "write it as in len>=64k")
	}
	r, n := utf8.DecodeRuneInString(p.rest())
	hint := ""
	switch r {
	case '&':
		hint = "a space means and"
	case ',':
		hint = "a list stands after a field, as in op:read,write"
	}
	return p.fail(p.pos, p.pos+n, "a term cannot begin with "+string(r), hint)
}

func (p *parser) noField(name string, at int) error {
	if f, w := findAlone(name); f != nil {
		return p.fail(at, at+len(name), name+" is no field, it stands alone", "write "+w.name+" or !"+w.name)
	}
	var names []string
	for i := range fields {
		names = append(names, fields[i].name)
	}
	guess := otherName(name)
	if guess == "" {
		guess = nearest(name, names)
	}
	hint := didYouMean(guess, `to look for a text write it in quotes; workbench help filters lists the fields`)
	return p.fail(at, at+len(name), "there is no field "+name, hint)
}

// otherName returns the name of the field that people call so, or "".
func otherName(name string) string {
	for i := range fields {
		for other := range strings.FieldsSeq(fields[i].others) {
			if strings.EqualFold(other, name) {
				return fields[i].name
			}
		}
	}
	return ""
}

// wordAlone returns the term that a word makes which stands alone.
func (p *parser) wordAlone(name string, at int) (*term, error) {
	end := at + len(name)
	if f, w := findAlone(name); f != nil {
		return &term{field: f, op: isValue, values: []value{{lo: w.bit, hi: w.bit}}, at: at, end: end}, nil
	}
	if f := findField(name); f != nil {
		if f.bare != "" {
			return &term{field: f, op: anyValue, at: at, end: end}, nil
		}
		return nil, p.fail(at, end, name+" needs a value", "write it as in "+f.sample())
	}
	return nil, p.fail(at, end, "there is no word "+name, wordHint(name))
}

// wordHint says what somebody may have meant by a word that stands alone.
func wordHint(name string) string {
	if hint := wrongWord(name); hint != "" {
		return hint
	}
	var words []string
	for i := range fields {
		f := &fields[i]
		if f.words == nil {
			continue
		}
		for _, w := range f.words() {
			if f.alone {
				words = append(words, w.name)
			} else if strings.EqualFold(w.name, name) {
				return didYouMean(f.name+":"+w.name, "")
			}
		}
	}
	guess := nearest(name, words)
	if guess == "" {
		guess = otherName(name)
	}
	return didYouMean(guess, "to look for a text write "+quote(name))
}

// sample returns an example that has the name of f in it.
func (f *field) sample() string {
	if strings.HasPrefix(f.example, f.name) {
		return f.example
	}
	return f.name + ":" + f.example
}

// setOperator sets the operator of t, which has just been read.
func (p *parser) setOperator(t *term, op string) error {
	at := p.pos - len(op)
	for o := isValue; o <= greaterEqual; o++ {
		if o.String() == op {
			t.op = o
		}
	}
	if t.op == equal && t.field.equals == "" {
		t.op = isValue
	}
	if t.op == anyValue {
		return p.fail(at, p.pos, "there is no operator "+op, operatorHint(op))
	}
	for _, o := range t.field.operators() {
		if t.op == o {
			return nil
		}
	}
	name := t.field.name
	hint := "write it as in " + t.field.sample()
	if t.op == notEqual {
		hint = "write ! before it, as in !" + t.field.sample()
	}
	return p.fail(at, p.pos, name+" cannot be compared by "+op, hint)
}

func operatorHint(op string) string {
	switch op {
	case "==":
		return "did you mean =?"
	case "=>":
		return "did you mean >=?"
	case "=<":
		return "did you mean <=?"
	case "<>", "~=":
		return "did you mean !=?"
	case ":!", "=!":
		return "write ! before the field, as in !op:read"
	case "~", "=~", ":~":
		return `a text is looked for by "quotes"`
	}
	return "there are : = != < <= > >="
}

// values reads what follows the operator of t.
func (p *parser) values(t *term) error {
	for {
		p.space()
		if err := p.value(t); err != nil {
			return err
		}
		end := p.pos
		p.space()
		comma := p.pos
		if !p.skip(",") {
			p.pos = end
			return nil
		}
		switch {
		case t.op >= less:
			return p.fail(comma, comma+1, "a comparison by "+t.op.String()+" has one value", "write "+t.field.name+":a,b for several")
		case t.field.of.single:
			return p.fail(comma, comma+1, t.field.name+" has one value", "join two terms by |")
		}
	}
}

// value reads one value and adds it to t.
func (p *parser) value(t *term) error {
	at := p.pos
	text, quoted, closed := p.operand()
	switch {
	case !closed:
		return p.fail(at, at+1, `this " is not closed`, "")
	case text == "" && !quoted:
		before := len(strings.TrimRightFunc(p.text[:at], unicode.IsSpace))
		return p.fail(t.at, before, "a value is missing after "+p.text[t.at:before], "write it as in "+t.field.sample())
	}
	v, err := t.field.of.parse(t.field, text, quoted)
	if err != nil {
		hint := ""
		if bad, ok := err.(*badValue); ok {
			hint = bad.hint
		}
		return p.fail(at, p.pos, err.Error(), hint)
	}
	if t.op >= less && v.lo != v.hi {
		return p.fail(at, p.pos, "a comparison by "+t.op.String()+" has one value, not a range", "write "+t.field.name+":"+text)
	}
	t.values = append(t.values, v)
	return nil
}
