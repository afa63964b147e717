package main

import (
	"fmt"
	"regexp"

	"workbench/plugins"
)

// keyPattern is what nbdkit takes as the key of a parameter. A word without
// one, as ./a=b, is a bare word.
var keyPattern = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9._-]*)=(?s:(.*))$`)

// splitArgs sorts the words after a verb into bare words, as many as there are
// names, and parameters: key=value, and the bare words that are left, whose key
// only the script knows. The first word is always bare.
func splitArgs(args []string, names ...string) (bare []string, params []plugins.Param, err error) {
	for i, word := range args {
		m := keyPattern.FindStringSubmatch(word)
		switch {
		case m != nil && i > 0:
			params = append(params, plugins.Param{Key: m[1], Value: m[2]})
		case len(bare) == len(names):
			params = append(params, plugins.Param{Value: word})
		default:
			bare = append(bare, word)
		}
	}
	if len(bare) < len(names) {
		return nil, nil, usageError{fmt.Errorf("%s is missing", names[len(bare)])}
	}
	return bare, params, nil
}
