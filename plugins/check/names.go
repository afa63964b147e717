package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"workbench/plugins"
)

// fields are what a script may set besides callbacks.
var fields = []string{"API_VERSION", "name", "longname", "version", "description", "config_help", "magic_config_key"}

// otherNames are what people call callbacks who have other interfaces in mind.
var otherNames = map[string]plugins.Callback{
	"read": plugins.Pread, "write": plugins.Pwrite, "size": plugins.GetSize, "discard": plugins.Trim,
	"writezeroes": plugins.Zero, "blockstatus": plugins.Extents, "prefetch": plugins.Cache,
	"sync": plugins.Flush, "multiconn": plugins.CanMultiConn, "rotational": plugins.IsRotational,
}

// checkNames looks for global names that were meant to be callbacks or fields.
func (c *checker) checkNames(script plugins.Script) {
	lister, ok := script.(plugins.Lister)
	if !ok {
		return
	}
	uses := c.sources.words(c.runtime.Name())
	for _, g := range lister.Globals() {
		cb, isCallback := plugins.ParseCallback(g.Name)
		switch {
		case isCallback:
			if !g.IsFunction() && uses[g.Name] == 1 { // else it is a variable of that name
				c.checkNoFunction(cb, g)
			}
		case slices.Contains(fields, g.Name):
			c.checkField(script, g)
		case uses[g.Name] > 1: // a helper, or a variable: somebody uses it
		case g.IsFunction():
			c.checkMisspelt(script, g)
		default:
			c.checkMisspeltField(g)
		}
	}
	c.checkLocals(script, uses)
}

// checkNoFunction reports a value that has the name of a callback. A container
// is left alone: config = {} is a good place to keep parameters.
func (c *checker) checkNoFunction(cb plugins.Callback, g plugins.Global) {
	if g.Text == "" && g.Kind != "string" && !cb.Required() {
		return
	}
	value := "a " + g.Kind
	if g.Text != "" && g.Kind != "string" {
		value = g.Text
	}
	c.add(Finding{
		Severity: Warning, Rule: RuleName, Callback: cb, Line: c.lineOf(g.Name),
		Text:   fmt.Sprintf("%s is %s, not a function: the server does not see it", g.Name, value),
		Advice: "make it a function: " + c.define(cb, c.version()),
	})
}

// checkMisspelt reports a function that nobody calls and that is nearly a callback.
func (c *checker) checkMisspelt(script plugins.Script, g plugins.Global) {
	best, far := plugins.NoCallback, 3
	for cb := plugins.NoCallback + 1; cb < plugins.NumCallbacks; cb++ {
		if script.Defines(cb) {
			continue
		}
		d := distance(plain(g.Name), plain(cb.String()))
		if otherNames[plain(g.Name)] == cb {
			d = 0
		}
		if d < far && d <= allowed(cb.String()) {
			best, far = cb, d
		}
	}
	if best == plugins.NoCallback {
		return
	}
	c.add(Finding{
		Severity: Warning, Rule: RuleName, File: g.File, Line: g.Line,
		Text:   fmt.Sprintf("%s is no callback, and nothing calls it: did you mean %s?", g.Name, best),
		Advice: "rename it: " + c.define(best, c.version()),
	})
}

// checkMisspeltField reports a value that nobody uses and that is nearly a field.
func (c *checker) checkMisspeltField(g plugins.Global) {
	for _, f := range fields {
		if distance(plain(g.Name), plain(f)) <= allowed(f) {
			c.add(Finding{
				Severity: Warning, Rule: RuleName, Line: c.lineOf(g.Name),
				Text: fmt.Sprintf("%s is no field, and nothing uses it: did you mean %s?", g.Name, f), Advice: "rename it",
			})
			return
		}
	}
}

// checkLocals reports what only the file itself can see, although it is written
// for the server. Starlark has no local functions at the top level.
func (c *checker) checkLocals(script plugins.Script, uses map[string]int) {
	if c.runtime.Name() != "lua" {
		return
	}
	local := func(name string) int {
		return c.sources.lineOf(c.o.Source.Path, "lua",
			regexp.MustCompile(`(?m)^local[ \t]+(function[ \t]+)?`+regexp.QuoteMeta(name)+`\b[ \t]*[(=]`))
	}
	for cb := plugins.NoCallback + 1; cb < plugins.NumCallbacks; cb++ {
		line := local(cb.String())
		if line == 0 || script.Defines(cb) || uses[cb.String()] > 1 {
			continue
		}
		c.add(Finding{Severity: Warning, Rule: RuleName, Callback: cb, Line: line,
			Text: fmt.Sprintf("%s is local: the server does not see it", cb), Advice: "leave the word local away"})
	}
	if line := local("API_VERSION"); line > 0 {
		c.add(Finding{Severity: Warning, Rule: RuleName, Line: line,
			Text: "API_VERSION is local: the server does not see it, and uses version 1", Advice: "leave the word local away"})
	}
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

// checkField looks at the value of a field.
func (c *checker) checkField(script plugins.Script, g plugins.Global) {
	f := Finding{Severity: Warning, Rule: RuleField, Line: c.lineOf(g.Name)}
	if f.Line == 0 {
		f.Line = g.Line // function longname()
	}
	switch {
	case g.Name == "API_VERSION": // its value was looked at when the script was loaded
		return
	case g.Kind != "string":
		f.Text, f.Advice = fmt.Sprintf("%s is a %s: the field of that name holds a string", g.Name, g.Kind), "write the text itself, in quotes"
	case g.Name == "name" && !namePattern.MatchString(g.Text):
		f.Text, f.Advice = fmt.Sprintf("name is %q: only letters, digits and dashes can stand there, and no dash first", g.Text), "longname may be any text"
	case g.Name == "magic_config_key" && !script.Defines(plugins.Config):
		f.Text, f.Advice = "magic_config_key without config: there is nothing that takes the parameter", "define "+c.define(plugins.Config, 1)
	default:
		return
	}
	c.add(f)
}

func (c *checker) version() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.report.APIVersion
}

// define writes the head of a callback in the language of the script.
func (c *checker) define(cb plugins.Callback, version int) string {
	head := fmt.Sprintf("%s(%s)", cb, strings.Join(argNames(cb, version), ", "))
	if c.runtime.Name() == "lua" {
		return "function " + head + " ... end"
	}
	return "def " + head + ": ..."
}

// plain returns a name without what spellings differ in: case and underscores.
func plain(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// allowed is how many slips of the finger a name may be away from what is meant.
func allowed(name string) int {
	if len(name) < 8 {
		return 1
	}
	return 2
}

// distance returns how many letters must be put in, left out, changed or
// swapped with their neighbour to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
