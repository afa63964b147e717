package plugins

// A Lister is a Script that can tell what its top level has defined, callback
// or not: for those who look for mistakes in it.
type Lister interface {
	// Globals returns what the script defined, sorted by name. What the language
	// and this program supply is not among it.
	Globals() []Global
}

// A Global is a name that a script has defined, and what stands there.
type Global struct {
	Name string
	Kind string // "function", or in the language's own word what else: "string", "dict"
	Text string // a string itself, another simple value as the language writes it, else ""

	// Of a function that is the script's own, else zero.
	File     string
	Line     int
	Params   []string // the names of the positional parameters
	Required int      // how many of them a call must give
	Variadic bool     // it takes any number of further ones
}

// IsFunction reports whether g can be called.
func (g Global) IsFunction() bool { return g.Kind == "function" }

// Setting returns the text of a simple value that the script had under a name
// when it was started, as its language writes it; "" if it had none.
func (in *Instance) Setting(name string) string {
	for _, g := range in.globals {
		if g.Name == name {
			return g.Text
		}
	}
	return ""
}
