package lua

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// maxNesting is how deep the tree of a chunk may be. The compiler goes into the
// stack of the program as deep, which ends when that is used up. C allows 200
// levels of brackets and blocks; here one takes several, and so does each part
// of a sum.
const maxNesting = 100_000

// A checker goes through the tree of a chunk, for what the parser lets pass and
// must not, and for what needs repair.
type checker struct {
	line int    // of the statement or expression that is looked at
	msg  string // what is wrong in that line; "" = nothing
}

// check repairs a chunk and returns the line and the text of its first mistake.
func check(chunk []ast.Stmt) (line int, msg string) {
	var c checker
	c.visit(reflect.ValueOf(chunk), 0)
	return c.line, c.msg
}

// visit goes by reflection because functions, and loops in them, stand in any
// expression.
func (c *checker) visit(node reflect.Value, depth int) {
	if c.msg != "" {
		return
	}
	if depth > maxNesting {
		c.msg = "the program nests too deeply"
		return
	}
	switch node.Kind() {
	case reflect.Interface, reflect.Pointer:
		if node.IsNil() {
			return
		}
		if place, ok := node.Interface().(ast.PositionHolder); ok && place.Line() > 0 {
			c.line = place.Line()
		}
		c.visit(node.Elem(), depth+1)
	case reflect.Slice:
		for i := range node.Len() {
			c.visit(node.Index(i), depth+1)
		}
	case reflect.Struct:
		c.look(node)
		repair(node)
		for i := range node.NumField() {
			c.visit(node.Field(i), depth+1)
		}
	}
}

// look judges one node.
func (c *checker) look(node reflect.Value) {
	if !node.CanAddr() || !node.Addr().CanInterface() {
		return
	}
	switch expr := node.Addr().Interface().(type) {
	case *ast.NumberExpr:
		if !exact(expr.Value) {
			c.msg = fmt.Sprintf("the integer %s is not exact here: this Lua has floating point numbers only, which have every integer up to 2^53", expr.Value)
		}
	case *ast.IdentExpr:
		if expr.Value == "_ENV" {
			c.msg = "_ENV is Lua 5.2, this is 5.1: write setfenv(f, table), or give load a table"
		}
	}
}

// exact reports whether a number of a program is the one that Lua 5.3 would
// have. What is no integer there, is a float here and there.
func exact(literal string) bool {
	base, digits := 10, literal
	if strings.HasPrefix(strings.ToLower(literal), "0x") {
		base, digits = 16, literal[2:]
	}
	n, err := strconv.ParseUint(digits, base, 64)
	switch {
	case err != nil && base == 16:
		return strings.ContainsAny(digits, ".pP") // else it has more than 64 bits
	case err != nil:
		return true
	case n > math.MaxInt64:
		return base == 10
	}
	return uint64(float64(n)) == n
}
