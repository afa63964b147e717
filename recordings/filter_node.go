package recordings

import (
	"strings"

	"workbench/plugins"
)

// A node is a part of a filter in its canonical form: no "and" stands directly in
// an "and", no "or" in an "or", no "not" in a "not", and each has what it needs.
// The nil node matches everything.
type node struct {
	kind nodeKind
	kids []*node // of and and or at least two, of not one
	term *term
}

type nodeKind uint8

const (
	termNode nodeKind = iota
	andNode
	orNode
	notNode
)

// A term is one question: a field, how it is compared, and with what.
type term struct {
	field   *field
	op      operator // anyValue: whether the field is there at all
	values  []value  // one at least, of which any will do; one for a comparison
	at, end int      // where it stands in the text
}

// A value is what a field is compared with.
type value struct {
	lo, hi uint64        // the first and the last number that will do; of words, their bit
	text   string        // what text and data are searched for; a time of day
	front  plugins.Front // of a connection; NoFront = any
}

// An operator compares a field with values.
type operator uint8

const (
	anyValue operator = iota
	isValue           // what it means is up to the field: is, contains, touches
	equal             // the same as isValue, but for fields that set it apart
	notEqual
	less
	lessEqual
	greater
	greaterEqual
)

var operatorNames = [...]string{"", ":", "=", "!=", "<", "<=", ">", ">="}

func (o operator) String() string { return operatorNames[o] }

// join returns the node of a kind, and or or, over kids.
func join(kind nodeKind, kids []*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	n := &node{kind: kind}
	for _, kid := range kids {
		if kid.kind == kind {
			n.kids = append(n.kids, kid.kids...)
		} else {
			n.kids = append(n.kids, kid)
		}
	}
	return n
}

// negate returns the opposite of n.
func (n *node) negate() *node {
	if n.kind == notNode {
		return n.kids[0]
	}
	return &node{kind: notNode, kids: []*node{n}}
}

// walk calls f with each term, in the order of the text.
func (n *node) walk(f func(*term)) {
	if n == nil {
		return
	}
	if n.kind == termNode {
		f(n.term)
	}
	for _, kid := range n.kids {
		kid.walk(f)
	}
}

// compile returns n as a function; now is what relative times count from.
func (n *node) compile(now plugins.Stamp) test {
	if n == nil {
		return func(*Event, Contents) bool { return true }
	}
	if n.kind == termNode {
		return n.term.compile(now)
	}
	tests := make([]test, len(n.kids))
	for i, kid := range n.kids {
		tests[i] = kid.compile(now)
	}
	switch n.kind {
	case notNode:
		kid := tests[0]
		return func(e *Event, c Contents) bool { return !kid(e, c) }
	case orNode:
		return func(e *Event, c Contents) bool {
			for _, t := range tests {
				if t(e, c) {
					return true
				}
			}
			return false
		}
	}
	return func(e *Event, c Contents) bool {
		for _, t := range tests {
			if !t(e, c) {
				return false
			}
		}
		return true
	}
}

// String returns the canonical text of n.
func (n *node) String() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case termNode:
		b.WriteString(n.term.String())
	case notNode:
		b.WriteByte('!')
		n.kids[0].writeInside(b, termNode)
	case andNode:
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteByte(' ')
			}
			kid.writeInside(b, andNode)
		}
	case orNode:
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteString(" | ")
			}
			kid.writeInside(b, orNode)
		}
	}
}

// writeInside writes n as a part of a node that binds as outer does, in
// parentheses if it would fall apart there.
func (n *node) writeInside(b *strings.Builder, outer nodeKind) {
	if n.kind == termNode || n.kind == notNode || n.kind == andNode && outer == orNode {
		n.write(b)
		return
	}
	b.WriteByte('(')
	n.write(b)
	b.WriteByte(')')
}

// String returns the canonical text of t.
func (t *term) String() string {
	if t.op == anyValue {
		return t.field.name
	}
	format := t.field.of.format
	if t.field.short && t.op == isValue && len(t.values) == 1 {
		return format(t.field, t.values[0])
	}
	words := make([]string, len(t.values))
	for i, v := range t.values {
		words[i] = format(t.field, v)
	}
	return t.field.name + t.op.String() + strings.Join(words, ",")
}
