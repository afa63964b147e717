package lua

import (
	"cmp"
	"slices"

	glua "github.com/yuin/gopher-lua"

	"workbench/plugins"
)

var _ plugins.Lister = (*script)(nil)

// Globals returns what the script left in its global table, without the
// libraries: their functions are Go's, and their tables those of package.loaded.
func (s *script) Globals() []plugins.Global {
	libraries := map[glua.LValue]bool{s.state.GetGlobal("package"): true}
	if loaded, ok := s.state.G.Registry.RawGetString("_LOADED").(*glua.LTable); ok {
		loaded.ForEach(func(_, library glua.LValue) { libraries[library] = true })
	}
	var list []plugins.Global
	s.state.G.Global.ForEach(func(key, value glua.LValue) {
		name, ok := key.(glua.LString)
		if !ok || name == "_VERSION" || name == "_GOPHER_LUA_VERSION" || libraries[value] {
			return
		}
		g := plugins.Global{Name: string(name), Kind: value.Type().String()}
		switch value := value.(type) {
		case *glua.LFunction:
			if value.Proto == nil {
				return
			}
			describeFunction(&g, value.Proto)
		case glua.LString, glua.LNumber, glua.LBool:
			g.Text = value.String()
		}
		list = append(list, g)
	})
	slices.SortFunc(list, func(a, b plugins.Global) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// describeFunction enters where a function stands and what it takes. No call
// must give all of it: a parameter that gets nothing is nil.
func describeFunction(g *plugins.Global, proto *glua.FunctionProto) {
	g.File, g.Line = proto.SourceName, proto.LineDefined
	g.Variadic = proto.IsVarArg&glua.VarArgIsVarArg != 0
	for i := range min(int(proto.NumParameters), len(proto.DbgLocals)) {
		g.Params = append(g.Params, proto.DbgLocals[i].Name)
	}
}
