package starlark

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/lib/json"
	star "go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// The interpreter writes, encodes and collects values in Go code that cannot be
// interrupted, goes into the stack as deep as a value nests, and takes whatever
// memory the result needs: the end of either is the end of the program. What a
// script can do in one call is bounded here.

const (
	maxNesting  = 500     // levels of a value that is written
	maxElements = 1 << 20 // values in it
	maxRange    = 1 << 26 // elements of a range, which list(...) would make
	maxJSON     = 64 << 20
)

// guarded returns a builtin of the language that runs only if check lets its
// arguments pass.
func guarded(original star.Value, check func(args star.Tuple) error) *star.Builtin {
	builtin := original.(*star.Builtin)
	return star.NewBuiltin(builtin.Name(), func(st *star.Thread, _ *star.Builtin, args star.Tuple, kwargs []star.Tuple) (star.Value, error) {
		if err := check(args); err != nil {
			return nil, fmt.Errorf("%s: %w", builtin.Name(), err)
		}
		return builtin.CallInternal(st, args, kwargs)
	})
}

// guardedJSON is the module json.
func guardedJSON() *starlarkstruct.Module {
	members := star.StringDict{}
	for name, f := range json.Module.Members {
		switch name {
		case "encode", "encode_indent":
			members[name] = guarded(f, checkWritable)
		default:
			members[name] = guarded(f, checkJSON)
		}
	}
	return module("json", members)
}

// checkWritable returns why values cannot be written as text.
func checkWritable(args star.Tuple) error {
	m := measure{}
	for _, v := range args {
		if err := m.add(v); err != nil {
			return err
		}
	}
	return nil
}

// A measure counts what is in a value.
type measure struct {
	elements int
	path     []star.Value // the lists and dicts around
}

func (m *measure) add(v star.Value) error {
	if m.elements++; m.elements > maxElements {
		return fmt.Errorf("the value has more than %d elements", maxElements)
	}
	switch v.(type) {
	case *star.List, *star.Dict:
		if slices.Contains(m.path, v) { // written as "..."
			return nil
		}
	case star.Tuple, *star.Set, *starlarkstruct.Struct:
		// Cannot hold themselves, and cannot all be compared.
	default:
		return nil
	}
	if len(m.path) == maxNesting {
		return fmt.Errorf("the value nests deeper than %d levels", maxNesting)
	}
	m.path = append(m.path, inPath(v))
	defer func() { m.path = m.path[:len(m.path)-1] }()
	switch v := v.(type) {
	case *star.Dict:
		for key, value := range v.Entries() {
			if err := errors.Join(m.add(key), m.add(value)); err != nil {
				return err
			}
		}
	case star.Iterable:
		for e := range star.Elements(v) {
			if err := m.add(e); err != nil {
				return err
			}
		}
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			member, err := v.Attr(name)
			if err == nil {
				err = m.add(member)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// inPath returns what stands in a path for v.
func inPath(v star.Value) star.Value {
	switch v.(type) {
	case *star.List, *star.Dict:
		return v
	}
	return star.None
}

// checkJSON returns why a text is not to be decoded.
func checkJSON(args star.Tuple) error {
	if len(args) == 0 {
		return nil // the original says what is missing
	}
	text, ok := star.AsString(args[0])
	if !ok {
		return nil
	}
	if len(text) > maxJSON {
		return fmt.Errorf("a text of %d bytes is too long, %d are the most", len(text), maxJSON)
	}
	depth := 0
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxNesting {
				return fmt.Errorf("the text nests deeper than %d levels", maxNesting)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// checkRange returns why a range is too long.
func checkRange(args star.Tuple) error {
	r, err := star.Call(new(star.Thread), star.Universe["range"], args, nil)
	if err != nil {
		return nil // the original says what is wrong
	}
	if n := star.Len(r); n > maxRange {
		return fmt.Errorf("%d elements are too many, %d are the most: write while", n, maxRange)
	}
	return nil
}

// checkSource returns why a file is not to be parsed: the parser goes into the
// stack with every bracket.
func checkSource(text string) (line int, err error) {
	depth := 0
	for i, c := range []byte(text) {
		switch c {
		case '(', '[', '{':
			if depth++; depth > maxBrackets {
				return 1 + strings.Count(text[:i], "\n"), errors.New("brackets nest too deeply")
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0, nil
}

// maxBrackets is how many brackets may be open at once, those in strings counted.
const maxBrackets = 20_000
