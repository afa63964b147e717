package lua

import (
	"reflect"

	"github.com/yuin/gopher-lua/ast"
)

// repair works around a mistake of gopher-lua's compiler (v1.1.2, its issue 540).
// The jump back to the beginning of a loop is led on if the body begins with a
// jump as well, but by then that one has been patched and is misread: such a
// loop ends anywhere. It takes no more than "for k in pairs(t) do if false then".
// A body that may begin with a jump therefore gets a local variable in front.
func repair(node reflect.Value) {
	body := bodyOf(node)
	if body == nil || len(*body) == 0 || !mayJump((*body)[0]) {
		return
	}
	first := &ast.LocalAssignStmt{Names: []string{"(first)"}} // no script can spell it
	first.SetLine((*body)[0].Line())
	first.SetLastLine((*body)[0].Line())
	*body = append([]ast.Stmt{first}, *body...)
}

// bodyOf returns the statements of a loop, nil if the node is no loop.
func bodyOf(node reflect.Value) *[]ast.Stmt {
	if !node.CanAddr() || !node.Addr().CanInterface() {
		return nil
	}
	switch loop := node.Addr().Interface().(type) {
	case *ast.GenericForStmt:
		return &loop.Stmts
	case *ast.WhileStmt:
		return &loop.Stmts
	case *ast.RepeatStmt:
		return &loop.Stmts
	}
	return nil
}

// mayJump reports whether the code of a statement may begin with a jump.
func mayJump(stmt ast.Stmt) bool {
	switch stmt := stmt.(type) {
	case *ast.BreakStmt, *ast.DoBlockStmt, *ast.WhileStmt, *ast.RepeatStmt:
		return true
	case *ast.IfStmt:
		return beginsConstant(stmt.Condition)
	}
	return false
}

// beginsConstant reports whether a condition begins with a constant, which the
// compiler turns into a jump or into nothing.
func beginsConstant(expr ast.Expr) bool {
	switch expr := expr.(type) {
	case *ast.FalseExpr, *ast.NilExpr, *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	case *ast.UnaryNotOpExpr:
		return beginsConstant(expr.Expr)
	case *ast.LogicalOpExpr:
		return beginsConstant(expr.Lhs)
	}
	return false
}
