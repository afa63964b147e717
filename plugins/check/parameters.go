package check

import (
	"context"
	"fmt"

	"workbench/plugins"
)

// nonsense is a parameter that no script knows.
var nonsense = plugins.Param{Key: "no-such-parameter", Value: "1"}

// checkParameters starts the script once more, with a parameter that it cannot
// know: a good one refuses it, because it may be a slip of the finger.
func (c *checker) checkParameters(ctx context.Context, program plugins.Program) {
	if ctx.Err() != nil || c.watchdog.isLost() || c.missing(plugins.Config) {
		return
	}
	f := c.about(plugins.Config)
	env := c.env(false)
	env.Params = append(env.Params[:len(env.Params):len(env.Params)], nonsense)
	in, err := plugins.Start(ctx, program, env)
	if err != nil {
		return // refused
	}
	in.Settle()
	c.end(ctx, in)
	if c.checkUnread(f) {
		return
	}
	f.Severity, f.Rule = Note, RuleParameter
	f.Text = "config takes any parameter, also one that is misspelt"
	f.Advice = "raise an error for a key that it does not know"
	c.add(f)
}

// checkUnread reports parameters whose key stands nowhere in the script, which
// takes what it is given without a word.
func (c *checker) checkUnread(f Finding) (found bool) {
	language := c.runtime.Name()
	uses := c.sources.words(language)
	for _, p := range c.o.Params {
		if uses[p.Key] > 0 {
			continue
		}
		best, far := "", 3
		for _, word := range c.sources.strings(language) {
			if d := distance(word, p.Key); d < far && d <= allowed(p.Key) {
				best, far = word, d
			}
		}
		if best == p.Key { // a key that is no single word
			continue
		}
		g := f
		g.Severity, g.Rule, g.Callback = Warning, RuleParameter, plugins.NoCallback
		g.Text = fmt.Sprintf("the parameter %s is given, but nothing in the script names %s", p, p.Key)
		if best != "" {
			g.Text += fmt.Sprintf(": did you mean %s?", best)
		}
		g.Advice = "raise an error in config for a key that it does not know"
		c.add(g)
		found = true
	}
	return found
}
