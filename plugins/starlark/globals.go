package starlark

import (
	star "go.starlark.net/starlark"

	"workbench/plugins"
)

var _ plugins.Lister = (*script)(nil)

// Globals returns the global names of the script's own file.
func (s *script) Globals() []plugins.Global {
	var list []plugins.Global
	for _, name := range s.own.Keys() {
		g := plugins.Global{Name: name}
		switch value := s.own[name].(type) {
		case *star.Function:
			g.Kind = "function"
			describeFunction(&g, value)
		case star.Callable:
			g.Kind = "function"
			g.Variadic = true // nobody knows what a builtin takes
		case star.String:
			g.Kind, g.Text = value.Type(), string(value)
		case star.Int, star.Float, star.Bool, star.NoneType:
			g.Kind, g.Text = value.Type(), value.String()
		default:
			g.Kind = value.Type()
		}
		list = append(list, g)
	}
	return list
}

// describeFunction enters where a function stands and what it takes.
func describeFunction(g *plugins.Global, f *star.Function) {
	g.File, g.Line = f.Position().Filename(), int(f.Position().Line)
	g.Variadic = f.HasVarargs()
	n := f.NumParams() - f.NumKwonlyParams()
	if f.HasVarargs() {
		n--
	}
	if f.HasKwargs() {
		n--
	}
	for i := range n {
		name, _ := f.Param(i)
		g.Params = append(g.Params, name)
		if f.ParamDefault(i) == nil {
			g.Required++
		}
	}
}
