package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// The patterns of Lua are matched here rather than by gopher-lua, whose matcher
// goes deeper into the stack with every character, cannot be interrupted, and
// differs from C: "%g" is missing, and a match may differ from the longest.

const (
	maxCaptures  = 32
	maxMatchCall = 200     // how deep a match may nest, as in C
	pollPattern  = 1 << 14 // single comparisons after which a match looks whether it should stop
)

// A matcher holds one pattern against one subject.
type matcher struct {
	L         *glua.LState
	interrupt *interrupt
	subject   string
	pattern   string
	depth     int
	steps     int
	captures  []capture
	room      int // bytes that the result of gsub may have besides what stands
}

type capture struct{ begin, length int }

// What capture.length is besides a length.
const (
	captureOpen     = -1
	capturePosition = -2
)

// noMatch is the end of a match that is none.
const noMatch = -1

// step counts the work, and fails the script if it should stop.
func (m *matcher) step() {
	if m.steps++; m.steps%pollPattern != 0 {
		return
	}
	m.interrupt.check(m.L)
}

// match returns where a match of the pattern from p on ends that begins at s of
// the subject, noMatch if there is none.
func (m *matcher) match(s, p int) int {
	if m.depth++; m.depth > maxMatchCall {
		m.L.RaiseError("pattern too complex")
	}
	defer func() { m.depth-- }()
	for p < len(m.pattern) {
		m.step()
		switch m.pattern[p] {
		case '(':
			if p+1 < len(m.pattern) && m.pattern[p+1] == ')' {
				return m.open(s, p+2, capturePosition)
			}
			return m.open(s, p+1, captureOpen)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pattern) {
				if s == len(m.subject) {
					return s
				}
				return noMatch
			}
		case '%':
			if p+1 == len(m.pattern) {
				m.L.RaiseError("malformed pattern (ends with '%%')")
			}
			switch next := m.pattern[p+1]; {
			case next == 'b':
				if s = m.balanced(s, p+2); s == noMatch {
					return noMatch
				}
				p += 4
				continue
			case next == 'f':
				end, ok := m.frontier(s, p+2)
				if !ok {
					return noMatch
				}
				p = end
				continue
			case '0' <= next && next <= '9':
				if s = m.again(s, next); s == noMatch {
					return noMatch
				}
				p += 2
				continue
			}
		}
		end := m.classEnd(p)
		repeat := byte(0)
		if end < len(m.pattern) {
			repeat = m.pattern[end]
		}
		switch repeat {
		case '?':
			if m.single(s, p, end) {
				if e := m.match(s+1, end+1); e != noMatch {
					return e
				}
			}
			p = end + 1
		case '+':
			if !m.single(s, p, end) {
				return noMatch
			}
			return m.most(s+1, p, end)
		case '*':
			return m.most(s, p, end)
		case '-':
			return m.least(s, p, end)
		default:
			if !m.single(s, p, end) {
				return noMatch
			}
			s, p = s+1, end
		}
	}
	return s
}

// most matches as many of a class as possible, then the rest.
func (m *matcher) most(s, p, end int) int {
	n := 0
	for m.single(s+n, p, end) {
		m.step()
		n++
	}
	for ; n >= 0; n-- {
		m.step()
		if e := m.match(s+n, end+1); e != noMatch {
			return e
		}
	}
	return noMatch
}

// least matches as few of a class as possible, then the rest.
func (m *matcher) least(s, p, end int) int {
	for {
		m.step()
		if e := m.match(s, end+1); e != noMatch {
			return e
		}
		if !m.single(s, p, end) {
			return noMatch
		}
		s++
	}
}

// open begins a capture and matches on.
func (m *matcher) open(s, p, kind int) int {
	if len(m.captures) == maxCaptures {
		m.L.RaiseError("too many captures")
	}
	m.captures = append(m.captures, capture{s, kind})
	level := len(m.captures)
	e := m.match(s, p)
	if e == noMatch {
		m.captures = m.captures[:level-1]
	}
	return e
}

// close ends the capture that is open, and matches on.
func (m *matcher) close(s, p int) int {
	i := len(m.captures) - 1
	for i >= 0 && m.captures[i].length != captureOpen {
		i--
	}
	if i < 0 {
		m.L.RaiseError("invalid pattern capture")
	}
	m.captures[i].length = s - m.captures[i].begin
	e := m.match(s, p)
	if e == noMatch {
		m.captures[i].length = captureOpen
	}
	return e
}

// balanced matches %bxy, whose two characters stand at p.
func (m *matcher) balanced(s, p int) int {
	if p+1 >= len(m.pattern) {
		m.L.RaiseError("malformed pattern (missing arguments to '%%b')")
	}
	if s >= len(m.subject) || m.subject[s] != m.pattern[p] {
		return noMatch
	}
	depth := 1
	for i := s + 1; i < len(m.subject); i++ {
		m.step()
		switch m.subject[i] {
		case m.pattern[p+1]:
			if depth--; depth == 0 {
				return i + 1
			}
		case m.pattern[p]:
			depth++
		}
	}
	return noMatch
}

