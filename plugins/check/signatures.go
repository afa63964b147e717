package check

import (
	"fmt"
	"slices"
	"strings"

	"workbench/plugins"
)

// argWords are what the documents call the arguments.
var argWords = map[plugins.Arg]string{
	plugins.ArgHandle: "h", plugins.ArgReadOnly: "readonly", plugins.ArgTLS: "is_tls",
	plugins.ArgKey: "key", plugins.ArgValue: "value", plugins.ArgCount: "count", plugins.ArgOffset: "offset",
	plugins.ArgData: "buf", plugins.ArgBuffer: "buf", plugins.ArgFlags: "flags", plugins.ArgMayTrim: "may_trim",
	plugins.ArgState: "state",
}

// argNames returns the arguments of a callback as the documents name them.
func argNames(cb plugins.Callback, version int) []string {
	var names []string
	for _, arg := range cb.Signature(version).Args {
		names = append(names, argWords[arg])
	}
	return names
}

// checkSignatures holds the parameters of each callback against what it is given.
func (c *checker) checkSignatures(script plugins.Script) {
	lister, ok := script.(plugins.Lister)
	if !ok {
		return
	}
	for _, g := range lister.Globals() {
		cb, ok := plugins.ParseCallback(g.Name)
		if !ok || !g.IsFunction() || g.File == "" || !script.Defines(cb) {
			continue
		}
		if f, ok := c.judgeSignature(cb, g, script.APIVersion()); ok {
			f.Rule, f.Callback, f.File, f.Line = RuleSignature, cb, g.File, g.Line
			c.add(f)
		}
	}
}

// judgeSignature reports what is wrong with the parameters of a callback.
// Starlark refuses a call that does not fit; Lua fills up with nil and drops
// what is too much, so that only what looks like another signature is a mistake.
func (c *checker) judgeSignature(cb plugins.Callback, g plugins.Global, version int) (Finding, bool) {
	given := argNames(cb, version)
	other := 3 - version
	takes := len(g.Params)
	strict := c.runtime.Name() != "lua"
	fits := takes == len(given) || takes > len(given) && g.Required <= len(given) && strict || g.Variadic && (!strict || g.Required <= len(given))
	f := Finding{Text: fmt.Sprintf("%s takes (%s), but is given (%s)", cb, strings.Join(g.Params, ", "), strings.Join(given, ", "))}
	confused := confusedArg(cb, g.Params, version)
	switch {
	case fits && !confused:
		return f, false
	case !strict && takes < len(given) && !confused:
		return f, false
	}
	f.Severity = Warning
	if strict && !fits || cb == plugins.Pread {
		f.Severity = Error
	}
	f.Advice = "write " + c.define(cb, version)
	if names := argNames(cb, other); confused || takes == len(names) && !slices.Equal(names, given) {
		f.Text += fmt.Sprintf(": that is API version %d, and this script has version %d", other, version)
		f.Advice += ", or set API_VERSION = 2 at the top"
		if other == 1 {
			f.Advice = "write " + c.define(cb, version) + ", or leave API_VERSION away"
		}
	}
	return f, true
}

// confusedArg reports whether the names of the parameters are those of the
// other API version, in places where the two give different things.
func confusedArg(cb plugins.Callback, params []string, version int) bool {
	at := func(i int, words ...string) bool {
		return i < len(params) && slices.Contains(words, plain(strings.TrimLeft(params[i], "_")))
	}
	switch {
	case cb == plugins.Pread && version == 1:
		return at(1, "buf", "buffer")
	case cb == plugins.Pread:
		return at(1, "count", "len", "length", "size", "n") && len(params) < 4
	case cb == plugins.Zero && version == 1:
		return at(3, "flags")
	case cb == plugins.Zero:
		return at(3, "maytrim")
	}
	return false
}
