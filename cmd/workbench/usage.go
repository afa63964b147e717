package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A usageError is a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// wantWords returns a check that a verb was given one word for each of names, of
// which those behind the first required may be left out.
func wantWords(required int, names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < required:
			return usageError{fmt.Errorf("%s is missing", names[len(args)])}
		case len(args) > len(names):
			return usageError{fmt.Errorf("%q is one word too many", args[len(names)])}
		}
		return nil
	}
}

// noSubcommand is the check of a command that has others below it, and is not
// called for itself with a word that is none of them.
func noSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	if _, missing := os.Stat(args[0]); missing == nil && !cmd.HasParent() {
		err = fmt.Errorf("%w; did you mean run %s?", err, args[0])
	} else if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return usageError{err}
}

// flagError says in plain words what is wrong with a flag.
func flagError(_ *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if !errors.As(err, &value) {
		return usageError{err}
	}
	f := value.GetFlag()
	want, ok := map[string]string{
		"int":      "a whole number",
		"uint":     "a whole number, not below zero",
		"uint64":   "a whole number, not below zero",
		"float64":  "a number",
		"duration": "a time with its unit, as 20ms or 1m30s",
		"bool":     "true or false",
	}[f.Value.Type()]
	switch {
	case !ok:
		return usageError{err}
	case errors.Is(err, strconv.ErrRange):
		want += " that is not as large"
	}
	return usageError{fmt.Errorf("--%s %s: want %s", f.Name, value.GetValue(), want)}
}

// languages returns the names of the languages of scripts.
func languages() []string {
	var names []string
	for _, rt := range runtimes() {
		names = append(names, rt.Name())
	}
	return names
}

// checkLanguage refuses a --lang that is none; "" leaves the choice to the script.
func checkLanguage(name string) error {
	if known := languages(); name != "" && !slices.Contains(known, name) {
		return usageError{fmt.Errorf("--lang %s: want one of %s", name, strings.Join(known, ", "))}
	}
	return nil
}