// frontier matches %f[set], whose set stands at p, and returns where that ends.
func (m *matcher) frontier(s, p int) (end int, ok bool) {
	if p >= len(m.pattern) || m.pattern[p] != '[' {
		m.L.RaiseError("missing '[' after '%%f' in pattern")
	}
	end = m.classEnd(p)
	var before, here byte
	if s > 0 {
		before = m.subject[s-1]
	}
	if s < len(m.subject) {
		here = m.subject[s]
	}
	return end, !m.inSet(before, p, end-1) && m.inSet(here, p, end-1)
}

// again matches what a capture matched.
func (m *matcher) again(s int, digit byte) int {
	i := int(digit) - '1'
	if i < 0 || i >= len(m.captures) || m.captures[i].length == captureOpen {
		m.L.RaiseError("invalid capture index %%%d", i+1)
	}
	c := m.captures[i]
	if c.length < 0 || !strings.HasPrefix(m.subject[s:], m.subject[c.begin:c.begin+c.length]) {
		return noMatch
	}
	m.steps += c.length
	return s + c.length
}

// classEnd returns where the class of characters that stands at p ends.
func (m *matcher) classEnd(p int) int {
	c := m.pattern[p]
	p++
	switch c {
	case '%':
		if p == len(m.pattern) {
			m.L.RaiseError("malformed pattern (ends with '%%')")
		}
		return p + 1
	case '[':
		if p < len(m.pattern) && m.pattern[p] == '^' {
			p++
		}
		for first := true; ; first = false { // a ] that comes first is one of the set
			if p >= len(m.pattern) {
				m.L.RaiseError("malformed pattern (missing ']')")
			}
			c := m.pattern[p]
			p++
			if c == ']' && !first {
				return p
			}
			if c == '%' {
				p++
			}
		}
	}
	return p
}

// single reports whether the character at s is of the class from p to end.
func (m *matcher) single(s, p, end int) bool {
	if s >= len(m.subject) {
		return false
	}
	c := m.subject[s]
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pattern[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.pattern[p] == c
}

// inSet reports whether c is in the set from the "[" at p to the "]" at end.
func (m *matcher) inSet(c byte, p, end int) bool {
	found := true
	p++
	if m.pattern[p] == '^' {
		found = false
		p++
	}
	for ; p < end; p++ {
		switch {
		case m.pattern[p] == '%':
			p++
			if inClass(c, m.pattern[p]) {
				return found
			}
		case p+2 < end && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return found
			}
			p += 2
		case m.pattern[p] == c:
			return found
		}
	}
	return !found
}

// inClass reports whether c is in the class of a letter, as d of %d. The classes
// are those of the C locale; a capital letter is for all the others.
func inClass(c, letter byte) bool {
	var in bool
	switch letter | 0x20 {
	case 'a':
		in = isLetter(c)
	case 'c':
		in = c < ' ' || c == 0x7f
	case 'd':
		in = isDigit(c)
	case 'g':
		in = '!' <= c && c <= '~'
	case 'l':
		in = 'a' <= c && c <= 'z'
	case 'p':
		in = '!' <= c && c <= '~' && !isLetter(c) && !isDigit(c)
	case 's':
		in = c == ' ' || '\t' <= c && c <= '\r'
	case 'u':
		in = 'A' <= c && c <= 'Z'
	case 'w':
		in = isLetter(c) || isDigit(c)
	case 'z': // of Lua 5.1, but still there
		in = c == 0
	case 'x':
		in = isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	default:
		return c == letter
	}
	return in != ('A' <= letter && letter <= 'Z')
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// captured returns capture i of a match from begin to end; the match itself, if
// the pattern has no captures and i is 0.
func (m *matcher) captured(i, begin, end int) glua.LValue {
	if i >= len(m.captures) {
		if i > 0 {
			m.L.RaiseError("invalid capture index %%%d", i+1)
		}
		return glua.LString(m.subject[begin:end])
	}
	switch c := m.captures[i]; c.length {
	case capturePosition:
		return glua.LNumber(c.begin + 1)
	case captureOpen:
		m.L.RaiseError("unfinished capture")
		return glua.LNil
	default:
		return glua.LString(m.subject[c.begin : c.begin+c.length])
	}
}

// push pushes the captures, or the match itself if there are none, and returns how many.
func (m *matcher) push(begin, end int) int {
	n := max(1, len(m.captures))
	for i := range n {
		m.L.Push(m.captured(i, begin, end))
	}
	return n
}
